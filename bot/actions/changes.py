"""An order that is agreed and not packed: fewer of something, or more, with the difference paid back or paid."""

from typing import Any

from bot.actions.choices import Option, offer
from bot.actions.own_order import meant_order
from bot.actions.payment import ask_for_payment, order_facts, send_refund, wait_for_payment
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from payments import part_refunds
from shop.cart.model import TooMany
from shop.catalogue.model import OutOfStock
from shop.money import Money
from shop.orders import additions
from shop.orders import service as orders
from shop.orders.additions import More
from shop.orders.model import NotPossible, Order, OrderLine, OrderStatus, TooManyUnits
from shop.orders.service import CHANGEABLE, CartChanged

BY_TEAM = "team"


@action("none", "choose")
def find_order_to_change(dialogue: Dialogue) -> Outcome:
    """The order that is meant, or the latest, if it can be changed here."""
    order = meant_order(dialogue)
    if order is None or order.status not in CHANGEABLE:
        return Outcome("none")
    dialogue.set_slot("changed_order", str(order.id))
    return Outcome("choose", order_facts(order))


@action()
def ask_change_line(dialogue: Dialogue) -> None:
    """What shall be different: how many of one of the goods, or something that people arrange."""
    other = dialogue.words("words_change_other")
    order = _order(dialogue)
    options = [
        Option(line.id, dialogue.words("words_change_units", title=line.name), words=line.name.split())
        for line in order.lines
        if line.left
    ]
    options.append(Option(BY_TEAM, other))
    offer(dialogue, "change_line", "utter_ask_change_line", options, **order_facts(order))


@action()
def ask_change_units(dialogue: Dialogue) -> None:
    """How many of it there shall be."""
    line = _line(dialogue, _order(dialogue))
    dialogue.say("utter_ask_change_units", title=line.name, units=_ordered(dialogue, line))


@action("fewer", "more", "same", "all", "at_most", "sold_out", "impossible")
def check_change(dialogue: Dialogue) -> Outcome:
    """Whether it takes something off the order and leaves something of it, or adds what can still go along."""
    order = _order(dialogue)
    line, wanted = _line(dialogue, order), int(dialogue.slot("change_units"))
    ordered = _ordered(dialogue, line)
    facts = order_facts(order) | {"title": line.name, "units": ordered}
    if wanted == ordered:
        return Outcome("same", facts)
    if wanted > ordered:
        return _check_more(dialogue, order, facts)
    if (
        ordered > line.left
    ):  # of which order the units go, and which coupon they take along, is for people to say
        return Outcome("impossible", facts)
    if wanted <= 0 and sum(each.left for each in order.lines) == line.left:
        return Outcome("all", facts)
    return Outcome("fewer")


def _check_more(dialogue: Dialogue, order: Order, facts: dict[str, Any]) -> Outcome:
    try:
        _more(dialogue, order)
    except OutOfStock as refused:
        if not refused.facts["free"]:
            return Outcome("sold_out", facts)
        dialogue.set_slot("change_units", None)
        return Outcome("at_most", facts | {"most": refused.facts["free"]})
    except TooMany as refused:
        dialogue.set_slot("change_units", None)
        return Outcome("at_most", facts | refused.facts)
    except NotPossible:
        return Outcome("impossible", facts)
    return Outcome("more")


@action()
def ask_confirm_change(dialogue: Dialogue) -> None:
    """What changes, and how much goes back for it."""
    order = _order(dialogue)
    line, keep = _line(dialogue, order), _kept(dialogue)
    worth = line.worth(line.left - keep, tax_included=order.tax_included)
    amount = Money(worth, order.currency)
    facts: dict[str, Any] = {"title": line.name, "keep": keep, "units": line.left, "amount": amount}
    dialogue.say("utter_ask_confirm_change", **(order_facts(order) | facts))


@action("changed", "too_late")
def take_off_order(dialogue: Dialogue) -> Outcome:
    """Take it off, free its stock, and give back what was asked for it."""
    order = orders.get(dialogue.session, as_uuid(dialogue.slot("changed_order")))
    line, keep = _line(dialogue, order), _kept(dialogue)
    try:
        units = {line.id: line.left - keep}
        credit = orders.call_off(dialogue.session, order, units, at=dialogue.now, by="customer")
    except (NotPossible, TooManyUnits):  # it was packed, or changed, between the question and the answer
        return Outcome("too_late", order_facts(order))
    asked = part_refunds.ask_part(dialogue.session, order.id, credit, reason="changed", at=dialogue.now)
    for refund in asked:
        send_refund(dialogue, refund)
    back = Money(sum(refund.amount_minor for refund in asked), order.currency)
    return Outcome("changed", order_facts(order) | {"title": line.name, "keep": keep, "amount": back})


@action()
def ask_confirm_more(dialogue: Dialogue) -> None:
    """What more of it costs, today and in the same parcel."""
    order = _order(dialogue)
    more = _more(dialogue, order)
    dialogue.set_slot("more_minor", more.price.total.minor)
    facts: dict[str, Any] = {
        "title": more.line.name,
        "more": more.units,
        "amount": more.price.total,
        "delivery": more.price.delivery,
    }
    dialogue.say("utter_ask_confirm_more", **(order_facts(order) | facts))


@action("invoice", "link_coming", "cash", "transfer", "price_changed", "sold_out", "too_late")
def add_to_order(dialogue: Dialogue) -> Outcome:
    """Place the order for more of it, hold its stock, and ask for its money in the way the first one was paid."""
    session, profile = dialogue.session, dialogue.profile
    parent = orders.get(session, as_uuid(dialogue.slot("changed_order")))
    agreed = Money(int(dialogue.slot("more_minor")), parent.currency)
    facts = order_facts(parent)
    try:
        more = _more(dialogue, parent)
        order = additions.place(session, parent, more, agreed=agreed, profile=profile, at=dialogue.now)
    except OutOfStock as refused:
        return Outcome("sold_out", facts | {"title": refused.facts["title"]})
    except CartChanged:
        dialogue.set_slot("confirm_more", None)
        return Outcome("price_changed", facts)
    except NotPossible:  # it was packed between the question and the answer
        return Outcome("too_late", facts)
    if order.status is OrderStatus.AWAITING_PAYMENT:
        wait_for_payment(dialogue, order)
    return Outcome(ask_for_payment(dialogue, order), order_facts(order) | {"parent": parent.reference})


def _more(dialogue: Dialogue, order: Order) -> More:
    line = _line(dialogue, order)
    units = int(dialogue.slot("change_units")) - _ordered(dialogue, line)
    return additions.look_up(dialogue.session, order, line, units, profile=dialogue.profile)


def _ordered(dialogue: Dialogue, line: OrderLine) -> int:
    """With what was added before."""
    return additions.units_of(dialogue.session, _order(dialogue), line)


def _kept(dialogue: Dialogue) -> int:
    """Fewer than none is none."""
    return max(0, int(dialogue.slot("change_units")))


def _order(dialogue: Dialogue) -> Order:
    return orders.get(dialogue.session, as_uuid(dialogue.slot("changed_order")), lock=False)


def _line(dialogue: Dialogue, order: Order) -> OrderLine:
    chosen = as_uuid(dialogue.slot("change_line"))
    return next(line for line in order.lines if line.id == chosen)
