"""Fits the classifiers of a pipeline on labelled texts and takes their arrays out of scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import linear_model, svm

from nlu.embedding import Embedder
from nlu.linear import LinearClassifier
from nlu.ngrams import Floats, NgramFeatures, NgramTable, Rows
from nlu.pipeline import LinearSvmClassifier, LogisticRegressionClassifier, PipelineSettings, WordFeaturizer
from nlu.scorer import IntentScorer
from nlu.text import clean

Labels = NDArray[np.int64]

BORDER_C = 10.0
ONE_SVM: Final = (
    Lock()
)  # LIBLINEAR draws from one generator, the whole process's: at once, two take each other's draws

# Their types say little, and nothing that holds for the arrays we take.
_sparse: Any = sparse
_linear_model: Any = linear_model
_svm: Any = svm


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Cleaned texts with their vectors and labels: positions in the sorted intents, −1 for out of scope."""

    texts: tuple[str, ...]
    labels: Labels
    embedding: Floats | None

    @staticmethod
    def prepare(texts: Sequence[str], labels: Sequence[int], embedder: Embedder | None) -> "LabelledTexts":
        """Clean the texts and embed them."""
        cleaned = tuple(clean(text) for text in texts)
        embedding = embedder.embed(cleaned) if embedder else None
        return LabelledTexts(cleaned, np.array(labels, dtype=np.int64), embedding)

    def __len__(self) -> int:
        return len(self.texts)

    def at(self, chosen: NDArray[np.bool_]) -> "LabelledTexts":
        """Those that are chosen."""
        texts = tuple(text for text, wanted in zip(self.texts, chosen.tolist(), strict=True) if wanted)
        embedding = None if self.embedding is None else self.embedding[chosen]
        return LabelledTexts(texts, self.labels[chosen], embedding)

    def and_also(self, others: "LabelledTexts") -> "LabelledTexts":
        """These, then the others; either both have vectors or none has."""
        embedding = None
        if self.embedding is not None and others.embedding is not None:
            embedding = np.vstack([self.embedding, others.embedding])
        return LabelledTexts(
            self.texts + others.texts, np.concatenate([self.labels, others.labels]), embedding
        )


def fit(
    known: LabelledTexts,
    intents: tuple[str, ...],
    settings: PipelineSettings,
    *,
    names: LabelledTexts | None = None,
    alien: LabelledTexts | None = None,
    seed: int,
) -> IntentScorer:
    """Fit every component; each of `intents` must have an example among `known`.

    `names` are further texts that classifiers learn from but no message is compared with; `alien` is out of scope.
    """
    taught = known.and_also(names) if names is not None else known
    features = NgramFeatures(
        [
            NgramTable.fit(
                "word" if isinstance(part, WordFeaturizer) else "char_wb", part.ngrams, taught.texts
            )
            for part in settings.ngram_featurizers
        ]
    )
    rows = _matrix(features.rows(taught.texts))
    weight = settings.embedding.weight if settings.embedding else 0.0
    classifiers = tuple(
        _fit_svm(component, rows, taught, weight=weight, seed=seed)
        if isinstance(component, LinearSvmClassifier)
        else _fit_logistic(component, rows, taught)
        for component in settings.classifiers
    )
    border = _fit_border(known, alien) if alien is not None else None
    return IntentScorer(intents, features, classifiers, known.embedding, weight, border)


def _matrix(rows: Rows | None) -> Any:
    """The rows as scikit-learn takes them."""
    if rows is None:
        return None
    return _sparse.csr_matrix((rows.values, rows.columns, rows.starts), shape=(len(rows), rows.width))


def _fit_svm(
    component: LinearSvmClassifier, rows: Any, known: LabelledTexts, *, weight: float, seed: int
) -> LinearClassifier:
    blocks: list[Any] = [] if rows is None else [rows]
    if known.embedding is not None:
        blocks.append(_sparse.csr_matrix(known.embedding * weight))
    machine = _svm.LinearSVC(C=component.C, random_state=seed, max_iter=5000)
    columns = _sparse.hstack(blocks, format="csr")
    with ONE_SVM:
        machine.fit(columns, known.labels)
    return _arrays("svm", machine, 0 if rows is None else int(rows.shape[1]))


def _fit_logistic(
    component: LogisticRegressionClassifier, rows: Any, known: LabelledTexts
) -> LinearClassifier:
    logistic = _linear_model.LogisticRegression(C=component.C, max_iter=2000)
    if known.embedding is not None:
        logistic.fit(known.embedding.astype(np.float64), known.labels)
        return _arrays("logistic", logistic, 0)
    logistic.fit(rows, known.labels)
    return _arrays("logistic", logistic, int(rows.shape[1]))


def _fit_border(known: LabelledTexts, alien: LabelledTexts) -> LinearClassifier | None:
    """Tells out-of-scope texts (0) from all others (1); None without an embedding."""
    if known.embedding is None or alien.embedding is None:
        return None
    logistic = _linear_model.LogisticRegression(C=BORDER_C, class_weight="balanced", max_iter=2000)
    vectors = np.vstack([alien.embedding, known.embedding]).astype(np.float64)
    logistic.fit(vectors, np.repeat([0, 1], [len(alien), len(known)]))
    return _arrays("logistic", logistic, 0)


def _arrays(kind: Any, fitted: Any, ngrams: int) -> LinearClassifier:
    """The weights of a fitted classifier; the columns of n-grams come before the embedding's."""
    weights, intercept = np.asarray(fitted.coef_), np.asarray(fitted.intercept_)
    if len(intercept) == 1:  # two classes are told apart by one row of weights: spread it over both
        weights, intercept = np.vstack([-weights, weights]) / 2, np.concatenate([-intercept, intercept]) / 2
    by_feature = np.ascontiguousarray(weights.T.astype(np.float32))
    return LinearClassifier(
        kind,
        by_feature[:ngrams] if ngrams else None,
        by_feature[ngrams:] if ngrams < len(by_feature) else None,
        intercept.astype(np.float32),
    )
