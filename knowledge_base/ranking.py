"""Ranks the passages of the documents by how well they answer a question, by meaning and by words.

The meaning is the cosine to the question, mixed with the cosine to what the question's topic says (`topics`), the
more of that the surer the topic; the share of the question's words is added. Without an embedder it is the words alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from knowledge_base import fulltext
from knowledge_base.embedding import Embedder, Vectors, unpacked
from knowledge_base.fulltext import PASSAGES, FullText, WordMatches
from knowledge_base.model import Document, Passage, PassageVector
from knowledge_base.settings import Settings
from knowledge_base.topics import topic_vectors
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


@dataclass(frozen=True, slots=True)
class Ranked:
    """Passages with their scores, the best first; `answers` tells whether the best one answers at all."""

    passages: Sequence[tuple[float, Row[Any]]]
    answers: bool
    by_meaning: bool


@dataclass(frozen=True, slots=True)
class PassageRanking:
    """A question with all its passages are held against."""

    session: Session
    text: str
    language: str
    about: Product | None
    embedder: Embedder | None
    settings: Settings

    def ranked(self) -> Ranked:
        """Every passage, the best first."""
        rows = self._passages()
        by_words = self._by_words({row.id for row in rows})
        by_meaning = self._by_meaning(rows)
        # Whether the documents answer at all is for the question alone to say; which passage, for what it is about too.
        alone = [self._score(row, by_words, by_meaning, of=0) for row in rows]
        least = self.settings.policy_least if by_meaning else self.settings.words_least
        scored = [(self._score(row, by_words, by_meaning, of=-1) + self._bonus(row), row) for row in rows]
        scored.sort(key=lambda each: (-each[0], each[1].id))
        return Ranked(scored, max(alone, default=0.0) >= least, bool(by_meaning))

    def _passages(self) -> Sequence[Row[Any]]:
        """Those of the language, else of any: an answer in another one is better than none."""
        found: Any = select(
            Passage.id,
            Passage.headings,
            Passage.text,
            Document.title,
            Document.language,
            Document.url,
            Document.updated_at,
        ).join(Passage.document)
        primary = self.language.casefold().replace("_", "-").split("-")[0]
        own = found.where(Document.language.startswith(primary, autoescape=True))
        return self.session.execute(own).all() or self.session.execute(found).all()

    def _score(
        self,
        row: Row[Any],
        by_words: Mapping[int, float],
        by_meaning: Mapping[int, Sequence[float]],
        *,
        of: int,
    ) -> float:
        share = by_words.get(row.id, 0.0)
        if not by_meaning:
            return share
        cosine = by_meaning[row.id][of] if row.id in by_meaning else 0.0
        return cosine + self.settings.words_weight * share

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

    def _by_words(self, within: Collection[int]) -> dict[int, float]:
        """The share (0–1) of the question's weight that each passage holds; a word that no passage has counts as missing."""
        index = FullText(self.session, PASSAGES)
        words = [word for word in content_words(self.text, self.language) if len(word) > 1]
        found = [self._matches(index, word) for word in words]
        whole = sum(match.idf for match in found)
        scores: dict[int, float] = {}
        for match in found:
            for key, strength in match.strengths.items():
                if key in within:
                    scores[key] = scores.get(key, 0.0) + match.idf * (0.5 + 0.5 * strength) / whole
        return scores

    def _matches(self, index: FullText, word: str) -> WordMatches:
        return fulltext.either([index.matches(other) for other in alternatives(word, self.language)])

    def _by_meaning(self, rows: Sequence[Row[Any]]) -> dict[int, Sequence[float]]:
        """How near each passage is in meaning: to the question alone, and with what "it" or "they" stands for.

        Empty without an embedder, or when nothing is embedded yet.
        """
        if self.embedder is None or not rows:
            return {}
        stored = select(PassageVector.passage_id, PassageVector.vector).where(
            PassageVector.model == self.embedder.name, PassageVector.passage_id.in_([row.id for row in rows])
        )
        found = self.session.execute(stored).all()
        if not found:
            return {}
        alone, spelled_out = self.embedder.embed([self.text, self._spelled_out()])
        said, sure = self._topic(self.embedder, alone)
        vectors = unpacked([vector for _, vector in found])
        cosines = vectors @ np.stack([alone, spelled_out, said]).T
        context = self.settings.context_weight
        cosines[:, 1] = (1 - context) * cosines[:, 0] + context * cosines[:, 1]
        best: dict[int, Vectors] = {}
        for (key, _), row in zip(found, cosines, strict=True):
            best[key] = np.maximum(best[key], row) if key in best else row
        return {key: ((1 - sure) * row[:2] + sure * row[2]).tolist() for key, row in best.items()}

    def _topic(self, embedder: Embedder, question: Vectors) -> tuple[Vectors, float]:
        """What the question's topic says, and its weight, 0 where there is none."""
        topics = topic_vectors(embedder, primary_language(self.language))
        if topics is None:
            return question, 0.0
        cosine, says = topics.nearest(question)
        start, sure = self.settings.topic_from, self.settings.topic_sure
        return says, self.settings.topic_weight * min(1.0, max(0.0, (cosine - start) / (sure - start)))

    def _spelled_out(self) -> str:
        """The question with the product's name, where a pronoun stands for it."""
        if self.about is None or not set(tokens(self.text)) & words_of(self.language).pronouns:
            return self.text
        return f"{self.text} ({self.about.title}, {self.about.category})"
