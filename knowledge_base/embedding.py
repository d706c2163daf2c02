"""What search and answers need of an embedding model; nlu has one, and any other will do."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Texts to L2-normalised float32 rows; the same text always gets the same row."""

    @property
    def name(self) -> str:
        """Tells the vectors of one model from those of another."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors: ...


def packed(vector: Vectors) -> bytes:
    """A row, or the rows of a matrix one after the other, as it is stored."""
    return vector.astype("<f4").tobytes()


def unpacked(rows: Sequence[bytes]) -> Vectors:
    """Stored rows of one model as a matrix."""
    if not rows:
        return np.zeros((0, 0), dtype=np.float32)
    return np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(rows), -1)
