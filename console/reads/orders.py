"""Orders as staff see them: the table, and one order with its money."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from console.reads.conversations import address_words, map_link, number_of
from console.reads.listing import Listed, contains, count_and_cut
from payments import refunds
from payments.model import Payment, RefundStatus
from shop.customers.model import PIN
from shop.money import Money
from shop.orders.model import Order, OrderLine, OrderMove, OrderStatus


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


@dataclass(frozen=True, slots=True)
class MoveRow:
    after: OrderStatus
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
    tracking: str
    conversation_number: int | None
    lines: tuple[LineRow, ...]
    moves: tuple[MoveRow, ...]
    money: tuple[MoneyRow, ...]


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
        .options(selectinload(Order.lines), selectinload(Order.moves))
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
        tracking=order.tracking or "",
        conversation_number=number_of(session, order.conversation),
        lines=tuple(_line(line, order.currency) for line in order.lines),
        moves=tuple(_move(move) for move in order.moves),
        money=_money(session, order),
    )


def _line(line: OrderLine, currency: str) -> LineRow:
    return LineRow(line.name, line.sku or "", line.units, Money(line.unit_price_minor, currency) * line.units)


def _move(move: OrderMove) -> MoveRow:
    return MoveRow(move.after, move.at, move.by, move.why)


def _money(session: Session, order: Order) -> tuple[MoneyRow, ...]:
    """Payments and refunds together, in the order they happened."""
    rows = [_payment(payment) for payment in refunds.payments_of(session, order.id)]
    for refund in refunds.of_order(session, order.id):
        failed = refund.status is RefundStatus.FAILED
        note = f"{refund.status.value}, {refund.reason}" + (f": {refund.error}" if refund.error else "")
        rows.append(MoneyRow("Refund", -refund.amount, refund.settled_at or refund.asked_at, note, failed))
    return tuple(sorted(rows, key=lambda row: row.at))


def _payment(payment: Payment) -> MoneyRow:
    return MoneyRow("Payment", payment.amount, payment.received_at, f"{payment.provider} {payment.reference}")
