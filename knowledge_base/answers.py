"""Answers questions from what is written down, with the source, or not at all.

A Fact is a field of the product being talked about; a Policy is a passage of a document. Passages are ranked by
0.9 × cosine + 0.1 × full-text score (NLU.md: reciprocal rank fusion loses 12 points on questions and answers);
without an embedder by the words alone. All figures that decide are in `Settings`, calibrated on
tests/integration/test_knowledge_calibration.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from knowledge_base import fulltext
from knowledge_base.embedding import Embedder, unpacked
from knowledge_base.fulltext import PASSAGES, FullText, WordMatches
from knowledge_base.model import Document, Passage, PassageVector
from knowledge_base.wording import (
    TEXT_CHARACTERS_MAX,
    alternatives,
    content_words,
    fold,
    sentences,
    singular,
    stems,
    tokens,
    words_of,
)
from shop.catalogue.model import Product


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides between an answer and none."""

    embedding_weight: float = 0.9
    words_weight: float = 0.1
    context_bonus: float = 0.2  # for a passage headed by what is being talked about
    context_least: float = 0.5  # of the heading's words, to be headed by it
    context_weight: float = (
        0.5  # of the question with the product's name put in, where it says "it" or "they"
    )
    policy_least: float = 0.45  # with an embedder
    words_least: float = 0.34  # without one: the share of the question's weight that a passage holds
    fact_least: float = 0.5  # of the question's words that the field accounts for; more than this
    value_weight: float = 0.5  # a word found in the field's value, against one in its name
    answer_characters_max: int = 360  # a longer passage is cut to the sentences that answer
    sentence_share: float = 0.75  # of the best sentence's score, to be kept beside it


