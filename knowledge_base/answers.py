"""Answers questions from what is written down, with the source, or not at all.

A Fact is a field of the product being talked about; a Policy is a passage of a document, as `ranking` finds it.
All figures that decide are in `settings`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from knowledge_base.means import Means
from knowledge_base.ranking import PassageRanking, Ranked
from knowledge_base.settings import SETTINGS, Settings
from knowledge_base.wording import (
    TEXT_CHARACTERS_MAX,
    content_words,
    sentences,
    singular,
    stems,
    tokens,
    words_of,
)
from shop.catalogue.model import Product

WORDS: Final = Means()
SECTION: Final = " › "  # between a document's title and the heading
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
    score: float  # how probable it is that it answers, 0 to 1
    passage: str
    passage_id: int
    document: str
    language: str  # the document's
    headings: tuple[str, ...]
    url: str | None
    owner: str  # who to ask when it is wrong; "" where nobody is named
    as_of: datetime


Answer = Fact | Policy


def answer(
    session: Session,
    question: str,
    *,
    language: str = "en",
    about: Product | None = None,
    means: Means = WORDS,
    settings: Settings = SETTINGS,
) -> Answer | None:
    """The best answer there is, or None when nothing written down answers. Takes any text whatever.

    `about` is the product being talked about: its fields are asked first, and it says which passage "they" means.
    """
    asked = _Question(session, question[:TEXT_CHARACTERS_MAX], language, about, means, settings)
    if not tokens(asked.text):
        return None
    return asked.fact() or asked.policy()


def ranked_passages(
    session: Session,
    question: str,
    *,
    language: str = "en",
    means: Means = WORDS,
    settings: Settings = SETTINGS,
) -> list[int]:
    """The ids of all passages, the best first, whether they answer or not."""
    asked = _Question(session, question[:TEXT_CHARACTERS_MAX], language, None, means, settings)
    return [each.passage.id for each in asked.ranking().ranked().passages]


@dataclass(frozen=True, slots=True)
class _Question:
    """A question with all it is asked against."""

    session: Session
    text: str
    language: str
    about: Product | None
    means: Means
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
        ranking = self.ranking().ranked()
        if not ranking.answers:
            return None
        best, passage = ranking.passages[0], ranking.passages[0].passage
        headings = tuple(passage.headings)
        return Policy(
            text=self._cut(best),
            source=SECTION.join(dict.fromkeys((passage.title, *headings[-1:]))),
            score=round(best.sureness, 4),
            passage=passage.text,
            passage_id=passage.id,
            document=passage.title,
            language=passage.language,
            headings=headings,
            url=passage.url,
            owner=passage.owner,
            as_of=passage.updated_at,
        )

    def ranking(self) -> PassageRanking:
        """The documents' passages against this question."""
        return PassageRanking(self.session, self.text, self.language, self.about, self.means, self.settings)

    # Cutting

    def _cut(self, best: Ranked) -> str:
        """A short passage whole; of a long one the sentences that answer, in their order, as many as fit."""
        text: str = best.passage.text
        most = self.settings.answer_characters_max
        if len(text) <= most:
            return text
        parts = list(sentences(text))
        scores = self._sentence_scores(parts, best.by_sentence)
        order = sorted(range(len(parts)), key=lambda index: (-scores[index], index))
        least = self.settings.sentence_share * scores[order[0]]
        kept = order[:1]
        for index in order[1:]:
            length = sum(len(parts[i]) + 1 for i in (*kept, index))
            if scores[index] >= least and length <= most:
                kept.append(index)
        return _joined([parts[index] for index in sorted(kept)])

    def _sentence_scores(self, parts: Sequence[str], by_meaning: Sequence[float] | None) -> list[float]:
        wanted = {singular(word) for word in content_words(self.text, self.language)}
        by_words = [len(wanted & stems(part)) / max(1, len(wanted)) for part in parts]
        if by_meaning is None:
            return by_words
        return [cosine + 0.1 * words for cosine, words in zip(by_meaning, by_words, strict=True)]


def _in_order(wanted: Sequence[str], words: Sequence[str]) -> bool:
    rest = iter(words)
    return all(word in rest for word in wanted)


def _joined(parts: Sequence[str]) -> str:
    """Sentences in a row, list items on lines of their own."""
    text = parts[0]
    for part in parts[1:]:
        text += ("\n" if part.startswith("•") else " ") + part
    return text
