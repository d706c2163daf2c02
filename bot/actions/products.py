"""Finding products and looking closer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from bot.actions.asked import keep
from bot.actions.cards import (
    card_buttons,
    cheapest,
    live_deals,
    look_at,
    product_card,
    products_by_id,
    remember_page,
)
from bot.actions.reference import (
    COMPARED_MAX,
    QUERY,
    Looks,
    alike,
    asks_to_compare,
    best_named,
    in_sight,
    meant,
    on_sale,
)
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.hearing import PERSONAL, without, without_details
from bot.dialogue.state import Search
from bot.dialogue.tokens import pack_id, payload
from bot.messages import Button, Card
from knowledge_base.query import ProductQuery, SearchResult, why_found
from knowledge_base.questions import Verdict
from knowledge_base.reasons import Reason
from knowledge_base.wording import product_words
from nlu.understanding import Understanding
from shop.catalogue import queries
from shop.catalogue.model import Product, Variant
from shop.money import Money

CATEGORIES_MAX = 10
NO_REASONS: Final[Mapping[UUID, Sequence[Reason]]] = {}
LISTED_MAX = 6  # products in one answer about prices
LIMITS = frozenset(
    {"color", "not_color", "size", "material", "price_max", "price_min", "price", "comparative"}
)
ORDERS = {"cheapest": "cheapest", "cheaper": "cheapest", "dearest": "dearest", "dearer": "cheapest"}


@action(
    "found", "relaxed", "nothing", "no_words", "about_it", "unclear", "no_cheaper", "none_such", "compare"
)
def search_products(dialogue: Dialogue) -> Outcome:
    """Show what fits the person's words, with limits let go, and said so, when nothing fits all of them.

    Words that only set limits ("cheaper", "in blue") narrow the last search to what meets them.
    """
    said, heard = dialogue.slot("search_text"), dialogue.heard
    if said is not None:
        return _show(dialogue, ProductQuery(text=str(said), limit=dialogue.cards_max))
    if heard is None:
        return Outcome("no_words")
    order = ORDERS.get(str(heard.value("comparative")), "")
    if _has_own_words(dialogue, heard):
        limits = _limits(dialogue, heard)
        return _show(
            dialogue,
            ProductQuery(text=without_details(heard), limit=dialogue.cards_max, **limits),
            order=order,
        )
    return _narrow(dialogue, heard, order)


def _narrow(dialogue: Dialogue, heard: Understanding, order: str) -> Outcome:
    """The last search with other limits, among things of the kinds it showed."""
    last, limits = dialogue.state.search, _limits(dialogue, heard) | _compared(dialogue, heard)
    if not limits and not order:
        if asks_to_compare(heard) and len(dialogue.state.newest) > 1:  # "which of these is the lightest?"
            return Outcome("compare")
        return Outcome("no_words" if last is None else "unclear")
    asks_of_it = dialogue.state.focus is not None and Looks.said(heard).wanted
    if asks_of_it and len(meant(dialogue).products) == 1:  # "blue" may also name other goods
        return Outcome("about_it")
    if last is None:
        return _show(dialogue, ProductQuery(limit=dialogue.cards_max, **limits), order=order)
    if "price_max" in limits or "price_min" in limits:
        limits = {"price_max": None, "price_min": None, **limits}
    seen = _load_shown(dialogue)
    query = replace(QUERY.validate_python(last.query), offset=0, **limits)
    outcome = _show(dialogue, query, order=order, kinds=frozenset(product.category for product in seen))
    if outcome.name != "nothing":
        return outcome
    return Outcome("no_cheaper" if heard.value("comparative") == "cheaper" else "none_such")


@action("found", "relaxed", "nothing", "no_words")
def show_more(dialogue: Dialogue) -> Outcome:
    """The next products of the last search."""
    last = dialogue.state.search
    if last is None:
        return Outcome("no_words")
    query = QUERY.validate_python({**last.query, "offset": last.offset})
    return _show(
        dialogue, query, order=last.order, kinds=None if last.kinds is None else frozenset(last.kinds)
    )


@action("shown", "nothing")
def show_categories(dialogue: Dialogue) -> Outcome:
    """What kinds of things there are, as buttons."""
    counted = queries.categories(dialogue.session)[:CATEGORIES_MAX]
    if not counted:
        return Outcome("nothing")
    remember_page(dialogue, [], first=True)
    dialogue.state.search = None
    buttons = [
        dialogue.button(
            f"{each.category} ({each.products})",
            payload("search_products", search_text=_button_words(each.category)),
        )
        for each in counted
    ]
    dialogue.say_with(dialogue.words("words_categories"), buttons, reply="words_categories")
    return Outcome("shown")


@action("shown", "several", "unknown")
def show_product(dialogue: Dialogue) -> Outcome:
    """One product with everything we know of it."""
    products = meant(dialogue).products
    if len(products) != 1:
        return Outcome("several" if products else "unknown")
    (product,) = products
    dialogue.show([_with_facts(dialogue, product)])
    look_at(dialogue, product)
    return Outcome("shown")


def _with_facts(dialogue: Dialogue, product: Product) -> Card:
    """The product's card with its description, what there is to choose, and its facts."""
    variants = on_sale(product)
    variant = variants[0] if len(variants) == 1 else None
    buttons = card_buttons(dialogue, product, variant)[:1]
    card = product_card(dialogue, product, variant, live=live_deals(dialogue), buttons=buttons)
    facts = dialogue.words("words_product_details", product=product, options=_options(product))
    return card.model_copy(update={"text": f"{card.text}\n\n{facts}"})


