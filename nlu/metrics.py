"""Figures that say how good a classifier is."""

from collections import Counter
from collections.abc import Sequence


def accuracy(truth: Sequence[str], read: Sequence[str]) -> float:
    """The share that was read right; 0 for nothing at all."""
    right = sum(true == guess for true, guess in zip(truth, read, strict=True))
    return right / len(truth) if truth else 0.0


def macro_f1(truth: Sequence[str], read: Sequence[str]) -> float:
    """The mean over the true labels of F1 = 2·hits / (2·hits + misses + false alarms)."""
    hits = Counter(true for true, guess in zip(truth, read, strict=True) if true == guess)
    said, meant = Counter(read), Counter(truth)
    scores = [2 * hits[label] / (said[label] + meant[label]) for label in meant]
    return sum(scores) / len(scores) if scores else 0.0


def confusion_pairs(truth: Sequence[str], read: Sequence[str]) -> list[tuple[str, str, int]]:
    """(meant, read as, how often) of every mistake, the most frequent first."""
    pairs = Counter((true, guess) for true, guess in zip(truth, read, strict=True) if true != guess)
    return [
        (true, guess, count) for (true, guess), count in sorted(pairs.items(), key=lambda p: (-p[1], p[0]))
    ]
