"""An order that is paid and not packed: fewer of something, with the difference paid back."""

from typing import Any

from bot.actions.choices import Option, offer
from bot.actions.payment import order_facts, send_refund
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from payments import part_refunds
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import NotPossible, Order, OrderLine, TooManyUnits
from shop.orders.service import CHANGEABLE

BY_TEAM = "team"


@action("none", "choose")
def find_order_to_change(dialogue: Dialogue) -> Outcome:
    """The order that is meant, or the latest, if something can be taken off it here."""
    order = orders.find(dialogue.session, dialogue.customer, reference=dialogue.slot("order_number"))
    if order is None or order.status not in CHANGEABLE or sum(line.left for line in order.lines) < 2:
        return Outcome("none")
    dialogue.set_slot("changed_order", str(order.id))
    return Outcome("choose", order_facts(order))


@action()
def ask_change_line(dialogue: Dialogue) -> None:
    """What shall be different: fewer of one of the goods, or something that people arrange."""
    other = dialogue.words("words_change_other")
    order = _order(dialogue)
    options = [
        Option(line.id, dialogue.words("words_change_fewer", title=line.name), words=line.name.split())
        for line in order.lines
        if line.left
    ]
    options.append(Option(BY_TEAM, other))
    offer(dialogue, "change_line", "utter_ask_change_line", options, **order_facts(order))


@action()
def ask_keep_units(dialogue: Dialogue) -> None:
    """How many of it shall be left."""
    line = _line(dialogue, _order(dialogue))
    dialogue.say("utter_ask_keep_units", title=line.name, units=line.left)


@action("fewer", "no_fewer", "all")
def check_change(dialogue: Dialogue) -> Outcome:
    """Whether it takes something off the order and leaves something of it."""
    order = _order(dialogue)
    line, keep = _line(dialogue, order), int(dialogue.slot("keep_units"))
    facts = order_facts(order) | {"title": line.name, "keep": keep, "units": line.left}
    if not 0 <= keep < line.left:
        dialogue.set_slot("keep_units", None)
        return Outcome("no_fewer", facts)
    if sum(each.left for each in order.lines) == line.left - keep:
        return Outcome("all", facts)
    return Outcome("fewer")


@action()
def ask_confirm_change(dialogue: Dialogue) -> None:
    """What changes, and how much goes back for it."""
    order = _order(dialogue)
    line, keep = _line(dialogue, order), int(dialogue.slot("keep_units"))
    worth = line.worth(line.left - keep, tax_included=order.tax_included)
    amount = Money(worth, order.currency)
    facts: dict[str, Any] = {"title": line.name, "keep": keep, "units": line.left, "amount": amount}
    dialogue.say("utter_ask_confirm_change", **(order_facts(order) | facts))


@action("changed", "too_late")
def take_off_order(dialogue: Dialogue) -> Outcome:
    """Take it off, free its stock, and give back what was asked for it."""
    order = orders.get(dialogue.session, as_uuid(dialogue.slot("changed_order")))
    line, keep = _line(dialogue, order), int(dialogue.slot("keep_units"))
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


def _order(dialogue: Dialogue) -> Order:
    return orders.get(dialogue.session, as_uuid(dialogue.slot("changed_order")), lock=False)


def _line(dialogue: Dialogue, order: Order) -> OrderLine:
    chosen = as_uuid(dialogue.slot("change_line"))
    return next(line for line in order.lines if line.id == chosen)
