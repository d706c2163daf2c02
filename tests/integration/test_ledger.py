"""The ledger: what each happening posts, what the audit finds, and what an upgraded database begins with."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments import refunds, settlement
from payments.ledger import posting
from payments.ledger.audit import audit
from payments.ledger.model import Account, Posting
from payments.model import Payment, Refund, RefundStatus
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import OrderStatus
from storage.engine import Database
from storage.ids import new_id
from storage.migrate import downgrade, upgrade
from tests.trade import NOW, customer, place, stock

TOTAL = Money(2890, "EUR")  # two mugs and their delivery


def ordered(session: Session) -> UUID:
    return place(session, customer(session), {stock(session, new_id().hex): 2}).id


def pay(session: Session, order: UUID, reference: str = "pi_1", **given: Any) -> settlement.Settlement:
    facts = {"provider": "stripe", "amount": TOTAL, "at": NOW, **given}
    return settlement.settle(session, order, reference=reference, **facts)


def posted(session: Session) -> list[tuple[str, str, str, int]]:
    """(what, to, from, minor units), in the order they were posted."""
    rows = session.scalars(select(Posting).order_by(Posting.id))
    return [(row.kind.value, row.debit.value, row.credit.value, row.amount_minor) for row in rows]


PAID = [
    ("received", "stripe", "customer_money", 2890),
    ("earned", "customer_money", "sales", 2400),
    ("earned", "customer_money", "delivery", 490),
]


def test_a_payment_is_received_and_then_earned_part_by_part(database: Database) -> None:
    def work(session: Session) -> None:
        order = ordered(session)
        pay(session, order)
        pay(session, order)
        assert posted(session) == PAID
        assert audit(session) == []

    database.write_now(work)


@pytest.mark.parametrize(
    ("provider", "account"),
    [("telegram", "stripe"), ("stripe", "stripe"), ("cash", "cash"), ("bank", "bank")],
)
def test_money_is_booked_where_it_is(database: Database, provider: str, account: str) -> None:
    def work(session: Session) -> None:
        pay(session, ordered(session), provider=provider)
        assert posted(session)[0] == ("received", account, "customer_money", 2890)

    database.write_now(work)


def test_a_cancelled_order_gives_back_what_was_earned(database: Database) -> None:
    def work(session: Session) -> None:
        order = ordered(session)
        pay(session, order)
        orders.cancel(session, orders.get(session, order), at=NOW, by="customer", why="")
        (refund,) = refunds.ask_all(session, order, reason="cancelled", at=NOW)
        told = {"id": "re_1", "status": "succeeded", "metadata": {}}
        refunds.record(session, refund.id, told, at=NOW)
        refunds.record(session, refund.id, told | {"status": "failed"}, at=NOW)
        assert posted(session) == [
            *PAID,
            ("refund_asked", "returns", "refunds_due", 2890),
            ("refund_settled", "refunds_due", "stripe", 2890),
            ("refund_came_back", "stripe", "refunds_due", 2890),
        ]
        assert audit(session) == []

    database.write_now(work)


def test_what_was_paid_too_much_was_never_earned(database: Database) -> None:
    def work(session: Session) -> None:
        pay(session, ordered(session), amount=Money(3000, "EUR"))
        assert posted(session)[1:] == [
            *PAID[1:],
            ("refund_asked", "customer_money", "refunds_due", 110),
        ]
        assert audit(session) == []

    database.write_now(work)


def test_a_part_that_goes_back_takes_first_what_was_not_earned(database: Database) -> None:
    def work(session: Session) -> None:
        payment = pay(session, ordered(session), amount=Money(3000, "EUR")).payment
        assert payment is not None
        refunds.ask(session, payment, reason="returned", at=NOW, amount_minor=1200)
        assert posted(session)[-1] == ("refund_asked", "returns", "refunds_due", 1200)

    database.write_now(work)


def test_a_discount_is_a_posting_of_its_own() -> None:
    to = [(Account.DISCOUNTS, 500), (Account.CUSTOMER_MONEY, 2390)]
    from_ = [(Account.SALES, 2400), (Account.DELIVERY, 490), (Account.TAX, 0)]
    assert list(posting.matched(to, from_)) == [
        (Account.DISCOUNTS, Account.SALES, 500),
        (Account.CUSTOMER_MONEY, Account.SALES, 1900),
        (Account.CUSTOMER_MONEY, Account.DELIVERY, 490),
    ]
    with pytest.raises(ValueError, match="unbalanced"):
        list(posting.matched(to, [(Account.SALES, 1)]))


def test_cash_for_what_was_sent_already_is_earned_less_what_was_called_off(database: Database) -> None:
    def work(session: Session) -> None:
        order = orders.get(session, ordered(session))
        order.status = OrderStatus.PLACED
        orders.call_off(session, order, {order.lines[0].id: 1}, at=NOW, by="customer")
        for status in (OrderStatus.PACKED, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
            session.add(order.move(status, at=NOW, by="staff"))
        assert audit(session) == [], "nobody has paid yet"
        taken = pay(session, order.id, provider="cash", amount=order.owed)
        assert (taken.outcome, order.status) == (settlement.Outcome.PAID, OrderStatus.DELIVERED)
        assert ("earned", "returns", "sales", 1200) in posted(session)
        assert pay(session, order.id, "again", amount=order.owed).outcome is settlement.Outcome.ALREADY_PAID
        assert audit(session) == []

    database.write_now(work)


@pytest.mark.parametrize("included", [True, False])
def test_tax_is_nobodys_sale(database: Database, included: bool) -> None:
    def work(session: Session) -> None:
        order = orders.get(session, ordered(session))
        order.discount_minor, order.tax_minor, order.delivery_tax_minor = 400, 300, 60
        order.tax_included = included
        order.total_minor = 2490 if included else 2790
        session.flush()
        pay(session, order.id, amount=order.total)
        parts = {(to, from_): amount for _, to, from_, amount in posted(session)[1:]}
        assert parts == {
            ("discounts", "sales"): 400,
            ("customer_money", "sales"): 1760 if included else 2000,
            ("customer_money", "delivery"): 430 if included else 490,
            ("customer_money", "tax"): 300,
        }
        assert audit(session) == []

    database.write_now(work)


@pytest.mark.parametrize(
    "change", [update(Posting).values(amount_minor=1), delete(Posting)], ids=["change", "delete"]
)
def test_the_database_refuses_to_change_what_was_posted(database: Database, change: Any) -> None:
    database.write_now(lambda session: pay(session, ordered(session)).outcome)
    with pytest.raises(DBAPIError, match="append-only"):
        database.write_now(lambda session: session.execute(change))
    assert len(database.read(posted)) == 3


# ---------------------------------------------------------------------- what the audit finds


def a_refund(session: Session) -> Refund:
    order = ordered(session)
    pay(session, order)
    return refunds.ask_all(session, order, reason="cancelled", at=NOW)[0]


def test_a_payment_that_was_not_posted_is_found(database: Database) -> None:
    def work(session: Session) -> None:
        row = {"id": new_id(), "provider": "stripe", "reference": "pi_x", "amount_minor": 700}
        session.execute(insert(Payment).values(**row, currency="EUR", received_at=NOW))
        (found,) = audit(session)
        assert str(found) == "received with the payment pi_x: the ledger says 0, and it is 700"

    database.write_now(work)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (update(Payment).values(amount_minor=2891), "received with the payment pi_1"),
        (update(Payment).values(currency="USD"), "in another currency than the payment pi_1"),
        (update(Refund).values(amount_minor=1), "promised back as the refund"),
        (update(Refund).values(status=RefundStatus.SETTLED), "still owed of the refund"),
        (
            text('UPDATE "order" SET items_minor = 1, discount_minor = 0, total_minor = 491'),
            "earned by the order",
        ),
        (text("DELETE FROM order_move"), "earned by the order"),
    ],
    ids=["amount", "currency", "refund", "settled", "total", "never paid"],
)
def test_rows_that_say_something_else_are_found(database: Database, change: Any, found: str) -> None:
    def work(session: Session) -> None:
        a_refund(session)
        assert audit(session) == []
        session.execute(change)
        assert any(found in str(each) for each in audit(session))

    database.write_now(work)


def test_money_that_lies_about_is_found(database: Database) -> None:
    def work(session: Session) -> None:
        order = ordered(session)
        settled = pay(session, order)
        assert settled.payment is not None
        stray = posting.Entry(
            posting.PostingKind.RECEIVED, "a test", "EUR", NOW, payment_id=settled.payment.id
        )
        stray.post(session, debit=Account.CASH, credit=Account.CUSTOMER_MONEY, amount_minor=5)
        assert "neither earned nor promised back of the payment pi_1: the ledger says 5, and it is 0" in [
            str(each) for each in audit(session)
        ]

    database.write_now(work)


# ---------------------------------------------------------------------- before there was a ledger


@pytest.fixture
def old(database: Database) -> Database:
    """A database of the version before, with orders in every state of their money."""
    database.write_now(trade)
    downgrade(database, "0010")
    return database


def trade(session: Session) -> None:
    paid, cancelled, failing = (ordered(session) for _ in range(3))
    pay(session, paid, "pi_kept", provider="telegram")
    pay(session, paid, "pi_second")
    for order in (cancelled, failing):
        pay(session, order, f"pi_{order}")
        orders.cancel(session, orders.get(session, order), at=NOW, by="customer", why="")
    (gone,) = refunds.ask_all(session, cancelled, reason="cancelled", at=NOW)
    refunds.record(session, gone.id, {"id": "re_1", "status": "succeeded"}, at=NOW)
    (stuck,) = refunds.ask_all(session, failing, reason="cancelled", at=NOW)
    refunds.fail(session, stuck.id, error="no", unsure=False, at=NOW)
    settlement.give_back(session, provider="stripe", reference="pi_none", amount=Money(700, "EUR"), at=NOW)
    ordered(session)  # nobody pays for it


def test_an_upgraded_shop_has_its_past_in_the_ledger(old: Database) -> None:
    again = (
        "INSERT INTO refund (id, payment_id, amount_minor, currency, reason, status, asked_at)"
        " SELECT :id, payment_id, amount_minor, currency, reason, 'pending', asked_at"
        " FROM refund WHERE status = 'failed'"
    )
    sqlite = old.is_sqlite
    old.write_now(lambda s: s.execute(text(again), {"id": new_id().hex if sqlite else new_id()}))
    upgrade(old)
    assert old.read(audit) == []
    counted = "SELECT count(*) FROM order_line"
    assert old.read(lambda s: s.execute(text(counted)).scalar_one()) == 4, "rebuilding tables loses no row"
    refund_states = old.read(lambda s: sorted(each.status for each in s.scalars(select(Refund))))
    assert refund_states == ["otherwise", "pending", "pending", "pending", "settled"]
    assert len(old.read(posted)) == sum([3, 2, 5, 6, 2]), "kept, second, cancelled, failing, for nothing"
    with pytest.raises(DBAPIError, match="append-only"):
        old.write_now(lambda session: session.execute(delete(Posting)))
