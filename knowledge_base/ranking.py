"""Ranks the passages of the documents by how well they answer a question: gathers the evidence and judges it.

Evidence is the nearness of a passage's texts to the question (cosines of sentence embeddings), how much both are about
the same topics, and the share of the question's words that the passage holds. Without an embedder it is words alone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import Row

from knowledge_base.asked import Asked
from knowledge_base.embedding import Embedder, Vectors
from knowledge_base.judgement import EVIDENCE, Evidence, Judgement, Kind
from knowledge_base.library import Shelf
from knowledge_base.overlap import Overlap, overlap
from knowledge_base.passages import Nearness, stored_as
from knowledge_base.topics import TopicReader, TopicReading
from knowledge_base.wording import (
    alternatives,
    content_words,
    fold,
    primary_language,
    singular,
    tokens,
    words_of,
)
from shop.catalogue.model import Product

NOWHERE: Final = (Nearness(np.zeros(1, dtype=np.float32), 0),) * 2


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its score, and how near each of its sentences is to the question, where that is known."""

    score: float
    passage: Row[Any]
    by_sentence: Sequence[float] | None

    @property
    def sureness(self) -> float:
        """How probable it is that it answers (0–1), as questions with known answers taught."""
        return 1 / (1 + math.exp(-self.score))


@dataclass(frozen=True, slots=True)
class Ranking:
    """All passages, the best first; `answers` tells whether the best one answers at all."""

    passages: Sequence[Ranked]
    answers: bool


@dataclass(frozen=True, slots=True)
class _Topic:
    """How much each passage is about what the question is about, and how strange the question is."""

    shared: Mapping[int, float]
    strangeness: float


@dataclass(frozen=True, slots=True)
class PassageRanking:
    """The documents' passages against one question; with `across` those in the shop's main language, as the question is in another."""

    asked: Asked
    across: bool = False

    def ranked(self) -> Ranking:
        """Every passage, the best first."""
        found = self._gather()
        if self.across and (found.near is None or found.topic is None):
            return Ranking((), answers=False)  # nothing else tells anything across languages
        alone = found.evidence(in_context=False)
        judge = self._judge(alone.kind)
        scores = judge.scores(alone)
        # Whether the documents answer at all is for the question alone to say; which passage, for what it is about too.
        answers = bool(scores.max(initial=-1.0) > 0)
        if self.asked.about is not None:
            scores = judge.scores(found.evidence(in_context=True))
            own = self._own_words(self.asked.about)
            scores = scores + [self._bonus(row, own) for row in found.rows]
        passages = [
            Ranked(float(score), row, found.by_sentence(row.id))
            for score, row in zip(scores, found.rows, strict=True)
        ]
        return Ranking(sorted(passages, key=lambda each: (-each.score, each.passage.id)), answers)

    def evidence(self) -> tuple[list[int], Evidence]:
        """The ids of all passages, and what speaks for each; for fitting judgements."""
        found = self._gather()
        return [row.id for row in found.rows], found.evidence(in_context=False)

    def _judge(self, kind: Kind) -> Judgement:
        embedder = self._embedder
        return self.asked.settings.judgements.find(kind, embedder.name if embedder else None)

    @property
    def _embedder(self) -> Embedder | None:
        return self.asked.means.across if self.across else self.asked.means.embedder

    # What is being talked about

    def _bonus(self, row: Row[Any], own: set[str]) -> float:
        """For a heading that names the product being talked about, what it is, or what it is made of.

        At least half of it: "Mugs and stoneware" is about a stoneware mug, "Cups with a gold rim" is not.
        """
        shares = [
            len(own & words) / len(words) for heading in row.headings[1:] if (words := self._stems(heading))
        ]
        nearness = max(shares, default=0.0)
        settings = self.asked.settings
        return settings.context_bonus * nearness if nearness >= settings.context_least else 0.0

    def _own_words(self, product: Product) -> set[str]:
        """What it is called, what it is, and what it is made of."""
        material = [v for k, v in product.attributes.items() if fold(k) in ("material", "materials")]
        texts = (product.title, product.category, *map(str, material))
        words = {word for text in texts for word in self._stems(text)}
        return {singular(other) for word in words for other in alternatives(word, self.asked.language)}

    def _stems(self, text: str) -> set[str]:
        return {singular(word) for word in content_words(text, self.asked.language)}

    def _spelled_out(self) -> str:
        """The question with the product's name, where a pronoun stands for it."""
        text, about = self.asked.text, self.asked.about
        if about is None or not set(tokens(text)) & words_of(self.asked.language).pronouns:
            return text
        return f"{text} ({about.title}, {about.category})"

    # Gathering

    def _gather(self) -> "_Gathered":
        """No meaning without an embedder, or when nothing is embedded yet; no topic without meaning."""
        means, text = self.asked.means, self.asked.text
        embedder, spoken = self._embedder, primary_language(self.asked.language)
        written = primary_language(self.asked.main) if self.across else spoken
        reader, reading = self._reading(written) if embedder else (None, None)
        asked = embedder.embed([text, self._spelled_out()]) if embedder else None
        models = {
            stored_as(each.name): vectors.shape[1]
            for each, vectors in ((embedder, asked), (reader, reading.rows if reading else None))
            if each is not None and vectors is not None
        }
        shelf = means.library.shelf(self.asked.session, written, models)
        words = None if self.across else overlap(text, shelf.words, language=self.asked.language)
        known = shelf.vectors.get(stored_as(embedder.name)) if embedder else None
        if not known or asked is None:
            return _Gathered(shelf.rows, words)
        weight = self.asked.settings.context_weight
        asked[1] = (1 - weight) * asked[0] + weight * asked[1]
        near = {row.id: _nearness(row, known[row.id], asked) for row in shelf.rows if row.id in known}
        topic = self._topic(shelf, reader, reading) if reader and reading else None
        return _Gathered(shelf.rows, words, near, topic)

    def _reading(self, written: str) -> tuple[TopicReader | None, TopicReading | None]:
        """Who reads passages in that language, and what the question is about, in the same topics."""
        topics = self.asked.means.topics
        if topics is None:
            return None, None
        reader, own = topics.reader(written), topics.reader(primary_language(self.asked.language))
        if reader is None or own is None or reader.topics != own.topics:
            return None, None
        return reader, own.read([self.asked.text])

    def _topic(self, shelf: Shelf, reader: TopicReader, reading: TopicReading) -> _Topic | None:
        known = shelf.vectors.get(stored_as(reader.name))
        if not known:
            return None
        near = {
            row.id: _nearness(row, known[row.id], reading.rows)[0] for row in shelf.rows if row.id in known
        }
        shared = {key: each.nearest_two for key, each in near.items()}
        return _Topic(shared, float(reading.strangeness[0]))


