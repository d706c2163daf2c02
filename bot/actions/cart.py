"""Putting things into the cart, and seeing what is in it."""

from uuid import UUID

from bot.actions.cards import product_card, products_by_id, remember_shown
from bot.actions.products import named_product
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from bot.dialogue.state import Choice
from bot.dialogue.tokens import payload
from bot.messages import Button
from knowledge_base.search import ProductQuery
from nlu.understanding import Understanding
from shop.cart import service as carts
from shop.cart.model import CartLine
from shop.catalogue import queries
from shop.catalogue.model import OutOfStock, Product, Variant

CANDIDATES_MAX = 8


@action("chosen", "choose", "unknown", "sold_out")
def find_wanted(dialogue: Dialogue) -> Outcome:
    """Which variant is meant: by button, by name, by place in the list, or by what was shown last."""
    if dialogue.slot("variant") is not None:
        return Outcome("chosen")
    candidates = _candidates(dialogue)
    if not candidates:
        return Outcome("unknown")
    free = [variant for variant in candidates if variant.free_units() != 0]
    if not free:
        return Outcome("sold_out", {"title": candidates[0].product.title})
    if len(free) == 1:
        dialogue.set_slot("variant", str(free[0].id))
        return Outcome("chosen")
    dialogue.set_slot("candidates", [str(variant.id) for variant in free[:CANDIDATES_MAX]])
    return Outcome("choose")


@action()
def ask_variant(dialogue: Dialogue) -> None:
    """Put the candidates side by side, to tap or to name."""
    ids = [as_uuid(value) for value in dialogue.slot("candidates") or []]
    variants = [variant for id_ in ids if (variant := carts.find_variant(dialogue.session, id_))]
    products = products_by_id(dialogue, [variant.product_id for variant in variants])
    one_product = len({variant.product_id for variant in variants}) == 1
    dialogue.state.choices = [
        Choice(value=str(variant.id), label=_choice_label(variant, one_product), words=_words(variant))
        for variant in variants
    ]
    if one_product:
        buttons = [_variant_button(dialogue, variant) for variant in variants]
        dialogue.say_with(dialogue.words("utter_which_variant", title=variants[0].product.title), buttons)
        return
    dialogue.say("utter_which_one")
    cards = [
        product_card(
            dialogue,
            products[variant.product_id],
            variant,
            buttons=[_variant_button(dialogue, variant, take=True)],
        )
        for variant in variants
    ]
    dialogue.show(cards)


@action("added", "out_of_stock", "gone")
def put_in_cart(dialogue: Dialogue) -> Outcome:
    """Put it in, and say what the cart holds now."""
    variant = carts.find_variant(dialogue.session, as_uuid(dialogue.slot("variant")))
    if variant is None:
        return Outcome("gone")
    units = int(dialogue.slot("quantity") or 1)
    try:
        line = carts.add(dialogue.session, dialogue.customer, variant, units=units, at=dialogue.now)
    except OutOfStock as refused:
        return Outcome("out_of_stock", refused.facts)
    remember_shown(dialogue, [(variant.product, variant)])
    return Outcome(
        "added", {"units": units, "in_cart": line.units, "title": _title(variant), **_cart_facts(dialogue)}
    )


@action("shown", "empty")
def show_cart(dialogue: Dialogue) -> Outcome:
    """Every line with its price, what stands in the way, and the sum."""
    cart = carts.lines(dialogue.session, dialogue.customer)
    if not cart:
        return Outcome("empty")
    return Outcome("shown", _cart_facts(dialogue))


@action("changed", "removed", "unknown", "out_of_stock", "how_many")
def change_line(dialogue: Dialogue) -> Outcome:
    """Another number of something that is in the cart."""
    line = _meant_line(dialogue)
    if line is None:
        return Outcome("unknown", _cart_facts(dialogue))
    if dialogue.slot("quantity") is None:
        return Outcome("how_many", {"title": _title(line.variant)})
    return _set(dialogue, line, int(dialogue.slot("quantity")))


@action("removed", "unknown", "out_of_stock", "changed")
def remove_line(dialogue: Dialogue) -> Outcome:
    """Take something out of the cart."""
    line = _meant_line(dialogue)
    return _set(dialogue, line, 0) if line else Outcome("unknown", _cart_facts(dialogue))


@action("emptied", "empty")
def empty_cart(dialogue: Dialogue) -> Outcome:
    """Take everything out."""
    had = bool(carts.lines(dialogue.session, dialogue.customer))
    carts.empty(dialogue.session, dialogue.customer)
    return Outcome("emptied" if had else "empty")


