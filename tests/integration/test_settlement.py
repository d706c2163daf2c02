"""Carts, orders, payments and refunds, on both databases: what is paid is sent or goes back, and stock is right."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import refunds, settlement
from payments.ledger.audit import audit
from payments.ledger.model import Account
from payments.model import Payment, Refund, RefundStatus
from payments.refunds import NotFailed, OverRefund
from payments.settlement import Outcome
from shop.cart import service as carts
from shop.cart.model import UNITS_MAX, TooMany
from shop.catalogue.model import OutOfStock, Product, Variant
from shop.customers.model import Customer
from shop.errors import Refused
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import NotPossible, Order, OrderStatus
from shop.orders.service import CartChanged, CartEmpty, DeliveryChoice, NoSuchOrder
from shop.shipments import service as shipments
from storage.engine import Database
from tests.trade import HOLD, NOW, add, customer, history, in_cart, levels, place, stock

LATER = NOW + HOLD + timedelta(minutes=1)
TOTAL = Money(2890, "EUR")  # two mugs and their delivery


def pay(
    session: Session, order: UUID, reference: str = "pi_1", amount: Money = TOTAL, provider: str = "stripe"
) -> settlement.Settlement:
    return settlement.settle(
        session, order, provider=provider, reference=reference, amount=amount, at=NOW + timedelta(minutes=5)
    )


def ordered(session: Session, *, on_hand: int = 10) -> tuple[UUID, UUID]:
    """Somebody's order of two mugs: (order, variant)."""
    mug = stock(session, on_hand=on_hand)
    return place(session, customer(session), {mug: 2}).id, mug


def money(session: Session) -> tuple[int, int]:
    """What came in, and what went or is going back."""
    taken = sum(payment.amount_minor for payment in session.scalars(select(Payment)))
    back = sum(refund.amount_minor for refund in session.scalars(select(Refund)) if refund.status != "failed")
    return taken, back


@contextmanager
def refused(error: type[Refused], **facts: Any) -> Generator[None]:
    with pytest.raises(error) as caught:
        yield
    assert {name: caught.value.facts[name] for name in facts} == facts


# ---------------------------------------------------------------------- placing


def test_placing_freezes_prices_holds_stock_and_empties_the_cart(database: Database) -> None:
    def work(session: Session) -> None:
        mug, ana = stock(session), customer(session)
        order = place(session, ana, {mug: 2})
        assert (order.items_minor, order.delivery_minor, order.total) == (2400, 490, TOTAL)
        assert order.status is OrderStatus.AWAITING_PAYMENT
        assert (order.placed_at, order.hold_until) == (NOW, NOW + HOLD)
        assert levels(session, mug) == (10, 2)
        assert in_cart(session, ana) == {}
        session.get_one(Variant, mug).price_minor = 9900
        session.flush()
        again = orders.get(session, order.id)
        assert again.total == TOTAL
        assert [(line.title, line.units, line.unit_price_minor) for line in again.lines] == [("Mug", 2, 1200)]

    database.write_now(work)


def test_an_empty_cart_cannot_be_ordered(database: Database) -> None:
    with refused(CartEmpty):
        database.write_now(lambda session: place(session, customer(session)))


def cart_of_two(session: Session) -> tuple[UUID, UUID, UUID]:
    """Two mugs and a plate in a cart: (person, mug, plate)."""
    ana = customer(session)
    mug, plate = stock(session), stock(session, "plate", price_minor=1800)
    add(session, ana, mug, 2)
    add(session, ana, plate, 1)
    return ana, mug, plate


def dearer(variant: Variant, _product: Product) -> None:
    variant.price_minor += 100


def fewer(variant: Variant, _product: Product) -> None:
    variant.on_hand = 1


def gone(variant: Variant, _product: Product) -> None:
    variant.on_hand = 0


def hidden(_variant: Variant, product: Product) -> None:
    product.published = False


def hidden_variant(variant: Variant, _product: Product) -> None:
    variant.published = False


