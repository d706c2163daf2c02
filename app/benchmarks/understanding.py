"""How well the shop's pipeline reads public data sets, beside simpler pipelines in the same run.

Each model learns from a set's training part alone; its threshold of refusal comes from cross-validation on that
part, too. The test part is read once, at the end.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from app.benchmarks.data_sets import DataSet
from nlu.embedding import Embedder
from nlu.evaluation import evaluate
from nlu.pipeline import PipelineSettings
from nlu.training import train

SHOTS: Final = 10
SEEDS: Final = 5
FEW_OF: Final = "BANKING77"  # the set that is also measured with a few examples of each intent

Progress = Callable[[str], None]  # what is being measured


@dataclass(frozen=True, slots=True)
class Peer:
    """A pipeline that is measured, by the name it has in the table."""

    name: str
    settings: PipelineSettings


@dataclass(frozen=True, slots=True)
class Figures:
    """What a pipeline got on a data set; None where the set has nothing to say about it. Shares, 0 to 1."""

    data_set: str
    pipeline: str
    runs: int  # figures are their mean
    accuracy: float  # the best intent, refused or not
    spread: float  # standard deviation of the accuracy over the runs
    in_scope_with_refusal: float  # refused counts as wrong
    out_of_scope_recall: float | None
    matthews_correlation: float | None
    calibration_error: float
    training_seconds: float
    training_cpu_seconds: float


def peers(settings: PipelineSettings) -> tuple[Peer, ...]:
    """Simpler pipelines and the shop's own one, last."""
    ngrams = {"pipeline": ["WordFeaturizer", "CharFeaturizer", "LinearSvmClassifier"]}
    meaning = {"pipeline": ["SentenceEmbedding", "LogisticRegressionClassifier"]}
    return (
        Peer("TF-IDF + linear SVM", PipelineSettings.model_validate(ngrams)),
        Peer("embedding + logistic regression", PipelineSettings.model_validate(meaning)),
        Peer("Parley", settings),
    )


def measure(
    sets: Sequence[DataSet],
    settings: PipelineSettings,
    *,
    embedder: Embedder | None,
    at: datetime,
    quick: bool,
    tell: Progress,
) -> Iterator[Figures]:
    """Every pipeline on every set; `quick` leaves out what takes minutes: the large sets in full, and most seeds."""
    for name, runs in _plan(sets, quick=quick):
        for peer in peers(settings):
            tell(f"{name}: {peer.name}")
            yield _mean(
                [
                    _run(name, peer, data, embedder=embedder, at=at, seed=seed)
                    for seed, data in enumerate(runs)
                ]
            )


def _plan(sets: Sequence[DataSet], *, quick: bool) -> Iterator[tuple[str, list[DataSet]]]:
    for data in sets:
        small = len(data.known.examples) <= SHOTS * 3 * len(data.known.intents)
        if small or not quick:
            yield data.name, [data]
        if data.name == FEW_OF or (quick and not small):
            seeds = range(1 if quick else SEEDS)
            yield f"{data.name} {SHOTS}-shot", [data.few(SHOTS, seed=seed) for seed in seeds]


def _run(
    name: str, peer: Peer, data: DataSet, *, embedder: Embedder | None, at: datetime, seed: int
) -> Figures:
    wall, processor = time.perf_counter(), time.process_time()
    model = train(data.known, peer.settings, embedder=embedder, at=at, seed=seed)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    found: dict[str, Any] = evaluate(model, data.asked)
    far: dict[str, Any] = found.get("out_of_scope", {})
    return Figures(
        data_set=name,
        pipeline=peer.name,
        runs=1,
        accuracy=found["accuracy"],
        spread=0.0,
        in_scope_with_refusal=found["accuracy_with_refusal"],
        out_of_scope_recall=far.get("recall"),
        matthews_correlation=far.get("matthews_correlation"),
        calibration_error=found["calibration_error"],
        training_seconds=wall,
        training_cpu_seconds=processor,
    )


def _mean(runs: Sequence[Figures]) -> Figures:
    """Their means; names are the first one's."""
    rows = [asdict(run) for run in runs]
    measured = [name for name, value in rows[0].items() if isinstance(value, float)]
    means: dict[str, Any] = {name: float(np.mean([row[name] for row in rows])) for name in measured}
    spread = float(np.std([run.accuracy for run in runs]))
    return replace(runs[0], **(means | {"runs": len(runs), "spread": spread}))