def _set(dialogue: Dialogue, line: CartLine, units: int) -> Outcome:
    title = _title(line.variant)
    try:
        carts.set_units(dialogue.session, dialogue.customer, line.variant, units=units, at=dialogue.now)
    except OutOfStock as refused:
        return Outcome("out_of_stock", refused.facts)
    facts = {"title": title, "units": units, **_cart_facts(dialogue)}
    return Outcome("changed" if units else "removed", facts)


def _meant_line(dialogue: Dialogue) -> CartLine | None:
    """The line that is meant: by button, by name, by its place, or the only or newest one."""
    cart = carts.lines(dialogue.session, dialogue.customer)
    if (wanted := dialogue.slot("variant")) is not None:
        return next((line for line in cart if line.variant_id == as_uuid(wanted)), None)
    heard = dialogue.heard
    ordinal = heard.value("ordinal") if heard else None
    if isinstance(ordinal, int) and 0 < abs(ordinal) <= len(cart):
        return cart[ordinal - 1 if ordinal > 0 else ordinal]
    named = [line for line in cart if heard and _is_named(line, heard)]
    if len(named) == 1:
        return named[0]
    focus = dialogue.state.focus
    about = [line for line in cart if focus and line.variant.product_id == focus.product]
    if len(about) == 1:
        return about[0]
    return cart[0] if len(cart) == 1 else None


def _is_named(line: CartLine, heard: Understanding) -> bool:
    """Whether the words name this line's product."""
    if heard.value("product") == line.variant.product.handle:
        return True
    said = set(heard.text.casefold().split())
    return bool(said & {word for word in line.variant.product.title.casefold().split() if len(word) > 3})


def _candidates(dialogue: Dialogue) -> list[Variant]:
    """Every variant that may be meant, narrowed by the colour and size that were said."""
    heard = dialogue.heard
    products = _meant_products(dialogue)
    variants = [variant for product in products for variant in product.variants if variant.published]
    for name in ("color", "size"):
        said = {str(value).casefold() for value in (heard.values(name) if heard else [])}
        narrowed = [v for v in variants if said & {option.casefold() for option in v.options.values()}]
        variants = narrowed or variants
    return variants


def _meant_products(dialogue: Dialogue) -> list[Product]:
    heard = dialogue.heard
    pointed = dialogue.slot("product") or named_product(dialogue.state, heard, dialogue)
    if pointed:
        product = queries.by_id(dialogue.session, as_uuid(pointed))
        return [product] if product else []
    if heard is not None and (named := _searched(dialogue, heard)):
        return list(products_by_id(dialogue, named).values())
    shown = [shown.product for shown in dialogue.state.shown]
    found = products_by_id(dialogue, shown)
    return [found[id_] for id_ in shown if id_ in found]


def _searched(dialogue: Dialogue, heard: Understanding) -> list[UUID]:
    """Products whose title has the words that were said, the shown ones first; none when no word names one."""
    result = dialogue.knowledge.search(
        dialogue.session,
        ProductQuery(
            text=heard.text,
            colors=tuple(heard.values("color")),
            sizes=tuple(heard.values("size")),
            limit=CANDIDATES_MAX,
        ),
        language=dialogue.language,
    )
    found = products_by_id(dialogue, [hit.product_id for hit in result.hits])
    said = _stems(heard.text)
    named = [hit.product_id for hit in result.hits if said & _stems(found[hit.product_id].title)]
    shown = {shown.product for shown in dialogue.state.shown}
    return [id_ for id_ in named if id_ in shown] or named


def _stems(text: str) -> set[str]:
    """Words of some length without their plural, so that "mugs" names a "Mug"; colours alone name nothing."""
    return {word.rstrip("s") for word in text.casefold().split() if len(word) > 2}


def _cart_facts(dialogue: Dialogue) -> dict[str, object]:
    cart = carts.lines(dialogue.session, dialogue.customer)
    currency = dialogue.profile.currency
    lines = [
        {
            "title": _title(line.variant),
            "units": line.units,
            "price": line.variant.price * line.units,
            "each": line.variant.price,
        }
        for line in cart
    ]
    return {
        "lines": lines,
        "subtotal": carts.subtotal(cart, currency),
        "count": sum(line.units for line in cart),
    }


def _title(variant: Variant) -> str:
    return f"{variant.product.title} ({variant.label})" if variant.label else variant.product.title


def _choice_label(variant: Variant, one_product: bool) -> str:
    return variant.label if one_product else _title(variant)


def _words(variant: Variant) -> list[str]:
    return [word for text in (*variant.options.values(), variant.product.title) for word in text.split()]


def _variant_button(dialogue: Dialogue, variant: Variant, *, take: bool = False) -> Button:
    price = variant.price.format(dialogue.language)
    label = dialogue.words("words_take") if take else f"{variant.label or variant.product.title} · {price}"
    return dialogue.button(label, payload(None, variant=variant.id))