@pytest.mark.parametrize(
    ("change", "problem", "free", "error"),
    [
        (dearer, "price_changed", None, CartChanged),
        (fewer, "fewer_left", 1, OutOfStock),
        (gone, "sold_out", 0, OutOfStock),
        (hidden, "unpublished", None, CartChanged),
        (hidden_variant, "unpublished", None, CartChanged),
    ],
)
def test_a_cart_that_can_no_longer_be_had_as_agreed_is_reported_and_not_placed(
    database: Database,
    change: Callable[[Variant, Product], None],
    problem: str,
    free: int | None,
    error: type[Exception],
) -> None:
    def work(session: Session) -> None:
        ana, mug, plate = cart_of_two(session)
        variant = session.get_one(Variant, mug)
        change(variant, session.get_one(Product, variant.product_id))
        session.flush()
        found = carts.problems(carts.lines(session, session.get_one(Customer, ana)))
        assert [(each.kind, each.line.variant_id, each.free) for each in found] == [(problem, mug, free)]
        with pytest.raises(error):
            place(session, ana)
        assert session.scalars(select(Order)).all() == [], "nothing was placed"
        assert in_cart(session, ana) == {mug: 2, plate: 1}, "and the cart is as it was"
        assert levels(session, mug)[1] == levels(session, plate)[1] == 0

    database.write_now(work)


def test_a_cart_takes_no_more_than_is_free_nor_more_than_anyone_means(database: Database) -> None:
    def work(session: Session) -> None:
        ana, mug = customer(session), stock(session, on_hand=3)
        endless = stock(session, "card", tracked=False)
        add(session, ana, mug, 2)
        with refused(OutOfStock, free=3, asked=4, title="Mug"):
            add(session, ana, mug, 2)
        with refused(TooMany, most=UNITS_MAX):
            add(session, ana, endless, UNITS_MAX + 1)
        add(session, ana, endless, UNITS_MAX)
        assert in_cart(session, ana) == {mug: 2, endless: UNITS_MAX}

    database.write_now(work)


def test_what_others_have_ordered_is_no_longer_free(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session, on_hand=3)
        place(session, customer(session), {mug: 2})
        with refused(OutOfStock, free=1, asked=2):
            add(session, customer(session, "Bo"), mug, 2)

    database.write_now(work)


# ---------------------------------------------------------------------- an order's life


def test_an_order_is_paid_packed_shipped_and_leaves_the_stock_when_it_ships(database: Database) -> None:
    def work(session: Session) -> None:
        order_id, mug = ordered(session)
        assert pay(session, order_id).outcome is Outcome.PAID
        order = orders.get(session, order_id)
        for status, expected in [
            (OrderStatus.PACKED, (10, 2)),
            (OrderStatus.SHIPPED, (8, 0)),
            (OrderStatus.DELIVERED, (8, 0)),
            (OrderStatus.COMPLETED, (8, 0)),
        ]:
            shipments.move_on(session, order, status, at=NOW, by="staff")
            session.flush()
            assert levels(session, mug) == expected
        assert history(session, order_id) == [
            ("awaiting_payment", "paid", "stripe"),
            ("paid", "packed", "staff"),
            ("packed", "shipped", "staff"),
            ("shipped", "delivered", "staff"),
            ("delivered", "completed", "staff"),
        ]

    database.write_now(work)


@pytest.mark.parametrize("endless", ["tracked", "oversell"])
def test_goods_that_never_run_out_ship_too(database: Database, endless: str) -> None:
    def work(session: Session) -> None:
        mug = stock(session, on_hand=0, tracked=endless != "tracked", oversell=endless == "oversell")
        order = place(session, customer(session), {mug: 2})
        pay(session, order.id)
        for status in (OrderStatus.PACKED, OrderStatus.SHIPPED):
            shipments.move_on(session, order, status, at=NOW, by="staff")
        session.flush()
        assert levels(session, mug) == ((0, 0) if endless == "tracked" else (-2, 0))

    database.write_now(work)


