"""The training examples most like a message: what the model had in mind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nlu.linear import Doubles
from nlu.model import TrainedModel
from nlu.ngrams import Floats, Rows
from nlu.text import clean
from nlu.training_data import Example

PROBES: Final = 8  # examples whose vectors are looked at again
SAME: Final = 0.99  # cosine from which on two vectors are of one text


@dataclass(frozen=True, slots=True)
class NearExample:
    """An example and how like it the message is (cosine, 1 at most), and where it is written."""

    text: str
    intent: str
    similarity: float
    file: str
    line: int


class NearestExamples:
    """Finds them by meaning where the model has an embedding, else by their letters and words.

    `examples` are those that the model was trained with. Where their order has changed since, which the vectors
    kept with the model show, letters and words decide.
    """

    def __init__(self, model: TrainedModel, examples: Sequence[Example]) -> None:
        self._model = model
        self._examples = tuple(examples)
        self._vectors = model.scorer.neighbours if self._fit() else None
        self._rows: Rows | None = None
        self._lengths = np.zeros(0)

    def find(self, text: str, *, most: int = 5) -> tuple[NearExample, ...]:
        """The nearest ones, best first; none for a text in which nothing is to be seen. Never raises."""
        cleaned = clean(text)
        if not cleaned or not self._examples:
            return ()
        similarities = self._by_meaning(cleaned) if self._vectors is not None else self._by_letters(cleaned)
        best: list[int] = np.argsort(-similarities, kind="stable")[:most].tolist()
        return tuple(
            NearExample(
                text=self._examples[place].text,
                intent=self._examples[place].intent,
                similarity=round(float(similarities[place]), 4),
                file=self._examples[place].file,
                line=self._examples[place].line,
            )
            for place in best
            if similarities[place] > 0
        )

    def _fit(self) -> bool:
        """Whether the model's vectors are those of the examples, in their order."""
        vectors, embedder = self._model.scorer.neighbours, self._model.embedder
        if vectors is None or embedder is None or len(vectors) != len(self._examples):
            return False
        spread: list[float] = np.linspace(0, len(vectors) - 1, PROBES).tolist()
        places = sorted({round(place) for place in spread})
        again = embedder.embed([clean(self._examples[place].text) for place in places])
        return bool((np.sum(again * vectors[places], axis=1) > SAME).all())

    def _by_meaning(self, cleaned: str) -> Doubles:
        embedder, vectors = self._model.embedder, self._vectors
        assert embedder is not None, "looked at when it was made"
        assert vectors is not None, "looked at when it was made"
        return (vectors @ embedder.embed([cleaned])[0]).astype(np.float64)

    def _by_letters(self, cleaned: str) -> Doubles:
        ngrams = self._model.scorer.ngrams
        if self._rows is None:
            self._rows = rows = ngrams.rows([clean(example.text) for example in self._examples])
            if rows is not None:
                self._lengths = np.array([_length(rows.row(place)[1]) for place in range(len(rows))])
        own = ngrams.rows([cleaned])
        if own is None or self._rows is None:
            return np.zeros(len(self._examples))
        columns, values = own.row(0)
        message = np.zeros((own.width, 1), dtype=np.float32)
        message[columns, 0] = values
        dots = self._rows.times(message)[:, 0].astype(np.float64)
        return dots / np.maximum(self._lengths * _length(values), 1e-12)


def _length(values: Floats) -> float:
    return float(np.sqrt(values @ values))
