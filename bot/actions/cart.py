"""Putting things into the cart, and seeing what is in it."""

from collections.abc import Sequence
from typing import Any, Final

from bot.actions.cards import look_at, products_by_id
from bot.actions.payment import unpaid_order
from bot.actions.purchase import cart_price, discount_facts
from bot.actions.reference import (
    NAME_WEIGHT,
    Looks,
    Meant,
    alike,
    in_sight,
    meant,
    names_a_product,
    on_sale,
    searched_looks,
)
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from bot.dialogue.slots import picked
from bot.dialogue.state import Choice
from bot.dialogue.tokens import pack_id, payload
from knowledge_base.wording import stems
from nlu.understanding import Understanding
from shop.cart import service as carts
from shop.cart.model import CartLine
from shop.catalogue.model import OutOfStock, Product, Variant

CANDIDATES_MAX: Final = 8
MENDED_BY_TIME_OR_GOODS: Final = {"not_yet", "too_little", "not_these"}
"""Why a coupon that was accepted does not count today, and yet may: it is kept."""


@action("chosen", "choose_product", "choose", "other_variants", "not_made", "unknown", "sold_out")
def find_wanted(dialogue: Dialogue) -> Outcome:
    """Which variant is meant: by button, by name, by place in the list, or by what was looked at last."""
    if dialogue.slot("candidates") and dialogue.slot("product") is None:
        _take_wish_as_answer(dialogue)
    if dialogue.slot("variant") is not None:
        return Outcome("chosen")
    found = meant(dialogue)
    products = found.products
    _keep_looks(dialogue, found)
    if not products:
        return Outcome("unknown")
    if len(products) > 1:
        dialogue.set_slot("candidates", {"product": [str(each.id) for each in products[:CANDIDATES_MAX]]})
        return Outcome("choose_product")
    return _find_variant(dialogue, products[0])


def _take_wish_as_answer(dialogue: Dialogue) -> None:
    """Asked which one, people say a whole wish: "I'll take the sage one"; or they wish for something else."""
    heard = dialogue.heard
    ((slot, ids),) = dialogue.slot("candidates").items()
    found = meant(dialogue)
    asked = set(ids) if slot == "product" else {str(product.id) for product in in_sight(dialogue)}
    if found.by == "name" and not asked & {str(product.id) for product in found.products}:
        dialogue.set_slot("looks", None)  # they were said of the other thing, and so was the number
        dialogue.set_slot("quantity", heard.value("quantity") if heard else None)
    elif heard is not None:
        dialogue.set_slot(slot, picked(heard, dialogue.state.choices))


def _find_variant(dialogue: Dialogue, product: Product) -> Outcome:
    """The one variant that fits what was said; else those to choose from."""
    look_at(dialogue, product)
    variants = on_sale(product)
    fitting = _as_said(dialogue, _kept_looks(dialogue).fitting(product))
    free = [variant for variant in fitting if variant.free_units() != 0]
    if len(free) == 1:
        dialogue.set_slot("variant", str(free[0].id))
        return Outcome("chosen")
    others = free or _as_said(dialogue, [variant for variant in variants if variant.free_units() != 0])
    facts = {
        "title": product.title,
        "product": pack_id(product.id),
        "label": fitting[0].label if len(fitting) == 1 else "",
    }
    if not others:
        return Outcome("sold_out", facts)
    dialogue.set_slot("candidates", {"variant": [str(variant.id) for variant in others]})
    if free:
        return Outcome("choose", facts)
    asked = _kept_looks(dialogue).missing(product)
    return Outcome("other_variants" if fitting else "not_made", {**facts, "asked": ", ".join(asked)})


def _as_said(dialogue: Dialogue, variants: list[Variant]) -> list[Variant]:
    """Those with the most options that were named: "the lined one"."""
    said = stems(dialogue.heard.text) if dialogue.heard else set[str]()
    hits = [sum(bool(said & stems(value)) for value in variant.options.values()) for variant in variants]
    return [variant for variant, count in zip(variants, hits, strict=True) if count == max(hits)]


