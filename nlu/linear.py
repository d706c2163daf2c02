"""Linear classifiers as arrays and nothing else: what is saved and loaded, and what scores.

Training makes the arrays (`nlu/fitting.py`) and this scores with them, so a model gives the same numbers before it
is saved and after.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nlu.ngrams import Floats, Rows

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearClassifier:
    """Scores = n-grams · `ngram_weights` + embedding · `embedding_weights` + `intercept`.

    A block of weights that the classifier does not look at is None. Weights are features × intents.
    """

    kind: Literal["svm", "logistic"]
    ngram_weights: Floats | None
    embedding_weights: Floats | None
    intercept: Floats

    def logits(self, ngrams: Rows | None, embedding: Floats | None) -> Doubles:
        """Scores before the softmax, texts × intents."""
        scores = self.intercept.astype(np.float64)[None, :]
        if self.ngram_weights is not None and ngrams is not None:
            scores = scores + ngrams.times(self.ngram_weights)
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
