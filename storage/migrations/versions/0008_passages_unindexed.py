"""Passages are no longer in a full-text index: questions are weighed against them in memory, and nothing asked the index.

What stays of its triggers is the next version, by which memory notices that a passage changed.
"""

from importlib import import_module
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NEXT_VERSION = "UPDATE search_version SET number = number + 1;"
PASSAGE_TEXT = "headings, phrasings, text"
SQLITE_CHANGES = {
    "passage_version_insert": "AFTER INSERT ON passage",
    "passage_version_update": f"AFTER UPDATE OF {PASSAGE_TEXT} ON passage",
    "passage_version_delete": "AFTER DELETE ON passage",
}
POSTGRES_CHANGE = (
    f"CREATE TRIGGER passage_version AFTER INSERT OR DELETE OR UPDATE OF {PASSAGE_TEXT} ON passage"
    " FOR EACH STATEMENT EXECUTE FUNCTION search_version_next()"
)

_search: Any = import_module("storage.migrations.versions.0002_search")
OLD_SQLITE = {
    name: rule for name, rule in _search.SQLITE_TRIGGERS.items() if name.startswith("passage_search")
}
OLD_POSTGRES = {
    name: rule for name, rule in _search.POSTGRES_TRIGGERS.items() if name.startswith("passage_search")
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in OLD_SQLITE:
            op.execute(f"DROP TRIGGER {name}")
        op.execute("DROP TABLE passage_search")
        for name, when in SQLITE_CHANGES.items():
            op.execute(f"CREATE TRIGGER {name} {when} BEGIN {NEXT_VERSION} END")
        return
    for name, (table, _) in OLD_POSTGRES.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute("DROP TABLE passage_search")  # with its own trigger
    op.execute("DROP FUNCTION passage_search_of_passage()")
    op.execute(POSTGRES_CHANGE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in SQLITE_CHANGES:
            op.execute(f"DROP TRIGGER {name}")
        op.execute(
            f"CREATE VIRTUAL TABLE passage_search USING fts5 (headings, phrasings, body, {_search.TOKENIZE})"
        )
        for name, (when, body) in OLD_SQLITE.items():
            op.execute(sa.text(f"CREATE TRIGGER {name} {when} BEGIN {body} END".replace(":", r"\:")))
    else:
        op.execute("DROP TRIGGER passage_version ON passage")
        op.execute(
            "CREATE TABLE passage_search (passage_id bigint PRIMARY KEY REFERENCES passage ON DELETE CASCADE, document tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX ix_passage_search_document ON passage_search USING gin (document)")
        function = _search.POSTGRES_FUNCTIONS["passage_search_of_passage()"]
        op.execute(sa.text(function.replace(":", r"\:")))
        rules = OLD_POSTGRES | {
            "search_version_passage_search": _search.POSTGRES_TRIGGERS["search_version_passage_search"]
        }
        for name, (_, rule) in rules.items():
            op.execute(f"CREATE TRIGGER {name} {rule}")
    op.execute("UPDATE passage SET text = text")
