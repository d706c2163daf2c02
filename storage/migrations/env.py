"""Alembic's entry: runs the migrations on the connection that `storage.migrate` hands over."""

from typing import Any, Literal

from alembic import context

from storage.types import UtcDateTime


def render_item(kind: str, item: Any, _autogen: object) -> str | Literal[False]:
    """Migrations stand on SQLAlchemy alone, so that a renamed class of ours breaks none of them."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


config = context.config
connection = config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=config.attributes.get("metadata"),
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters tables by copying them
    compare_type=True,
    transactional_ddl=True,
    render_item=render_item,
    include_object=config.attributes.get("include_object"),
)
with context.begin_transaction():
    context.run_migrations()
