"""Orders as staff see them: the table, and one order with its money."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from console.reads.conversations import address_words, map_link, number_of
from console.reads.listing import Listed, contains, count_and_cut
from payments import authorisations, funds, part_refunds, refunds
from payments.funds import Fund
from payments.model import Authorisation, RefundStatus
from shop.customers.model import PIN
from shop.money import Money
from shop.orders.model import PAID_FOR, Order, OrderLine, OrderStatus
from shop.payment_methods import PaymentKind
from shop.returns import service as returns
from shop.returns.model import Return, ReturnStatus
from shop.shipments import service as shipments
from shop.shipments.model import Shipment


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order in the table."""

    reference: str
    name: str
    status: OrderStatus
    total: Money
    delivery: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class LineRow:
    name: str
    sku: str
    units: int
    price: Money
    id: UUID
    left: int
    note: str  # what became of some of them


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    number: int
    goods: str
    parcel: str  # the carrier and its number
    link: str
    shipped_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """What a customer sends back; `moves` in words, oldest first."""

    number: int
    status: ReturnStatus
    goods: str
    why: str
    wish: str
    wanted: str  # instead of their money
    asked_at: datetime
    worth: Money
    moves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move to `after`, or (None) something that became different without one."""

    after: OrderStatus | None
    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """A payment or a refund; what staff must know of it is in `note`."""

    what: str
    amount: Money
    at: datetime
    note: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class FollowerRow:
    """An order that adds to another one, or replaces goods of it."""

    reference: str
    status: OrderStatus
    goes_along: bool


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Everything about one order."""

    id: UUID
    reference: str
    status: OrderStatus
    name: str
    phone: str
    address: str
    map_link: str
    delivery: str
    items: Money
    delivery_price: Money
    total: Money
    placed_at: datetime
    parent: str  # the reference of the order that this one belongs to
    goes_along: bool  # it goes out in that one's parcel
    followers: tuple[FollowerRow, ...]
    credited: Money
    refundable: Money
    due: Money  # what staff may still take: cash, or a transfer; nothing where it is paid
    method: PaymentKind
    conversation_number: int | None
    lines: tuple[LineRow, ...]
    shipments: tuple[ShipmentRow, ...]
    returns: tuple[ReturnRow, ...]
    moves: tuple[MoveRow, ...]
    money: tuple[MoneyRow, ...]
    is_held: bool  # a bank holds money for it that nobody has asked for yet


def listed(session: Session, *, page: int, search: str, status: OrderStatus | None) -> Listed[OrderRow]:
    """Orders, the newest first; `search` looks at reference, name and phone."""
    statement = select(Order).order_by(Order.placed_at.desc(), Order.id)
    if search:
        columns = (Order.reference, Order.name, Order.phone)
        statement = statement.where(or_(*(contains(column, search) for column in columns)))
    if status is not None:
        statement = statement.where(Order.status == status)
    total, shown, cut = count_and_cut(session, statement, page)
    return Listed([_row(order) for order in session.scalars(cut)], shown, total)


def _row(order: Order) -> OrderRow:
    return OrderRow(order.reference, order.name, order.status, order.total, order.delivery, order.placed_at)


def facts_of(session: Session, reference: str) -> OrderFacts | None:
    """The order of that reference with its lines, history and money; None when there is none."""
    order = session.scalars(
        select(Order)
        .where(Order.reference == reference.upper())
        .options(selectinload(Order.lines), selectinload(Order.moves), selectinload(Order.changes))
    ).one_or_none()
    if order is None:
        return None
    return OrderFacts(
        id=order.id,
        reference=order.reference,
        status=order.status,
        name=order.name,
        phone=order.phone,
        address=address_words(order.address),
        map_link=map_link((order.address or {}).get(PIN)),
        delivery=order.delivery,
        items=order.items,
        delivery_price=order.delivery_price,
        total=order.total,
        placed_at=order.placed_at,
        parent=_reference(session, order.parent_id),
        goes_along=order.goes_along,
        followers=_followers(session, order),
        credited=Money(order.credited_minor, order.currency),
        refundable=part_refunds.refundable(session, order.id, order.currency),
        due=_due(session, order),
        method=order.payment_method,
        conversation_number=number_of(session, order.conversation),
        lines=tuple(_line(line, order.currency) for line in order.lines),
        shipments=tuple(_shipment(order, each) for each in shipments.of_order(session, order.id)),
        returns=tuple(_return(order, each) for each in returns.of_order(session, order.id)),
        moves=_history(order),
        money=_money(session, order),
        is_held=order.status is OrderStatus.AUTHORISED
        and any(each.capture_asked_at is None for each in authorisations.held_for(session, order.id)),
    )


