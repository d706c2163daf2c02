"""TF-IDF of n-grams: which runs of words and characters a text holds, and what each is worth.

The same numbers as scikit-learn's TfidfVectorizer gives (sublinear, smoothed, rows of unit length); a test holds them
against it. Reading a message needs no more than this, and scikit-learn takes a second and 70 MB to load.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Kind = Literal["word", "char_wb"]

_DIGIT: Final = re.compile(r"\d")
_WORD: Final = re.compile(r"\b\w+\b")


def plain(text: str) -> str:
    """What n-grams are taken from: lower case, no accents, all digits alike (2 mugs ask what 3 mugs ask)."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return _DIGIT.sub("0", "".join(c for c in decomposed if not unicodedata.combining(c)))


@dataclass(frozen=True, slots=True)
class Rows:
    """Sparse rows side by side (CSR): row i is `values[starts[i]:starts[i + 1]]` in the `columns` of the same places."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Floats
    width: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def times(self, weights: Floats) -> Floats:
        """Rows × weights (columns × outputs)."""
        product = np.zeros((len(self), weights.shape[1]), dtype=np.float32)
        for row in range(len(self)):
            columns, values = self.row(row)
            product[row] = values @ weights[columns]
        return product

    def row(self, place: int) -> tuple[NDArray[np.int64], Floats]:
        """The columns and values of one row."""
        piece = slice(int(self.starts[place]), int(self.starts[place + 1]))
        return self.columns[piece], self.values[piece]


@dataclass(frozen=True, slots=True)
class NgramTable:
    """TF-IDF of one kind of n-gram: its terms in the order of their columns, and each one's weight."""

    kind: Kind
    ngrams: tuple[int, int]
    terms: tuple[str, ...]
    idf: Floats

    @staticmethod
    def fit(kind: Kind, ngrams: tuple[int, int], texts: Sequence[str]) -> "NgramTable":
        """Learn the terms of `texts`; at least one text must hold a word."""
        texts_with: Counter[str] = Counter()
        for text in texts:
            texts_with.update(set(_ngrams(kind, ngrams, text)))
        if not texts_with:
            raise ValueError("no text holds a word")
        terms = tuple(sorted(texts_with))
        counts = np.array([texts_with[term] for term in terms], dtype=np.float64)
        idf = np.log((1 + len(texts)) / (1 + counts)) + 1
        return NgramTable(kind, ngrams, terms, idf.astype(np.float32))


class NgramFeatures:
    """Several n-gram tables side by side."""

    def __init__(self, tables: Sequence[NgramTable]) -> None:
        self.tables = tuple(tables)
        self._places = [{term: place for place, term in enumerate(table.terms)} for table in tables]
        self._widths = [len(table.terms) for table in tables]

    def rows(self, texts: Sequence[str]) -> Rows | None:
        """A row for each text; None when there are no tables."""
        if not self.tables:
            return None
        starts, columns, values = [0], list[Any](), list[Any]()
        for text in texts:
            offset, length = 0, 0
            for table, places, width in zip(self.tables, self._places, self._widths, strict=True):
                found, weights = _row(table, places, text)
                columns.append(found + offset)
                values.append(weights)
                offset += width
                length += len(found)
            starts.append(starts[-1] + length)
        return Rows(
            np.array(starts, dtype=np.int64),
            np.concatenate(columns) if columns else np.zeros(0, dtype=np.int64),
            np.concatenate(values) if values else np.zeros(0, dtype=np.float32),
            sum(self._widths),
        )


def _row(table: NgramTable, places: dict[str, int], text: str) -> tuple[NDArray[np.int64], Floats]:
    """One text's columns, in their order, and values of unit length together."""
    counts = Counter(
        place for term in _ngrams(table.kind, table.ngrams, text) if (place := places.get(term)) is not None
    )
    columns = np.array(sorted(counts), dtype=np.int64)
    times = np.array([counts[place] for place in columns.tolist()], dtype=np.float32)
    values = (1 + np.log(times)) * table.idf[columns]
    length = float(np.sqrt(values @ values))
    return columns, (values / length if length else values).astype(np.float32)


def _ngrams(kind: Kind, ngrams: tuple[int, int], text: str) -> Iterator[str]:
    return _of_words(ngrams, plain(text)) if kind == "word" else _of_characters(ngrams, plain(text))


def _of_words(ngrams: tuple[int, int], text: str) -> Iterator[str]:
    """Runs of words, with one space between them."""
    words: list[str] = _WORD.findall(text)
    for size in range(ngrams[0], ngrams[1] + 1):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])


def _of_characters(ngrams: tuple[int, int], text: str) -> Iterator[str]:
    """Runs of characters inside a word, its ends marked by a space; a word shorter than the run counts once."""
    for word in text.split():
        ended = f" {word} "
        for size in range(ngrams[0], ngrams[1] + 1):
            yield ended[:size]
            for start in range(1, len(ended) - size + 1):
                yield ended[start : start + size]
            if size >= len(ended):
                break
