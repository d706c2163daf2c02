"""Sending goods back, from the chat: which, how many, why, and what for."""

from typing import Any
from uuid import UUID

from bot.actions.choices import Option, offer
from bot.actions.payment import order_facts
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from bot.dialogue.tokens import payload
from shop.orders import service as orders
from shop.orders.model import Order, OrderLine, TooManyUnits
from shop.returns import exchange
from shop.returns import service as returns
from shop.returns.exchange import Wanted
from shop.returns.model import Return, Wish

REASONS = ("damaged", "wrong", "unfit", "disliked", "other")
EXCHANGES_MAX = 10  # buttons that a person still reads


@action("none", "too_late", "one", "several")
def find_goods_to_return(dialogue: Dialogue) -> Outcome:
    """What of the order that is meant, or of the latest, may be sent back."""
    reference = dialogue.slot("order_number")
    order = orders.find(dialogue.session, dialogue.customer, reference=reference)
    if order is None or not any(line.kept for line in order.lines):
        return Outcome("none")
    lines = _allowed(dialogue, order)
    if not lines:
        return Outcome("too_late", order_facts(order) | {"days": dialogue.shop.returns.days})
    dialogue.set_slot("return_order", str(order.id))
    if len(lines) > 1:
        return Outcome("several", order_facts(order))
    dialogue.set_slot("return_line", str(lines[0][0].id))
    return Outcome("one", order_facts(order) | {"title": lines[0][0].name})


@action()
def ask_return_line(dialogue: Dialogue) -> None:
    """Which of the goods."""
    options = (Option(line.id, line.name) for line, _ in _allowed(dialogue, _order(dialogue)))
    offer(dialogue, "return_line", "utter_ask_return_line", options)


@action("one", "several")
def count_goods_to_return(dialogue: Dialogue) -> Outcome:
    """Whether there is more than one of it, so that we have to ask how many."""
    line, most = _chosen(dialogue)
    if most == 1:
        dialogue.set_slot("return_units", 1)
    facts: dict[str, Any] = {"title": line.name, "most": most}
    return Outcome("several" if most > 1 else "one", facts)


@action()
def ask_return_units(dialogue: Dialogue) -> None:
    """How many of it, with all of them as a button."""
    line, most = _chosen(dialogue)
    reply = "utter_ask_return_units"
    buttons = [
        dialogue.button(str(count), payload(None, return_units=count)) for count in range(1, min(most, 5) + 1)
    ]
    dialogue.say_with(dialogue.words(reply, title=line.name, most=most), buttons, reply=reply)


@action("right", "too_many")
def check_goods_to_return(dialogue: Dialogue) -> Outcome:
    """Not more than they have, and at least one."""
    line, most = _chosen(dialogue)
    if 1 <= int(dialogue.slot("return_units")) <= most:
        return Outcome("right")
    dialogue.set_slot("return_units", None)
    return Outcome("too_many", {"title": line.name, "most": most})


@action()
def ask_return_reason(dialogue: Dialogue) -> None:
    """Why it goes back."""
    options = (Option(reason, dialogue.words(f"words_return_{reason}")) for reason in REASONS)
    offer(dialogue, "return_reason", "utter_ask_return_reason", options)


@action()
def ask_return_wish(dialogue: Dialogue) -> None:
    """Their money, or the same thing in another form."""
    options = (Option(wish.value, dialogue.words(f"words_return_{wish.value}")) for wish in Wish)
    offer(dialogue, "return_wish", "utter_ask_return_wish", options)


@action("choose", "none")
def find_exchange_goods(dialogue: Dialogue) -> Outcome:
    """Whether there is something to have instead. Where there is not, they get their money."""
    line, _ = _chosen(dialogue)
    if _instead(dialogue):
        return Outcome("choose")
    dialogue.set_slot("return_wish", Wish.REFUND.value)
    return Outcome("none", {"title": line.name})


@action()
def ask_exchange_variant(dialogue: Dialogue) -> None:
    """The same again, or a sister of it, with what it costs more or less."""
    line, _ = _chosen(dialogue)
    options = (Option(each.variant_id, _exchange_label(dialogue, each)) for each in _instead(dialogue))
    offer(dialogue, "exchange_variant", "utter_ask_exchange_variant", options, title=line.name)


def _exchange_label(dialogue: Dialogue, wanted: Wanted) -> str:
    return dialogue.words(
        "words_exchange_variant",
        same=wanted.is_same,
        name=wanted.label or wanted.name,
        more=wanted.more if wanted.more.minor > 0 else None,
        less=-wanted.more if wanted.more.minor < 0 else None,
    )


def _instead(dialogue: Dialogue) -> list[Wanted]:
    line, _ = _chosen(dialogue)
    units = int(dialogue.slot("return_units"))
    return exchange.choices(dialogue.session, line, units=units)[:EXCHANGES_MAX]


def _wanted(dialogue: Dialogue) -> Wanted | None:
    """What was chosen; None where they want their money, or where it is sold out between question and answer."""
    if dialogue.slot("return_wish") != Wish.EXCHANGE:
        return None
    chosen = as_uuid(dialogue.slot("exchange_variant"))
    return next((each for each in _instead(dialogue) if each.variant_id == chosen), None)


@action("asked", "too_late", "sold_out")
def ask_for_return(dialogue: Dialogue) -> Outcome:
    """Hand it to staff, who approve it or say why not."""
    order = orders.get(dialogue.session, as_uuid(dialogue.slot("return_order")))
    line, _ = _chosen(dialogue)
    units, wish, wanted = (
        int(dialogue.slot("return_units")),
        Wish(dialogue.slot("return_wish")),
        _wanted(dialogue),
    )
    if wish is Wish.EXCHANGE and wanted is None:
        dialogue.set_slot("exchange_variant", None)
        return Outcome("sold_out", order_facts(order))
    try:
        asked = returns.ask(
            dialogue.session,
            order,
            {line.id: units},
            wish=wish,
            wanted=wanted,
            why=str(dialogue.slot("return_reason")),
            rules=dialogue.shop.returns,
            at=dialogue.now,
        )
    except TooManyUnits:
        return Outcome("too_late", order_facts(order) | {"days": dialogue.shop.returns.days})
    return Outcome("asked", order_facts(order) | return_facts(order, asked))


def return_facts(order: Order, asked: Return) -> dict[str, Any]:
    """What sentences about a return may say."""
    names = {line.id: line.name for line in order.lines}
    return {
        "return_status": asked.status.value,
        "wanted": asked.wanted_name or "",
        "goods": [{"title": names[line.order_line_id], "units": line.units} for line in asked.lines],
    }


def _allowed(dialogue: Dialogue, order: Order) -> list[tuple[OrderLine, int]]:
    allowed = returns.returnable(dialogue.session, order, dialogue.shop.returns, at=dialogue.now)
    return [(line, allowed[line.id]) for line in order.lines if line.id in allowed]


def _order(dialogue: Dialogue) -> Order:
    return orders.get(dialogue.session, as_uuid(dialogue.slot("return_order")), lock=False)


def _chosen(dialogue: Dialogue) -> tuple[OrderLine, int]:
    """The line that goes back and how many units of it may; none any more when it was asked for meanwhile."""
    order, line_id = _order(dialogue), UUID(str(as_uuid(dialogue.slot("return_line"))))
    line = next(line for line in order.lines if line.id == line_id)
    return line, {each.id: most for each, most in _allowed(dialogue, order)}.get(line_id, 0)
