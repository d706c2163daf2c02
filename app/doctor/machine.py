"""Looks at this machine: the home folder, the database, the clock, the address and the password."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.doctor.findings import Finding, State
from app.settings import THIS_MACHINE, Home, Secrets, Settings
from storage.engine import Database
from storage.migrate import pending

FREE_BYTES_LEAST: Final = 500_000_000  # a busy month of a small shop, with pictures
DATABASE_SECONDS_APART_MOST: Final = 5  # timers and holds are counted by both clocks
POSTGRES_LEAST: Final = 150_000  # version number of PostgreSQL 15


def look(settings: Settings, secrets: Secrets, home: Home, *, now: datetime) -> Iterator[Finding]:
    """Everything but what is elsewhere."""
    yield from _home(home)
    yield from _database(secrets, home, now)
    yield _address(settings)
    yield _password(settings, secrets)


def _home(home: Home) -> Iterator[Finding]:
    about, folder = "home folder", home.folder.absolute()
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            about, State.WRONG, f"{folder} cannot be written to", f"Give the user that runs Parley {folder}."
        )
        return
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES_LEAST:
        yield Finding(
            about,
            State.CARE,
            f"only {free // 1_000_000} MB are free on the disk of {folder}",
            "Make room: a full disk stops the shop (nothing is lost by it).",
        )
    else:
        yield Finding(about, State.FINE, f"{folder}, {free / 1e9:.0f} GB free")
    home.secret()
    mode = stat.S_IMODE((folder / "secret.key").stat().st_mode)
    if mode & 0o077:
        yield Finding(
            about,
            State.WRONG,
            "other users of this machine can read secret.key, which signs buttons and cookies",
            f"Run chmod 600 {folder / 'secret.key'}.",
        )


def _database(secrets: Secrets, home: Home, now: datetime) -> Iterator[Finding]:
    about = "database"
    url = secrets.database_url.get_secret_value() if secrets.database_url else home.database_url
    if url.startswith("sqlite") and not (home.folder / "parley.db").exists() and not secrets.database_url:
        yield Finding(about, State.UNUSED, "there is none yet", "It is made on the first start.")
        return
    try:
        database = Database.open(url)
    except (SQLAlchemyError, ValueError, OSError) as error:
        yield _unreachable(error)
        return
    try:
        yield from _of(database, now)
    except SQLAlchemyError as error:
        yield _unreachable(error)
    finally:
        database.close()


def _unreachable(error: Exception) -> Finding:
    """The driver's words have the address in them, and with it perhaps the password: only their kind is told."""
    cause = error.__cause__ or error
    return Finding(
        "database",
        State.WRONG,
        f"it does not answer ({type(cause).__name__})",
        "Check PARLEY_DATABASE_URL: user, password, host, port and name, and that the server runs.",
    )


def _of(database: Database, now: datetime) -> Iterator[Finding]:
    about = "database"
    if behind := pending(database):
        yield Finding(
            about, State.CARE, f"{behind} changes to its tables are due", "They are made on the next start."
        )
    if database.is_sqlite:
        said = database.read(lambda session: str(session.scalar(text("PRAGMA quick_check"))))
        if said != "ok":
            yield Finding(
                about,
                State.WRONG,
                f"SQLite finds the file damaged: {said.splitlines()[0]}",
                "Stop the shop, keep a copy of the file, and put back the last good copy.",
            )
            return
        yield Finding(about, State.FINE, "SQLite, undamaged")
        return
    version, there, commits = database.read(
        lambda session: session.execute(
            text(
                "SELECT current_setting('server_version_num')::int, clock_timestamp(),"
                " current_setting('synchronous_commit')"
            )
        ).one()
    )
    if version < POSTGRES_LEAST:
        yield Finding(
            about,
            State.WRONG,
            f"PostgreSQL {version // 10_000} is too old",
            "Parley needs PostgreSQL 15 or newer.",
        )
    if commits == "off":
        yield Finding(
            about,
            State.WRONG,
            "PostgreSQL may forget the last commits when it loses power (synchronous_commit is off)",
            "Set synchronous_commit to on: a payment that was noted must stay noted.",
        )
    if abs(there - now) > timedelta(seconds=DATABASE_SECONDS_APART_MOST):
        yield Finding(
            about,
            State.CARE,
            f"its clock is {abs(there - now).total_seconds():.0f} seconds apart from this machine's",
            "Have both set by NTP.",
        )
    yield Finding(about, State.FINE, f"PostgreSQL {version // 10_000} answers")


def _address(settings: Settings) -> Finding:
    about, url = "public address", settings.server.public_url
    if url is None:
        return Finding(
            about,
            State.UNUSED,
            "none is set, so only this machine reaches the shop",
            "For Messenger, Stripe or Telegram's webhook set server: public_url in config.yml, e.g. https://shop.example.",
        )
    parts = urlsplit(url)
    if parts.hostname in THIS_MACHINE:
        return Finding(
            about, State.CARE, f"{url} means this very machine", "Others need the name they reach it by."
        )
    if parts.scheme != "https":
        return Finding(
            about,
            State.WRONG,
            f"{url} is not https",
            "Telegram, Meta and Stripe deliver to https only: put a reverse proxy with a certificate before Parley (docs/going-live.md).",
        )
    return Finding(about, State.FINE, url)


def _password(settings: Settings, secrets: Secrets) -> Finding:
    about = "staff password"
    if secrets.staff_password is None:
        state = State.UNUSED if settings.server.public_url is None else State.CARE
        return Finding(
            about,
            state,
            "none is set: the staff pages open on this machine only",
            "Set PARLEY_STAFF_PASSWORD to reach them from elsewhere.",
        )
    if len(secrets.staff_password.get_secret_value()) < 12:
        return Finding(about, State.CARE, "it is short", "Take at least twelve characters.")
    return Finding(about, State.FINE, "set")
