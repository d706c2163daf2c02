"""Which goods are compared: by place in the list, by name, by how they look, or those in sight."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.actions.cards import products_by_id
from bot.actions.reference import Looks, in_sight, named, on_sale, plainly_named
from bot.dialogue.dialogue import Dialogue
from knowledge_base.comparison import Good
from knowledge_base.measures import measures
from nlu.entities.spans import any_of, compiled
from nlu.entities.words import words
from nlu.understanding import Entity, Understanding
from shop.catalogue.model import Product, Variant
from shop.catalogue.queries import SIZE_NAMES


def goods_meant(dialogue: Dialogue) -> list[Good]:
    """The goods that the words set against each other, each once, in their order; fewer than two where it is not clear."""
    heard = dialogue.heard
    if heard is None:
        return _in_view(dialogue)
    placed = [whole(product) for product in _placed(dialogue, heard)]
    if len(placed) > 1 or len(heard.values("ordinal")) > 1:
        return placed
    whole_message = dialogue.message.whole if dialogue.message is not None else heard
    one: list[Good] = []
    for text in dict.fromkeys((heard, whole_message)):
        found = _each_once([*placed, *_said(dialogue, text)])
        if len(found) > 1:
            return found
        if found:  # "is it heavier than the black mug?"
            looked_at = [whole(product) for product in in_sight(dialogue)]
            if len(looked_at) == 1 and len(both := _each_once([*looked_at, *found])) > 1:
                return both
            one = found
    if plainly_named(dialogue, [good.product for good in one]):  # "compare the black mug": with what?
        return one
    return _in_view(dialogue)


def whole(product: Product) -> Good:
    """The product with all of its kinds."""
    return Good(product, on_sale(product), product.title)


def kind(product: Product, variants: Sequence[Variant]) -> Good:
    """Some of its kinds, named by what only they have in common."""
    first, *others = variants
    common = [
        value
        for name, value in first.options.items()
        if all(each.options.get(name) == value for each in others)
        and any(each.options.get(name) != value for each in on_sale(product))
    ]
    return Good(product, variants, f"{product.title} ({', '.join(common) or first.label})")


def by_kind(goods: Sequence[Good]) -> list[Good]:
    """The goods with each that comes in several sizes taken apart."""
    return [
        each for good in goods for each in (_kinds(good.product) if len(good.variants) > 1 else []) or [good]
    ]


def _each_once(goods: Sequence[Good]) -> list[Good]:
    return list(
        {(good.product.id, tuple(each.id for each in good.variants)): good for good in goods}.values()
    )


# ---------------------------------------------------------------------- by place


def _placed(dialogue: Dialogue, heard: Understanding) -> list[Product]:
    """The first and the third; the first two."""
    places = [int(place) for place in heard.values("ordinal")]
    counts = [int(count) for count in heard.values("quantity")]
    if len(places) == 1 and len(counts) == 1 and counts[0] > 1:
        at, count = places[0], min(counts[0], len(dialogue.state.newest))
        places = list(range(at - count + 1, at + 1) if at < 0 else range(at, at + count))
    shown = [dialogue.state.at(place) for place in places if place]
    ids = dict.fromkeys(each.product for each in shown if each is not None)
    return [product for product in products_by_id(dialogue, ids).values() if product.published]


def _in_view(dialogue: Dialogue) -> list[Good]:
    """What was shown last; of a single product its kinds."""
    ids = dict.fromkeys(each.product for each in dialogue.state.newest)
    shown = [product for product in products_by_id(dialogue, ids).values() if product.published]
    if len(shown) > 1:
        return [whole(product) for product in shown]
    looked_at = in_sight(dialogue) or shown
    return _kinds(looked_at[0]) if len(looked_at) == 1 else []


def _kinds(product: Product) -> list[Good]:
    """Its sizes, of whatever colour; none where it comes in one."""
    variants = on_sale(product)
    option = next((name for name in _options(variants) if _tells_sizes(variants, name)), None)
    if option is None:
        return []
    values = dict.fromkeys(each.options[option] for each in variants)
    kinds = [[each for each in variants if each.options[option] == value] for value in values]
    return [kind(product, each) for each in kinds] if len(kinds) > 1 else []


def _options(variants: Sequence[Variant]) -> list[str]:
    return list(dict.fromkeys(name for each in variants for name in each.options))


def _tells_sizes(variants: Sequence[Variant], option: str) -> bool:
    """Whether it is the size by its name, or each of its values is an amount."""
    if any(option not in each.options for each in variants):
        return False
    return option.casefold() in SIZE_NAMES or all(measures(each.options[option]) for each in variants)


# ---------------------------------------------------------------------- by name and looks


def _said(dialogue: Dialogue, heard: Understanding) -> list[Good]:
    """What each part of the message names, as parted by "and", "or", "than"; all of one part that names several."""
    looked_at = in_sight(dialogue)
    single = looked_at[0] if len(looked_at) == 1 else None
    found: list[list[Good]] = []
    for part in _parts(heard):
        goods = _kind_said(single, part) if single is not None else []
        if not goods:
            goods = [whole(product) for product in named(dialogue, part)]
        if goods:
            found.append(goods)
    if len(found) == 1:
        return found[0]
    return [goods[0] for goods in found]


def _kind_said(product: Product, heard: Understanding) -> list[Good]:
    """The kinds of the product looked at that these words describe: "the large one", "the blue one"."""
    variants, looks = on_sale(product), Looks.said(heard)
    fitting = looks.fitting(product) if looks else []
    if not fitting:
        fitting = _by_extreme(product, [str(size) for size in heard.values("size")])
    if not fitting or len(fitting) == len(variants):
        return []
    return [kind(product, fitting)]


def _by_extreme(product: Product, sizes: Sequence[str]) -> list[Variant]:
    """The kinds of the least or the largest amount, where "small" or "large" is no size of the product's own."""
    kinds = _kinds(product)
    amounts = [_amount(good) for good in kinds]
    if len(kinds) < 2 or not sizes or None in amounts:
        return []
    ordered = sorted(range(len(kinds)), key=lambda place: amounts[place] or 0.0)
    match sizes[0].upper():
        case "S":
            return list(kinds[ordered[0]].variants)
        case "L":
            return list(kinds[ordered[-1]].variants)
        case _:
            return []


def _amount(good: Good) -> float | None:
    found = [each.low for value in good.variants[0].options.values() for each in measures(value)]
    return found[0] if found else None


def _parts(heard: Understanding) -> Iterator[Understanding]:
    """The message cut at what stands between things that are compared, with the entities of each part; never inside one."""
    start = 0
    joint = compiled(r"\s*,\s*|\s+", any_of(words(heard.language).against), r"\s+")
    for match in [*joint.finditer(heard.text), re.search(r"$", heard.text)]:
        if match is None or any(
            each.start < match.end() and match.start() < each.end for each in heard.entities
        ):
            continue
        yield _part(heard, start, match.start())
        start = match.end()


def _part(heard: Understanding, start: int, end: int) -> Understanding:
    inside = (each for each in heard.entities if start <= each.start and each.end <= end)
    moved = tuple(_moved(each, start) for each in inside)
    return replace(heard, text=heard.text[start:end], entities=moved)


def _moved(entity: Entity, by: int) -> Entity:
    return replace(entity, start=entity.start - by, end=entity.end - by)
