"""What staff decide about goods that come back, and what the customer hears of it."""

from bot.actions.returns import return_facts
from console.fulfilment import STAFF, Desk, NoReason, TooMuch, send_refunds
from payments import part_refunds
from shop.money import Money
from shop.orders import service as orders
from shop.returns import service as returns
from shop.returns.model import Return


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


def _tell(desk: Desk, asked: Return, **facts: object) -> None:
    status = asked.status.value
    dedupe = f"notice:{asked.id}:{status}"
    known = return_facts(desk.order, asked) | facts
    desk.tell(f"utter_notice_return_{status}", dedupe=dedupe, **known)
