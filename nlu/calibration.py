"""Cross-validation, and what it is for: honest probabilities and a sensible refusal threshold.

Each example is scored by a model that never saw it; on those scores temperatures are fitted and the threshold is set.
"""

import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from sklearn import linear_model

from nlu.fitting import LabelledTexts, Labels, fit
from nlu.linear import Doubles, log_softmax
from nlu.pipeline import PipelineSettings
from nlu.scorer import DEVIATION_MIN, Calibration, Raw, signals
from nlu.trained import Progress

FOLDS_AT_ONCE: Final = 2  # the fitting leaves Python's lock; more would hold several copies of the features
OUT_OF_SCOPE_MIN: Final = 20  # fewer examples say too little to draw a border or weigh signals by
LENIENT: Final = 0.05  # out-of-scope examples may lower the share of refused in-scope ones to this: fewer, and strangers pass
LOSS: Final = 2.0  # refusing what is in scope is worse than answering what is not

_optimize: Any = optimize
_linear_model: Any = linear_model


def assign_folds(texts: Sequence[str], labels: Labels, folds: int, *, seed: int = 0) -> Labels:
    """Which fold holds each text out; −1 for one that is always trained on (its class's only example).

    A text keeps its fold when others come and go, and no class is ever missing from a training part:
    a class that chance put into one fold is dealt out in turn instead.
    """
    digests = [hashlib.sha256(f"{seed}:{text.casefold()}".encode()).digest() for text in texts]
    assigned = np.array([int.from_bytes(digest[:8]) % folds for digest in digests], dtype=np.int64)
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        if len(rows) == 1:
            assigned[rows] = -1
        elif len(np.unique(assigned[rows])) == 1:
            assigned[rows] = np.arange(len(rows)) % folds
    return assigned


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What models say about texts that they never saw."""

    inside: Raw  # all texts of a fold ≥ 0, in their order
    outside: Raw | None  # out-of-scope texts, in any order; None without enough of them


def cross_validate(
    known: LabelledTexts,
    folds: Labels,
    intents: tuple[str, ...],
    settings: PipelineSettings,
    *,
    names: LabelledTexts | None = None,
    alien: LabelledTexts | None = None,
    seed: int,
    tell: Progress,
) -> HeldOut:
    """Score each fold's texts, and its share of `alien`, by a model that was fitted on all others."""
    used: list[int] = np.unique(folds[folds >= 0]).tolist()
    strange = _deal(alien, len(used), seed=seed) if alien is not None else None

    def score(number: int) -> HeldOut:
        held_out = folds == used[number]
        own, others = known.at(held_out), None
        if alien is not None and strange is not None:
            others = alien.at(strange != number)
        scorer = fit(known.at(~held_out), intents, settings, names=names, alien=others, seed=seed)
        far = alien.at(strange == number) if alien is not None and strange is not None else None
        return HeldOut(
            scorer.raw(own.texts, own.embedding), scorer.raw(far.texts, far.embedding) if far else None
        )

    parts: list[HeldOut] = []
    with ThreadPoolExecutor(FOLDS_AT_ONCE) as pool:
        for number, part in enumerate(pool.map(score, range(len(used)))):
            parts.append(part)
            tell(f"cross-validation, part {number + 1} of {len(used)}", (number + 1) / len(used))
    order = np.argsort(np.concatenate([np.flatnonzero(folds == fold) for fold in used]))
    outside = [part.outside for part in parts if part.outside is not None]
    return HeldOut(_joined([part.inside for part in parts], order), _joined(outside) if outside else None)


def _deal(texts: LabelledTexts, folds: int, *, seed: int) -> Labels:
    """Which fold holds each out-of-scope text out."""
    return assign_folds(texts.texts, np.zeros(len(texts), dtype=np.int64), folds, seed=seed)


def _joined(parts: Sequence[Raw], order: Labels | None = None) -> Raw:
    """One after the other, then brought into `order`."""
    rows: Any = slice(None) if order is None else order
    logits = tuple(
        np.concatenate([part.logits[k] for part in parts])[rows] for k in range(len(parts[0].logits))
    )
    near = [part.neighbour for part in parts if part.neighbour is not None]
    inside = [part.border for part in parts if part.border is not None]
    return Raw(
        logits,
        np.concatenate(near)[rows] if near else None,
        np.concatenate(inside)[rows] if inside else None,
    )


