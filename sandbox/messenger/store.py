"""Where the world's records are: in memory, and in one SQLite file when they shall outlive the process."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, cast

from sandbox.messenger.state import KINDS, Record

R = TypeVar("R", bound=Record)

_TABLES = """
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS file_bytes (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
"""


class Store:
    """Records by kind and key, in the order they were first saved. Every save is durable at once."""

    def __init__(self, path: Path | None = None) -> None:
        self._records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self._bytes: dict[int, bytes] = {}
        self._position = 0
        self._connection = None if path is None else _opened(path)
        if self._connection is not None:
            self._load(self._connection)

    def save(self, record: Record) -> None:
        """Keep the record as it is now."""
        self._position += 1
        self._records[record.kind][record.key] = record
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
            self._records[kind][key] = KINDS[kind].model_validate_json(body)
            self._position = position


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Autocommit: a process that is killed between two saves loses neither of them.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_TABLES)
    return connection
