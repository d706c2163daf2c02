"""The same taps on nothing but a counter per group, its row locked while it is raised: what a seat costs at least."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Column, Integer, MetaData, Table, insert, select, update
from sqlalchemy.orm import Session

from storage.engine import Database

COUNTERS: Final = Table(
    "bench_counter",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("taken", Integer, nullable=False),
)


async def tap_all(
    database: Database, taps: Sequence[int], *, size: int, at_once: int
) -> tuple[float, list[float]]:
    """Each tap takes a place of the group of that number, if there is one, in a transaction of its own.

    Returns the seconds of all, and the milliseconds of each.
    """
    await database.run(lambda session: _begin(session, max(taps) + 1))
    milliseconds, waiting = list[float](), iter(taps)

    async def hand() -> None:
        for group in waiting:
            began = time.perf_counter()
            await database.run(partial(_take, group=group, size=size))
            milliseconds.append(1000 * (time.perf_counter() - began))

    began = time.perf_counter()
    await asyncio.gather(*(hand() for _ in range(at_once)))
    return time.perf_counter() - began, milliseconds


def _begin(session: Session, groups: int) -> None:
    COUNTERS.create(session.connection())
    session.execute(insert(COUNTERS), [{"id": number, "taken": 0} for number in range(groups)])


def _take(session: Session, *, group: int, size: int) -> None:
    counter = COUNTERS.c.id == group
    taken = session.scalars(select(COUNTERS.c.taken).where(counter).with_for_update()).one()
    if taken < size:
        session.execute(update(COUNTERS).where(counter).values(taken=taken + 1))
