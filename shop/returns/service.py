"""Asking for a return, deciding it, and taking the goods back. Giving money back is the caller's next step."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shop.catalogue.model import Variant
from shop.money import Money
from shop.orders.model import Order, OrderStatus, TooManyUnits
from shop.profile import Returns
from shop.returns.exchange import Wanted
from shop.returns.model import OPEN, Return, ReturnLine, ReturnNotPossible, ReturnStatus, Wish
from shop.shipments import service as shipments
from shop.tasks import low_stock


def returnable(session: Session, order: Order, rules: Returns, *, at: datetime) -> dict[UUID, int]:
    """Units that may be asked to be sent back, by line: sent, still there, in no open return, and not too long ago.

    The days count from the delivery; what is on its way may be sent back, too.
    """
    coming = _in_open_returns(session, order.id)
    sent = _sent_lately(session, order, rules, at=at)
    left = {line.id: min(line.kept, sent.get(line.id, 0)) - coming.get(line.id, 0) for line in order.lines}
    return {line_id: count for line_id, count in left.items() if count > 0}


def _sent_lately(session: Session, order: Order, rules: Returns, *, at: datetime) -> dict[UUID, int]:
    sent: dict[UUID, int] = {}
    for shipment in shipments.of_order(session, order.id):
        if shipment.delivered_at is None or at <= shipment.delivered_at + timedelta(days=rules.days):
            for line in shipment.lines:
                sent[line.order_line_id] = sent.get(line.order_line_id, 0) + line.units
    return sent if rules.days else {}


def _in_open_returns(session: Session, order_id: UUID) -> dict[UUID, int]:
    coming: dict[UUID, int] = {}
    for each in of_order(session, order_id):
        if each.status in {ReturnStatus.ASKED, ReturnStatus.APPROVED}:
            for line in each.lines:
                coming[line.order_line_id] = coming.get(line.order_line_id, 0) + line.units
    return coming


def ask(
    session: Session,
    order: Order,
    units: Mapping[UUID, int],
    *,
    wish: Wish,
    why: str,
    rules: Returns,
    at: datetime,
    wanted: Wanted | None = None,
) -> Return:
    """The customer wants to send these units back, maybe for `wanted`. The order is locked.

    Raises TooManyUnits for what they may not.
    """
    allowed = returnable(session, order, rules, at=at)
    if not units or any(not 0 < count <= allowed.get(line_id, 0) for line_id, count in units.items()):
        raise TooManyUnits(reference=order.reference)
    asked = Return(
        order_id=order.id,
        number=len(of_order(session, order.id)) + 1,
        wish=wish,
        why=why,
        wanted_variant_id=wanted.variant_id if wanted else None,
        wanted_name=wanted.name if wanted else None,
        asked_at=at,
        lines=[ReturnLine(order_line_id=line_id, units=count) for line_id, count in units.items()],
    )
    session.add(asked)
    session.flush()
    return asked


def approve(session: Session, asked: Return, *, at: datetime, by: str) -> None:
    """They may send it. Raises ReturnNotPossible."""
    session.add(asked.move(ReturnStatus.APPROVED, at=at, by=by))


def refuse(session: Session, asked: Return, *, at: datetime, by: str, why: str) -> None:
    """They may not, or it never came. Raises ReturnNotPossible."""
    session.add(asked.move(ReturnStatus.REFUSED, at=at, by=by, why=why))


def receive(session: Session, order: Order, asked: Return, *, sellable: bool, at: datetime, by: str) -> Money:
    """The goods are here; back into stock if they can be sold again. What was asked for them, to give back.

    The order is returned in part, or wholly once nothing of it is left with the customer. Raises ReturnNotPossible.
    """
    session.add(
        asked.move(ReturnStatus.RECEIVED, at=at, by=by, why="" if sellable else "cannot be sold again")
    )
    lines = {line.id: line for line in order.lines}
    worth = 0
    for each in asked.lines:
        line = lines[each.order_line_id]
        if each.units > line.kept:
            raise TooManyUnits(reference=order.reference)
        worth += line.worth(each.units, tax_included=order.tax_included)
        line.returned += each.units
        if sellable and line.variant_id is not None:
            _restock(session, line.variant_id, each.units, at=at)
    asked.worth_minor = worth
    _move_order(session, order, at=at, by=by)
    session.flush()
    return Money(worth, order.currency)


def _restock(session: Session, variant_id: UUID, units: int, *, at: datetime) -> None:
    variant = session.get(Variant, variant_id, with_for_update={"key_share": True}, populate_existing=True)
    if variant is not None and variant.tracked:
        variant.on_hand += units
        low_stock.restocked(session, [variant], at=at)


def _move_order(session: Session, order: Order, *, at: datetime, by: str) -> None:
    whole = not any(line.kept or line.left for line in order.lines)
    status = OrderStatus.RETURNED if whole else OrderStatus.PART_RETURNED
    if order.can(status):
        session.add(order.move(status, at=at, by=by))


def settle(session: Session, asked: Return, *, exchanged: bool, at: datetime, by: str, why: str = "") -> None:
    """Its money is on the way back, or other goods are. Raises ReturnNotPossible."""
    status = ReturnStatus.EXCHANGED if exchanged else ReturnStatus.REFUNDED
    session.add(asked.move(status, at=at, by=by, why=why))


def has_open(session: Session, order_id: UUID) -> bool:
    """Whether something of it is still to come back or to be paid back."""
    return (
        session.scalar(select(Return.id).where(Return.order_id == order_id, Return.status.in_(OPEN)))
        is not None
    )


def of_order(session: Session, order_id: UUID) -> list[Return]:
    """The order's returns with their lines and history, the oldest first."""
    statement = select(Return).where(Return.order_id == order_id).order_by(Return.number)
    return list(session.scalars(statement.options(selectinload(Return.lines), selectinload(Return.moves))))


def get(session: Session, order: Order, number: int) -> Return:
    """The order's return of that number. The order is locked, and its returns with it. Raises ReturnNotPossible."""
    found = next((each for each in of_order(session, order.id) if each.number == number), None)
    if found is None:
        raise ReturnNotPossible(status="unknown", wanted=str(number))
    return found
