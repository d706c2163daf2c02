"""Which products the words mean: by place in the list, by name, by looks, or simply "it"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pydantic import TypeAdapter

from bot.actions.cards import products_by_id
from bot.dialogue.dialogue import Dialogue, as_uuid
from bot.dialogue.hearing import PERSONAL, without
from knowledge_base.comparison import WANTED
from knowledge_base.limits import SIZE_NAMES, same_size
from knowledge_base.query import ProductQuery
from knowledge_base.wording import alternatives, head_word, product_words, singular, stems, tokens, words_of
from nlu.entities.spans import any_of, compiled
from nlu.entities.words import words
from nlu.understanding import Understanding
from shop.catalogue import queries
from shop.catalogue.model import Product, Variant

QUERY: TypeAdapter[ProductQuery] = TypeAdapter(ProductQuery)
HITS_MAX = 12
COMPARED_MAX = 60  # products that are put in order of price, or looked through for a colour
SIZE_LETTERS = frozenset(SIZE_NAMES.values())
NAME_WEIGHT = 10  # a word of the name says more than any number of colours
LOOKS = ("color", "size", "material")
NOT_NAMES = frozenset({*LOOKS, *PERSONAL, "not_color", "quantity", "ordinal", "comparative"})


@dataclass(frozen=True, slots=True)
class Meant:
    """The products that the words point at, and how they do."""

    products: list[Product]
    by: Literal["button", "place", "name", "sight"]


@dataclass(frozen=True, slots=True)
class Looks:
    """How the thing shall be: any of the words for each, none of the unwanted."""

    wanted: tuple[tuple[str, ...], ...] = ()
    unwanted: tuple[str, ...] = ()

    @classmethod
    def said(cls, heard: Understanding | None) -> "Looks":
        """The colour, size and material of the message."""
        if heard is None:
            return cls()
        wanted = [tuple(str(value) for value in heard.values(name)) for name in LOOKS]
        return cls(tuple(values for values in wanted if values), tuple(map(str, heard.values("not_color"))))

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def missing(self, product: Product) -> list[str]:
        """What was asked for and no variant has; a size of a few letters in capitals."""
        variants = on_sale(product)
        return [
            value.upper() if value in SIZE_LETTERS else value
            for values in self.wanted
            for value in values
            if not any(_has(product, variant, each) for variant in variants for each in values)
        ]

    def fitting(self, product: Product) -> list[Variant]:
        """The variants on sale that look like that."""
        return [variant for variant in on_sale(product) if self._fits(product, variant)]

    def _fits(self, product: Product, variant: Variant) -> bool:
        return all(
            any(_has(product, variant, value) for value in values) for values in self.wanted
        ) and not any(_has(product, variant, value) for value in self.unwanted)


def meant(dialogue: Dialogue) -> Meant:
    """What the words point at; without any such word, what is looked at, else all that was shown last."""
    button, heard = dialogue.slot("product"), dialogue.heard
    if button is not None:
        return Meant(_load(dialogue, [as_uuid(button)]), by="button")
    place = heard.value("ordinal") if heard else None
    shown = dialogue.state.at(place) if isinstance(place, int) else None
    if shown is not None:
        return Meant(_load(dialogue, [shown.product]), by="place")
    if heard is not None and (found := named(dialogue, heard)):
        return Meant(found, by="name")
    return Meant(in_sight(dialogue), by="sight")


def in_sight(dialogue: Dialogue) -> list[Product]:
    """What "it" or "them" means: the product looked at, else those that were shown last."""
    focus = dialogue.state.focus
    shown = [focus] if focus is not None else dialogue.state.newest
    return _load(dialogue, [each.product for each in shown])


def asks_to_compare(heard: Understanding) -> bool:
    """Whether it asks which has the most or least of something: "is it heavier than that?"."""
    return "?" in heard.text and comparison_said(heard) in WANTED


def comparison_said(heard: Understanding) -> str | None:
    """The word that goods are compared with, as `nlu` names it; also where "más grande" was heard as a size."""
    said = heard.value("comparative")
    if said is not None:
        return str(said)
    known = words(heard.language).comparatives
    return next((name for name, terms in known.items() if compiled(any_of(terms)).search(heard.text)), None)


def plainly_named(dialogue: Dialogue, products: Sequence[Product]) -> list[Product]:
    """Those of the products that the words call by their name: what the thing is, or half of its title.

    "Apron" names a linen apron; "lid" names no mug with a lid, and "it" is what is in sight.
    """
    heard = dialogue.heard
    if heard is None or set(tokens(heard.text)) & words_of(dialogue.heard_language).pronouns:
        return []
    said = _name_words(heard, dialogue.heard_language)
    return [product for product in products if _is_called(product, said, dialogue)]


def _is_called(product: Product, said: Sequence[str], dialogue: Dialogue) -> bool:
    main, language = dialogue.replies.main, dialogue.heard_language
    own = {singular(word) for word in product_words(product.title, main) if len(word) > 1 and word.isalpha()}
    meant_words = {word for word in own if any(_is_among(each, {word}, language) for each in said)}
    head = head_word(product.title, main)
    return 2 * len(meant_words) >= len(own) > 0 or (head is not None and singular(head) in meant_words)


def alike(dialogue: Dialogue, looks: Looks) -> list[Product]:
    """Products of the kind in sight that look as is asked for."""
    products = in_sight(dialogue)
    if not products or not looks:
        return []
    query = ProductQuery(category=products[0].category, limit=COMPARED_MAX)
    result = dialogue.knowledge.search(dialogue.session, query, language=dialogue.heard_language)
    found = products_by_id(dialogue, [hit.product_id for hit in result.hits]).values()
    return [product for product in found if looks.fitting(product)]


def searched_looks(dialogue: Dialogue, product: Product) -> Looks:
    """The looks of the search that showed it, as far as it has them: "a shirt in M", and then "add it"."""
    last = dialogue.state.search
    if last is None or product.id not in {shown.product for shown in dialogue.state.shown}:
        return Looks()
    query = QUERY.validate_python(last.query)
    wanted = tuple(values for values in (query.colors, query.sizes, query.materials) if values)
    looks = Looks(wanted, query.not_colors)
    return looks if looks.fitting(product) else Looks()


def names_a_product(heard: Understanding, product: Product, variant: Variant | None, language: str) -> int:
    """How well the words fit it: 0 when they do not name it at all."""
    said = _name_words(heard, language)
    words = stems(product.title)
    recognised = [entity for entity in heard.entities if entity.name == "product"]
    score = NAME_WEIGHT * sum(_is_among(word, words, language) for word in said)
    # "The blue mug" is a speckled blue mug as well, whatever the shop calls it by itself.
    score += NAME_WEIGHT * sum(
        entity.value == product.handle or stems(entity.text) <= words for entity in recognised
    )
    looks = [str(value) for name in LOOKS for value in heard.values(name)]
    variants = [variant] if variant is not None else on_sale(product)
    return score + sum(any(_has(product, each, look) for each in variants) for look in looks)


def on_sale(product: Product) -> list[Variant]:
    return [variant for variant in product.variants if variant.published]


def goods_named(dialogue: Dialogue, heard: Understanding) -> frozenset[UUID]:
    """The products that these words name best; none where they only say how a thing shall be."""
    return frozenset(product.id for product in _best(dialogue, heard, heard.language))


def named(dialogue: Dialogue, heard: Understanding) -> list[Product]:
    """The products that the words name or describe; those in sight before others."""
    seen = in_sight(dialogue)
    looks = Looks.said(heard)
    if best := _best(dialogue, heard, dialogue.heard_language, seen):
        in_view = {product.id for product in seen}
        return [product for product in best if product.id in in_view] or best
    if looks:
        shown = _load(dialogue, [each.product for each in dialogue.state.shown])
        return _looking(seen, looks) or _looking(shown, looks)
    return []


def _best(
    dialogue: Dialogue, heard: Understanding, language: str, seen: Sequence[Product] = ()
) -> list[Product]:
    """The products that the words name best, of what was `seen` and of the catalogue; none where they name nothing."""
    if not (_name_words(heard, language) or heard.value("product")):
        return []
    return best_named(heard, [*seen, *_by_handle(dialogue, heard), *_hits(dialogue, heard)], language)


def _looking(products: Sequence[Product], looks: Looks) -> list[Product]:
    return [product for product in products if looks.fitting(product)]


def _by_handle(dialogue: Dialogue, heard: Understanding) -> list[Product]:
    """The products that were recognised by name."""
    found = [queries.by_handle(dialogue.session, str(handle)) for handle in heard.values("product")]
    return [product for product in found if product is not None and product.published]


def best_named(heard: Understanding, products: Iterable[Product], language: str) -> list[Product]:
    """Those that the words fit best by name; none when no name fits."""
    each = {product.id: product for product in products}
    scores = {id_: names_a_product(heard, product, None, language) for id_, product in each.items()}
    best = max(scores.values(), default=0)
    return [product for id_, product in each.items() if scores[id_] == best] if best >= NAME_WEIGHT else []


def _hits(dialogue: Dialogue, heard: Understanding) -> list[Product]:
    query = ProductQuery(
        text=without(heard, [entity for entity in heard.entities if entity.name in PERSONAL]),
        colors=tuple(map(str, heard.values("color"))),
        sizes=tuple(map(str, heard.values("size"))),
        limit=HITS_MAX,
    )
    result = dialogue.knowledge.search(dialogue.session, query, language=dialogue.heard_language)
    return _load(dialogue, [hit.product_id for hit in result.hits])


def _name_words(heard: Understanding, language: str) -> list[str]:
    """The words that may name a product: not its colour, nor how many, nor for whom."""
    details = [entity for entity in heard.entities if entity.name in NOT_NAMES]
    return product_words(without(heard, details), language)


def _is_among(word: str, words: set[str], language: str) -> bool:
    return any(singular(other) in words for other in alternatives(word, language))


def _has(product: Product, variant: Variant, look: str) -> bool:
    """Whether the variant is so: by its options; where none of them can say, by the product's title and facts."""
    wanted = stems(look)
    if any(wanted <= stems(value) or same_size(value, look) for value in variant.options.values()):
        return True
    others = [value for each in product.variants for value in each.options.values()]
    if any(wanted <= stems(value) for value in others):
        return False
    facts = (product.title, *(str(value) for value in product.attributes.values()))
    return any(wanted <= stems(text) for text in facts)


def _load(dialogue: Dialogue, ids: Sequence[UUID]) -> list[Product]:
    """Published products in that order, each once."""
    found = products_by_id(dialogue, dict.fromkeys(ids))
    return [product for product in found.values() if product.published]