def _due(session: Session, order: Order) -> Money:
    paid = part_refunds.refundable(session, order.id, order.currency)
    takes = order.status in PAID_FOR or order.can(OrderStatus.PAID)
    return order.due if takes and not paid else Money(0, order.currency)


def _line(line: OrderLine, currency: str) -> LineRow:
    counts = {"called off": line.called_off, "sent": line.shipped, "came back": line.returned}
    return LineRow(
        line.name,
        line.sku or "",
        line.units,
        Money(line.unit_price_minor, currency) * line.units,
        line.id,
        line.left,
        ", ".join(f"{count} {what}" for what, count in counts.items() if count),
    )


def _shipment(order: Order, shipment: Shipment) -> ShipmentRow:
    names = {line.id: line.name for line in order.lines}
    return ShipmentRow(
        shipment.number,
        ", ".join(f"{line.units} × {names[line.order_line_id]}" for line in shipment.lines),
        f"{shipment.carrier} {shipment.tracking}".strip(),
        shipment.link,
        shipment.shipped_at,
        shipment.delivered_at,
    )


def _return(order: Order, asked: Return) -> ReturnRow:
    names = {line.id: line.name for line in order.lines}
    return ReturnRow(
        asked.number,
        asked.status,
        ", ".join(f"{line.units} × {names[line.order_line_id]}" for line in asked.lines),
        asked.why,
        asked.wish.value,
        (asked.wanted_name or "") if asked.wanted_variant_id else "",
        asked.asked_at,
        Money(asked.worth_minor, order.currency),
        tuple(
            f"{move.after.value} by {move.by}" + (f": {move.why}" if move.why else "") for move in asked.moves
        ),
    )


def _history(order: Order) -> tuple[MoveRow, ...]:
    """Moves and changes together, in the order they happened."""
    moves = [MoveRow(move.after, move.at, move.by, move.why) for move in order.moves]
    changes = [MoveRow(None, change.at, change.by, change.what) for change in order.changes]
    return tuple(sorted(moves + changes, key=lambda row: row.at))


def _followers(session: Session, order: Order) -> tuple[FollowerRow, ...]:
    """The orders that add to it or replace goods of it, oldest first."""
    found = session.scalars(
        select(Order).where(Order.parent_id == order.id).order_by(Order.placed_at, Order.id)
    )
    return tuple(FollowerRow(each.reference, each.status, each.goes_along) for each in found)


def _reference(session: Session, order_id: UUID | None) -> str:
    return session.get_one(Order, order_id).reference if order_id else ""


def _money(session: Session, order: Order) -> tuple[MoneyRow, ...]:
    """Payments and refunds together, in the order they happened."""
    rows = [_payment(fund, order) for fund in funds.of_order(session, order.id)]
    rows += [_held(each) for each in authorisations.held_for(session, order.id)]
    for refund in refunds.of_order(session, order.id):
        failed = refund.status is RefundStatus.FAILED
        note = f"{refund.status.value}, {refund.reason}" + (f": {refund.error}" if refund.error else "")
        rows.append(MoneyRow("Refund", -refund.amount, refund.settled_at or refund.asked_at, note, failed))
    return tuple(sorted(rows, key=lambda row: row.at))


def _held(held: Authorisation) -> MoneyRow:
    amount = Money(held.amount_minor, held.currency)
    note = "is being charged" if held.capture_asked_at else "not charged yet"
    return MoneyRow("Held by the bank", amount, held.held_at, f"{note}, {held.reference}")


def _payment(fund: Fund, order: Order) -> MoneyRow:
    payment = fund.payment
    is_own = payment.order_id == order.id
    amount = Money(fund.came_minor, payment.currency)
    what = "Payment" if is_own else "Paid with what came back"
    return MoneyRow(what, amount, fund.at, f"{payment.provider} {payment.reference}")
