"""Fits judgements: which weights of evidence answer most questions rightly, and refuse those that nothing answers.

The weights make what is known to be right the most probable, by maximum likelihood: of all passages and "none of them",
whose score is 0 (a conditional logit; McFadden 1974). They are drawn towards `start`, the stronger the fewer
questions there are. The threshold is then set on scores of questions that had no part in the weights they are scored by.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import optimize

from knowledge_base.judgement import EVIDENCE, Kind, Scores

FOLDS: Final = 5
ROUNDS: Final = 4  # of cross-validation, each with other folds
DRAWN: Final = 0.25  # how strongly weights are drawn to where they start, in questions
FREE: Final = ("constant", "unasked")  # drawn nowhere: they are no weights but thresholds
REFUSED_FEWEST: Final = 20  # unanswerable questions, to set a threshold by

Weights = Mapping[str, float]

_optimize: Any = optimize  # has no types


@dataclass(frozen=True, slots=True)
class Case:
    """A question against some documents: what speaks for each passage, and the places of those that answer it."""

    columns: Scores
    right: frozenset[int]
    unasked: bool = False  # the documents list no questions


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a question came out that had no part in the weights: the best passage's score, and whether that one is right."""

    case: Case
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights, and what they get on questions that they were not fitted on. Shares, 0 to 1."""

    weights: Weights
    top_1: float  # of the answerable: answered from the right passage
    refused: float  # of the unanswerable
    ranked_first: float  # of the answerable: the right passage is the best one, answered or not
    top_1_unasked: float  # the same where documents list no questions
    refused_unasked: float


def calibrate(
    questions: Sequence[Sequence[Case]],
    kind: Kind,
    *,
    refuse: float,
    start: Weights | None = None,
    seed: int = 0,
) -> Calibration:
    """Fit on `questions`, each of which may be asked of the documents in several forms.

    `refuse` is the share of unanswerable questions that shall be refused. `start` is what is known already.
    """
    names = EVIDENCE[kind]
    origin = np.array([start[name] if start else 0.0 for name in names])
    outcomes = list(_cross_validated(questions, kind, origin, seed))
    weights = dict(zip(names, fit(_flat(questions), kind, origin).tolist(), strict=True))
    least = {each: _threshold(outcomes, refuse, unasked=each) for each in (False, True)}
    weights["constant"] -= least[False]
    weights["unasked"] -= least[True] - least[False]
    asked, unasked = (
        _figures([each for each in outcomes if each.case.unasked is which], least[which])
        for which in (False, True)
    )
    return Calibration(weights, asked[0], asked[1], asked[2], unasked[0], unasked[1])


def fit(cases: Sequence[Case], kind: Kind, origin: Scores) -> Scores:
    """The weights, in the order of the kind's columns."""
    pull = np.array([name not in FREE for name in EVIDENCE[kind]]) * DRAWN / max(1, len(cases))

    def loss(weights: Scores) -> tuple[float, Scores]:
        value = float(pull @ (weights - origin) ** 2)
        slope = 2 * pull * (weights - origin)
        for case in cases:
            surprise, towards = _surprise(case, weights)
            value += surprise / len(cases)
            slope -= towards / len(cases)
        return value, slope

    found: Any = _optimize.minimize(loss, origin, jac=True, method="L-BFGS-B")
    return np.asarray(found.x, dtype=np.float64)


def _surprise(case: Case, weights: Scores) -> tuple[float, Scores]:
    """Minus the log-likelihood of what is right, and the direction that raises it."""
    scores = np.append(case.columns @ weights, 0.0)
    odds = np.exp(scores - scores.max())
    probable = odds / odds.sum()
    right = np.zeros(len(scores))
    right[list(case.right) or [-1]] = 1.0
    share = float(probable @ right)
    gain = (probable * right / share - probable)[:-1]
    return -float(np.log(share)), gain @ case.columns


def _cross_validated(
    questions: Sequence[Sequence[Case]], kind: Kind, origin: Scores, seed: int
) -> Iterator[Outcome]:
    chance = np.random.default_rng(seed)
    for _ in range(ROUNDS):
        for held_out in np.array_split(chance.permutation(len(questions)), FOLDS):
            out: set[int] = set(held_out.tolist())
            known = [cases for place, cases in enumerate(questions) if place not in out]
            weights = fit(_flat(known), kind, origin)
            for case in _flat([questions[place] for place in sorted(out)]):
                scores = case.columns @ weights
                best = int(np.argmax(scores))
                yield Outcome(case, float(scores[best]), best in case.right)


def _threshold(outcomes: Sequence[Outcome], refuse: float, *, unasked: bool) -> float:
    """The score that so many of the unanswerable do not reach; 0, as fitted, where they are too few to tell."""
    scores = [each.score for each in outcomes if not each.case.right and each.case.unasked is unasked]
    return float(np.quantile(scores, refuse)) if len(scores) >= REFUSED_FEWEST * ROUNDS else 0.0


def _figures(outcomes: Sequence[Outcome], least: float) -> tuple[float, float, float]:
    answerable = [each for each in outcomes if each.case.right]
    others = [each for each in outcomes if not each.case.right]
    return (
        _share([each.right and each.score > least for each in answerable]),
        _share([each.score <= least for each in others]),
        _share([each.right for each in answerable]),
    )


def _share(held: Sequence[bool]) -> float:
    return sum(held) / len(held) if held else 0.0


def _flat(questions: Sequence[Sequence[Case]]) -> list[Case]:
    return [case for question in questions for case in question]