def _keep_looks(dialogue: Dialogue, found: Meant) -> None:
    """The colour and size said first still hold once the product is chosen: also those that it was searched by."""
    looks = Looks.said(dialogue.heard)
    if not looks and found.by in {"sight", "place"} and len(found.products) == 1:
        looks = searched_looks(dialogue, found.products[0])
    if looks:
        dialogue.set_slot("looks", [looks.wanted, looks.unwanted])


def _kept_looks(dialogue: Dialogue) -> Looks:
    wanted, unwanted = dialogue.slot("looks") or ((), ())
    return Looks(tuple(tuple(values) for values in wanted), tuple(unwanted))


@action()
def ask_product(dialogue: Dialogue) -> None:
    """Put the products that may be meant side by side, to tap or to name."""
    ids = [as_uuid(value) for value in dialogue.slot("candidates")["product"]]
    products = list(products_by_id(dialogue, ids).values())
    dialogue.state.choices = [
        Choice(
            value=str(product.id),
            label=product.title,
            words=[
                product.title,
                *(value for variant in on_sale(product) for value in variant.options.values()),
            ],
            price=min((variant.price_minor for variant in on_sale(product)), default=None),
        )
        for product in products
    ]
    buttons = [dialogue.button(product.title, payload(None, product=product.id)) for product in products]
    dialogue.say_with(dialogue.words("utter_which_one"), buttons, reply="utter_which_one")


@action()
def ask_variant(dialogue: Dialogue) -> None:
    """Put the variants that can be had side by side, to tap or to name."""
    ids = [as_uuid(value) for value in dialogue.slot("candidates")["variant"]]
    variants = [variant for id_ in ids if (variant := carts.find_variant(dialogue.session, id_))]
    dialogue.state.choices = [
        Choice(
            value=str(variant.id),
            label=variant.label,
            words=list(variant.options.values()),
            price=variant.price_minor,
        )
        for variant in variants
    ]
    prices = {variant.price_minor for variant in variants}
    buttons = [
        dialogue.button(
            _variant_label(variant, dialogue.language, priced=len(prices) > 1),
            payload(None, variant=variant.id),
        )
        for variant in variants
    ]
    title = variants[0].product.title if variants else ""
    price = variants[0].price if len(prices) == 1 else None
    dialogue.say_with(
        dialogue.words("utter_which_variant", title=title, price=price), buttons, reply="utter_which_variant"
    )


@action("added", "too_few", "fewer_left", "all_in_cart", "just_sold_out", "gone")
def put_in_cart(dialogue: Dialogue) -> Outcome:
    """Put it in, and say what the cart holds now."""
    variant = carts.find_variant(dialogue.session, as_uuid(dialogue.slot("variant")))
    if variant is None:
        return Outcome("gone")
    asked = dialogue.slot("quantity")
    units = 1 if asked is None else int(asked)
    if units < 1:
        return Outcome("too_few")
    look_at(dialogue, variant.product, variant)
    try:
        line = carts.add(dialogue.session, dialogue.customer, variant, units=units, at=dialogue.now)
    except OutOfStock as refused:
        return _short(dialogue, variant, int(refused.facts["free"]))
    facts = {"units": units, "in_cart": line.units, "title": title_of(variant), **cart_facts(dialogue)}
    return Outcome("added", facts)


def _short(dialogue: Dialogue, variant: Variant, free: int) -> Outcome:
    """Fewer are left than asked for: how many more there could be."""
    line = next((line for line in _cart(dialogue) if line.variant_id == variant.id), None)
    left = free - (line.units if line else 0)
    facts = {"title": title_of(variant), "in_cart": line.units if line else 0}
    if left > 0:
        dialogue.set_slot("thing", title_of(variant))
        dialogue.set_slot("left", left)
        dialogue.set_slot("quantity", None)
        return Outcome("fewer_left", facts)
    return Outcome("all_in_cart" if line else "just_sold_out", facts)


@action("shown", "empty")
def show_cart(dialogue: Dialogue) -> Outcome:
    """Every line with its price, the coupon in use or why it does not count, and the sum."""
    price = cart_price(dialogue)
    if not price.lines:
        return Outcome("empty")
    unfit = price.unfit
    if unfit is not None and unfit.reason not in MENDED_BY_TIME_OR_GOODS:
        dialogue.set_slot("coupon_in_use", None)
    coupon = {
        "discounts": discount_facts(dialogue, price.discounts),
        "why": dialogue.words(unfit.reply, **unfit.facts) if unfit is not None else "",
    }
    return Outcome("shown", cart_facts(dialogue) | coupon)


