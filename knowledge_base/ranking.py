"""Ranks the passages of the documents by how well they answer a question: gathers the evidence and judges it.

Evidence is the nearness of a passage's texts to the question (cosines of sentence embeddings), how much both are about
the same topics, and the share of the question's words that the passage holds. Without an embedder it is words alone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from knowledge_base.embedding import Embedder, Vectors
from knowledge_base.judgement import EVIDENCE, Evidence, Judgement, Kind
from knowledge_base.model import Document, Passage, PassageVector
from knowledge_base.overlap import Overlap, overlap, words_of_passage
from knowledge_base.passages import Nearness, stored_as
from knowledge_base.settings import Settings
from knowledge_base.topics import TopicReader, Topics
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

NOWHERE: Final = Nearness(np.zeros(1, dtype=np.float32), 0)


@dataclass(frozen=True, slots=True)
class Means:
    """What questions are answered with, beside words: nothing, an embedder, or topics too."""

    embedder: Embedder | None = None
    topics: Topics | None = None


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
class _Meanings:
    """How near all passages are in meaning to a question: to it alone, and with what "it" or "they" stands for."""

    alone: Mapping[int, Nearness]
    in_context: Mapping[int, Nearness]


@dataclass(frozen=True, slots=True)
class _Topic:
    """How much each passage is about what the question is about, and how strange the question is."""

    shared: Mapping[int, float]
    strangeness: float


@dataclass(frozen=True, slots=True)
class PassageRanking:
    """A question with all its passages are held against."""

    session: Session
    text: str
    language: str
    about: Product | None
    means: Means
    settings: Settings

    def ranked(self) -> Ranking:
        """Every passage, the best first."""
        rows = self.rows()
        words, (meanings, topic) = self._words(rows), self._meaning(rows)
        alone = _evidence(rows, words, meanings and meanings.alone, topic)
        judge = self._judge(alone.kind)
        scores = judge.scores(alone)
        # Whether the documents answer at all is for the question alone to say; which passage, for what it is about too.
        answers = bool(scores.max(initial=-1.0) > 0)
        if self.about is not None:
            scores = judge.scores(_evidence(rows, words, meanings and meanings.in_context, topic))
            scores = scores + [self._bonus(row) for row in rows]
        found = [
            Ranked(float(score), row, _sentences(meanings, row.id))
            for score, row in zip(scores, rows, strict=True)
        ]
        return Ranking(sorted(found, key=lambda each: (-each.score, each.passage.id)), answers)

    def evidence(self) -> tuple[list[int], Evidence]:
        """The ids of all passages, and what speaks for each; for fitting judgements."""
        rows = self.rows()
        meanings, topic = self._meaning(rows)
        found = _evidence(rows, self._words(rows), meanings and meanings.alone, topic)
        return [row.id for row in rows], found

    def rows(self) -> Sequence[Row[Any]]:
        """Those of the language, else of any: an answer in another one is better than none."""
        found: Any = select(
            Passage.id,
            Passage.headings,
            Passage.text,
            Passage.phrasings,
            Document.title,
            Document.language,
            Document.url,
            Document.owner,
            Document.updated_at,
        ).join(Passage.document)
        primary = self.language.casefold().replace("_", "-").split("-")[0]
        own = found.where(Document.language.startswith(primary, autoescape=True))
        return self.session.execute(own).all() or self.session.execute(found).all()

    def _judge(self, kind: Kind) -> Judgement:
        embedder = self.means.embedder
        return self.settings.judgements.find(kind, embedder.name if embedder else None)

    # What is being talked about

    def _bonus(self, row: Row[Any]) -> float:
        """For a heading that names the product being talked about, what it is, or what it is made of.

        At least half of it: "Mugs and stoneware" is about a stoneware mug, "Cups with a gold rim" is not.
        """
        own = self._own_words()
        shares = [
            len(own & words) / len(words) for heading in row.headings[1:] if (words := self._stems(heading))
        ]
        nearness = max(shares, default=0.0)
        return self.settings.context_bonus * nearness if nearness >= self.settings.context_least else 0.0

    def _own_words(self) -> set[str]:
        if self.about is None:
            return set()
        material = [v for k, v in self.about.attributes.items() if fold(k) in ("material", "materials")]
        texts = (self.about.title, self.about.category, *map(str, material))
        words = {word for text in texts for word in self._stems(text)}
        return {singular(other) for word in words for other in alternatives(word, self.language)}

    def _stems(self, text: str) -> set[str]:
        return {singular(word) for word in content_words(text, self.language)}

    def _spelled_out(self) -> str:
        """The question with the product's name, where a pronoun stands for it."""
        if self.about is None or not set(tokens(self.text)) & words_of(self.language).pronouns:
            return self.text
        return f"{self.text} ({self.about.title}, {self.about.category})"

    def _words(self, rows: Sequence[Row[Any]]) -> Overlap:
        held = [
            words_of_passage(" ".join((row.title, *row.headings, row.text, *row.phrasings))) for row in rows
        ]
        return overlap(self.text, held, language=self.language)

    # Meaning and topics

    def _meaning(self, rows: Sequence[Row[Any]]) -> tuple[_Meanings | None, _Topic | None]:
        """Nothing without an embedder, or when nothing is embedded yet; no topic without meaning."""
        embedder, topics = self.means.embedder, self.means.topics
        if embedder is None or not rows:
            return None, None
        reader = topics.reader(primary_language(self.language)) if topics else None
        stored = self._stored(embedder.name, *([reader.name] if reader else []))
        vectors = stored.get(stored_as(embedder.name))
        if not vectors:
            return None, None
        meanings = self._meanings(embedder, rows, vectors)
        topic = self._topic(reader, rows, stored.get(stored_as(reader.name))) if reader else None
        return meanings, topic

    def _stored(self, *names: str) -> dict[str, dict[int, bytes]]:
        """The passages' vectors, by what they are stored under and by passage."""
        found = select(PassageVector.passage_id, PassageVector.model, PassageVector.vector)
        wanted = [stored_as(name) for name in names]
        stored: dict[str, dict[int, bytes]] = {}
        for key, model, content in self.session.execute(found.where(PassageVector.model.in_(wanted))):
            stored.setdefault(model, {})[key] = content
        return stored

    def _meanings(
        self, embedder: Embedder, rows: Sequence[Row[Any]], vectors: Mapping[int, bytes]
    ) -> _Meanings:
        asked = embedder.embed([self.text, self._spelled_out()])
        weight = self.settings.context_weight
        asked[1] = (1 - weight) * asked[0] + weight * asked[1]
        near = {row.id: _nearness(row, vectors[row.id], asked) for row in rows if row.id in vectors}
        return _Meanings(*({key: each[which] for key, each in near.items()} for which in (0, 1)))

    def _topic(
        self, reader: TopicReader, rows: Sequence[Row[Any]], known: Mapping[int, bytes] | None
    ) -> _Topic | None:
        if not known:
            return None
        reading = reader.read([self.text])
        near = {row.id: _nearness(row, known[row.id], reading.rows)[0] for row in rows if row.id in known}
        shared = {key: each.nearest_two for key, each in near.items()}
        return _Topic(shared, float(reading.strangeness[0]))


