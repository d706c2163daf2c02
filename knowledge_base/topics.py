"""What answering needs of something that knows what people ask shops; the intents that nlu reads are that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedding import Vectors


@dataclass(frozen=True, slots=True)
class TopicReading:
    """What texts are about.

    `rows` has an L2-normalised row over topics for each text: the product of two rows tells how much their texts are
    about the same. `strangeness` is higher, the less a text is like anything that shops are asked.
    """

    rows: Vectors
    strangeness: NDArray[np.float64]


class TopicReader(Protocol):
    """Reads one language; the same text always gets the same reading."""

    @property
    def name(self) -> str:
        """Tells the readings of one reader from those of another."""
        ...

    @property
    def topics(self) -> tuple[str, ...]:
        """What the columns of its rows stand for; readers of two languages may know the same."""
        ...

    def read(self, texts: Sequence[str]) -> TopicReading: ...


class Topics(Protocol):
    """The readers of all languages."""

    def reader(self, language: str) -> TopicReader | None:
        """None where nothing reads that language ("es", "es-MX")."""
        ...
