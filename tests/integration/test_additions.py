"""More for an order that is not packed yet: what it costs, what stops it, and what ends together."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.delivery.model import Conversation
from console import fulfilment
from payments import refunds, settlement
from payments.ledger.audit import audit
from payments.settlement import Outcome
from shop.cart.model import UNITS_MAX, TooMany
from shop.catalogue.model import OutOfStock, Product, Variant
from shop.money import Money
from shop.orders import additions
from shop.orders import service as orders
from shop.orders.additions import More
from shop.orders.model import NotPossible, Order, OrderStatus
from shop.orders.service import CartChanged, DeliveryChoice, Terms
from shop.payment_methods import PaymentKind
from shop.pricing.quote import Rebate
from shop.profile import ShopProfile
from storage.engine import Database
from tests.trade import NOW, customer, levels, place, stock

SHOP = ShopProfile.model_validate(
    {
        "name": "Tea & Mugs",
        "promise": "Good things.",
        "currency": "EUR",
        "country": "BE",
        "time_zone": "Europe/Brussels",
        "hours": "always",
        "delivery": [
            {
                "code": "standard",
                "label": "Standard",
                "price": "4.90",
                "time": "2 days",
                "up_to_grams": 1000,
                "heavier": [{"up_to_grams": 3000, "price": "7.40"}],
                "free_from": "50.00",
            }
        ],
        "payment_methods": [{"kind": "card"}, {"kind": "cash", "most": "40.00"}],
    }
)
STANDARD = DeliveryChoice("standard", Money(490, "EUR"), country="BE")
LATER = NOW + timedelta(hours=3)


def paid(session: Session, order: Order, reference: str = "pi_first") -> Order:
    settled = settlement.settle(
        session, order.id, provider="stripe", reference=reference, amount=order.due, at=NOW
    )
    assert settled.outcome is Outcome.PAID
    return orders.get(session, order.id)


def bought(session: Session, *, grams: int = 300, units: int = 2, terms: Terms | None = None) -> Order:
    """So many mugs, paid."""
    mug = stock(session)
    session.get_one(Variant, mug).weight_grams = grams
    return paid(session, place(session, customer(session), {mug: units}, delivery=STANDARD, terms=terms))


def more_of(session: Session, order: Order, units: int) -> More:
    return additions.look_up(session, order, order.lines[0], units, profile=SHOP)


def added(session: Session, order: Order, units: int) -> Order:
    more = more_of(session, order, units)
    return additions.place(session, order, more, agreed=more.price.total, profile=SHOP, at=NOW)


def test_more_costs_the_price_of_today_and_no_second_delivery(database: Database) -> None:
    def work(session: Session) -> tuple[int, int, tuple[int, int]]:
        order = bought(session, units=1, terms=Terms(rebates=(Rebate("pickup", amount=Money(300, "EUR")),)))
        session.get_one(Variant, order.lines[0].variant_id).price_minor = 1300
        addition = added(session, order, 2)
        assert addition.goes_along
        assert not addition.is_exchange
        paid(session, addition, "pi_second")
        assert not list(audit(session))
        return addition.total_minor, addition.delivery_minor, shelf(session)

    assert database.read(work) == (2600, 0, (10, 3))


@pytest.mark.parametrize(
    ("grams", "units", "delivery"),
    [
        pytest.param(300, 1, 0, id="as light as before"),
        pytest.param(300, 2, 250, id="heavier"),
        pytest.param(600, 3, 0, id="so much that delivery would have been free"),
    ],
)
def test_a_heavier_parcel_costs_the_difference(
    database: Database, grams: int, units: int, delivery: int
) -> None:
    def work(session: Session) -> int:
        return more_of(session, bought(session, grams=grams), units).price.delivery.minor

    assert database.read(work) == delivery


def nothing(_session: Session, _order: Order) -> None:
    pass


def freeze(_session: Session, order: Order) -> None:
    order.frozen = "disputed"


def pack(session: Session, order: Order) -> None:
    session.add(order.move(OrderStatus.PACKED, at=NOW, by="staff"))


def unpublish(session: Session, _order: Order) -> None:
    session.scalars(select(Product)).one().published = False


def make_heavy(session: Session, _order: Order) -> None:
    session.scalars(select(Variant)).one().weight_grams = 4000


def end_its_delivery(_session: Session, order: Order) -> None:
    order.delivery = "bike"


def pay_by_transfer(_session: Session, order: Order) -> None:
    order.payment_method = PaymentKind.TRANSFER


def pay_in_cash(_session: Session, order: Order) -> None:
    order.payment_method = PaymentKind.CASH


@pytest.mark.parametrize(
    ("change", "units", "refused"),
    [
        pytest.param(freeze, 1, NotPossible, id="frozen"),
        pytest.param(pack, 1, NotPossible, id="packed"),
        pytest.param(unpublish, 1, NotPossible, id="not sold any more"),
        pytest.param(make_heavy, 1, NotPossible, id="too heavy"),
        pytest.param(end_its_delivery, 1, NotPossible, id="delivery is gone"),
        pytest.param(pay_by_transfer, 1, NotPossible, id="cannot be paid so"),
        pytest.param(pay_in_cash, 4, NotPossible, id="too much in cash"),
        pytest.param(nothing, 9, OutOfStock, id="not so many there"),
        pytest.param(nothing, UNITS_MAX + 1, TooMany, id="more than anybody may order"),
    ],
)
def test_what_cannot_go_along_is_refused(
    database: Database, change: Callable[[Session, Order], None], units: int, refused: type[Exception]
) -> None:
    def work(session: Session) -> None:
        order = bought(session)
        change(session, order)
        session.flush()
        with pytest.raises(refused):
            more_of(session, order, units)

    database.read(work)


def shelf(session: Session) -> tuple[int, int]:
    """(on hand, allocated) of the only variant."""
    return levels(session, session.scalars(select(Variant.id)).one())


def test_nobody_pays_another_price_than_the_one_they_agreed_to(database: Database) -> None:
    def work(session: Session) -> tuple[int, int]:
        order = bought(session)
        agreed = more_of(session, order, 2).price.total
        session.scalars(select(Variant)).one().price_minor = 1500
        more = more_of(session, order, 2)
        with pytest.raises(CartChanged):
            additions.place(session, order, more, agreed=agreed, profile=SHOP, at=NOW)
        return shelf(session)

    assert database.read(work) == (10, 2)


def test_the_last_one_is_not_sold_twice(database: Database) -> None:
    def work(session: Session) -> tuple[int, int]:
        order = bought(session, units=9)
        more = more_of(session, order, 1)
        session.execute(update(Variant).values(allocated=10))  # somebody else was quicker
        with pytest.raises(OutOfStock):
            additions.place(session, order, more, agreed=more.price.total, profile=SHOP, at=NOW)
        return shelf(session)

    assert database.read(work) == (10, 10)


def test_what_is_added_twice_is_counted_once_each(database: Database) -> None:
    def work(session: Session) -> tuple[int, int, int]:
        order = bought(session)
        line = order.lines[0]
        first, second = added(session, order, 1), added(session, order, 2)
        in_all = additions.units_of(session, order, line)
        orders.expire(session, second, at=LATER)
        after_expiry = additions.units_of(session, order, line)
        orders.cancel(session, first, at=LATER, by="customer", why="")
        return in_all, after_expiry, additions.units_of(session, order, line)

    assert database.read(work) == (5, 3, 2)


def test_staff_who_cancel_an_order_cancel_what_goes_along_with_it(database: Database) -> None:
    def work(session: Session) -> tuple[list[OrderStatus], int, tuple[int, int]]:
        session.add(Conversation(key="web:test", started_at=NOW, updated_at=NOW))
        order = bought(session)
        mine = [paid(session, added(session, order, 1), "pi_second"), added(session, order, 1)]
        desk = fulfilment.open_order(session, order.id, notices=None, at=LATER)
        fulfilment.cancel(desk, "broken in the shop")
        back = sum(each.amount_minor for one in (order, *mine) for each in refunds.of_order(session, one.id))
        assert not list(audit(session))
        return [session.get_one(Order, each.id).status for each in (order, *mine)], back, shelf(session)

    assert database.read(work) == ([OrderStatus.CANCELLED] * 3, 2890 + 1200, (10, 0))


def test_money_that_comes_too_late_pays_it_if_the_goods_are_still_there(database: Database) -> None:
    def work(session: Session) -> OrderStatus:
        order = bought(session)
        addition: UUID = added(session, order, 1).id
        orders.expire(session, orders.get(session, addition), at=LATER)
        return paid(session, orders.get(session, addition), "pi_late").status

    assert database.read(work) is OrderStatus.PAID