def _nearness(row: Row[Any], content: bytes, asked: Vectors) -> list[Nearness]:
    """How near a passage is to each vector that is asked with."""
    vectors = np.frombuffer(content, dtype="<f4").reshape(-1, asked.shape[1])
    cosines = vectors @ asked.T
    parts = len(vectors) - 1 - bool(row.headings) - len(row.phrasings)
    return [Nearness(cosines[:, which], parts) for which in range(len(asked))]


def _evidence(
    rows: Sequence[Row[Any]],
    words: Overlap,
    meanings: Mapping[int, Nearness] | None,
    topic: _Topic | None,
) -> Evidence:
    """Nothing speaks for a passage in what is not known of it."""
    kind: Kind = "words" if meanings is None else "meaning" if topic is None else "topics"

    def columns(row: Row[Any], share: float) -> Iterator[float]:
        yield from (1.0, float(not row.phrasings), share, words.unknown)
        if meanings is not None:
            near = meanings.get(row.id, NOWHERE)
            yield from (near.whole, near.sentence, near.nearest)
        if topic is not None:
            yield from (topic.shared.get(row.id, 0.0), topic.strangeness)

    found = [list(columns(row, share)) for row, share in zip(rows, words.shares, strict=True)]
    return Evidence(kind, np.array(found, dtype=np.float64).reshape(len(rows), len(EVIDENCE[kind])))


def _sentences(meanings: _Meanings | None, passage: int) -> Sequence[float] | None:
    if meanings is None or passage not in meanings.alone:
        return None
    return meanings.alone[passage].by_sentence.tolist()