@pytest.mark.parametrize("paid", [False, True], ids=["unpaid", "paid"])
def test_a_cancelled_order_gives_its_stock_back_once_and_says_whether_money_must_follow(
    database: Database, paid: bool
) -> None:
    def work(session: Session) -> None:
        order_id, mug = ordered(session)
        if paid:
            pay(session, order_id)
        order = orders.get(session, order_id)
        assert orders.cancel(session, order, at=NOW, by="customer", why="changed my mind") is paid
        assert levels(session, mug) == (10, 0)
        with pytest.raises(NotPossible):
            orders.cancel(session, order, at=NOW, by="customer", why="again")
        assert levels(session, mug) == (10, 0)

    database.write_now(work)


def test_an_unpaid_order_expires_once_and_a_paid_one_never(database: Database) -> None:
    def work(session: Session) -> None:
        order_id, mug = ordered(session)
        order = orders.get(session, order_id)
        assert orders.expire(session, order, at=LATER)
        assert not orders.expire(session, order, at=LATER)
        assert levels(session, mug) == (10, 0)
        paid = place(session, customer(session, "Bo"), {mug: 1})
        pay(session, paid.id, "pi_2", paid.total)
        assert not orders.expire(session, paid, at=LATER)
        assert levels(session, mug) == (10, 1)

    database.write_now(work)


def test_what_is_packed_can_not_be_cancelled_any_more(database: Database) -> None:
    def work(session: Session) -> None:
        order_id, mug = ordered(session)
        pay(session, order_id)
        order = orders.get(session, order_id)
        shipments.move_on(session, order, OrderStatus.PACKED, at=NOW, by="staff")
        with refused(NotPossible, status="packed", wanted="cancelled"):
            orders.cancel(session, order, at=NOW, by="customer", why="late")
        assert levels(session, mug) == (10, 2)

    database.write_now(work)


def test_an_order_taken_back_puts_its_goods_into_the_cart_beside_what_is_there(database: Database) -> None:
    def work(session: Session) -> None:
        ana, mug, plate = cart_of_two(session)
        order = place(session, ana)
        add(session, ana, plate, 1)
        orders.cancel(session, order, at=NOW, by="provider", why="no payment page")
        orders.return_to_cart(session, order, at=NOW)
        assert in_cart(session, ana) == {mug: 2, plate: 2}
        assert carts.problems(carts.lines(session, session.get_one(Customer, ana))) == []

    database.write_now(work)


def test_goods_that_come_back_into_the_cart_keep_their_order_and_the_price_that_was_agreed(
    database: Database,
) -> None:
    def work(session: Session) -> None:
        ana = customer(session)
        goods = [stock(session, f"thing-{number}") for number in range(5)]
        for number, thing in enumerate(reversed(goods)):
            carts.restore(
                session,
                ana,
                thing,
                units=1,
                price_seen_minor=1200,
                at=NOW + timedelta(seconds=number),
            )
        order = place(session, ana)
        session.get_one(Variant, goods[0]).price_minor = 1300
        orders.cancel(session, order, at=NOW, by="provider", why="no payment page")
        orders.return_to_cart(session, order, at=NOW)
        assert list(in_cart(session, ana)) == list(reversed(goods))
        session.expire_all()
        (problem,) = carts.problems(carts.lines(session, session.get_one(Customer, ana)))
        assert (problem.kind, problem.line.variant_id) == ("price_changed", goods[0])

    database.write_now(work)


def test_an_unknown_order_is_an_error_that_says_so(database: Database) -> None:
    unknown = uuid4()
    with pytest.raises(NoSuchOrder, match=str(unknown)):
        database.write_now(lambda session: orders.get(session, unknown))
    with pytest.raises(NoSuchOrder):
        database.write_now(lambda session: pay(session, unknown))
    assert database.read(money) == (0, 0)


# ---------------------------------------------------------------------- payments


def test_the_same_payment_told_again_and_again_counts_once(database: Database) -> None:
    order_id, mug = database.write_now(ordered)
    outcomes = [database.write_now(lambda session: pay(session, order_id)).outcome for _ in range(3)]
    assert outcomes == [Outcome.PAID, Outcome.KNOWN, Outcome.KNOWN]
    assert database.read(money) == (2890, 0)
    assert database.read(lambda session: levels(session, mug)) == (10, 2)


