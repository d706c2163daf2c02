"""How good is it? Scores a model on labelled sentences that it was not trained on."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from pathlib import Path
from typing import Any

from nlu.calibration import Progress
from nlu.embedding import Embedder
from nlu.metrics import accuracy, confusion_pairs, macro_f1
from nlu.model import TrainedModel
from nlu.pipeline import PipelineSettings
from nlu.training_data import OUT_OF_SCOPE, TrainingData, load

BATCH = 512
CONFUSIONS_MAX = 20


def evaluate_file(  # noqa: PLR0913 - what the command line offers, all by keyword
    file: Path,
    *,
    settings: PipelineSettings,
    embedder: Embedder | None,
    at: datetime,
    model: TrainedModel | None = None,
    train_file: Path | None = None,
    out_of_scope: str = OUT_OF_SCOPE,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score `model`, or the pipeline trained on `train_file` alone, on `file`: what `parley evaluate` prints.

    Both files may be Rasa YAML or CSV; sentences labelled `out_of_scope` are what must be refused (in the training
    file they help to set the threshold). Raises TrainingDataError, and ValueError without a model or a training file.
    """
    data = load(file, out_of_scope=out_of_scope)
    if train_file is not None:
        known = load(train_file, out_of_scope=out_of_scope)
        from nlu.training import train  # noqa: PLC0415 - heavy: only where something is trained

        model = train(known, settings, embedder=embedder, at=at, progress=progress, seed=seed)
    if model is None:
        raise ValueError(
            "nothing to evaluate: train the shop's model first (parley train), or give --train FILE"
        )
    trained_on = {"examples": model.card.examples, "seconds": model.card.seconds, "seed": model.card.seed}
    return {"file": str(file), "trained_on": trained_on, **evaluate(model, data)}


@dataclass(frozen=True, slots=True)
class _Read:
    truth: list[str]
    best: list[str]
    confidence: list[float]
    refused: list[bool]


def evaluate(model: TrainedModel, data: TrainingData) -> dict[str, Any]:
    """Score `model` on `data`; everything in the result can be written as JSON.

    `accuracy` and `macro_f1` ask for the best intent and ignore refusing; `accuracy_with_refusal` counts a refused
    sentence as wrong. Where `data` holds out-of-scope sentences, `out_of_scope` tells how many of them were
    refused (recall), how many of those refused deserved it (precision), and Matthews' correlation over all
    labels with out of scope as one of them (Gorodkin 2004, as HINT3 reports it).
    """
    started = time.perf_counter()
    known = _read(model, [example.text for example in data.examples], [e.intent for e in data.examples])
    seconds = time.perf_counter() - started
    unknown_intents = sorted(set(known.truth) - set(model.intents))
    result: dict[str, Any] = {
        "model": model.card.id,
        "sentences": len(known.truth),
        "intents": len(set(known.truth)),
        "intents_unknown_to_the_model": unknown_intents,
        "accuracy": accuracy(known.truth, known.best),
        "macro_f1": macro_f1(known.truth, known.best),
        "accuracy_with_refusal": accuracy(known.truth, _answered(known)),
        "refused": sum(known.refused) / max(1, len(known.refused)),
        "calibration_error": calibration_error(known.truth, known.best, known.confidence),
        "milliseconds_each": 1000 * seconds / max(1, len(known.truth)),
        "confusions": [
            {"intent": meant, "read_as": read, "count": count}
            for meant, read, count in confusion_pairs(known.truth, known.best)[:CONFUSIONS_MAX]
        ],
    }
    if data.out_of_scope:
        result["out_of_scope"] = _out_of_scope(model, data, known)
    return result


def _read(model: TrainedModel, texts: list[str], truth: list[str]) -> _Read:
    best: list[str] = []
    confidence: list[float] = []
    refused: list[bool] = []
    for start in range(0, len(texts), BATCH):
        scores = model.scores(texts[start : start + BATCH])
        best.extend(model.intents[at] for at in scores.best())
        confidence.extend(scores.probabilities.max(axis=1).tolist())
        refused.extend([score > model.threshold for score in scores.refusal.tolist()])
    return _Read(truth, best, confidence, refused)


def _answered(read: _Read) -> list[str]:
    """The best intent, or the empty label where it was refused."""
    return ["" if no else best for best, no in zip(read.best, read.refused, strict=True)]


def _out_of_scope(model: TrainedModel, data: TrainingData, known: _Read) -> dict[str, Any]:
    alien = _read(model, list(data.out_of_scope), [""] * len(data.out_of_scope))
    refused = sum(alien.refused)
    all_refused = refused + sum(known.refused)
    truth = known.truth + alien.truth
    answered = _answered(known) + _answered(alien)
    return {
        "sentences": len(alien.truth),
        "recall": refused / len(alien.truth),
        "precision": refused / all_refused if all_refused else 0.0,
        "accuracy": accuracy(truth, answered),
        "matthews_correlation": matthews_correlation(truth, answered),
    }


def calibration_error(truth: list[str], best: list[str], confidence: list[float], bins: int = 10) -> float:
    """Expected calibration error: how far stated confidence is from the share that is right (Guo et al. 2017)."""
    gaps = [0.0] * bins
    for true, guess, stated in zip(truth, best, confidence, strict=True):
        gaps[min(int(stated * bins), bins - 1)] += stated - (true == guess)
    return sum(abs(gap) for gap in gaps) / max(1, len(truth))


def matthews_correlation(truth: list[str], read: list[str]) -> float:
    """The correlation of two labellings, for any number of labels (Gorodkin 2004); 0 where one is constant."""
    total, right = len(truth), sum(a == b for a, b in zip(truth, read, strict=True))
    meant, said = Counter(truth), Counter(read)
    together = sum(meant[label] * said[label] for label in meant)
    spread = (total**2 - sum(n * n for n in said.values())) * (total**2 - sum(n * n for n in meant.values()))
    return (right * total - together) / sqrt(spread) if spread else 0.0
