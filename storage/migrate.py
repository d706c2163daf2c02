"""Brings a database to the schema of this version, and back."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from storage.engine import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def config_for(connection: Connection, metadata: MetaData | None = None) -> Config:
    """Alembic's settings for one connection; `metadata` is what autogenerate compares with."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    config.attributes["include_object"] = ours
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply what is missing; nothing when the schema is current. One transaction where the database can."""
    with database.engine.connect() as connection:
        _let_go_of_links(connection)
        command.upgrade(config_for(connection), revision)
        _check_links(connection)
        connection.commit()
    database.engine.dispose()


def pending(database: Database) -> int:
    """How many migrations `upgrade` would apply."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        scripts = ScriptDirectory.from_config(config_for(connection))
        there = context.get_current_revision() or "base"
        return sum(1 for _ in scripts.iterate_revisions("head", there))


def downgrade(database: Database, revision: str = "base") -> None:
    """Go back to `revision`; "base" removes everything."""
    with database.engine.connect() as connection:
        _let_go_of_links(connection)
        command.downgrade(config_for(connection), revision)
        _check_links(connection)
        connection.commit()
    database.engine.dispose()


def _let_go_of_links(connection: Connection) -> None:
    """Batch mode rebuilds tables, and dropping the old one would delete what refers to its rows (ON DELETE CASCADE).

    It goes straight to the driver: inside a transaction, which SQLAlchemy would begin, the pragma does nothing
    (https://www.sqlite.org/pragma.html#pragma_foreign_keys).
    """
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys = OFF")


def _check_links(connection: Connection) -> None:
    """What was rebuilt still refers to rows that are there. Raises RuntimeError, so that nothing is kept."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"the migration left rows that refer to nothing: {broken[:5]}")


def ours(item: Any, name: str | None, kind: str, reflected: bool, _compare_to: object) -> bool:
    """Full-text tables and what the database makes for them are kept by hand, not compared."""
    del item
    return not (reflected and kind == "table" and bool(name) and "search" in str(name))
