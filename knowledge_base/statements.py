"""What is written of a product, statement by statement, and which of it a question is about.

A statement is a field of the product (an attribute, what there is to choose, the weight) or a sentence of its description.
It is handed on as it stands: "not dishwasher safe" answers with itself, and where nothing is written nothing is concluded.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import inspect

from knowledge_base.settings import Settings
from knowledge_base.wording import (
    alternatives,
    content_words,
    properties_of,
    same_property,
    sentences,
    singular,
    stems,
    tokens,
    words_of,
)
from shop.catalogue.model import Product, Variant

DESCRIPTION: Final = "description"
OWN_NAME_WEIGHT: Final = 1.05  # a field asked for by its own name wins over one asked for in other words
SAID_WEIGHT: Final = 1.04  # … and so does what says all that is asked
BULLET: Final = "• "
GRAMS_IN_KILOGRAM: Final = 1000


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that is written of a product: a field with its value, or a sentence of the description."""

    field: str  # the field's name; DESCRIPTION for a sentence
    value: str
    of_kinds: bool = (
        False  # read from what there is to choose: of the thing as a whole, never of a part of it
    )

    @property
    def text(self) -> str:
        return self.value if self.is_sentence else f"{self.field}: {self.value}"

    @property
    def is_sentence(self) -> bool:
        return self.field == DESCRIPTION


def variants_on_sale(product: Product) -> list[Variant]:
    """Its variants, where they were loaded with it."""
    state: Any = inspect(product)
    return [] if "variants" in state.unloaded else [each for each in product.variants if each.published]


def fields(product: Product, language: str, variants: Sequence[Variant] | None = None) -> list[Statement]:
    """The merchant's attributes, then what there is to choose and the weight, where no attribute says so already.

    With `variants` only of these; else of all on sale.
    """
    found = {name: str(value) for name, value in product.attributes.items()}
    kinds = variants_on_sale(product) if variants is None else variants
    for variant in kinds:
        for name, value in variant.options.items():
            said = found.get(name, "") if name not in product.attributes else None
            if said is not None and value not in said.split(", "):
                found[name] = f"{said}, {value}" if said else value
    weight = weight_in_words(kinds, language)
    if weight and not any(is_weight(name, language) for name in product.attributes):
        found[words_of(language).weight] = weight
    return [Statement(name, value, name not in product.attributes) for name, value in found.items()]


def statements(product: Product, language: str) -> list[Statement]:
    """All that is written of it; a list item of the description that is a field too is told once."""
    found = fields(product, language)
    told = {each.text for each in found}
    said = (part.removeprefix(BULLET) for part in sentences(product.description or ""))
    return [*found, *(Statement(DESCRIPTION, part) for part in said if part not in told)]


def weight_in_words(variants: Sequence[Variant], language: str) -> str:
    """As in "380 g", or "290–340 g" where it depends on the kind; empty where the catalogue has none."""
    grams = sorted({each.weight_grams or 0 for each in variants})
    if not grams or not grams[0]:
        return ""
    return grams_in_words(grams[0], grams[-1], language)


def grams_in_words(low: int, high: int, language: str) -> str:
    """A weight as people read it: kilograms from one on."""
    kilos = low >= GRAMS_IN_KILOGRAM
    unit = "kg" if kilos else "g"
    ends = [each / GRAMS_IN_KILOGRAM if kilos else each for each in dict.fromkeys((low, high))]
    point = words_of(language).decimal_point
    return "–".join(f"{each:g}".replace(".", point) for each in ends) + f" {unit}"


def is_weight(name: str, language: str) -> bool:
    """Whether a field of that name tells the weight."""
    own = stems(words_of(language).weight) | {"weight"}
    return stems(name) <= own


# ---------------------------------------------------------------------- what a question is about


@dataclass(frozen=True, slots=True)
class Found:
    """A statement, and how much of the question it accounts for."""

    statement: Statement
    score: float


def asked_of(text: str, product: Product, language: str) -> list[str]:
    """The words of the question that do not only name the product or one of its kinds; all where none is left."""
    kinds = [value for each in variants_on_sale(product) for value in each.options.values()]
    own = stems(f"{product.title} {product.category} {product.vendor}").union(*map(stems, kinds))
    words = content_words(text, language)
    return [word for word in words if own.isdisjoint(map(singular, alternatives(word, language)))] or words


def best_statement(text: str, product: Product, language: str, settings: Settings) -> Found | None:
    """The statement that accounts for most of the question's words; None where none does for more than half."""
    asked = asked_of(text, product, language)
    if not asked:
        return None
    reader = _Reader(text, asked, language, settings)
    found = [Found(each, reader.score(each)) for each in statements(product, language)]
    best = max(found, key=lambda each: each.score, default=None)  # of equals the first
    return best if best is not None and best.score > settings.fact_least else None


def related(text: str, product: Product, language: str) -> list[Statement]:
    """What comes near to the question where nothing answers it: what it is made of, where it is asked whether it is vegan."""
    asked = stems(text)
    wanted = [name for name, hints in words_of(language).related.items() if asked & stems(" ".join(hints))]
    return [
        each for each in fields(product, language) if any(stems(name) <= stems(each.field) for name in wanted)
    ]


def bears_on(text: str, product: Product, language: str, written: str) -> bool:
    """Whether what is written speaks of anything that the question asks of the product."""
    asked = _properties(asked_of(text, product, language), language)
    said = tokens_of_all(written)
    return not asked or any(_says(said, word, language) for word in asked)


def tokens_of_all(text: str) -> set[str]:
    """The words of a text however long."""
    return {singular(token) for line in sentences(text) for token in tokens(line)}


@dataclass(frozen=True, slots=True)
class _Reader:
    """A question about a product, to hold statements against."""

    text: str
    asked: Sequence[str]
    language: str
    settings: Settings

    def score(self, statement: Statement) -> float:
        """A field is asked for by its name or in other words for it; both kinds by what they say."""
        said = self._share_said(statement)
        said = SAID_WEIGHT if said == 1 else said
        score = said if statement.is_sentence else max(said, self._field_score(statement))
        return score if not statement.of_kinds or score >= 1 else 0.0  # "what size are the wheels?"

    def _share_said(self, statement: Statement) -> float:
        """The share of what is asked that the statement says in these words or in ones for the same property."""
        asked = _properties(self.asked, self.language)
        said = {singular(token) for token in tokens(statement.text)}
        return sum(_says(said, word, self.language) for word in asked) / len(asked) if asked else 0.0

    def _field_score(self, statement: Statement) -> float:
        """The share of the words that the field explains: by its name, by how people ask for it, by its value."""
        named, said = stems(statement.field), stems(statement.value)
        hints = self._hints(named)
        found = 0.0
        for word in self.asked:
            stem = singular(word)
            if stem in named:
                found += OWN_NAME_WEIGHT
            elif stem in hints:
                found += hints[stem]
            elif stem in said:
                found += self.settings.value_weight
        return found / len(self.asked)

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


def _properties(asked: Sequence[str], language: str) -> list[str]:
    """What is asked of it, without "has", "comes with", "contains"."""
    relations = words_of(language).relations
    return [word for word in asked if word not in relations]


def _says(said: Collection[str], word: str, language: str) -> bool:
    return any(
        same_property(singular(other), token, language)
        for other in properties_of(word, language)
        for token in said
    )


def _in_order(wanted: Sequence[str], words: Sequence[str]) -> bool:
    rest: Iterator[str] = iter(words)
    return all(word in rest for word in wanted)