SETTINGS: Final = Settings()
OWN_NAME_WEIGHT: Final = 1.05  # a field asked for by its own name wins over one asked for in other words


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of the product that is being talked about; `as_of` is when the product was last changed."""

    text: str
    source: str
    score: float
    field: str
    value: str
    product_id: UUID
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """What a document says, cut to what answers; `passage` is all of it."""

    text: str
    source: str  # the document's title and the nearest heading
    score: float
    passage: str
    passage_id: int
    document: str
    language: str  # the document's
    headings: tuple[str, ...]
    url: str | None
    as_of: datetime


Answer = Fact | Policy


def answer(
    session: Session,
    question: str,
    *,
    language: str = "en",
    about: Product | None = None,
    embedder: Embedder | None = None,
    settings: Settings = SETTINGS,
) -> Answer | None:
    """The best answer there is, or None when nothing written down answers. Takes any text whatever.

    `about` is the product being talked about: its fields are asked first, and it says which passage "they" means.
    """
    asked = _Question(session, question[:TEXT_CHARACTERS_MAX], language, about, embedder, settings)
    if not tokens(asked.text):
        return None
    return asked.fact() or asked.policy()


@dataclass(frozen=True, slots=True)
class _Question:
    """A question with all it is asked against."""

    session: Session
    text: str
    language: str
    about: Product | None
    embedder: Embedder | None
    settings: Settings

    # Facts

    def fact(self) -> Fact | None:
        """The field that accounts for most of the question's words, leaving out those that name the product."""
        product = self.about
        if product is None:
            return None
        own = stems(f"{product.title} {product.category} {product.vendor}")
        asked = [word for word in content_words(self.text, self.language) if singular(word) not in own]
        fields = [(name, str(value)) for name, value in product.attributes.items()]
        if not asked or not fields:
            return None
        scores = [self._field_score(asked, name, value) for name, value in fields]
        best = max(range(len(fields)), key=lambda index: (scores[index], -index))
        if scores[best] <= self.settings.fact_least:
            return None
        name, value = fields[best]
        return Fact(
            text=f"{name}: {value}",
            source=product.title,
            score=round(min(1.0, scores[best]), 4),
            field=name,
            value=value,
            product_id=product.id,
            as_of=product.updated_at,
        )

    def _field_score(self, asked: Sequence[str], name: str, value: str) -> float:
        """The share of the words that the field explains: by its name, by how people ask for it, by its value."""
        named, said = stems(name), stems(value)
        hints = self._hints(named)
        found = 0.0
        for word in asked:
            stem = singular(word)
            if stem in named:
                found += OWN_NAME_WEIGHT
            elif stem in hints:
                found += hints[stem]
            elif stem in said:
                found += self.settings.value_weight
        return found / len(asked)

    def _hints(self, named: Collection[str]) -> dict[str, float]:
        """Words of this question by which people ask for a field of that name; a longer turn of phrase says more."""
        asked = [singular(token) for token in tokens(self.text)]
        found: dict[str, float] = {}
        for field, hints in words_of(self.language).facts.items():
            if not stems(field) <= set(named):
                continue
            for hint in hints:
                words = [singular(token) for token in tokens(hint)]
                if _in_order(words, asked):
                    found |= {word: max(found.get(word, 0), 1 + 0.01 * len(words)) for word in words}
        return found

    # Policies

    def policy(self) -> Policy | None:
        """The passage that answers best, if it answers at all."""
        rows = self._passages()
        by_words = self._by_words({row.id for row in rows})
        by_meaning = self._by_meaning(rows)
        # Whether the documents answer at all is for the question alone to say; which passage, for what it is about too.
        alone = {row.id: self._score(row, by_words, by_meaning, of=0) for row in rows}
        least = self.settings.policy_least if by_meaning else self.settings.words_least
        if max(alone.values(), default=0.0) < least:
            return None
        scores = {row.id: self._score(row, by_words, by_meaning, of=-1) + self._bonus(row) for row in rows}
        best = max(rows, key=lambda row: (scores[row.id], -row.id))
        headings = tuple(best.headings)
        return Policy(
            text=self._cut(best.text, by_meaning=bool(by_meaning)),
            source=" › ".join(dict.fromkeys((best.title, *headings[-1:]))),
            score=round(scores[best.id], 4),
            passage=best.text,
            passage_id=best.id,
            document=best.title,
            language=best.language,
            headings=headings,
            url=best.url,
            as_of=best.updated_at,
        )

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

    # Cutting

    def _cut(self, text: str, *, by_meaning: bool) -> str:
        """A short passage whole; of a long one the sentences that answer, in their order, as many as fit."""
        most = self.settings.answer_characters_max
        if len(text) <= most:
            return text
        parts = list(sentences(text))
        scores = self._sentence_scores(parts, by_meaning=by_meaning)
        order = sorted(range(len(parts)), key=lambda index: (-scores[index], index))
        least = self.settings.sentence_share * scores[order[0]]
        kept = order[:1]
        for index in order[1:]:
            length = sum(len(parts[i]) + 1 for i in (*kept, index))
            if scores[index] >= least and length <= most:
                kept.append(index)
        return _joined([parts[index] for index in sorted(kept)])

    def _sentence_scores(self, parts: Sequence[str], *, by_meaning: bool) -> list[float]:
        wanted = {singular(word) for word in content_words(self.text, self.language)}
        by_words = [len(wanted & stems(part)) / max(1, len(wanted)) for part in parts]
        if self.embedder is None or not by_meaning:
            return by_words
        vectors = self.embedder.embed([self.text, *parts])
        cosines: list[float] = (vectors[1:] @ vectors[0]).tolist()
        return [cosine + 0.1 * words for cosine, words in zip(cosines, by_words, strict=True)]


def _in_order(wanted: Sequence[str], words: Sequence[str]) -> bool:
    rest = iter(words)
    return all(word in rest for word in wanted)


def _joined(parts: Sequence[str]) -> str:
    """Sentences in a row, list items on lines of their own."""
    text = parts[0]
    for part in parts[1:]:
        text += ("\n" if part.startswith("•") else " ") + part
    return text
