"""Answers questions from what is written down, with the source, or not at all.

A Fact is written of the product being talked about (see `statements`); a Policy is a passage of a document, as `ranking`
finds it. All figures that decide are in `settings`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from knowledge_base.asked import Asked
from knowledge_base.means import Means
from knowledge_base.ranking import PassageRanking, Ranked
from knowledge_base.settings import SETTINGS, Settings
from knowledge_base.statements import best_statement
from knowledge_base.wording import content_words, primary_language, sentences, singular, stems, tokens
from shop.catalogue.model import Product

WORDS: Final = Means()
SECTION: Final = " › "  # between a document's title and the heading


@dataclass(frozen=True, slots=True)
class Fact:
    """What is written of the product being talked about; `as_of` is when the product was last changed."""

    text: str
    source: str
    score: float
    field: str  # `statements.DESCRIPTION` for a sentence of the description
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
    across: bool = False  # found for a question in another language


Answer = Fact | Policy


def answer(
    session: Session,
    question: str,
    *,
    language: str = "en",
    about: Product | None = None,
    means: Means = WORDS,
    settings: Settings = SETTINGS,
    main: str = "",
) -> Answer | None:
    """The best answer there is, or None when nothing written down answers. Takes any text whatever.

    `main` is the shop's main language, whose documents are asked where those in `language` do not answer. `about` is the product being talked about, with its variants where they shall be asked too: what is written of it is
    asked first, and it says which passage "they" means.
    """
    asked = Asked(session, question, language, about, means, settings, main)
    if not tokens(asked.text):
        return None
    return fact(asked) or policy(asked)


def ranked_passages(
    session: Session,
    question: str,
    *,
    language: str = "en",
    means: Means = WORDS,
    settings: Settings = SETTINGS,
    main: str = "",
) -> list[int]:
    """The ids of all passages, the best first, whether they answer or not; those in `main` for a question in another language."""
    asked = Asked(session, question, language, None, means, settings, main)
    return [each.passage.id for each in PassageRanking(asked, across=asked.is_foreign).ranked().passages]


def fact(asked: Asked) -> Fact | None:
    """The field or the sentence of the description that accounts for most of the question's words."""
    product = asked.about
    if product is None:
        return None
    best = best_statement(asked.text, product, asked.language, asked.settings)
    if best is None:
        return None
    return Fact(
        text=best.statement.text,
        source=product.title,
        score=round(min(1.0, best.score), 4),
        field=best.statement.field,
        value=best.statement.value,
        product_id=product.id,
        as_of=product.updated_at,
    )


def policy(asked: Asked) -> Policy | None:
    """The passage that answers best, if it answers at all; one in the shop's main language where none in the question's does."""
    if not asked.is_foreign:
        return _policy(asked, PassageRanking(asked))
    found = _policy(asked, PassageRanking(asked))
    if found is not None and primary_language(found.language) == primary_language(asked.language):
        return found
    return _policy(asked, PassageRanking(asked, across=True))


def _policy(asked: Asked, by: PassageRanking) -> Policy | None:
    ranking = by.ranked()
    if not ranking.answers:
        return None
    best, passage = ranking.passages[0], ranking.passages[0].passage
    headings = tuple(passage.headings)
    return Policy(
        text=_cut(asked, best),
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
        across=by.across,
    )


def _cut(asked: Asked, best: Ranked) -> str:
    """A short passage whole; of a long one the sentences that answer, in their order, as many as fit."""
    text: str = best.passage.text
    most = asked.settings.answer_characters_max
    if len(text) <= most:
        return text
    parts = list(sentences(text))
    scores = _sentence_scores(asked, parts, best.by_sentence)
    order = sorted(range(len(parts)), key=lambda index: (-scores[index], index))
    least = asked.settings.sentence_share * scores[order[0]]
    kept = order[:1]
    for index in order[1:]:
        length = sum(len(parts[i]) + 1 for i in (*kept, index))
        if scores[index] >= least and length <= most:
            kept.append(index)
    return _joined([parts[index] for index in sorted(kept)])


def _sentence_scores(asked: Asked, parts: Sequence[str], by_meaning: Sequence[float] | None) -> list[float]:
    wanted = {singular(word) for word in content_words(asked.text, asked.language)}
    by_words = [len(wanted & stems(part)) / max(1, len(wanted)) for part in parts]
    if by_meaning is None:
        return by_words
    return [cosine + 0.1 * words for cosine, words in zip(by_meaning, by_words, strict=True)]


def _joined(parts: Sequence[str]) -> str:
    """Sentences in a row, list items on lines of their own."""
    text = parts[0]
    for part in parts[1:]:
        text += ("\n" if part.startswith("•") else " ") + part
    return text
