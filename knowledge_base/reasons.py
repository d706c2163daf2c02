"""Why a product answers a query, for its card: the limits that it meets, and where its own texts say what was asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from knowledge_base.statements import Statement, statements
from knowledge_base.wording import alternatives, singular, stems, tokens
from shop.catalogue.model import Product

QUOTE_CHARACTERS_MAX: Final = 70  # two lines on a phone


class ReasonKind(StrEnum):
    """What a reason tells; how it is worded is the flows' business."""

    LIMIT = "limit"  # a colour, size or material that was asked for
    AT_MOST = "at_most"  # the price is within the limit
    AT_LEAST = "at_least"
    NAMED = "named"  # its name, kind or labels say the word
    QUOTE = "quote"  # so it is written in its description or facts
    MEANING = "meaning"  # no word of the query: near to it in meaning


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the colour, the price limit, the word, or the passage. Empty for MEANING."""

    kind: ReasonKind
    text: str = ""


def reasons_in_texts(product: Product, words: Sequence[str], *, language: str) -> list[Reason]:
    """Where the product says these words of a query (folded, in the catalogue's spelling): first what it is called, then one quote.

    `language` is the query's. Where none of the words is found, that it is only near in meaning; nothing without words.
    """
    named = [found for word in words if (found := _named(product, word, language))]
    missing = [word for word in words if not _named(product, word, language)]
    reasons = [Reason(ReasonKind.NAMED, word) for word in dict.fromkeys(named)]
    reasons += [Reason(ReasonKind.QUOTE, quote) for quote in _quotes(product, missing, language)]
    return reasons or [Reason(ReasonKind.MEANING)] if words else []


def _named(product: Product, word: str, language: str) -> str | None:
    """The word as the product's name, kind or labels have it."""
    said = stems(" ".join((product.title, product.vendor, product.category, *product.tags)))
    return next((form for form in alternatives(word, language) if singular(form) in said), None)


def _quotes(product: Product, words: Sequence[str], language: str) -> Iterator[str]:
    """What says most of the words, if anything does; of two that say as many, the shorter."""
    forms = [{singular(form) for form in alternatives(word, language)} for word in words]

    def says(statement: Statement) -> int:
        said = stems(statement.text)
        return sum(not said.isdisjoint(each) for each in forms)

    found = [each for each in statements(product, language) if says(each)]
    if found:
        best = min(found, key=lambda each: (-says(each), len(each.text)))
        yield _shortened(best.text, {form for each in forms for form in each})


def _shortened(text: str, forms: set[str]) -> str:
    """As much of a sentence as a card holds, around the first word that was asked for; what is left out shows as …"""
    if len(text) <= QUOTE_CHARACTERS_MAX:
        return text
    words = text.split()
    asked = next(
        place for place, word in enumerate(words) if {singular(each) for each in tokens(word)} & forms
    )
    start = end = asked
    while len(" ".join(words[start : end + 1])) < QUOTE_CHARACTERS_MAX:
        start, end = max(0, start - 1), min(len(words), end + 1)
        if (start, end) == (0, len(words)):
            break
    cut = " ".join(words[start : end + 1])
    return f"{'…' if start else ''}{cut}{'…' if end + 1 < len(words) else ''}"
