"""Ranks the passages of the documents by how well they answer a question, by meaning and by words.

Passages are ranked by 0.9 × cosine + 0.1 × full-text score (NLU.md: reciprocal rank fusion loses 12 points on
questions and answers); without an embedder by the words alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from knowledge_base import fulltext
from knowledge_base.embedding import Embedder, unpacked
from knowledge_base.fulltext import PASSAGES, FullText, WordMatches
from knowledge_base.model import Document, Passage, PassageVector
from knowledge_base.settings import Settings
from knowledge_base.wording import alternatives, content_words, fold, singular, tokens, words_of
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
        score = by_words.get(row.id, 0.0)
        if not by_meaning:
            return score
        share = score / max(by_words.values()) if score else 0.0
        cosine = by_meaning[row.id][of] if row.id in by_meaning else 0.0
        return self.settings.embedding_weight * cosine + self.settings.words_weight * share

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

    def _by_meaning(self, rows: Sequence[Row[Any]]) -> dict[int, tuple[float, float]]:
        """The cosine of each passage's nearest vector: to the question alone, and with what "it" or "they" stands for.

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
        asked = self.embedder.embed([self.text, self._spelled_out()])
        alone, spelled_out = (unpacked([vector for _, vector in found]) @ asked.T).T.tolist()
        weight = self.settings.context_weight
        best: dict[int, tuple[float, float]] = {}
        for (key, _), plain, full in zip(found, alone, spelled_out, strict=True):
            before = best.get(key, (-1.0, -1.0))
            best[key] = (max(plain, before[0]), max((1 - weight) * plain + weight * full, before[1]))
        return best

    def _spelled_out(self) -> str:
        """The question with the product's name, where a pronoun stands for it."""
        if self.about is None or not set(tokens(self.text)) & words_of(self.language).pronouns:
            return self.text
        return f"{self.text} ({self.about.title}, {self.about.category})"
