"""On which days an order is expected."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shop.arrival import expected_arrival
from shop.delivery.options import DeliveryOption
from shop.profile import ShopProfile

SHOP = ShopProfile(
    name="Kettle",
    currency="EUR",
    time_zone="Europe/Brussels",
    closed=(date(2026, 12, 25),),
    delivery=(
        DeliveryOption.model_validate(
            {"code": "standard", "label": "Standard", "price": "4.90", "time": "2–3", "working_days": [2, 3]}
        ),
        DeliveryOption.model_validate(
            {
                "code": "express",
                "label": "Express",
                "price": "9.90",
                "time": "next",
                "working_days": [1, 1],
                "order_by": "14:00",
            }
        ),
        DeliveryOption(code="pickup", label="Pickup", price=Decimal(0), time="today"),
    ),
)
STANDARD, EXPRESS, PICKUP = SHOP.delivery


@pytest.mark.parametrize(
    ("option", "ordered", "first", "last"),
    [
        (STANDARD, "2026-11-23T10:00", "2026-11-25", "2026-11-26"),  # Monday
        (STANDARD, "2026-11-26T10:00", "2026-11-30", "2026-12-01"),  # over the weekend
        (STANDARD, "2026-11-22T10:00", "2026-11-25", "2026-11-26"),  # Sunday counts from Monday on
        (STANDARD, "2026-12-23T10:00", "2026-12-28", "2026-12-29"),  # Christmas is no working day
        (EXPRESS, "2026-11-23T12:59", "2026-11-24", "2026-11-24"),  # before 14:00 in Brussels
        (EXPRESS, "2026-11-23T13:00", "2026-11-25", "2026-11-25"),
        (EXPRESS, "2026-11-27T15:00", "2026-12-01", "2026-12-01"),
        (STANDARD, "2026-11-22T23:30", "2026-11-25", "2026-11-26"),  # Monday in Brussels
    ],
)
def test_days_are_counted_as_the_shop_works(
    option: DeliveryOption, ordered: str, first: str, last: str
) -> None:
    found = expected_arrival(option, SHOP, ordered_at=datetime.fromisoformat(ordered).replace(tzinfo=UTC))
    assert found is not None
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)


def test_an_option_that_names_no_days_promises_none() -> None:
    assert expected_arrival(PICKUP, SHOP, ordered_at=datetime(2026, 11, 23, tzinfo=UTC)) is None


@given(st.integers(0, 700 * 24 * 60))
def test_nothing_is_expected_before_its_days_or_on_a_day_off(minutes: int) -> None:
    ordered = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    for option in (STANDARD, EXPRESS):
        found = expected_arrival(option, SHOP, ordered_at=ordered)
        assert found is not None
        assert (
            ordered.date()
            <= found.counted_from
            < found.first
            <= found.last
            <= ordered.date() + timedelta(days=9)
        )
        for day in (found.counted_from, found.first, found.last):
            assert day.weekday() < 5
            assert day not in SHOP.closed


def test_days_that_run_backwards_are_refused() -> None:
    with pytest.raises(ValidationError, match="larger number"):
        DeliveryOption.model_validate(
            {"code": "a", "label": "A", "price": "1", "time": "x", "working_days": [3, 2]}
        )