@pytest.mark.parametrize(
    ("amount", "outcome"),
    [
        (Money(2889, "EUR"), "too_little"),
        (Money(2890, "USD"), "other_currency"),
        (Money(9999, "USD"), "other_currency"),
    ],
)
def test_too_little_or_another_currency_goes_back_in_full_and_the_order_still_waits(
    database: Database, amount: Money, outcome: str
) -> None:
    order_id, mug = database.write_now(ordered)
    result = database.write_now(lambda session: pay(session, order_id, "pi_wrong", amount))
    assert (result.outcome, result.is_paid) == (outcome, False)
    assert result.refund is not None
    assert (result.refund.amount, result.refund.reason) == (amount, outcome)
    assert result.refund.status is RefundStatus.PENDING
    assert (
        database.read(lambda session: orders.get(session, order_id, lock=False).status) == "awaiting_payment"
    )
    assert database.write_now(lambda session: pay(session, order_id, "pi_right")).outcome is Outcome.PAID
    assert database.read(lambda session: levels(session, mug)) == (10, 2)
    assert database.read(audit) == []


def test_too_much_pays_the_order_and_what_is_over_goes_back(database: Database) -> None:
    order_id, _ = database.write_now(ordered)
    result = database.write_now(lambda session: pay(session, order_id, amount=Money(3000, "EUR")))
    assert (result.outcome, result.is_paid) == (Outcome.TOO_MUCH, True)
    assert result.refund is not None
    assert (result.refund.amount, result.refund.reason) == (Money(110, "EUR"), "too_much")
    assert result.order.status is OrderStatus.PAID
    assert (
        database.write_now(lambda session: pay(session, order_id, amount=Money(3000, "EUR"))).refund is None
    )
    assert database.read(money) == (3000, 110)
    assert database.read(audit) == []


@pytest.mark.parametrize(
    "reached", [OrderStatus.PAID, OrderStatus.PACKED, OrderStatus.SHIPPED, OrderStatus.COMPLETED]
)
def test_a_second_payment_goes_back_however_far_the_order_is(
    database: Database, reached: OrderStatus
) -> None:
    def work(session: Session) -> None:
        order_id, _ = ordered(session)
        pay(session, order_id)
        order = orders.get(session, order_id)
        for status in (OrderStatus.PACKED, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED):
            if order.status is reached:
                break
            shipments.move_on(session, order, status, at=NOW, by="staff")
        second = pay(session, order_id, "pi_second")
        assert second.outcome is Outcome.ALREADY_PAID
        assert second.refund is not None
        assert (second.refund.amount, second.refund.reason) == (TOTAL, "already_paid")
        assert order.status is reached
        assert money(session) == (5780, 2890)

    database.write_now(work)


def test_a_late_payment_is_accepted_while_the_stock_is_still_there(database: Database) -> None:
    def work(session: Session) -> None:
        order_id, mug = ordered(session, on_hand=2)
        orders.expire(session, orders.get(session, order_id), at=LATER)
        assert pay(session, order_id).outcome is Outcome.PAID
        assert levels(session, mug) == (2, 2)
        assert [move[:2] for move in history(session, order_id)] == [
            ("awaiting_payment", "expired"),
            ("expired", "paid"),
        ]

    database.write_now(work)


def test_a_late_payment_is_refunded_with_its_reason_when_the_stock_is_gone(database: Database) -> None:
    def work(session: Session) -> None:
        order_id, mug = ordered(session, on_hand=2)
        orders.expire(session, orders.get(session, order_id), at=LATER)
        place(session, customer(session, "Bo"), {mug: 1}, at=LATER)
        result = pay(session, order_id)
        assert result.outcome is Outcome.TOO_LATE
        assert result.order.status is OrderStatus.EXPIRED
        assert result.refund is not None
        assert (result.refund.amount, result.refund.reason) == (TOTAL, "too_late")
        assert levels(session, mug) == (2, 1), "nothing of it was taken"
        assert pay(session, order_id).outcome is Outcome.KNOWN, "told again, it is not refunded again"
        assert money(session) == (2890, 2890)

    database.write_now(work)


