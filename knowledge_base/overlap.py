"""What share of a question's words passages hold: rare words weigh more, in whatever number they are put."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from knowledge_base.wording import TOKEN, alternatives, content_words, fold, singular


@dataclass(frozen=True, slots=True)
class Overlap:
    """Shares (0–1) of a question's weight: what each passage holds, and what none of them does."""

    shares: Sequence[float]
    unknown: float


def words_of_passage(text: str) -> frozenset[str]:
    """All its words, without their plurals."""
    return frozenset(singular(token) for token in TOKEN.findall(fold(text)))


def overlap(question: str, passages: Sequence[Collection[str]], *, language: str) -> Overlap:
    """Hold the question's words, or others for the same, against the words of each passage.

    The weight of a word is Lucene's idf: ln(1 + (N − n + ½) / (n + ½)) where n of N passages hold it.
    """
    shares, whole, unknown = [0.0] * len(passages), 0.0, 0.0
    for word in content_words(question, language):
        if len(word) < 2:
            continue
        same = {singular(other) for other in alternatives(word, language)}
        holders = [place for place, words in enumerate(passages) if not same.isdisjoint(words)]
        weight = math.log(1 + (len(passages) - len(holders) + 0.5) / (len(holders) + 0.5))
        whole += weight
        unknown += weight if not holders else 0.0
        for place in holders:
            shares[place] += weight
    if not whole:
        return Overlap(shares, 1.0)
    return Overlap([share / whole for share in shares], unknown / whole)
