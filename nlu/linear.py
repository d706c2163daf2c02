"""The numbers of an intent model: n-gram tables and linear classifiers, as arrays and nothing else.

What is here is what is saved and loaded. Training makes the arrays (`nlu/training.py`) and this scores with
them, so a model gives the same numbers before it is saved and after.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_DIGIT: Final = re.compile(r"\d")


def plain(text: str) -> str:
    """What n-grams are taken from: lower case, no accents, all digits alike (2 mugs ask what 3 mugs ask)."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return _DIGIT.sub("0", "".join(c for c in decomposed if not unicodedata.combining(c)))


@dataclass(frozen=True, slots=True)
class NgramTable:
    """TF-IDF of one kind of n-gram: its terms in the order of their columns, and each one's weight."""

    kind: Literal["word", "char_wb"]
    ngrams: tuple[int, int]
    terms: tuple[str, ...]
    idf: Floats

    @staticmethod
    def fit(kind: Literal["word", "char_wb"], ngrams: tuple[int, int], texts: Sequence[str]) -> "NgramTable":
        """Learn the terms of `texts`; at least one text must hold a word."""
        vectorizer: Any = _vectorizer(kind, ngrams)
        vectorizer.fit(texts)
        return NgramTable(kind, ngrams, tuple(map(str, vectorizer.get_feature_names_out())), vectorizer.idf_)

    def vectorizer(self) -> Any:
        """A scikit-learn vectorizer that knows exactly these terms."""
        vectorizer: Any = _vectorizer(
            self.kind, self.ngrams, {term: at for at, term in enumerate(self.terms)}
        )
        vectorizer.idf_ = self.idf
        return vectorizer


def _vectorizer(kind: str, ngrams: tuple[int, int], vocabulary: dict[str, int] | None = None) -> Any:
    vectorizer: Any = TfidfVectorizer
    return vectorizer(
        analyzer=kind,
        ngram_range=ngrams,
        preprocessor=plain,
        token_pattern=r"(?u)\b\w+\b" if kind == "word" else None,
        sublinear_tf=True,
        dtype=np.float32,
        vocabulary=vocabulary,
    )


class NgramFeatures:
    """Several n-gram tables side by side."""

    def __init__(self, tables: Sequence[NgramTable]) -> None:
        self.tables = tuple(tables)
        self._vectorizers = [table.vectorizer() for table in tables]

    def rows(self, texts: Sequence[str]) -> Any:
        """A sparse row (scipy CSR) for each text; None when there are no tables."""
        blocks = [vectorizer.transform(texts) for vectorizer in self._vectorizers]
        if len(blocks) <= 1:
            return blocks[0] if blocks else None
        library: Any = sparse  # its types are of little use
        return library.hstack(blocks, format="csr")


@dataclass(frozen=True, slots=True)
class LinearClassifier:
    """Scores = n-grams · `ngram_weights` + embedding · `embedding_weights` + `intercept`.

    A block of weights that the classifier does not look at is None. Weights are features × intents.
    """

    kind: Literal["svm", "logistic"]
    ngram_weights: Floats | None
    embedding_weights: Floats | None
    intercept: Floats

    def logits(self, ngrams: Any, embedding: Floats | None) -> Doubles:
        """Scores before the softmax, texts × intents."""
        scores = self.intercept.astype(np.float64)[None, :]
        if self.ngram_weights is not None:
            scores = scores + np.asarray(ngrams @ self.ngram_weights)
        if self.embedding_weights is not None and embedding is not None:
            scores = scores + embedding @ self.embedding_weights
        return scores


def log_softmax(logits: Doubles) -> Doubles:
    """Natural logarithms of probabilities, row by row."""
    return logits - log_sum_exp(logits)[:, None]


def log_sum_exp(logits: Doubles) -> Doubles:
    """The (negative) energy of each row: high where some intent is strongly supported."""
    top = logits.max(axis=1)
    return top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
