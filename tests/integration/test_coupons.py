"""Coupons: each refusal has its reason, the last use goes to one, and an order that comes to nothing gives it back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from payments import settlement
from shop.customers.model import Customer
from shop.money import Money
from shop.orders import service as orders
from shop.orders.service import Terms
from shop.pricing.quote import Goods
from shop.promotions import service as promotions
from shop.promotions.model import Coupon
from shop.promotions.service import CouponRefused
from storage.engine import Database
from tests.trade import HOLD, NOW, customer, place, stock

MUGS = [Goods(2, Money(1200, "EUR"), category="Mugs", handle="mug")]


def offer(session: Session, code: str = "TEN", **conditions: Any) -> Coupon:
    given = {"percent": 10} if "amount_minor" not in conditions else {}
    return promotions.add(session, Coupon(code=code, currency="EUR", created_at=NOW, **given, **conditions))


def ordered(session: Session, person: UUID, variant: UUID, code: str = "TEN") -> UUID:
    coupon = promotions.find(session, code)
    assert coupon is not None
    return place(session, person, {variant: 1}, terms=Terms(rebates=(coupon.rebate,))).id


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"starts_at": NOW + timedelta(days=1)}, "not_yet"),
        ({"ends_at": NOW}, "over"),
        ({"uses_max": 0}, "used_up"),
        ({"uses_per_customer_max": 0}, "used_by_you"),
        ({"categories": ["Tea"]}, "not_these"),
        ({"minimum_minor": 2500}, "too_little"),
        ({"categories": ["mugs"], "minimum_minor": 2400}, None),
        ({"handles": ["mug"], "amount_minor": 500, "minimum_minor": 600}, None),
    ],
)
def test_a_coupon_that_does_not_hold_says_why(
    database: Database, conditions: dict[str, Any], reason: str | None
) -> None:
    def work(session: Session) -> str | None:
        coupon = offer(session, **conditions)
        person = session.get_one(Customer, customer(session))
        try:
            promotions.check(session, coupon, person, MUGS, at=NOW)
        except CouponRefused as refused:
            missing = refused.facts.get("missing")
            return refused.reason if missing in {None, Money(100, "EUR")} else f"{missing}"
        return None

    assert database.read(work) == reason


def test_after_five_codes_that_are_none_even_a_real_one_has_to_wait_an_hour(database: Database) -> None:
    def work(session: Session) -> None:
        offer(session)
        guesser, other = (session.get_one(Customer, customer(session, name)) for name in ("Gus", "Ana"))
        for guess in range(5):
            with pytest.raises(CouponRefused, match="unknown"):
                promotions.look_up(session, f"GUESS{guess}", guesser, at=NOW)
        with pytest.raises(CouponRefused, match="too_many_tries"):
            promotions.look_up(session, "TEN", guesser, at=NOW + timedelta(minutes=59))
        assert promotions.look_up(session, "ten", other, at=NOW).code == "TEN"
        assert promotions.look_up(session, "TEN", guesser, at=NOW + timedelta(minutes=61)).code == "TEN"

    database.read(work)


def test_a_first_order_coupon_is_for_one_order_even_before_it_is_paid(database: Database) -> None:
    def work(session: Session) -> None:
        offer(session, first_order_only=True)
        person, mug = customer(session), stock(session)
        ordered(session, person, mug)
        with pytest.raises(CouponRefused, match="used_by_you"):
            ordered(session, person, mug)

    database.read(work)


def test_the_last_use_goes_to_one_of_two_who_order_at_once(database: Database) -> None:
    def prepare(session: Session) -> tuple[UUID, list[UUID]]:
        offer(session, uses_max=1)
        return stock(session), [customer(session, name) for name in ("Ana", "Bo")]

    mug, people = database.write_now(prepare)

    def buy(person: UUID) -> str:
        try:
            database.write_now(lambda session: ordered(session, person, mug))
        except CouponRefused as refused:
            return refused.reason
        return "placed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(buy, people)) == ["placed", "used_up"]


@pytest.mark.parametrize("ending", ["expired", "cancelled", "cancelled when paid", "paid"])
def test_an_order_that_comes_to_nothing_gives_its_coupon_back(database: Database, ending: str) -> None:
    def work(session: Session) -> int:
        offer(session)
        order = orders.get(session, ordered(session, customer(session), stock(session)))
        if ending.endswith("paid"):
            settlement.settle(
                session, order.id, provider="stripe", reference="pi_1", amount=order.total, at=NOW
            )
        if ending == "expired":
            assert orders.expire(session, order, at=NOW + HOLD)
        elif ending.startswith("cancelled"):
            orders.cancel(session, order, at=NOW, by="customer", why="")
        session.flush()
        ((_, uses),) = promotions.listed(session)
        return uses

    assert database.read(work) == (1 if ending == "paid" else 0)


def test_a_late_payment_goes_back_when_the_coupon_was_used_up_meanwhile(database: Database) -> None:
    def work(session: Session) -> settlement.Outcome:
        offer(session, uses_max=1)
        mug = stock(session)
        late = orders.get(session, ordered(session, customer(session), mug))
        orders.expire(session, late, at=NOW + HOLD)
        ordered(session, customer(session, "Bo"), mug)
        settled = settlement.settle(
            session, late.id, provider="stripe", reference="pi_1", amount=late.total, at=NOW + 2 * HOLD
        )
        return settled.outcome

    assert database.read(work) is settlement.Outcome.TOO_LATE
