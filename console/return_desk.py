"""What staff decide about goods that come back, and what the customer hears of it."""

from bot.actions.payment import order_facts
from bot.actions.returns import return_facts
from bot.delivery import timers
from console.fulfilment import STAFF, Desk, NoReason, TooMuch, send_refunds
from payments import part_refunds
from payments.exchanges import pay_with
from shop.catalogue.model import OutOfStock
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import Order
from shop.returns import exchange as exchanges
from shop.returns import service as returns
from shop.returns.model import Return, ReturnNotPossible, ReturnStatus


def approve(desk: Desk, number: int) -> None:
    """They may send it; they are told where to. Raises ReturnNotPossible."""
    asked = returns.get(desk.session, desk.order, number)
    returns.approve(desk.session, asked, at=desk.at, by=STAFF)
    if desk.notices is not None:
        profile = desk.notices.profile
        _tell(
            desk,
            asked,
            to=profile.returns.address or f"{profile.name}, {profile.address}",
            drop_off=profile.returns.drop_off,
            shop_pays=profile.returns.who_pays == "shop",
        )


def refuse(desk: Desk, number: int, why: str) -> None:
    """They may not. Raises NoReason and ReturnNotPossible."""
    if not why:
        raise NoReason
    asked = returns.get(desk.session, desk.order, number)
    returns.refuse(desk.session, asked, at=desk.at, by=STAFF, why=why)
    _tell(desk, asked, why=why)


def receive(desk: Desk, number: int, *, sellable: bool) -> None:
    """It is here; back on the shelf if it can be sold again. Raises ReturnNotPossible."""
    asked = returns.get(desk.session, desk.order, number)
    returns.receive(desk.session, desk.order, asked, sellable=sellable, at=desk.at, by=STAFF)
    _tell(desk, asked)


def refund(desk: Desk, number: int, amount: Money) -> None:
    """Give the money back, as a rule all that was asked for the goods.

    Raises TooMuch for nothing or more than is left of what was paid, and ReturnNotPossible.
    """
    asked = returns.get(desk.session, desk.order, number)
    returns.settle(desk.session, asked, exchanged=False, at=desk.at, by=STAFF)
    left = part_refunds.refundable(desk.session, desk.order.id, desk.order.currency)
    if not 0 < amount.minor <= min(left.minor, desk.order.owed.minor):
        raise TooMuch(left=left, asked=amount)
    desk.order.credit(amount)
    sent = part_refunds.ask_part(desk.session, desk.order.id, amount, reason="returned", at=desk.at)
    orders.note(
        desk.session, desk.order, f"return {number}: {amount.format('en')} refunded", at=desk.at, by=STAFF
    )
    send_refunds(desk, sent)
    _tell(desk, asked, amount=amount)


def exchange(desk: Desk, number: int) -> Order | None:
    """Send what is wanted instead, as an order of its own that what came back pays for; the new order.

    What it costs less goes back. What it costs more is asked for in the chat: then the goods wait for it. None when it
    is sold out meanwhile: everything goes back.

    Raises TooMuch where what came back was not paid (any more), and ReturnNotPossible.
    """
    desk.order.check_not_frozen()
    asked = returns.get(desk.session, desk.order, number)
    worth = Money(asked.worth_minor, desk.order.currency)
    left = part_refunds.refundable(desk.session, desk.order.id, desk.order.currency)
    if not 0 < worth.minor <= min(left.minor, desk.order.owed.minor):
        raise TooMuch(left=left, asked=worth)
    try:
        placed = _place(desk, asked)
    except OutOfStock:
        _refund_instead(desk, asked, worth)
        return None
    back = _pay_with_what_came_back(desk, placed, worth)
    why = f"as order {placed.reference}"
    returns.settle(desk.session, asked, exchanged=True, at=desk.at, by=STAFF, why=why)
    words = f"return {number}: exchanged {why}"
    orders.note(desk.session, desk.order, words, at=desk.at, by=STAFF)
    if placed.due:
        _wait_for_difference(desk, placed)
    else:
        _tell(desk, asked, new_order=placed.reference, instead=order_facts(placed)["items"], amount=back)
    return placed


def _place(desk: Desk, asked: Return) -> Order:
    """The new order, not paid yet. Raises OutOfStock and ReturnNotPossible."""
    if desk.notices is None or not asked.can(ReturnStatus.EXCHANGED):
        raise ReturnNotPossible(status=asked.status.value, wanted=ReturnStatus.EXCHANGED.value)
    profile = desk.notices.profile
    terms = exchanges.Terms(
        tax=profile.tax,
        waived=Money.from_decimal(profile.returns.waived_difference, desk.order.currency),
        hold_until=desk.at + profile.returns.exchange_hold,
    )
    return exchanges.place(desk.session, desk.order, asked, terms, at=desk.at)


def _pay_with_what_came_back(desk: Desk, placed: Order, worth: Money) -> Money:
    """Pay the new order as far as it goes, and give back what is over, which is returned."""
    desk.order.credit(worth)
    value = min(worth, placed.due)
    pay_with(desk.session, placed, value, parent=desk.order, at=desk.at)
    over = worth - value
    sent = part_refunds.ask_part(desk.session, desk.order.id, over, reason="exchanged", at=desk.at)
    send_refunds(desk, sent)
    return over


def _wait_for_difference(desk: Desk, placed: Order) -> None:
    """The customer is asked for it in a turn of their own, where the channel's ways to pay are known."""
    for timer, due_at in (("exchange_payment", desk.at), ("order_hold", placed.hold_until)):
        timers.set_timer(
            desk.session,
            timer,
            f"{timer}:{placed.id}",
            conversation=placed.conversation,
            due_at=due_at,
            arguments={"order": str(placed.id)},
        )


def _refund_instead(desk: Desk, asked: Return, worth: Money) -> None:
    """What was wanted is sold out: their money, and why."""
    returns.settle(desk.session, asked, exchanged=False, at=desk.at, by=STAFF, why="sold out meanwhile")
    desk.order.credit(worth)
    sent = part_refunds.ask_part(desk.session, desk.order.id, worth, reason="sold_out", at=desk.at)
    words = f"return {asked.number}: {asked.wanted_name} is sold out, {worth.format('en')} refunded"
    orders.note(desk.session, desk.order, words, at=desk.at, by=STAFF)
    send_refunds(desk, sent)
    facts = return_facts(desk.order, asked) | {"amount": worth}
    desk.tell("utter_notice_exchange_sold_out", dedupe=f"notice:{asked.id}:sold_out", **facts)


def _tell(desk: Desk, asked: Return, **facts: object) -> None:
    status = asked.status.value
    dedupe = f"notice:{asked.id}:{status}"
    known = return_facts(desk.order, asked) | facts
    desk.tell(f"utter_notice_return_{status}", dedupe=dedupe, **known)
