"""Opens a home for a command that works on its database beside the shop, or without one."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.log import set_up
from app.settings import Home, Secrets, Settings, read_secrets, read_settings
from app.wiring import open_database
from storage.engine import Database


@dataclass(frozen=True, slots=True)
class Shop:
    """A home opened by a command: settings and database, logs set up."""

    settings: Settings
    secrets: Secrets
    home: Home
    database: Database


@contextmanager
def opened(home: Path, config: Path) -> Generator[Shop]:
    """Open the shop of `home` for a command that reads or writes its database."""
    settings, secrets = read_settings(config), read_secrets()
    set_up(settings.log)
    folder = Home(home)
    database = open_database(settings, secrets, folder)
    try:
        yield Shop(settings, secrets, folder, database)
    finally:
        database.close()
