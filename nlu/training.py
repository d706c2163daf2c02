"""Training: examples in, a calibrated model out, with an honest account of how good it is.

The classifiers and their fusion were chosen by measurement (BANKING77, CLINC150, HWU64, SOFMattress). What makes
the probabilities and the refusal honest is cross-validation: each example is scored by a model that never saw it.
"""

import hashlib
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from nlu.calibration import OUT_OF_SCOPE_MIN, assign_folds, calibrate, cross_validate
from nlu.embedding import Embedder
from nlu.fitting import LabelledTexts, fit
from nlu.metrics import accuracy, confusion_pairs, macro_f1
from nlu.model import Confusion, ModelCard, TrainedModel
from nlu.pipeline import PipelineSettings
from nlu.scorer import Calibration, IntentScorer, Raw
from nlu.spelling import Speller, taught_words
from nlu.text import clean, words_of_name
from nlu.trained import Progress, model_id, needed
from nlu.training_data import Problem, TrainingData, TrainingDataError

CONFUSIONS_MAX: Final = 20
NAMED_UP_TO: Final = (
    20  # examples of an intent whose name teaches, too; where there are more, it lost accuracy
)
NAME_MIN: Final = 3  # letters of an intent's name that may say something
_LIBRARIES: Final = ("numpy", "scipy", "scikit-learn", "onnxruntime", "tokenizers")


def train(
    data: TrainingData,
    settings: PipelineSettings,
    *,
    embedder: Embedder | None,
    at: datetime,
    progress: Progress | None = None,
    seed: int = 0,
) -> TrainedModel:
    """Train the pipeline on `data`. The same data, settings and seed give the same model.

    `embedder` is needed when the pipeline names SentenceEmbedding, and ignored when it does not.
    Raises TrainingDataError when there are fewer than two intents.
    """
    with threadpool_limits(1):  # these matrices are small: threads that wait for each other take far longer
        return _train(data, settings, embedder=embedder, at=at, tell=progress or _silent, seed=seed)


def _train(
    data: TrainingData,
    settings: PipelineSettings,
    *,
    embedder: Embedder | None,
    at: datetime,
    tell: Progress,
    seed: int,
) -> TrainedModel:
    started = time.perf_counter()
    intents = data.intents
    _refuse_too_little(data)
    embedder = needed(embedder, settings)
    tell("reading sentences", 0.0)
    position = {intent: place for place, intent in enumerate(intents)}
    labels = [position[example.intent] for example in data.examples]
    known = LabelledTexts.prepare([example.text for example in data.examples], labels, embedder)
    names = _names(intents, data.counts, embedder)
    words = taught_words(known.texts)
    speller = Speller(words, embedder.knows) if embedder else None
    strange = [speller.mend(clean(text)) if speller else text for text in data.out_of_scope]
    alien = LabelledTexts.prepare(strange, [-1] * len(data.out_of_scope), embedder)
    folds = assign_folds(known.texts, known.labels, settings.refusal.folds, seed=seed)
    enough = alien if len(alien) >= OUT_OF_SCOPE_MIN else None
    held_out = cross_validate(
        known,
        folds,
        intents,
        settings,
        names=names,
        alien=enough,
        seed=seed,
        tell=lambda what, done: tell(what, 0.35 + 0.5 * done),
    )
    tell("fitting all examples", 0.85)
    scorer = fit(known, intents, settings, names=names, alien=enough, seed=seed)
    tested = known.at(folds >= 0)
    calibration = calibrate(
        held_out, tested.labels, quantile=settings.refusal.quantile, precision=settings.refusal.precision
    )
    tell("done", 1.0)
    result = _result(held_out.inside, tested, scorer, calibration)
    outside = held_out.outside or (scorer.raw(alien.texts, alien.embedding) if len(alien) else None)
    far = calibration.refusal(outside) if outside else None
    identity = model_id(data, settings, embedder=embedder, seed=seed)
    card = _card(identity, data, settings, result, embedder=embedder, at=at)
    if far is not None:
        card = replace(card, out_of_scope_refused=round(float(np.mean(far > calibration.threshold)), 4))
    card = replace(card, seed=seed, seconds=round(time.perf_counter() - started, 2))
    return TrainedModel(card, scorer, calibration, embedder, speller, result.predictions())


def _names(
    intents: tuple[str, ...], counts: Mapping[str, int], embedder: Embedder | None
) -> LabelledTexts | None:
    """What an intent's name says, as one more example where there are few: it was chosen to tell what is meant."""
    few = [(place, intent) for place, intent in enumerate(intents) if counts[intent] <= NAMED_UP_TO]
    said = [(place, words_of_name(intent)) for place, intent in few]
    telling = [(place, words) for place, words in said if len(words) >= NAME_MIN]
    if not telling:
        return None
    return LabelledTexts.prepare([words for _, words in telling], [place for place, _ in telling], embedder)


def text_key(text: str) -> str:
    """Names a text in a model's record of held-out predictions, without keeping the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _silent(_what: str, _done: float) -> None:
    pass


def _refuse_too_little(data: TrainingData) -> None:
    counts = data.counts
    if len(counts) < 2:
        raise TrainingDataError([Problem("training data", 1, f"two intents at least; found {len(counts)}")])
    if max(counts.values()) < 2:
        raise TrainingDataError([Problem("training data", 1, "no intent has more than one example")])
    if not any(character.isalnum() for example in data.examples for character in example.text):
        raise TrainingDataError([Problem("training data", 1, "no example holds a word")])


@dataclass(frozen=True, slots=True)
class _Result:
    """What cross-validation read, and meant."""

    texts: tuple[str, ...]
    truth: list[str]
    read: list[str]
    refused: float

    def predictions(self) -> dict[str, tuple[str, str]]:
        return {
            text_key(text): (meant, guess)
            for text, meant, guess in zip(self.texts, self.truth, self.read, strict=True)
        }

    def confusions(self) -> tuple[Confusion, ...]:
        example = dict(zip(zip(self.truth, self.read, strict=True), self.texts, strict=True))
        pairs = confusion_pairs(self.truth, self.read)[:CONFUSIONS_MAX]
        return tuple(Confusion(meant, guess, count, example[meant, guess]) for meant, guess, count in pairs)


def _result(held_out: Raw, tested: LabelledTexts, scorer: IntentScorer, calibration: Calibration) -> _Result:
    best: list[int] = np.argmax(calibration.log_probabilities(held_out), axis=1).tolist()
    meant: list[int] = tested.labels.tolist()
    refused = calibration.refusal(held_out) > calibration.threshold
    return _Result(
        texts=tested.texts,
        truth=[scorer.intents[label] for label in meant],
        read=[scorer.intents[label] for label in best],
        refused=float(np.mean(refused)),
    )


def _card(
    identity: str,
    data: TrainingData,
    settings: PipelineSettings,
    result: _Result,
    *,
    embedder: Embedder | None,
    at: datetime,
) -> ModelCard:
    return ModelCard(
        id=identity,
        language=settings.language,
        trained_at=at.isoformat(),
        data_sha256=data.digest(),
        settings=settings.model_dump(mode="json"),
        embedder=embedder.name if embedder else None,
        examples=len(data.examples),
        out_of_scope_examples=len(data.out_of_scope),
        intents=data.counts,
        accuracy=round(accuracy(result.truth, result.read), 4),
        macro_f1=round(macro_f1(result.truth, result.read), 4),
        refused=round(result.refused, 4),
        out_of_scope_refused=None,
        confusions=result.confusions(),
        versions={"python": platform.python_version()}
        | {name: metadata.version(name) for name in _LIBRARIES},
    )