@action("found", "choose", "not_in_cart", "new", "ordered", "empty")
def find_line(dialogue: Dialogue) -> Outcome:
    """Which line of the cart is meant: by button, name, place, or as the one spoken of last."""
    cart, heard = _cart(dialogue), dialogue.heard
    if not cart:
        if unpaid_order(dialogue) is not None:
            return Outcome("ordered")
        return Outcome("new" if dialogue.state.focus else "empty")
    lines = _meant_lines(dialogue, cart)
    if not lines:
        return Outcome("not_in_cart", cart_facts(dialogue))
    if len(lines) > 1:
        return Outcome("choose", cart_facts(dialogue))
    dialogue.set_slot("variant", str(lines[0].variant_id))
    change = heard.value("quantity_change") if heard else None
    if change is not None:
        dialogue.set_slot("quantity", max(0, lines[0].units + int(change)))
    return Outcome("found")


@action()
def ask_line(dialogue: Dialogue) -> None:
    """Put the lines of the cart side by side, to tap or to name."""
    cart = _cart(dialogue)
    dialogue.state.choices = [
        Choice(
            value=str(line.variant_id),
            label=title_of(line.variant),
            words=[line.variant.product.title, *line.variant.options.values()],
        )
        for line in cart
    ]
    buttons = [dialogue.button(title_of(line.variant), payload(None, line=line.variant_id)) for line in cart]
    dialogue.say_with(dialogue.words("utter_which_line"), buttons, reply="utter_which_line")


@action("changed", "removed", "emptied", "not_in_cart", "fewer_left")
def change_line(dialogue: Dialogue) -> Outcome:
    """Another number of something that is in the cart."""
    return _set(dialogue, max(0, int(dialogue.slot("quantity"))))


@action("removed", "emptied", "changed", "not_in_cart", "fewer_left")
def remove_line(dialogue: Dialogue) -> Outcome:
    """Take something out of the cart; some of it, where a number was said and more is in."""
    units = dialogue.slot("quantity")
    line = _line(dialogue)
    left = line.units - int(units) if line is not None and units else 0
    return _set(dialogue, max(0, left))


@action("swapped", "already", "alike", "none_alike", "nothing")
def swap_variant(dialogue: Dialogue) -> Outcome:
    """The thing spoken of last, in the colour or size said now: exchanged in the cart where that can be."""
    looks, product = Looks.said(dialogue.heard), _spoken_of(dialogue)
    if product is None or not looks.wanted:
        return Outcome("nothing")
    line = next((line for line in _cart(dialogue) if line.variant.product_id == product.id), None)
    if line is None and looks.unwanted:  # "blue, not black" of what is only looked at
        return Outcome("nothing")
    fitting = looks.fitting(product)
    if line is not None and line.variant in fitting:
        look_at(dialogue, product, line.variant)
        return Outcome("already", {"title": title_of(line.variant), "units": line.units})
    free = [variant for variant in fitting if variant.free_units() != 0]
    free = _most_like(line.variant, free) if line is not None else free
    others = {"title": product.title, "in_cart": line is not None}
    if line is None or len(free) != 1:
        return Outcome("alike" if alike(dialogue, looks) else "none_alike", others)
    try:
        carts.add(dialogue.session, dialogue.customer, free[0], units=line.units, at=dialogue.now)
    except OutOfStock:
        return Outcome("alike", others)
    carts.set_units(dialogue.session, dialogue.customer, line.variant, units=0, at=dialogue.now)
    look_at(dialogue, product, free[0])
    return Outcome("swapped", {"title": title_of(free[0]), **cart_facts(dialogue)})


def _spoken_of(dialogue: Dialogue) -> Product | None:
    """The one product in sight, unless the words name another: "a mug in blue, not black"."""
    products, named = in_sight(dialogue), meant(dialogue)
    if len(products) != 1 or (named.by == "name" and products[0] not in named.products):
        return None
    return products[0]