def test_a_late_payment_takes_all_of_its_stock_or_none(database: Database) -> None:
    def work(session: Session) -> None:
        ana, mug, plate = cart_of_two(session)
        order = place(session, ana)
        orders.expire(session, order, at=LATER)
        session.get_one(Variant, plate).on_hand = 0
        session.flush()
        assert pay(session, order.id, "pi_1", order.total).outcome is Outcome.TOO_LATE
        assert levels(session, mug) == (10, 0)
        assert levels(session, plate) == (0, 0)

    database.write_now(work)


def test_a_payment_for_a_cancelled_order_goes_back(database: Database) -> None:
    def work(session: Session) -> None:
        order_id, mug = ordered(session)
        orders.cancel(session, orders.get(session, order_id), at=NOW, by="customer", why="changed my mind")
        result = pay(session, order_id)
        assert result.outcome is Outcome.TOO_LATE
        assert result.refund is not None
        assert levels(session, mug) == (10, 0)

    database.write_now(work)


def test_money_that_came_for_no_order_is_kept_and_asked_back_once(database: Database) -> None:
    def work(session: Session) -> list[Refund | None]:
        return [
            settlement.give_back(
                session, provider="telegram", reference="ch_1", amount=Money(500, "EUR"), at=NOW
            )
            for _ in range(2)
        ]

    first, again = database.write_now(work)
    assert again is None
    assert first is not None
    assert (first.amount, first.reason, first.status) == (Money(500, "EUR"), "no_order", RefundStatus.PENDING)
    assert database.read(
        lambda session: [payment.order_id for payment in session.scalars(select(Payment))]
    ) == [None]


def test_telegram_payments_are_refunded_by_charge_and_stripe_ones_by_payment(database: Database) -> None:
    def work(session: Session) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []
        for provider, reference in (("telegram", "ch_1"), ("stripe", "pi_1")):
            refund = settlement.give_back(
                session, provider=provider, reference=reference, amount=Money(500, "EUR"), at=NOW
            )
            assert refund is not None
            calls.append(refunds.call_arguments(session, refund, conversation="web:test"))
        return calls

    by_charge, by_intent = database.write_now(work)
    assert (by_charge["charge"], by_charge["amount"]) == ("ch_1", 500)
    assert (by_intent["payment_intent"], by_intent["metadata"]["conversation"]) == ("pi_1", "web:test")
    assert by_intent["reason"] in refunds.STRIPE_REASONS


# ---------------------------------------------------------------------- refunds


def paid(session: Session) -> Payment:
    order_id, _ = ordered(session)
    pay(session, order_id)
    return session.scalars(select(Payment)).one()


def provider(status: str, *, reference: str = "re_1", failure: str | None = None) -> dict[str, Any]:
    return {"id": reference, "status": status, "failure_reason": failure}


def test_no_more_goes_back_than_came(database: Database) -> None:
    def work(session: Session) -> None:
        payment = paid(session)
        refunds.ask(session, payment, reason="damaged", at=NOW, amount_minor=1000)
        with refused(OverRefund, left=1890, asked=1891):
            refunds.ask(session, payment, reason="damaged", at=NOW, amount_minor=1891)
        for nothing in (0, -5):
            with refused(OverRefund, asked=nothing):
                refunds.ask(session, payment, reason="damaged", at=NOW, amount_minor=nothing)
        rest = refunds.ask(session, payment, reason="damaged", at=NOW)
        assert rest.amount == Money(1890, "EUR")
        with refused(OverRefund, left=0):
            refunds.ask(session, payment, reason="damaged", at=NOW)
        assert money(session) == (2890, 2890)

    database.write_now(work)


