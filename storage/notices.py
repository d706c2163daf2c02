"""Wake-ups across processes: PostgreSQL's LISTEN/NOTIFY. On SQLite there is one process, which wakes itself."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from storage.engine import Database

CHANNEL = "parley_work"
RECONNECT_SECONDS = 1.0  # meanwhile the poll finds the work

log = structlog.get_logger()


def announce(session: Session) -> None:
    """Tell every process that there is work, once this transaction commits."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


async def listen(database: Database, on_notice: Callable[[], Awaitable[None]]) -> None:
    """Call `on_notice` at every announcement, for good; returns at once on SQLite."""
    if database.is_sqlite:
        return
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                await on_notice()  # whatever was announced before we listened
                async for _ in connection.notifies():
                    await on_notice()
        except psycopg.OperationalError as error:
            log.warning("notices.lost", error=str(error))
            await asyncio.sleep(RECONNECT_SECONDS)
