"""Questions of one meaning stand together."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from knowledge_base.embedding import Embedder, Vectors
from knowledge_base.questions import AskedQuestion
from knowledge_base.wording import content_words, singular

ALIKE_COSINE: Final = 0.72  # of two questions that mean the same
ALIKE_WORDS: Final = 0.6  # … by the words that they share, where nothing is embedded


@dataclass(frozen=True, slots=True)
class Cluster:
    """Open questions of one meaning, the newest first."""

    questions: tuple[AskedQuestion, ...]

    @property
    def newest(self) -> AskedQuestion:
        return self.questions[0]

    @property
    def people(self) -> int:
        """How many conversations it was asked in."""
        return len({question.conversation for question in self.questions})

    @property
    def waiting(self) -> int:
        """How many conversations want to be told."""
        return len({question.conversation for question in self.questions if question.wants_answer})


def clusters(questions: Sequence[AskedQuestion], embedder: Embedder | None) -> list[Cluster]:
    """Each question, the newest first, with those that mean the same: what most people asked first, then the newest."""
    found = [
        Cluster(tuple(group))
        for language in dict.fromkeys(question.language for question in questions)
        for group in _grouped([each for each in questions if each.language == language], embedder)
    ]
    return sorted(found, key=lambda each: (each.people, each.newest.at), reverse=True)


def _grouped(questions: Sequence[AskedQuestion], embedder: Embedder | None) -> Iterable[list[AskedQuestion]]:
    """Each joins the group whose first question it is nearest to, if that is near enough; else it begins one."""
    alike = _alikeness(questions, embedder)
    least = ALIKE_COSINE if embedder is not None else ALIKE_WORDS
    groups: dict[int, list[AskedQuestion]] = {}
    for place, question in enumerate(questions):
        firsts = list(groups)
        nearest = firsts[int(np.argmax(alike[place, firsts]))] if firsts else place
        if firsts and alike[place, nearest] >= least:
            groups[nearest].append(question)
        else:
            groups[place] = [question]
    return groups.values()


def _alikeness(questions: Sequence[AskedQuestion], embedder: Embedder | None) -> Vectors:
    """How alike each two are: a cosine, or the share of words that both have."""
    if embedder is not None:
        vectors = embedder.embed([question.text for question in questions])
        return vectors @ vectors.T
    stems = [{singular(word) for word in content_words(each.text, each.language)} for each in questions]
    return np.array([[_shared(one, other) for other in stems] for one in stems], dtype=np.float32)


def _shared(one: Collection[str], other: Collection[str]) -> float:
    both = set(one) & set(other)
    return len(both) / len(set(one) | set(other)) if both else 0.0
