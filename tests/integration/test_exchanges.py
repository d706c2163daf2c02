"""Exchanges where it is about money: discounts, tax on top, small differences, late payments, one after another."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from payments import part_refunds, refunds, settlement
from payments.exchanges import pay_with
from payments.ledger.audit import audit
from payments.settlement import Outcome
from shop.catalogue.model import OutOfStock, Variant
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import Order, OrderStatus
from shop.pricing.quote import Rebate
from shop.pricing.tax import TaxRules
from shop.profile import Returns
from shop.returns import exchange
from shop.returns import service as returns
from shop.returns.model import Wish
from shop.shipments import service as shipments
from storage.engine import Database
from tests.trade import NOW, customer, levels, place, stock

LATER = NOW + timedelta(days=1)


def sister(session: Session, variant: UUID, price_minor: int, *, on_hand: int = 5) -> UUID:
    """Another variant of the same product."""
    found = session.get_one(Variant, variant)
    other = Variant(
        product_id=found.product_id,
        options={"Size": "L"},
        option_key="l",
        price_minor=price_minor,
        currency="EUR",
        on_hand=on_hand,
    )
    session.add(other)
    session.flush()
    return other.id


def sent(session: Session, order: Order, reference: str) -> Order:
    """The order, paid for what is due of it and sent."""
    if order.status is OrderStatus.AWAITING_PAYMENT:
        settlement.settle(session, order.id, provider="stripe", reference=reference, amount=order.due, at=NOW)
    order = orders.get(session, order.id)
    shipments.move_on(session, order, OrderStatus.PACKED, at=NOW, by="staff")
    shipments.ship(session, order, at=NOW, by="staff")
    return order


def exchanged(
    session: Session, order: Order, wanted: UUID, *, tax: TaxRules | None = None, waived: int = 100
) -> Order:
    """All of the order's first line comes back, for the wanted variant; the new order."""
    line = order.lines[0]
    choice = next(
        each for each in exchange.choices(session, line, units=line.units) if each.variant_id == wanted
    )
    asked = returns.ask(
        session,
        order,
        {line.id: line.units},
        wish=Wish.EXCHANGE,
        why="unfit",
        rules=Returns(),
        at=NOW,
        wanted=choice,
    )
    returns.approve(session, asked, at=NOW, by="staff")
    worth = returns.receive(session, order, asked, sellable=True, at=NOW, by="staff")
    terms = exchange.Terms(tax=tax or TaxRules(), waived=Money(waived, "EUR"), hold_until=LATER)
    placed = exchange.place(session, order, asked, terms, at=NOW)
    order.credit(worth)
    value = min(worth, placed.due)
    pay_with(session, placed, value, parent=order, at=NOW)
    part_refunds.ask_part(session, order.id, worth - value, reason="exchanged", at=NOW)
    return orders.get(session, placed.id)


def back(session: Session, order: Order) -> int:
    return sum(each.amount_minor for each in refunds.of_order(session, order.id))


def test_a_discount_stays_with_what_is_exchanged(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session)
        large = sister(session, mug, 1500)
        terms = orders.Terms(rebates=(Rebate("pickup", percent=Decimal(10)),))
        order = sent(session, place(session, customer(session), {mug: 2}, terms=terms), "pi_1")
        placed = exchanged(session, order, large)
        assert (placed.total.minor, placed.exchanged_minor, placed.due.minor) == (2760, 2160, 600)
        assert placed.status is OrderStatus.AWAITING_PAYMENT
        assert audit(session) == []

    database.write_now(work)


def test_the_same_again_costs_nothing_more_with_tax_on_top_of_an_uneven_price(database: Database) -> None:
    tax = TaxRules(included=False, rates={"BE": Decimal(21)})

    def work(session: Session) -> None:
        mug = stock(session, price_minor=333)
        delivery = orders.DeliveryChoice("standard", Money(490, "EUR"), "BE")
        terms = orders.Terms(tax=tax)
        order = place(session, customer(session), {mug: 3}, delivery=delivery, terms=terms)
        placed = exchanged(session, sent(session, order, "pi_1"), mug, tax=tax)
        assert placed.status is OrderStatus.PAID
        assert placed.total.minor + back(session, order) == order.credited_minor
        assert audit(session) == []

    database.write_now(work)


def test_a_difference_too_small_to_be_charged_is_the_shops(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session)
        order = sent(session, place(session, customer(session), {mug: 1}), "pi_1")
        placed = exchanged(session, order, sister(session, mug, 1290))
        assert (placed.status, placed.discount_minor, placed.total.minor) == (OrderStatus.PAID, 90, 1200)
        assert audit(session) == []

    database.write_now(work)


def test_a_difference_that_comes_after_the_exchange_was_paid_back_goes_back_too(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session)
        large = sister(session, mug, 1500)
        order = sent(session, place(session, customer(session), {mug: 1}), "pi_1")
        placed = exchanged(session, order, large)
        assert levels(session, large) == (5, 1)
        assert orders.expire(session, placed, at=LATER)
        refunds.ask_all(session, placed.id, reason="exchange_unpaid", at=LATER)
        assert (back(session, placed), levels(session, large)) == (1200, (5, 0))
        late = settlement.settle(
            session, placed.id, provider="stripe", reference="pi_2", amount=Money(300, "EUR"), at=LATER
        )
        assert (late.outcome, back(session, placed)) == (Outcome.TOO_LITTLE, 1500)
        assert audit(session) == []

    database.write_now(work)


def test_what_was_exchanged_may_be_exchanged_again_and_all_of_it_goes_back_where_it_came_from(
    database: Database,
) -> None:
    def work(session: Session) -> None:
        mug = stock(session)
        large = sister(session, mug, 1500)
        first = sent(session, place(session, customer(session), {mug: 1}), "pi_1")
        second = sent(session, exchanged(session, first, large), "pi_2")
        third = exchanged(session, second, large)
        assert (third.status, third.total.minor) == (OrderStatus.PAID, 1500)
        orders.cancel(session, third, at=LATER, by="customer", why="")
        gone = refunds.ask_all(session, third.id, reason="cancelled", at=LATER)
        of_payment = {each.payment_id: each.amount_minor for each in gone}
        assert sorted(of_payment.values()) == [300, 1200]
        assert refunds.ask_all(session, second.id, reason="cancelled", at=LATER) == []
        assert audit(session) == []

    database.write_now(work)


def test_what_is_sold_out_places_no_order(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session)
        large = sister(session, mug, 1500, on_hand=1)
        order = sent(session, place(session, customer(session), {mug: 1}), "pi_1")
        line = order.lines[0]
        (choice,) = [each for each in exchange.choices(session, line, units=1) if each.variant_id == large]
        asked = returns.ask(
            session,
            order,
            {line.id: 1},
            wish=Wish.EXCHANGE,
            why="unfit",
            rules=Returns(),
            at=NOW,
            wanted=choice,
        )
        returns.approve(session, asked, at=NOW, by="staff")
        returns.receive(session, order, asked, sellable=True, at=NOW, by="staff")
        place(session, customer(session, "Bo"), {large: 1})
        terms = exchange.Terms(tax=TaxRules(), waived=Money(0, "EUR"), hold_until=LATER)
        with pytest.raises(OutOfStock):
            exchange.place(session, order, asked, terms, at=NOW)
        assert levels(session, large) == (1, 1)

    database.write_now(work)
