"""When a parcel is expected: counted in working days from the moment of the order, by the delivery options' own times."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shop.delivery.options import DeliveryOption
from shop.profile import ShopProfile

WORKING_DAYS: Final = range(5)  # Monday to Friday; days in `closed` of the shop's profile are none


@dataclass(frozen=True, slots=True)
class Arrival:
    """The first and the last day on which it is expected, and the day that the counting began with."""

    counted_from: date
    first: date
    last: date


def expected_arrival(option: DeliveryOption, shop: ShopProfile, *, ordered_at: datetime) -> Arrival | None:
    """When goods ordered then are expected; None for an option that tells no number of working days.

    What is ordered on a day off, or later than the option's `order_by`, counts from the next working day on.
    """
    if option.working_days is None:
        return None
    local = ordered_at.astimezone(ZoneInfo(shop.time_zone))
    day, off = local.date(), frozenset(shop.closed)
    late = option.order_by is not None and local.time() >= option.order_by
    if late or not is_working_day(day, off):
        day = _later(day, 1, off)
    least, most = option.working_days
    return Arrival(day, _later(day, least, off), _later(day, most, off))


def is_working_day(day: date, off: Collection[date]) -> bool:
    """Whether parcels are sent and brought on that day."""
    return day.weekday() in WORKING_DAYS and day not in off


def _later(day: date, working_days: int, off: Collection[date]) -> date:
    while working_days:
        day += timedelta(days=1)
        working_days -= is_working_day(day, off)
    return day
