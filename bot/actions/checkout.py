"""From a full cart to a placed order that awaits its payment."""

from typing import Any, cast

from babel import Locale

from bot.actions.payment import ask_for_payment, order_facts, unpaid_order
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.state import Choice
from bot.dialogue.tokens import payload
from shop.cart import service as carts
from shop.catalogue.model import OutOfStock
from shop.customers.model import DETAILS
from shop.money import Money
from shop.orders import service as orders
from shop.orders.service import CartChanged, CartEmpty, DeliveryChoice
from shop.profile import DeliveryOption


@action("ready", "empty", "unpaid", "problems")
def begin_checkout(dialogue: Dialogue) -> Outcome:
    """Look whether the cart can be bought as it is. What the customer told for an earlier order is not asked again."""
    cart = carts.lines(dialogue.session, dialogue.customer)
    if not cart:
        return Outcome("unpaid" if unpaid_order(dialogue) else "empty")
    problems = carts.problems(cart)
    for problem in problems:
        _mend(dialogue, problem)
    for detail in DETAILS:
        known = getattr(dialogue.customer, detail)
        if known and detail not in dialogue.state.slots:  # neither told anew nor taken back
            dialogue.set_slot(detail, known)
    if problems:
        facts = [
            {
                "kind": problem.kind,
                "title": problem.line.variant.product.title,
                "free": problem.free,
                "price": problem.line.variant.price,
            }
            for problem in problems
        ]
        return Outcome("problems", {"problems": facts})
    return Outcome("ready")


@action()
def leave_checkout(dialogue: Dialogue) -> None:
    """An empty cart cannot be checked out: the checkout that this interrupted is over."""
    dialogue.state.stack = [frame for frame in dialogue.state.stack if frame.flow != "checkout"]


@action()
def ask_delivery(dialogue: Dialogue) -> None:
    """The ways to get it, with what each costs for this cart."""
    options, prices = dialogue.profile.delivery, _delivery_facts(dialogue)
    dialogue.state.choices = [
        Choice(
            value=option.code,
            label=option.label,
            words=[option.code, *option.label.split()],
            price=facts["price"].minor,
        )
        for option, facts in zip(options, prices, strict=True)
    ]
    buttons = [dialogue.button(option.label, payload(None, delivery=option.code)) for option in options]
    words = dialogue.words("utter_ask_delivery", options=prices)
    dialogue.say_with(words, buttons, reply="utter_ask_delivery")


@action("listed")
def list_delivery(dialogue: Dialogue) -> Outcome:
    """What each way costs for this cart, from the shop's own settings."""
    country = country_name(dialogue.profile.country, dialogue.language)
    return Outcome("listed", {"options": _delivery_facts(dialogue), "country": country})


def _delivery_facts(dialogue: Dialogue) -> list[dict[str, Any]]:
    profile = dialogue.profile
    goods = carts.subtotal(carts.lines(dialogue.session, dialogue.customer), profile.currency)
    return [
        {
            "label": option.label,
            "time": option.time,
            "price": profile.delivery_price(option, goods),
            "free_from": Money.from_decimal(option.free_from, profile.currency)
            if option.free_from is not None and profile.delivery_price(option, goods)
            else None,
        }
        for option in profile.delivery
    ]


@action("address_needed", "no_address", "unknown")
def check_delivery(dialogue: Dialogue) -> Outcome:
    """Whether the chosen way needs an address; one we do not offer is asked for again."""
    option = _option(dialogue)
    if option is None:
        dialogue.set_slot("delivery", None)
        return Outcome("unknown")
    return Outcome("address_needed" if option.needs_address else "no_address")


