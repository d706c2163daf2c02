"""Brings a database to the schema of this version, and back."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
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
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # batch mode rebuilds tables
        command.upgrade(config_for(connection), revision)
        connection.commit()
    database.engine.dispose()


def downgrade(database: Database, revision: str = "base") -> None:
    """Go back to `revision`; "base" removes everything."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        command.downgrade(config_for(connection), revision)
        connection.commit()
    database.engine.dispose()


def ours(item: Any, name: str | None, kind: str, reflected: bool, _compare_to: object) -> bool:
    """Full-text tables and what the database makes for them are kept by hand, not compared."""
    del item
    return not (reflected and kind == "table" and bool(name) and "search" in str(name))
