"""Several things for the cart in one message: "two black mugs, an apron and a red one"."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from bot.dialogue.hearing import without
from bot.dialogue.slots import LOOKS
from knowledge_base.wording import product_words, tokens
from nlu.entities.spans import any_of, compiled
from nlu.entities.words import words
from nlu.understanding import Understanding

GoodsNamed = Callable[[Understanding], frozenset[UUID]]
"""The products that words name, the best fitting ones; none where they only describe."""


def items_of(parts: Sequence[Understanding], goods_named: GoodsNamed) -> dict[int, Understanding]:
    """What each part that asks for a thing of its own wants, by the part's place; empty unless there are two.

    The first one carries the verb; each further one begins as a thing does ("an apron", "3 mugs", "black ones"), and
    is either another thing, or the same one with looks of its own, which need not name it again ("a red one").
    """
    found: dict[int, Understanding] = {}
    named: frozenset[UUID] = frozenset()
    for place, part in enumerate(parts):
        goods = goods_named(part)
        if not found:
            if goods:
                found[place], named = part, goods
        elif goods and _begins_a_thing(part) and (_has_looks(part) or named.isdisjoint(goods)):
            found[place], named = part, goods
        elif not goods and _has_looks(part) and _begins_with_how_many(part):
            found[place] = replace(part, text=f"{part.text} {_names(found)}")
    return found if len(found) > 1 else {}


def _has_looks(part: Understanding) -> bool:
    return any(part.values(name) for name in LOOKS)


def _begins_a_thing(part: Understanding) -> bool:
    """Whether no verb leads it elsewhere: "an apron", "3 mugs", "mugs", and not "show me mugs"."""
    first = tokens(part.text)[:1]
    return _begins_with_how_many(part) or first == product_words(part.text, part.language)[:1]


def _begins_with_how_many(part: Understanding) -> bool:
    looks = min((entity.start for entity in part.entities if entity.name in LOOKS), default=len(part.text))
    # Before how it looks: "3 blue ones", and not the size "40-43".
    counted = any(each.name == "quantity" and each.start == 0 and each.end <= looks for each in part.entities)
    article = compiled(r"\W*", any_of(words(part.language).articles), r"(?!\w)")
    return counted or article.match(part.text) is not None


def _names(found: Mapping[int, Understanding]) -> str:
    """What the thing named last is called, without how many of it there shall be and how they look."""
    last = list(found.values())[-1]
    details = [entity for entity in last.entities if entity.name in {*LOOKS, "quantity"}]
    return " ".join(product_words(without(last, details), last.language))
