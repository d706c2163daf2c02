"""Proof that the books agree with what happened. Each posting balances by itself; these are the sums that could be wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.orm import Session

from payments.ledger.model import Account, Posting, PostingKind
from payments.model import OWED, Payment, PaymentTransfer, Refund
from shop.orders.model import Order, OrderMove, OrderStatus
from storage.sums import total


@dataclass(frozen=True, slots=True)
class Difference:
    """What the books say, and what they should; amounts in minor units."""

    what: str
    booked_minor: int
    expected_minor: int

    def __str__(self) -> str:
        return f"{self.what}: the ledger says {self.booked_minor}, and it is {self.expected_minor}"


def audit(session: Session) -> list[Difference]:
    """Every difference between the ledger and the payments, refunds and orders; none when the books are right."""
    return [
        *_found(session, "received with the payment", _RECEIVED),
        *_found(session, "in another currency than the payment", _FOREIGN),
        *_found(session, "neither earned nor promised back of the payment", _UNUSED),
        *_found(session, "promised back as the refund", _PROMISED),
        *_found(session, "still owed of the refund", _OWED),
        *_found(session, "earned by the order", _EARNED),
        *_found(session, "waiting with its group of the order", _SEATS),
        *_found(session, "on the way from one order to another of the payment", _EXCHANGED),
    ]


def _found(session: Session, what: str, statement: Any) -> Iterator[Difference]:
    rows: Any = session.execute(statement)
    for name, booked, expected in rows:
        yield Difference(f"{what} {name}", booked, expected)


def _sum(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return select(total(Posting.amount_minor)).where(*conditions).correlate_except(Posting).scalar_subquery()


def _moved(account: Account, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """Credits less debits of an account."""
    return _sum(Posting.credit == account, *conditions) - _sum(Posting.debit == account, *conditions)


def _where_unequal(name: Any, booked: ColumnElement[int], expected: Any) -> Any:
    return select(name, booked, expected).where(booked != expected)


_OF_PAYMENT: Final[Any] = Posting.payment_id == Payment.id
_OF_REFUND: Final[Any] = Posting.refund_id == Refund.id
_OPEN: Final = {OrderStatus.AWAITING_PAYMENT, OrderStatus.WAITING, OrderStatus.AUTHORISED}


def _moved_so(condition: ColumnElement[bool]) -> Any:
    return select(OrderMove.id).where(OrderMove.order_id == Order.id, condition).correlate(Order).exists()


_EARNED_OF_ORDER: Final[Any] = _sum(
    Posting.order_id == Order.id,
    Posting.kind == PostingKind.EARNED,
    Posting.debit.in_({Account.CUSTOMER_MONEY, Account.RETURNS}),
)
_WAS_PAID: Final[Any] = or_(
    _moved_so(OrderMove.after == OrderStatus.PAID),
    # sent before it was paid: cash on delivery
    and_(_moved_so(OrderMove.before == OrderStatus.PLACED), _EARNED_OF_ORDER > 0),
)
_ZERO: Final[ColumnElement[int]] = Payment.amount_minor - Payment.amount_minor

_RECEIVED: Final[Any] = _where_unequal(
    Payment.reference,
    _sum(_OF_PAYMENT, Posting.kind == PostingKind.RECEIVED),
    Payment.amount_minor,
)
_FOREIGN: Final[Any] = _where_unequal(
    Payment.reference, _sum(_OF_PAYMENT, Posting.currency != Payment.currency), _ZERO
)
_WAITING: Final[Any] = (
    select(total(PaymentTransfer.amount_minor))
    .join(Order, Order.id == PaymentTransfer.to_order_id)
    .where(PaymentTransfer.payment_id == Payment.id, Order.status.in_(_OPEN))
    .correlate(Payment)
    .scalar_subquery()
)
"""Of the payment, for orders that wait for the rest of their price."""
_UNUSED: Final[Any] = (
    _where_unequal(Payment.reference, _moved(Account.CUSTOMER_MONEY, _OF_PAYMENT), _WAITING)
    .outerjoin(Order, Order.id == Payment.order_id)
    .where(or_(Order.id.is_(None), Order.status.not_in(_OPEN)))
)
_PROMISED: Final[Any] = _where_unequal(
    Refund.id, _sum(_OF_REFUND, Posting.kind == PostingKind.REFUND_ASKED), Refund.amount_minor
)
_OWED: Final[Any] = _where_unequal(
    Refund.id,
    _moved(Account.REFUNDS_DUE, _OF_REFUND),
    case(
        (Refund.status.in_(OWED), Refund.amount_minor),
        else_=0,
    ),
)
_EARNED: Final[Any] = _where_unequal(
    Order.reference, _EARNED_OF_ORDER, case((_WAS_PAID, Order.total_minor), else_=0)
)
_SEATS: Final[Any] = _where_unequal(
    Order.reference,
    _moved(Account.CUSTOMER_MONEY, Posting.order_id == Order.id),
    case(
        (select(Payment.id).where(Payment.order_id == Order.id).correlate(Order).exists(), Order.total_minor),
        else_=0,  # a bank holds it
    ),
).where(Order.status == OrderStatus.WAITING)
"""What was paid for a seat is the customer's as long as the group forms."""
_EXCHANGED: Final[Any] = _where_unequal(Payment.reference, _moved(Account.EXCHANGES, _OF_PAYMENT), _ZERO)