@action("one", "several", "unknown")
def tell_price(dialogue: Dialogue) -> Outcome:
    """What the product costs; how much several of it come to; or the prices of all that may be meant."""
    products = meant(dialogue).products
    if not products:
        return Outcome("unknown")
    if len(products) > 1:
        listed = [_price_facts(product, on_sale(product)) for product in products[:LISTED_MAX]]
        return Outcome("several", {"products": listed})
    (product,) = products
    fitting = Looks.said(dialogue.heard).fitting(product) or on_sale(product)
    look_at(dialogue, product, fitting[0] if len(fitting) == 1 else None)
    facts = _price_facts(product, fitting)
    units = dialogue.slot("quantity")
    total = facts["lowest"] * int(units) if units and int(units) > 1 and not facts["dearer"] else None
    return Outcome("one", {**facts, "units": units, "total": total})


@action("in_stock", "too_few", "some", "sold_out", "not_made", "search")
def check_stock(dialogue: Dialogue) -> Outcome:
    """Whether what they mean can be had, in that colour and size and that many; never a guess."""
    found = meant(dialogue)
    if len(found.products) != 1:
        return Outcome("search")
    (product,) = found.products
    looks = Looks.said(dialogue.heard)
    fitting = looks.fitting(product)
    facts: dict[str, Any] = {
        "title": product.title,
        "product": pack_id(product.id),
        "asked": ", ".join(looks.missing(product)),
        "like": ", ".join(
            value for values in looks.wanted for value in values if value not in product.title.casefold()
        ),
        "options": _options(product),
    }
    look_at(dialogue, product, fitting[0] if len(fitting) == 1 else None)
    if not fitting:
        return Outcome("not_made", facts)
    return _stock_of(dialogue, fitting, facts)


@action("found", "nothing")
def show_reduced(dialogue: Dialogue) -> Outcome:
    """What costs less than it did."""
    products = queries.reduced(dialogue.session, limit=dialogue.cards_max)
    if not products:
        return Outcome("nothing")
    dialogue.say("utter_reduced")
    dialogue.show(_cards(dialogue, products, Looks()))
    remember_page(dialogue, products, first=True)
    return Outcome("found")


@action("found", "nothing")
def show_alike(dialogue: Dialogue) -> Outcome:
    """Other products of the kind looked at that do have the colour or size asked for."""
    looks = Looks.said(dialogue.heard)
    found = alike(dialogue, looks)[: dialogue.cards_max]
    if not found:
        return Outcome("nothing")
    dialogue.show(_cards(dialogue, found, looks))
    focus = dialogue.state.focus
    remember_page(dialogue, found, first=True)
    dialogue.state.focus = dialogue.state.focus or focus
    return Outcome("found")


def _stock_of(dialogue: Dialogue, variants: Sequence[Variant], facts: dict[str, Any]) -> Outcome:
    free = [variant for variant in variants if variant.free_units() != 0]
    facts["label"] = variants[0].label if len(variants) == 1 else ""
    facts["free"] = [variant.label for variant in free]
    facts["gone"] = [variant.label for variant in variants if variant.free_units() == 0]
    if not free:
        return Outcome("sold_out", facts)
    units, most = int(dialogue.slot("quantity") or 1), _most(free)
    facts |= {"units": units, "left": most}
    if most is not None and units > most:
        return Outcome("too_few", facts)
    return Outcome("some" if facts["gone"] else "in_stock", facts)


def _most(variants: Sequence[Variant]) -> int | None:
    """How many of one variant can be had; None when one of them never runs out."""
    free = [variant.free_units() for variant in variants]
    return None if None in free else max(units for units in free if units is not None)


def _price_facts(product: Product, variants: Sequence[Variant]) -> dict[str, Any]:
    prices = sorted(variants, key=lambda variant: variant.price_minor)
    return {
        "title": product.title,
        "product": pack_id(product.id),
        "label": variants[0].label if len(variants) == 1 else "",
        "lowest": prices[0].price,
        "highest": prices[-1].price,
        "dearer": prices[-1].price_minor > prices[0].price_minor,
    }


def _options(product: Product) -> dict[str, list[str]]:
    """What there is to choose: {"Colour": ["Sand", "Forest"]}."""
    found: dict[str, list[str]] = {}
    for variant in on_sale(product):
        for name, value in variant.options.items():
            values = found.setdefault(name, [])
            if value not in values:
                values.append(value)
    return found


# ---------------------------------------------------------------------- searching


def _has_own_words(dialogue: Dialogue, heard: Understanding) -> bool:
    """Whether the words say what is looked for, rather than only how it shall be."""
    said = [entity for entity in heard.entities if entity.name in LIMITS or entity.name in PERSONAL]
    return bool(product_words(without(heard, said), dialogue.heard_language))