def calibrate(held_out: HeldOut, labels: Labels, *, quantile: float, precision: float) -> Calibration:
    """Fit temperatures and the refusal to held-out scores: of texts with `labels`, and of out-of-scope texts."""
    raw = held_out.inside
    heats = tuple(_temperature(logits, labels) for logits in raw.logits)
    inside = signals(raw)
    means, deviations = inside.mean(axis=0), np.maximum(inside.std(axis=0), DEVIATION_MIN)
    outside = None if held_out.outside is None else signals(held_out.outside)
    z_inside = (inside - means) / deviations
    z_outside = None if outside is None else (outside - means) / deviations
    weights = _weights(z_inside, z_outside)
    parts = [log_softmax(logits / heat) for logits, heat in zip(raw.logits, heats, strict=True)]
    fused = np.mean(parts, axis=0)
    scores = -(z_inside @ weights)
    own = (
        z_inside if raw.border is None else z_inside[:, :-1]
    )  # how sure it is, apart from what is out of scope
    share = min(quantile, _unsure(-own.mean(axis=1), fused.argmax(axis=1) == labels, precision))
    return Calibration(
        temperatures=heats,
        fused_temperature=_temperature(fused, labels),
        means=tuple(means.tolist()),
        deviations=tuple(deviations.tolist()),
        weights=tuple(weights.tolist()),
        threshold=_threshold(scores, None if z_outside is None else -(z_outside @ weights), share),
    )


def _temperature(logits: Doubles, labels: Labels) -> float:
    """The temperature that makes held-out labels most likely (Guo et al. 2017, On Calibration)."""
    rows = np.arange(len(labels))

    def surprise(log_heat: float) -> float:
        return -float(log_softmax(logits / np.exp(log_heat))[rows, labels].mean())

    found: Any = _optimize.minimize_scalar(surprise, bounds=(-5.0, 3.0), method="bounded")
    return float(np.exp(found.x))


def _weights(inside: Doubles, outside: Doubles | None) -> Doubles:
    """How much each signal tells about being in scope, even when there is nothing to learn it from; they sum to one.

    Halfway between what out-of-scope texts teach and even weights: those texts are few, and others will be asked.
    """
    even = np.full(inside.shape[1], 1 / inside.shape[1])
    if outside is None:
        return even
    truth = np.concatenate([np.ones(len(inside)), np.zeros(len(outside))])
    fitted = _linear_model.LogisticRegression(class_weight="balanced")
    fitted.fit(np.vstack([inside, outside]), truth)
    weights: Doubles = np.maximum(np.asarray(fitted.coef_)[0], 0.0)
    return (weights / weights.sum() + even) / 2 if weights.any() else even


def _unsure(scores: Doubles, right: NDArray[np.bool_], precision: float) -> float:
    """The share of texts with such refusal scores that fewer than `precision` of them are read right."""
    if right.all() or not right.any():
        return 0.0 if right.all() else 1.0
    fitted = _linear_model.LogisticRegression(C=1e3)
    fitted.fit(scores[:, None], right)
    slope, middle = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope >= 0:  # the score does not tell what is read right
        return 1.0
    odds = math.log(precision / (1 - precision))
    return float(np.mean(scores > (odds - middle) / slope))


def _threshold(inside: Doubles, outside: Doubles | None, share: float) -> float:
    """The refusal score that this share of in-scope texts exceed.

    Where out-of-scope texts show that fewer need to be refused, it is fewer: refusing one point more of what is in
    scope must refuse two points more of what is not.
    """
    if outside is None:
        return float(np.quantile(inside, 1 - share))
    shares: list[float] = np.linspace(min(share, LENIENT), share, 16).tolist()
    thresholds = [float(np.quantile(inside, 1 - each)) for each in shares]
    gains = [float(np.mean(outside > t)) - LOSS * float(np.mean(inside > t)) for t in thresholds]
    return max(zip(gains, thresholds, strict=True))[1]
