"""Cash and transfers that staff note: they pay the order once, and what is wrong about them is said and owed back."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from console import fulfilment
from console.fulfilment import KnownPayment, NoAmount, NoReference, open_order
from console.reads.orders import facts_of
from payments import refunds
from payments.ledger.audit import audit
from payments.model import Payment, RefundStatus
from payments.refunds import BY_HAND
from payments.settlement import Outcome
from shop.catalogue.model import Variant
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import OrderStatus
from shop.orders.service import Terms
from shop.papers.model import Invoice
from shop.payment_methods import PaymentKind
from storage.engine import Database
from tests.trade import NOW, customer, place, stock

DUE = Money(2890, "EUR")


def ordered(session: Session, method: PaymentKind):
    mug = stock(session)
    return place(session, customer(session), {mug: 2}, terms=Terms(payment=method))


def take(session: Session, order, amount: Money = DUE, *, provider: str = "bank", reference: str = "17"):
    desk = open_order(session, order.id, notices=None, at=NOW)
    return fulfilment.take_money(desk, amount, provider=provider, reference=reference)


def test_an_order_to_be_paid_in_cash_is_placed_at_once_and_keeps_its_stock(database: Database) -> None:
    def work(session: Session) -> None:
        order = ordered(session, PaymentKind.CASH)
        assert order.status is OrderStatus.PLACED
        assert not orders.expire(session, order, at=NOW)
        assert session.scalars(select(Variant.allocated)).one() == 2
        facts = facts_of(session, order.reference)
        assert facts is not None
        assert (facts.due, facts.method) == (DUE, PaymentKind.CASH)

    database.write_now(work)


@pytest.mark.parametrize("sent_before", [False, True])
def test_cash_pays_before_it_is_sent_or_when_it_is_handed_over(database: Database, sent_before: bool) -> None:
    def work(session: Session) -> None:
        order = ordered(session, PaymentKind.CASH)
        steps = [OrderStatus.PACKED, OrderStatus.SHIPPED, OrderStatus.DELIVERED] if sent_before else []
        for status in steps:
            fulfilment.move_on(open_order(session, order.id, notices=None, at=NOW), status)
        assert take(session, order, provider="cash").outcome is Outcome.PAID
        assert order.status is (OrderStatus.DELIVERED if sent_before else OrderStatus.PAID)
        facts = facts_of(session, order.reference)
        assert facts is not None
        assert not facts.due
        assert session.get_one(Invoice, order.id).number == 1
        assert audit(session) == []

    database.write_now(work)


def test_the_same_money_is_not_taken_twice(database: Database) -> None:
    def work(session: Session) -> None:
        order = ordered(session, PaymentKind.TRANSFER)
        take(session, order)
        with pytest.raises(KnownPayment):
            take(session, order)
        assert len(session.scalars(select(Payment)).all()) == 1

    database.write_now(work)


@pytest.mark.parametrize(
    ("minor", "outcome", "back", "status"),
    [
        (2000, Outcome.TOO_LITTLE, 2000, OrderStatus.AWAITING_PAYMENT),
        (3000, Outcome.TOO_MUCH, 110, OrderStatus.PAID),
    ],
)
def test_what_is_not_due_is_owed_back_by_hand(
    database: Database, minor: int, outcome: Outcome, back: int, status: OrderStatus
) -> None:
    def work(session: Session) -> None:
        order = ordered(session, PaymentKind.TRANSFER)
        found = take(session, order, Money(minor, "EUR"))
        assert (found.outcome, order.status) == (outcome, status)
        assert found.refund is not None
        assert (found.refund.amount_minor, found.refund.status) == (back, RefundStatus.PENDING)
        assert BY_HAND in refunds.call_arguments(session, found.refund, conversation="web:test")
        assert audit(session) == []

    database.write_now(work)


@pytest.mark.parametrize(
    ("amount", "reference", "error"),
    [(DUE, "", NoReference), (Money(0, "EUR"), "17", NoAmount)],
)
def test_what_staff_forgot_to_fill_in_is_asked_for(database: Database, amount, reference, error) -> None:
    def work(session: Session) -> None:
        order = ordered(session, PaymentKind.TRANSFER)
        with pytest.raises(error):
            take(session, order, amount, reference=reference)

    database.write_now(work)


def test_a_transfer_after_the_order_lapsed_pays_it_while_the_goods_are_there(database: Database) -> None:
    def work(session: Session) -> None:
        order = ordered(session, PaymentKind.TRANSFER)
        assert orders.expire(session, order, at=NOW)
        assert take(session, order).outcome is Outcome.PAID
        assert order.status is OrderStatus.PAID

    database.write_now(work)