def _most_like(before: Variant, variants: list[Variant]) -> list[Variant]:
    """Those that keep most of what was chosen before: "in blue" leaves the size as it was."""
    kept = [
        sum(each.options.get(name) == value for name, value in before.options.items()) for each in variants
    ]
    return [each for each, same in zip(variants, kept, strict=True) if same == max(kept)]


@action("emptied", "empty")
def empty_cart(dialogue: Dialogue) -> Outcome:
    """Take everything out."""
    had = bool(_cart(dialogue))
    carts.empty(dialogue.session, dialogue.customer)
    return Outcome("emptied" if had else "empty")


def _set(dialogue: Dialogue, units: int) -> Outcome:
    line = _line(dialogue)
    if line is None:
        return Outcome("not_in_cart", cart_facts(dialogue))
    variant, title = line.variant, title_of(line.variant)
    look_at(dialogue, variant.product, variant)
    try:
        carts.set_units(dialogue.session, dialogue.customer, variant, units=units, at=dialogue.now)
    except OutOfStock as refused:
        facts = {"title": title, "left": int(refused.facts["free"]), "units": line.units}
        return Outcome("fewer_left", facts)
    facts = {"title": title, "units": units, **cart_facts(dialogue)}
    if units:
        return Outcome("changed", facts)
    return Outcome("removed" if facts["count"] else "emptied", facts)


def _line(dialogue: Dialogue) -> CartLine | None:
    """The line that was found, or chosen where several might be meant."""
    wanted = dialogue.slot("line") or dialogue.slot("variant")
    return next((line for line in _cart(dialogue) if wanted and line.variant_id == as_uuid(wanted)), None)


def _meant_lines(dialogue: Dialogue, cart: Sequence[CartLine]) -> list[CartLine]:
    wanted, heard = dialogue.slot("variant"), dialogue.heard
    if wanted is not None:
        return [line for line in cart if line.variant_id == as_uuid(wanted)]
    place = heard.value("ordinal") if heard else None
    if isinstance(place, int):
        in_range = 0 < abs(place) <= len(cart)
        return [cart[place - 1 if place > 0 else place]] if in_range else list(cart)
    if heard is not None and (named := _named_lines(dialogue, heard, cart)):
        return named
    if heard is not None and _names_something(dialogue, heard):
        return []
    focus = dialogue.state.focus
    about = [line for line in cart if focus and line.variant.product_id == focus.product]
    exact = [line for line in about if focus and line.variant_id == focus.variant]
    return exact or about or list(cart)


def _named_lines(dialogue: Dialogue, heard: Understanding, cart: Sequence[CartLine]) -> list[CartLine]:
    products = products_by_id(dialogue, [line.variant.product_id for line in cart])
    scores = [
        names_a_product(heard, products[line.variant.product_id], line.variant, dialogue.heard_language)
        for line in cart
    ]
    best = max(scores)
    return [line for line, score in zip(cart, scores, strict=True) if best and score == best]


def _names_something(dialogue: Dialogue, heard: Understanding) -> bool:
    """Whether the words name some product of the shop, though none in the cart."""
    found = meant(dialogue)
    return found.by == "name" and any(
        names_a_product(heard, product, None, dialogue.heard_language) >= NAME_WEIGHT
        for product in found.products
    )


def _cart(dialogue: Dialogue) -> list[CartLine]:
    return carts.lines(dialogue.session, dialogue.customer)


def cart_facts(dialogue: Dialogue) -> dict[str, Any]:
    """What sentences about the cart may say."""
    price = cart_price(dialogue)
    return {
        "lines": [
            {
                "title": title_of(line.variant),
                "units": line.units,
                "price": line.variant.price * line.units,
                "each": line.variant.price,
            }
            for line in price.lines
        ],
        "subtotal": price.goods,
        "count": sum(line.units for line in price.lines),
    }


def title_of(variant: Variant) -> str:
    """The product's title, with what tells the variant from its sisters."""
    return f"{variant.product.title} ({variant.label})" if variant.label else variant.product.title


def _variant_label(variant: Variant, language: str, *, priced: bool) -> str:
    label = variant.label or variant.product.title
    return f"{label} · {variant.price.format(language)}" if priced else label