def _nearness(row: Row[Any], vectors: Vectors, asked: Vectors) -> list[Nearness]:
    """How near a passage is to each vector that is asked with."""
    cosines = vectors @ asked.T
    parts = len(vectors) - 1 - bool(row.headings) - len(row.phrasings)
    return [Nearness(cosines[:, which], parts) for which in range(len(asked))]


@dataclass(frozen=True, slots=True)
class _Gathered:
    """All that is known of the passages for a question; `near` is of it alone, and with what "it" or "they" stands for.

    No `words` where it is in another language.
    """

    rows: Sequence[Row[Any]]
    words: Overlap | None
    near: Mapping[int, Sequence[Nearness]] | None = None
    topic: _Topic | None = None

    def evidence(self, *, in_context: bool) -> Evidence:
        """Nothing speaks for a passage in what is not known of it."""
        kind = self._kind()
        shares = self.words.shares if self.words is not None else [0.0] * len(self.rows)
        found = [
            list(self._columns(row, share, in_context=in_context))
            for row, share in zip(self.rows, shares, strict=True)
        ]
        return Evidence(kind, np.array(found, dtype=np.float64).reshape(len(self.rows), len(EVIDENCE[kind])))

    def _kind(self) -> Kind:
        if self.words is None:
            return "across"
        return "words" if self.near is None else "meaning" if self.topic is None else "topics"

    def _columns(self, row: Row[Any], share: float, *, in_context: bool) -> Iterator[float]:
        yield from (1.0, float(not row.phrasings))
        if self.words is not None:
            yield from (share, self.words.unknown)
        if self.near is not None:
            near = self.near.get(row.id, NOWHERE)[in_context]
            yield from (near.whole, near.sentence, near.nearest)
        if self.topic is not None:
            yield from (self.topic.shared.get(row.id, 0.0), self.topic.strangeness)

    def by_sentence(self, passage: int) -> Sequence[float] | None:
        """How near each sentence is to the question alone, where that is known."""
        if self.near is None or passage not in self.near:
            return None
        return self.near[passage][0].by_sentence.tolist()