STORIES = {
    "at once": (["succeeded"], "settled", [True]),
    "told twice": (["succeeded", "succeeded"], "settled", [True, False]),
    "pending first": (["pending", "succeeded"], "settled", [False, True]),
    "a late pending": (["succeeded", "pending"], "settled", [True, False]),
    "sent back by the bank": (["succeeded", "failed"], "failed", [True, True]),
    "a late success after the failure": (["failed", "succeeded"], "failed", [True, False]),
    "cancelled": (["pending", "canceled"], "failed", [False, True]),
    "waits for the customer": (["requires_action"], "pending", [False]),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_refund_follows_what_the_provider_says_in_whatever_order_it_says_it(
    database: Database, story: str
) -> None:
    told, end, news = STORIES[story]

    def work(session: Session) -> None:
        refund = refunds.ask(session, paid(session), reason="cancelled", at=NOW)
        changed = [
            refunds.record(session, refund.id, provider(status, failure="bank said no"), at=NOW)
            for status in told
        ]
        assert [change is not None for change in changed] == news
        assert refund.status == end
        assert refund.reference == "re_1"
        assert (refund.settled_at is not None) == (end == "settled")
        assert audit(session) == []
        assert [failed.id for failed, _ in refunds.failed(session)] == (
            [refund.id] if end == "failed" else []
        )

    database.write_now(work)


def test_giving_up_on_a_refund_is_undone_by_the_provider_saying_that_it_was_made(database: Database) -> None:
    def work(session: Session) -> None:
        refund = refunds.ask(session, paid(session), reason="cancelled", at=NOW)
        assert refunds.fail(session, refund.id, error="no answer for an hour", unsure=True, at=NOW) is refund
        assert refund.status is RefundStatus.FAILED
        assert refunds.record(session, refund.id, provider("succeeded"), at=NOW) is refund
        assert refund.status is RefundStatus.SETTLED
        assert refunds.failed(session) == []

    database.write_now(work)


def test_giving_up_does_not_undo_a_refund_that_the_provider_has_confirmed(database: Database) -> None:
    def work(session: Session) -> None:
        refund = refunds.ask(session, paid(session), reason="cancelled", at=NOW)
        refunds.record(session, refund.id, provider("succeeded"), at=NOW)
        assert refunds.fail(session, refund.id, error="no answer for an hour", unsure=True, at=NOW) is None
        assert refund.status is RefundStatus.SETTLED

    database.write_now(work)


@pytest.mark.parametrize("unsure", [True, False], ids=["we gave up asking", "it was refused"])
def test_a_failed_refund_is_sent_once_more_and_never_twice_under_another_key(
    database: Database, unsure: bool
) -> None:
    def work(session: Session) -> None:
        payment = paid(session)
        refund = refunds.ask(session, payment, reason="cancelled", at=NOW)
        key = refunds.key_of(refund)
        refunds.fail(session, refund.id, error="expired_or_canceled_card", unsure=unsure, at=NOW)
        with refused(OverRefund, left=0):
            refunds.ask(session, payment, reason="cancelled", at=NOW)
        again = refunds.retry(session, refund.id, by="staff", at=NOW)
        assert (again.status, refunds.key_of(again) == key) == (RefundStatus.PENDING, unsure)
        with refused(NotFailed):
            refunds.retry(session, refund.id, by="staff", at=NOW)
        assert refunds.failed(session) == [], "it is being dealt with"
        assert audit(session) == []

    database.write_now(work)


def test_late_word_of_an_attempt_that_failed_does_not_touch_the_next_one(database: Database) -> None:
    def work(session: Session) -> None:
        refund = refunds.ask(session, paid(session), reason="cancelled", at=NOW)
        for status in ("succeeded", "failed"):
            refunds.record(session, refund.id, provider(status), at=NOW)
        refunds.retry(session, refund.id, by="staff", at=NOW)
        assert refunds.record(session, refund.id, provider("failed"), at=NOW) is None
        second = provider("succeeded", reference="re_2") | {"metadata": {"attempt": "2"}}
        assert refunds.record(session, refund.id, second, at=NOW) is refund
        assert (refund.status, refund.reference) == (RefundStatus.SETTLED, "re_2")
        assert audit(session) == []

    database.write_now(work)


def test_what_the_provider_cannot_give_back_staff_give_out_of_the_till(database: Database) -> None:
    def work(session: Session) -> None:
        refund = refunds.ask(session, paid(session), reason="cancelled", at=NOW)
        refunds.fail(session, refund.id, error="closed account", unsure=False, at=NOW)
        refunds.give_otherwise(
            session, refund.id, out_of=Account.CASH, by="staff", at=NOW, note="at the counter"
        )
        assert refunds.record(session, refund.id, provider("succeeded"), at=NOW) is None
        assert audit(session) == []
        with refused(NotFailed):
            refunds.give_otherwise(session, refund.id, out_of=Account.CASH, by="staff", at=NOW, note="again")

    database.write_now(work)


# ---------------------------------------------------------------------- at the same time


def all_at_once(database: Database, works: list[Callable[[Session], Any]]) -> list[Future[Any]]:
    """Start every work at the same moment, each in a transaction of its own."""
    start = Barrier(len(works))

    def run(work: Callable[[Session], Any]) -> Any:
        start.wait()
        return database.write_now(work)

    with ThreadPoolExecutor(len(works)) as pool:
        return [pool.submit(run, work) for work in works]


def failures(results: list[Future[Any]]) -> Counter[type[BaseException]]:
    return Counter(type(error) for result in results if (error := result.exception()) is not None)


@pytest.fixture
def busy(database_url: str) -> Iterator[Database]:
    """A database with as many workers as people storm it."""
    database = Database.open(database_url, workers=12)
    yield database
    database.close()


def test_fifty_buyers_of_ten_things_buy_exactly_ten(busy: Database) -> None:
    mug = busy.write_now(lambda session: stock(session, on_hand=10))

    def eager(session: Session) -> UUID:
        """Their cart was filled while there was enough."""
        ana = customer(session)
        carts.restore(session, ana, mug, units=1, price_seen_minor=1200, at=NOW)
        return ana

    people = [busy.write_now(eager) for _ in range(50)]
    results = all_at_once(busy, [lambda session, ana=ana: place(session, ana).id for ana in people])
    assert failures(results) == {OutOfStock: 40}
    assert busy.read(lambda session: levels(session, mug)) == (10, 10)
    assert busy.read(lambda session: len(session.scalars(select(Order)).all())) == 10


def test_two_late_payments_for_the_last_unit_leave_one_with_the_goods_and_one_with_the_money(
    busy: Database,
) -> None:
    def expired(session: Session) -> tuple[UUID, list[UUID]]:
        mug = stock(session, on_hand=1)
        placed: list[UUID] = []
        for name in ("Ana", "Bo"):
            order = place(session, customer(session, name), {mug: 1})
            orders.expire(session, order, at=LATER)
            session.flush()
            placed.append(order.id)
        return mug, placed

    mug, placed = busy.write_now(expired)
    results = all_at_once(
        busy,
        [
            lambda session, order=order: pay(session, order, f"pi_{order}", Money(1690, "EUR"))
            for order in placed
        ],
    )
    assert sorted(result.result().outcome for result in results) == [Outcome.PAID, Outcome.TOO_LATE]
    assert busy.read(lambda session: levels(session, mug)) == (1, 1)
    assert busy.read(money) == (3380, 1690)


def test_of_fifty_late_payers_for_ten_things_ten_get_the_goods_and_forty_their_money(busy: Database) -> None:
    def expired(session: Session) -> tuple[UUID, list[UUID]]:
        mug = stock(session, on_hand=10)
        placed: list[UUID] = []
        for number in range(50):
            order = place(session, customer(session, f"Buyer {number}"), {mug: 1})
            orders.expire(session, order, at=LATER)
            session.flush()
            placed.append(order.id)
        return mug, placed

    mug, placed = busy.write_now(expired)
    results = all_at_once(
        busy,
        [
            lambda session, order=order: pay(session, order, f"pi_{order}", Money(1690, "EUR"))
            for order in placed
        ],
    )
    assert Counter(result.result().outcome for result in results) == {Outcome.PAID: 10, Outcome.TOO_LATE: 40}
    assert busy.read(lambda session: levels(session, mug)) == (10, 10)
    assert busy.read(money) == (50 * 1690, 40 * 1690)
    assert busy.read(audit) == []


def test_one_payment_told_by_many_at_the_same_moment_counts_once(busy: Database) -> None:
    order_id, _ = busy.write_now(ordered)
    results = all_at_once(busy, [lambda session: pay(session, order_id)] * 8)
    assert Counter(result.result().outcome for result in results) == {Outcome.PAID: 1, Outcome.KNOWN: 7}
    assert busy.read(money) == (2890, 0)


def test_paying_and_cancelling_at_the_same_moment_leaves_goods_or_money_never_neither(busy: Database) -> None:
    def cancel(session: Session, order_id: UUID) -> None:
        order = orders.get(session, order_id)
        orders.cancel(session, order, at=NOW, by="customer", why="changed my mind")
        for payment in refunds.payments_of(session, order_id):
            refunds.ask(session, payment, reason="cancelled", at=NOW)

    for _ in range(5):
        order_id = busy.write_now(
            lambda session: place(session, customer(session), {stock(session, uuid4().hex): 2}).id
        )
        all_at_once(
            busy,
            [
                lambda session, order_id=order_id: pay(session, order_id, f"pi_{order_id}"),
                lambda session, order_id=order_id: cancel(session, order_id),
            ],
        )
    taken, back = busy.read(money)
    assert taken == back == 5 * 2890


def test_a_cancelled_order_is_not_packed_by_someone_who_read_it_before(postgres_url: str) -> None:
    """Staff read the order, the customer cancels it, staff lock it: what counts is what they see then."""
    database = Database.open(postgres_url)
    order_id, _ = database.write_now(ordered)
    database.write_now(lambda session: pay(session, order_id))

    def staff(session: Session) -> None:
        read_before = orders.get(session, order_id, lock=False)
        assert read_before.status is OrderStatus.PAID
        database.write_now(
            lambda other: orders.cancel(
                other, orders.get(other, order_id), at=NOW, by="customer", why="changed my mind"
            )
        )
        shipments.move_on(session, orders.get(session, order_id), OrderStatus.PACKED, at=NOW, by="staff")

    with refused(NotPossible, status="cancelled", wanted="packed"):
        database.write_now(staff)
    database.close()


def test_two_who_give_back_at_the_same_moment_give_back_once(busy: Database) -> None:
    payment_id = busy.write_now(lambda session: paid(session).id)
    results = all_at_once(
        busy,
        [
            lambda session: (
                refunds.ask(
                    session, session.get_one(Payment, payment_id), reason="cancelled", at=NOW
                ).amount_minor
            )
        ]
        * 8,
    )
    assert failures(results) == {OverRefund: 7}
    assert busy.read(money) == (2890, 2890)


def test_orders_of_the_same_goods_in_opposite_order_never_wait_for_each_other(busy: Database) -> None:
    def goods(session: Session) -> list[UUID]:
        return [stock(session, f"thing-{number}", on_hand=100) for number in range(4)]

    things = busy.write_now(goods)

    def eager(session: Session, basket: list[UUID]) -> UUID:
        ana = customer(session)
        for thing in basket:
            carts.restore(session, ana, thing, units=1, price_seen_minor=1200, at=NOW)
        return ana

    baskets = [things if number % 2 else things[::-1] for number in range(10)]
    people = [busy.write_now(lambda session, basket=basket: eager(session, basket)) for basket in baskets]
    results = all_at_once(busy, [lambda session, ana=ana: place(session, ana).id for ana in people])
    assert not failures(results)
    assert [busy.read(lambda session, thing=thing: levels(session, thing)) for thing in things] == [
        (100, 10)
    ] * 4


def test_an_order_needs_no_delivery_price(database: Database) -> None:
    def work(session: Session) -> Money:
        free = DeliveryChoice("pickup", Money(0, "EUR"))
        return place(session, customer(session), {stock(session): 1}, delivery=free).total

    assert database.write_now(work) == Money(1200, "EUR")
