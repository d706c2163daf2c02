"""Database access for both engines: one writer thread on SQLite, a pool of workers on PostgreSQL.

Work is a function of an open Session. It never commits: `Database.write` commits once, after it
returns, and rolls back everything it did when it raises. So a unit of work happens whole or not at all.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

T = TypeVar("T")
Work = Callable[[Session], T]

BATCH_MAX = 64  # turns that share one commit: more gains nothing, and holds the first caller up
READERS_MAX = 8  # looks at once; each may hold a connection of the reader's pool
ATTEMPTS_MAX = 5  # PostgreSQL serialisation failures and deadlocks are retried this often
RETRYABLE_SQLSTATES = {"40001", "40P01"}  # serialization_failure, deadlock_detected


def _set_up_sqlite(engine: Engine, *, writes: bool, durable: bool) -> None:
    """WAL and full durability (grouped commits make FULL cheap: DELIVERY.md); explicit transactions."""
    synchronous = "FULL" if durable else "OFF"

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None  # we say BEGIN ourselves, the driver says nothing
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """Where Parley keeps everything. Reads may run anywhere; writes go through `write` or `run`."""

    def __init__(self, engine: Engine, reader: Engine) -> None:
        self.engine = engine
        self._reader = reader
        self._looking = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="parley-reader")

    @staticmethod
    def open(url: str, *, workers: int = 4, rehearsal: bool = False) -> "Database":
        """Open `sqlite:///path` or `postgresql://…`; the driver is chosen here, not in the URL.

        `rehearsal` makes SQLite's a RehearsalDatabase: for one event loop, and a file that is thrown away at the end.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            kind = RehearsalDatabase if rehearsal else SqliteDatabase
            return kind(parsed.render_as_string(hide_password=False))
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
            return PostgresDatabase(parsed.render_as_string(hide_password=False), workers=workers)
        raise ValueError(f"database {parsed.get_backend_name()!r} is not known; use sqlite or postgresql")

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def read(self, work: Work[T]) -> T:
        """Run `work` on a consistent snapshot, on the calling thread; anything it writes is undone."""
        with Session(self._reader) as session:
            try:
                return work(session)
            finally:
                session.expunge_all()  # what was read may be used outside; a rollback would expire it
                session.rollback()

    def write(self, work: Work[T]) -> "Future[T]":
        """Run `work` and commit; the future is done only once the commit is on disk."""
        raise NotImplementedError

    def write_now(self, work: Work[T]) -> T:
        """`write`, waited for on the calling thread. Never call it from an event loop."""
        return self.write(work).result()

    async def run(self, work: Work[T]) -> T:
        """`write`, awaited. A cancelled caller does not undo work that has begun."""
        return await asyncio.shield(asyncio.wrap_future(self.write(work)))

    async def look(self, work: Work[T]) -> T:
        """`read`, awaited, off the event loop. A cancelled caller does not stop it; `close` waits for it."""
        return await asyncio.wrap_future(self._looking.submit(self.read, work))

    def close(self) -> None:
        """Finish what was submitted, then let go of every connection."""
        self._looking.shutdown(wait=True)
        self.engine.dispose()
        self._reader.dispose()


class SqliteDatabase(Database):
    """One writer thread that gathers waiting work into one commit, a savepoint for each."""

    def __init__(self, url: str, *, durable: bool = True) -> None:
        path = make_url(url).database
        if not path or path == ":memory:":
            raise ValueError("Parley's SQLite database is a file: readers and the writer share it")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        writer = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=1)
        reader = create_engine(url, poolclass=QueuePool, pool_size=8)
        _set_up_sqlite(writer, writes=True, durable=durable)
        _set_up_sqlite(reader, writes=False, durable=durable)
        super().__init__(writer, reader)
        self._queue: queue.SimpleQueue[tuple[Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="parley-writer", daemon=True)
        self._thread.start()

    def write(self, work: Work[T]) -> "Future[T]":
        if self._closed:
            raise RuntimeError("the database is closed")
        future: Future[T] = Future()
        self._queue.put((work, future))
        return future

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
        super().close()

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            last = False
            while len(batch) < BATCH_MAX and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    last = True
                    break
                batch.append(item)
            self._commit(batch)
            if last:
                return

    def _commit(self, batch: Iterable[tuple[Work[Any], "Future[Any]"]]) -> None:
        """Answer each caller after the commit; a failing one rolls back its own savepoint only."""
        answers: list[tuple[Future[Any], Any, BaseException | None]] = []
        taken = [(work, future) for work, future in batch if future.set_running_or_notify_cancel()]
        try:
            with self.engine.begin() as connection:
                for work, future in taken:
                    try:
                        answers.append((future, _in_savepoint(connection, work), None))
                    except Exception as error:  # noqa: BLE001 - it belongs to the caller, who gets it below
                        answers.append((future, None, error))
        except Exception as error:  # noqa: BLE001 - the commit failed, so no one's work happened
            answers = [(future, None, error) for _, future in taken]
        for future, result, error in answers:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


def _in_savepoint(connection: Connection, work: Work[T]) -> T:
    with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
        result = work(session)
        session.commit()  # releases the savepoint; the batch's transaction is still open
        return result


class RehearsalDatabase(SqliteDatabase):
    """The same statements on SQLite, but each piece of work is done where it is asked for, before that goes on.

    So what happens before what does not depend on how fast the machine is. And commits are left to the operating
    system (PRAGMA synchronous = OFF): a process that dies loses nothing by that; a machine that loses power may lose
    the file, which a rehearsal throws away anyway.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, durable=False)
        self._at_work = threading.Lock()
        self._left: int | None = None
        self._on_death: Callable[[], None] = lambda: None

    def die_after(self, writes: int, on_death: Callable[[], None]) -> None:
        """Rehearse a kill: so many more pieces of work are kept, every later one is neither kept nor answered.

        `on_death` is called when that first happens, so that the rest of the process can end.
        """
        self._left, self._on_death = writes, on_death

    def write(self, work: Work[T]) -> "Future[T]":
        future: Future[T] = Future()
        with self._at_work:
            if self._left == 0:
                self._on_death()
                return future  # for ever open: the process is gone
            if self._left is not None:
                self._left -= 1
            self._commit([(work, future)])
        return future

    async def look(self, work: Work[T]) -> T:
        await asyncio.sleep(0)  # others have their turn, as they do while a thread reads
        return self.read(work)


class PostgresDatabase(Database):
    """A pool of worker threads, a transaction each; row locks keep them apart."""

    def __init__(self, url: str, *, workers: int) -> None:
        engine = create_engine(url, pool_size=workers, max_overflow=4, pool_pre_ping=True)
        reader = create_engine(
            url,
            pool_size=workers,
            max_overflow=8,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",  # several statements of one look see the same moment
        )
        super().__init__(engine, reader)
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="parley-writer")

    def write(self, work: Work[T]) -> "Future[T]":
        return self._pool.submit(self._attempt, work)

    def _attempt(self, work: Work[T]) -> T:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                with Session(self.engine, expire_on_commit=False) as session, session.begin():
                    return work(session)
            except (OperationalError, DBAPIError) as error:
                state = getattr(error.orig, "sqlstate", None)
                if state not in RETRYABLE_SQLSTATES or attempt == ATTEMPTS_MAX:
                    raise
        raise AssertionError("the loop above returns or raises")

    def close(self) -> None:
        self._pool.shutdown(wait=True)
        super().close()
