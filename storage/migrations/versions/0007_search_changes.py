"""Which products changed, and as of which version: who keeps words or vectors in memory reads those again and no others.

`search_change` has a row for every product that ever changed, also for one that is gone. Its version is
`search_version` as of that change; a writer holds that one row until it commits, so versions are committed in their order.
A new price is such a change as well, although no word of the index is another one.
On PostgreSQL a row of the full-text index gets a number of its own as well: thousands of them are cheaper to hand over than UUIDs.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEXT_VERSION = "UPDATE search_version SET number = number + 1;"
CHANGED = (
    "INSERT OR REPLACE INTO search_change (product_id, version) SELECT {id}, number FROM search_version;"
)

# Only triggers that say which product it was; each ends in the next version (migration 0002).
SQLITE_CHANGES = {
    "product_search_insert": "new.id",
    "product_search_update": "new.id",
    "product_search_published": "new.id",
    "product_search_delete": "old.id",
    "product_search_variant_insert": "new.product_id",
    "product_search_variant_update": "new.product_id",
    "product_search_variant_delete": "old.product_id",
    "product_vector_search_insert": "new.product_id",
    "product_vector_search_update": "new.product_id",
    "product_vector_search_delete": "old.product_id",
}

PRICE = "product_search_price"
SQLITE_PRICE = (
    f"CREATE TRIGGER {PRICE} AFTER UPDATE OF price_minor, currency ON variant"
    f" WHEN (old.price_minor, old.currency) IS NOT (new.price_minor, new.currency)"
    f" BEGIN {NEXT_VERSION} {CHANGED.format(id='new.product_id')} END"
)
POSTGRES_PRICE = (
    f"CREATE TRIGGER {PRICE} AFTER UPDATE OF price_minor, currency ON variant FOR EACH ROW"
    " WHEN ((old.price_minor, old.currency) IS DISTINCT FROM (new.price_minor, new.currency))"
    " EXECUTE FUNCTION search_change_note()"
)

POSTGRES_FUNCTION = """
CREATE FUNCTION search_change_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed uuid;
    next bigint;
BEGIN
    IF tg_table_name = 'product' THEN
        changed := new.id;
    ELSIF tg_op = 'DELETE' THEN
        changed := old.product_id;
    ELSE
        changed := new.product_id;
    END IF;
    UPDATE search_version SET number = number + 1 RETURNING number INTO next;
    INSERT INTO search_change (product_id, version) VALUES (changed, next)
    ON CONFLICT (product_id) DO UPDATE SET version = excluded.version;
    RETURN NULL;
END $$
"""

# name before → table, when; each took a version for a whole statement and now takes one for each product
POSTGRES_TRIGGERS = {
    "product_search_published": ("product", "UPDATE OF published"),
    "search_version_product_search": ("product_search", "INSERT OR UPDATE OR DELETE"),
    "search_version_product_vector": ("product_vector", "INSERT OR UPDATE OR DELETE"),
}


def upgrade() -> None:
    op.create_table(
        "search_change",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_search_change")),
    )
    op.create_index(op.f("ix_search_change_version"), "search_change", ["version"])
    if op.get_bind().dialect.name == "sqlite":
        _rewrite_sqlite_triggers(_noting)
        op.execute(SQLITE_PRICE)
        return
    op.execute("ALTER TABLE product_search ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY")
    op.execute(sa.text(POSTGRES_FUNCTION.replace(":", r"\:")))
    for name, (table, when) in POSTGRES_TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(
            f"CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH ROW EXECUTE FUNCTION search_change_note()"
        )
    op.execute(POSTGRES_PRICE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {PRICE}")
        _rewrite_sqlite_triggers(_not_noting)
    else:
        op.execute(f"DROP TRIGGER {PRICE} ON variant")
        for name, (table, when) in POSTGRES_TRIGGERS.items():
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(
                f"CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION search_version_next()"
            )
        op.execute("DROP FUNCTION search_change_note()")
        op.execute("ALTER TABLE product_search DROP COLUMN id")
    op.drop_index(op.f("ix_search_change_version"), table_name="search_change")
    op.drop_table("search_change")


def _rewrite_sqlite_triggers(rewritten: Callable[[str, str], str]) -> None:
    """Make each trigger again from its own text, which SQLite keeps."""
    kept = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    for name, key in SQLITE_CHANGES.items():
        created: str = op.get_bind().execute(kept, {"name": name}).scalar_one()
        op.execute(f"DROP TRIGGER {name}")
        op.execute(sa.text(rewritten(created, CHANGED.format(id=key)).replace(":", r"\:")))


def _noting(created: str, note: str) -> str:
    assert created.count(NEXT_VERSION) == 1, created
    return created.replace(NEXT_VERSION, f"{NEXT_VERSION} {note}")


def _not_noting(created: str, note: str) -> str:
    return created.replace(f" {note}", "")
