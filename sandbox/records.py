"""The records that an emulated messenger consists of: in memory, and in one SQLite file to outlive the process."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, TypeVar, cast

from pydantic import BaseModel


class Record(BaseModel):
    """Something that outlives a restart, named within its kind by `key`."""

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        raise NotImplementedError


class Counter(Record):
    """The last number given out for something."""

    kind = "counter"
    name: str
    last: int = 0

    @property
    def key(self) -> str:
        return self.name


R = TypeVar("R", bound=Record)

_TABLES = """
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS file_bytes (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
"""


class Store:
    """Records by kind and key, in the order they were first saved. Every save is durable at once."""

    def __init__(self, kinds: Iterable[type[Record]], path: Path | None = None) -> None:
        """`kinds` are all that will ever be kept here, besides counters."""
        self._kinds = {record.kind: record for record in (*kinds, Counter)}
        self._records: dict[str, dict[str, Record]] = {kind: {} for kind in self._kinds}
        self._bytes: dict[int, bytes] = {}
        self._position = 0
        self._connection = None if path is None else _opened(path)
        if self._connection is not None:
            self._load(self._connection)

    def save(self, record: Record) -> None:
        """Keep the record as it is now."""
        kept = self._records[record.kind]
        self._position += 1
        kept[record.key] = record
        if self._connection is not None:
            self._connection.execute(
                "INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                (record.kind, record.key, self._position, record.model_dump_json()),
            )

    def remove(self, record: Record) -> None:
        """Forget it; forgetting twice is no mistake."""
        self._records[record.kind].pop(record.key, None)
        if self._connection is not None:
            self._connection.execute(
                "DELETE FROM record WHERE kind = ? AND key = ?", (record.kind, record.key)
            )

    def find(self, kind: type[R], key: str) -> R | None:
        return cast("R | None", self._records[kind.kind].get(key))

    def all(self, kind: type[R]) -> Iterator[R]:
        """Every record of the kind, the oldest first; saving and removing meanwhile is safe."""
        return iter(cast("list[R]", list(self._records[kind.kind].values())))

    def number(self, name: str) -> int:
        """The next number of a series: 1, 2, 3 …"""
        counter = self.find(Counter, name) or Counter(name=name)
        counter.last += 1
        self.save(counter)
        return counter.last

    def save_bytes(self, number: int, content: bytes) -> None:
        self._bytes[number] = content
        if self._connection is not None:
            self._connection.execute("INSERT OR REPLACE INTO file_bytes VALUES (?, ?)", (number, content))

    def bytes_of(self, number: int) -> bytes:
        """A file's bytes; they stay in the database until somebody wants them."""
        if number not in self._bytes and self._connection is not None:
            query = "SELECT bytes FROM file_bytes WHERE number = ?"
            self._bytes[number] = self._connection.execute(query, (number,)).fetchone()[0]
        return self._bytes[number]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _load(self, connection: sqlite3.Connection) -> None:
        for kind, key, position, body in connection.execute("SELECT * FROM record ORDER BY position"):
            self._records[kind][key] = self._kinds[kind].model_validate_json(body)
            self._position = position


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Autocommit: a process that is killed between two saves loses neither of them.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_TABLES)
    return connection
