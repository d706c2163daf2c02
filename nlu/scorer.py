"""Scores messages: calibrated probabilities of intents, and how unlike the training data a message is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlu.linear import Doubles, LinearClassifier, log_softmax
from nlu.ngrams import Floats, NgramFeatures

DEVIATION_MIN = 1e-6  # a signal that never varies says nothing; dividing by nothing would


@dataclass(frozen=True, slots=True)
class Raw:
    """What the parts of a model say about texts, before it is weighed together."""

    logits: tuple[Doubles, ...]  # of each classifier: texts × intents
    neighbour: Doubles | None  # cosine of the most similar training example; None without an embedding
    border: Doubles | None = None  # how far on our side of out-of-scope examples; None where those are few


@dataclass(frozen=True, slots=True)
class Scores:
    """Log-probabilities (texts × intents) and refusal scores (texts; higher is less like anything taught)."""

    log_probabilities: Doubles
    refusal: Doubles

    @property
    def probabilities(self) -> Doubles:
        return np.exp(self.log_probabilities)

    def best(self) -> list[int]:
        """The most probable intent of each text."""
        return np.argmax(self.log_probabilities, axis=1).tolist()


@dataclass(frozen=True, slots=True)
class Calibration:
    """What cross-validation measured: it makes raw scores honest.

    A refusal score is −(signal − mean) / deviation, averaged with `weights`; above `threshold` a text is refused.
    """

    temperatures: tuple[float, ...]  # one for each classifier
    fused_temperature: float
    means: tuple[float, ...]  # one for each refusal signal
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    threshold: float

    def log_probabilities(self, raw: Raw) -> Doubles:
        """The mean of the classifiers' log-probabilities, sharpened or softened as measured."""
        parts = [
            log_softmax(logits / heat) for logits, heat in zip(raw.logits, self.temperatures, strict=True)
        ]
        return log_softmax(np.mean(parts, axis=0) / self.fused_temperature)

    def refusal(self, raw: Raw) -> Doubles:
        """Higher: less like anything that was taught."""
        z = (signals(raw) - np.array(self.means)) / np.array(self.deviations)
        return -(z @ np.array(self.weights))


def signals(raw: Raw) -> Doubles:
    """Signs of being in scope, texts × signals: each classifier's highest score, neighbour cosine, border.

    Scores are taken as they are: made into probabilities, a text that no intent claims looks like one that two claim.
    """
    columns = [logits.max(axis=1) for logits in raw.logits]
    columns.extend(column for column in (raw.neighbour, raw.border) if column is not None)
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class IntentScorer:
    """Classifiers over shared features, and the training examples' vectors for the nearest neighbour."""

    intents: tuple[str, ...]
    ngrams: NgramFeatures
    classifiers: tuple[LinearClassifier, ...]
    neighbours: Floats | None  # examples × dimensions, unit length
    embedding_weight: float
    border: LinearClassifier | None = None  # between out-of-scope examples and all others, by the embedding

    def raw(self, texts: Sequence[str], embedding: Floats | None) -> Raw:
        """Texts must be cleaned (`nlu.text.clean`); `embedding` holds their unit vectors, or is None."""
        rows = self.ngrams.rows(texts)
        weighted = None if embedding is None else embedding * np.float32(self.embedding_weight)
        logits = tuple(
            classifier.logits(rows, weighted if classifier.kind == "svm" else embedding)
            for classifier in self.classifiers
        )
        return Raw(logits, self._nearest(embedding), self._inside(embedding))

    def scores(self, texts: Sequence[str], embedding: Floats | None, calibration: Calibration) -> Scores:
        """Calibrated log-probabilities and refusal scores of cleaned texts."""
        raw = self.raw(texts, embedding)
        return Scores(calibration.log_probabilities(raw), calibration.refusal(raw))

    def _nearest(self, embedding: Floats | None) -> Doubles | None:
        if embedding is None or self.neighbours is None:
            return None
        return (embedding @ self.neighbours.T).max(axis=1).astype(np.float64)

    def _inside(self, embedding: Floats | None) -> Doubles | None:
        """Log-odds of being what a shop answers."""
        if embedding is None or self.border is None:
            return None
        outside, inside = self.border.logits(None, embedding).T
        return inside - outside
