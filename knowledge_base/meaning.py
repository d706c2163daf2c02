"""Products by what they mean: the embeddings of the catalogue, in memory, and how near a query is to them.

A long list of vectors is first looked through in few dimensions, those in which the catalogue differs most (its principal
components), and only the nearest are compared in full: what takes the time is reading memory, and that is an eighth of it.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base.changes import KEYS_A_STATEMENT, changed_since
from knowledge_base.embedding import Embedder, Vectors, unpacked
from knowledge_base.model import ProductVector
from shop.catalogue.queries import catalogue_version

NEIGHBOURS_MAX: Final = 50
FEW: Final = 4000  # so many are compared in full
COARSE_DIMENSIONS: Final = 48
COARSE_NEIGHBOURS: Final = 500
SAMPLE_MAX: Final = 4000  # vectors that the components are taken from

Half = NDArray[np.float16]  # for unit vectors it is exact enough: a cosine moves by less than a thousandth


class Meaning:
    """Follows the catalogue's vectors of one model. May be shared by threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._version = -1
        self._rows: dict[UUID, int] = {}
        self._keys: list[UUID] = []
        self._vectors: Half = np.zeros((0, 0), dtype=np.float16)
        self._components: Vectors | None = None
        self._coarse: Vectors = np.zeros((0, 0), dtype=np.float32)

    def refresh(self, session: Session) -> None:
        """Catch up with the vectors as the session sees them."""
        with self._lock:
            version = catalogue_version(session)
            if version <= self._version:
                return
            changed = changed_since(session, self._version, kept=len(self._keys))
            if changed is None:
                self._keep_all(session)
            elif changed:
                self._keep(session, changed)
            self._version = version

    def of(self, text: str) -> Vectors:
        """What a text means."""
        return self._embedder.embed([text])[0]

    def nearest(self, meant: Vectors) -> dict[UUID, float]:
        """The products nearest to it, with their cosines."""
        if not self._keys:
            return {}
        near = np.arange(len(self._keys))
        if self._components is not None:
            coarse = self._coarse @ (self._components @ meant)
            near = np.argpartition(-coarse, COARSE_NEIGHBOURS)[:COARSE_NEIGHBOURS]
        cosines = self._vectors[near].astype(np.float32) @ meant
        best = np.argsort(-cosines, kind="stable")[:NEIGHBOURS_MAX]
        return {self._keys[near[place]]: float(cosines[place]) for place in best}

    def cosines(self, meant: Vectors, keys: Sequence[UUID]) -> dict[UUID, float]:
        """How near each of these products is, as far as it has a vector."""
        known = [(key, row) for key in keys if (row := self._rows.get(key)) is not None]
        if not known:
            return {}
        found = self._vectors[[row for _, row in known]].astype(np.float32) @ meant
        return {key: float(cosine) for (key, _), cosine in zip(known, found, strict=True)}

    def _keep_all(self, session: Session) -> None:
        stored = self._stored(session, None)
        vectors = unpacked(list(stored.values()))
        self._keys = list(stored)
        self._rows = {key: row for row, key in enumerate(self._keys)}
        self._vectors = vectors.astype(np.float16)
        self._components = _components(vectors) if len(vectors) > FEW else None
        if self._components is not None:
            self._coarse = vectors @ self._components.T

    def _keep(self, session: Session, changed: Collection[UUID]) -> None:
        """The vectors of changed products in their rows, new ones in new rows; what is gone is never near."""
        stored = self._stored(session, changed)
        new = [key for key in stored if key not in self._rows]
        self._rows |= {key: row for row, key in enumerate(new, start=len(self._keys))}
        width = self._vectors.shape[1]
        self._vectors = np.vstack((self._vectors, np.zeros((len(new), width), dtype=np.float16)))
        self._coarse = np.vstack(
            (self._coarse, np.zeros((len(new), self._coarse.shape[1]), dtype=np.float32))
        )
        self._keys += new
        for key in changed:
            row, vector = self._rows.get(key), stored.get(key)
            if row is not None:
                self._put(row, _read(vector, width))

    def _put(self, row: int, vector: Vectors) -> None:
        self._vectors[row] = vector
        if self._components is not None:
            self._coarse[row] = self._components @ vector

    def _stored(self, session: Session, only: Collection[UUID] | None) -> Mapping[UUID, bytes]:
        asked = select(ProductVector.product_id, ProductVector.vector).where(
            ProductVector.model == self._embedder.name
        )
        if only is None:
            asked = asked.order_by(ProductVector.product_id)
            return {row.product_id: row.vector for row in session.execute(asked)}
        keys, found = sorted(only), dict[UUID, bytes]()
        for start in range(0, len(keys), KEYS_A_STATEMENT):
            some = asked.where(ProductVector.product_id.in_(keys[start : start + KEYS_A_STATEMENT]))
            found |= {row.product_id: row.vector for row in session.execute(some)}
        return found


def _read(stored: bytes | None, width: int) -> Vectors:
    """A vector as it is stored; of no product, one that is near nothing."""
    return unpacked([stored])[0] if stored else np.zeros(width, dtype=np.float32)


def _components(vectors: Vectors) -> Vectors:
    """The directions in which a sample of them differs most, one a row."""
    sample = vectors[:: max(1, len(vectors) // SAMPLE_MAX)].astype(np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(directions[:, ::-1][:, :COARSE_DIMENSIONS].T, dtype=np.float32)