def _load_shown(dialogue: Dialogue) -> list[Product]:
    return list(products_by_id(dialogue, [each.product for each in dialogue.state.shown]).values())


def _limits(dialogue: Dialogue, heard: Understanding) -> dict[str, Any]:
    """The limits that the words set."""
    currency = dialogue.profile.currency
    limits: dict[str, Any] = {
        "price_max": _price(heard, "price_max", currency),
        "price_min": _price(heard, "price_min", currency),
        "colors": tuple(heard.values("color")),
        "not_colors": tuple(heard.values("not_color")),
        "sizes": tuple(heard.values("size")),
        "materials": tuple(heard.values("material")),
    }
    return {name: value for name, value in limits.items() if value}


def _compared(dialogue: Dialogue, heard: Understanding) -> dict[str, Any]:
    """Cheaper or dearer than everything in sight."""
    prices = [cheapest(product).price for product in in_sight(dialogue)]
    one = Money(1, dialogue.profile.currency)
    match heard.value("comparative"):
        case "cheaper" if prices:
            return {"price_max": min(prices) - one}
        case "dearer" if prices:
            return {"price_min": max(prices) + one}
        case _:
            return {}


def _price(heard: Understanding, name: str, currency: str) -> Money | None:
    value = heard.value(name)
    return Money.from_decimal(Decimal(str(value)), currency) if value is not None else None


def _show(
    dialogue: Dialogue, query: ProductQuery, *, order: str = "", kinds: frozenset[str] | None = None
) -> Outcome:
    """One page of hits as cards, with what was changed about the search said before them.

    With `kinds`, only things of these categories, and no limit is let go.
    """
    whole = bool(order) or kinds is not None
    asked = replace(query, limit=COMPARED_MAX, offset=0) if whole else query
    result = dialogue.knowledge.search(dialogue.session, asked, language=dialogue.heard_language)
    found = list(products_by_id(dialogue, [hit.product_id for hit in result.hits]).values())
    total = result.total
    if kinds is not None:
        found = [product for product in found if product.category in kinds and not result.relaxed]
        total = len(found)
    if order:
        found.sort(key=lambda product: cheapest(product).price_minor, reverse=order == "dearest")
    page = found[query.offset : query.offset + dialogue.cards_max] if whole else found
    if not page:
        if query.text and kinds is None:
            keep(dialogue, query.text, Verdict.NOT_FOUND)  # staff learn what people would have bought
        return Outcome("nothing", {"text": query.text})
    _show_page(dialogue, query, page, replace(result, total=total), order=order)
    dialogue.state.search = Search(
        query=QUERY.dump_python(query, mode="json"),
        offset=query.offset + len(page),
        order=order,
        kinds=sorted(kinds) if kinds is not None else None,
    )
    return Outcome("relaxed" if result.relaxed else "found")


def _show_page(
    dialogue: Dialogue, query: ProductQuery, page: list[Product], result: SearchResult, *, order: str
) -> None:
    dialogue.say(
        "utter_found",
        total=result.total,
        shown=len(page),
        first=query.offset + 1,
        corrected=result.corrected,
        relaxed=result.relaxed,
        cheapest=order == "cheapest",
    )
    looks = Looks(tuple(filter(None, (query.colors, query.sizes, query.materials))), query.not_colors)
    more = result.total - query.offset - len(page)
    hits = {hit.product_id: hit for hit in result.hits}
    language = dialogue.heard_language
    reasons = {
        product.id: why_found(hits[product.id], product, result, language=language) for product in page
    }
    dialogue.show(_cards(dialogue, page, looks, reasons), _below(dialogue, more))
    remember_page(dialogue, page, first=query.offset == 0)
    if query.offset == 0 and dialogue.heard is not None and dialogue.heard.value("product") is not None:
        named = best_named(dialogue.heard, page, dialogue.heard_language)
        if len(named) == 1:
            look_at(dialogue, named[0])


def _cards(
    dialogue: Dialogue,
    products: Iterable[Product],
    looks: Looks,
    reasons: Mapping[UUID, Sequence[Reason]] = NO_REASONS,
) -> list[Card]:
    """Each product, as its one variant or the only one that looks like that."""
    live = live_deals(dialogue)
    return [
        product_card(
            dialogue, product, _singled_out(product, looks), live=live, reasons=reasons.get(product.id, ())
        )
        for product in products
    ]


def _singled_out(product: Product, looks: Looks) -> Variant | None:
    variants = on_sale(product)
    fitting = looks.fitting(product) if looks else variants
    return fitting[0] if len(fitting) == 1 else None


def _below(dialogue: Dialogue, more: int) -> list[Button]:
    return (
        [dialogue.button(dialogue.words("words_more", more=more), payload("show_more"))] if more > 0 else []
    )


def _button_words(name: str) -> str:
    """As much of a category's name as a button holds; whole words, so that it is still found."""
    words = name.split()
    while len(" ".join(words).encode()) > 18 and len(words) > 1:
        words.pop()
    return " ".join(words)
