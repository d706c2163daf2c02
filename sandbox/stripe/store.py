"""Where the account's objects live: in memory, and in a SQLite file if it is to outlive a restart."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

from sandbox.stripe.model import Entity

EntityT = TypeVar("EntityT", bound=Entity)


class Store:
    """All tables. What was saved is on disk after `commit`; without a path there is no disk."""

    def __init__(self, path: Path | None = None) -> None:
        self._connection = None if path is None else _open(path)

    def load(self, kind: str) -> Iterator[str]:
        """The saved objects of a kind as JSON, oldest first."""
        if self._connection is not None:
            statement = "SELECT body FROM objects WHERE kind = ? ORDER BY position"
            yield from (body for (body,) in self._connection.execute(statement, (kind,)))

    def save(self, kind: str, entity: Entity) -> None:
        if self._connection is not None:
            statement = (
                "INSERT INTO objects (kind, id, body) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body"
            )
            self._connection.execute(statement, (kind, entity.id, entity.model_dump_json()))

    def delete(self, kind: str, object_id: str) -> None:
        if self._connection is not None:
            self._connection.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (kind, object_id))

    def commit(self) -> None:
        if self._connection is not None:
            self._connection.commit()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _open(path: Path) -> sqlite3.Connection:
    # The world is driven by one event loop, which need not run in the thread that built it.
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS objects (position INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, "
        "body TEXT NOT NULL, UNIQUE (kind, id))"
    )
    connection.commit()
    return connection


class Table(Generic[EntityT]):
    """The objects of one kind, in the order they were made."""

    def __init__(self, store: Store, kind: str, model: type[EntityT]) -> None:
        self._store = store
        self._kind = kind
        loaded = (model.model_validate_json(body) for body in store.load(kind))
        self._rows: dict[str, EntityT] = {entity.id: entity for entity in loaded}

    def __iter__(self) -> Iterator[EntityT]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, object_id: str) -> EntityT:
        return self._rows[object_id]

    def get(self, object_id: str) -> EntityT | None:
        return self._rows.get(object_id)

    def oldest(self) -> EntityT | None:
        return next(iter(self._rows.values()), None)

    def save(self, entity: EntityT) -> EntityT:
        """Keep it as it is now."""
        self._rows[entity.id] = entity
        self._store.save(self._kind, entity)
        return entity

    def delete(self, object_id: str) -> None:
        del self._rows[object_id]
        self._store.delete(self._kind, object_id)