@action("complete", "no_town", "no_street", "abroad")
def complete_address(dialogue: Dialogue) -> Outcome:
    """Put the parts of the address together, and see whether a parcel would find it."""
    address = dialogue.slot("address")
    if not isinstance(address, dict):  # kept by an older version as it was written
        return Outcome("complete")
    rest: dict[str, str] = dialogue.slot("address_rest") or {}
    whole: dict[str, str] = {**address, **rest}
    dialogue.set_slot("address_rest", None)
    country = whole.get("country")
    if country is not None and country != dialogue.profile.country:
        dialogue.set_slot("address", None)
        return Outcome("abroad", {"country": country_name(country, dialogue.language)})
    dialogue.set_slot("address", whole)
    street = whole.get("street", "")
    if not street:
        return Outcome("no_street")
    has_town = whole.get("city") or whole.get("postcode") or "," in street
    return Outcome("complete" if has_town else "no_town")


@action()
def ask_confirm(dialogue: Dialogue) -> None:
    """The whole order at a glance, to say yes to."""
    cart = carts.lines(dialogue.session, dialogue.customer)
    goods = carts.subtotal(cart, dialogue.profile.currency)
    option = _option(dialogue)
    assert option is not None, "delivery was checked before the summary"
    delivery = dialogue.profile.delivery_price(option, goods)
    lines = [
        {
            "title": f"{line.variant.product.title}{f' ({line.variant.label})' if line.variant.label else ''}",
            "units": line.units,
            "price": line.variant.price * line.units,
        }
        for line in cart
    ]
    dialogue.say(
        "utter_ask_confirm",
        lines=lines,
        option=option,
        delivery_price=delivery,
        total=goods + delivery,
        address=address_line(dialogue.slot("address")) if option.needs_address else None,
    )


@action("invoice", "link_coming", "out_of_stock", "cart_changed", "empty")
def place_order(dialogue: Dialogue) -> Outcome:
    """Freeze the order, hold its stock, and ask for the money in the channel's way."""
    customer, option = dialogue.customer, _option(dialogue)
    assert option is not None, "delivery was checked before the summary"
    customer.name, customer.phone = dialogue.slot("name"), dialogue.slot("phone")
    if option.needs_address:
        customer.address = dialogue.slot("address")
    goods = carts.subtotal(carts.lines(dialogue.session, customer), dialogue.profile.currency)
    try:
        order = orders.place(
            dialogue.session,
            customer,
            conversation=dialogue.conversation,
            delivery=DeliveryChoice(option.code, dialogue.profile.delivery_price(option, goods)),
            address=customer.address if option.needs_address else None,
            at=dialogue.now,
            hold_until=dialogue.now + dialogue.profile.hold,
        )
    except OutOfStock as refused:
        return Outcome("out_of_stock", refused.facts)
    except CartChanged:
        return Outcome("cart_changed")
    except CartEmpty:
        return Outcome("empty")
    dialogue.turn.set_timer(
        "order_hold", f"order_hold:{order.id}", due_at=order.hold_until, arguments={"order": str(order.id)}
    )
    native = ask_for_payment(dialogue, order)
    return Outcome("invoice" if native else "link_coming", order_facts(order))


def country_name(code: str, language: str) -> str:
    """What a language calls a country (ISO 3166 code); the code where it has no name for it."""
    territories: dict[str, str] = dict(cast("Any", Locale.parse(language)).territories)
    return territories.get(code, code)


def address_line(address: dict[str, Any] | str | None) -> str:
    """An address on one line, as on an envelope."""
    if not isinstance(address, dict):
        return address or ""
    town = " ".join(str(part) for part in (address.get("postcode"), address.get("city")) if part)
    return ", ".join(str(part) for part in (address.get("street"), town, address.get("country")) if part)


def _option(dialogue: Dialogue) -> DeliveryOption | None:
    return dialogue.profile.option(str(dialogue.slot("delivery")))


def _mend(dialogue: Dialogue, problem: carts.Problem) -> None:
    """Make the cart what can be bought; the person is told, and sees the summary before paying."""
    variant, line = problem.line.variant, problem.line
    if problem.kind in {"sold_out", "unpublished"}:
        carts.set_units(dialogue.session, dialogue.customer, variant, units=0, at=dialogue.now)
    elif problem.kind == "fewer_left":
        carts.set_units(
            dialogue.session, dialogue.customer, variant, units=problem.free or 0, at=dialogue.now
        )
    else:
        carts.accept_prices([line])
