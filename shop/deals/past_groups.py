"""What past groups of deals tell: for how long each could be joined, how often it was, and at what discount."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from shop.catalogue.model import Variant
from shop.deals.model import DealGroup, GroupEvent, GroupHappening, GroupStatus
from storage.sums import total

PAST_GROUPS_MAX: Final = (
    200  # of the deal, and as many of others: more would hardly change a forecast, and be of long ago
)
HOUR: Final = timedelta(hours=1)

_OPEN_STILL = or_(DealGroup.ended_at.is_(None), GroupEvent.at < DealGroup.ended_at)
# A member who left while it could be joined made no seat for good; one whom a failed group let go did.
_STAYED = case(
    (GroupEvent.what == GroupHappening.JOINED, 1),
    (and_(GroupEvent.what == GroupHappening.LEFT, _OPEN_STILL), -1),
    else_=0,
)


@dataclass(frozen=True, slots=True)
class PastGroup:
    """A group whose leader has paid, as far as it was watched."""

    deal_id: UUID
    joins: int  # after the leader, without those who left again
    hours: float  # from the leader's payment until it was full or over, or until now
    had_its_time: bool  # full, or its whole window is over; else it is censored: it might have gone on
    filled: bool  # by customers alone
    discount: float | None  # share off the single price of today, the shop keeps no other; None: goods gone


def read(session: Session, deal_id: UUID, *, own: bool, at: datetime) -> list[PastGroup]:
    """Groups of the deal (`own`), or of all other deals: the newest PAST_GROUPS_MAX, whatever became of them."""
    of_these = DealGroup.deal_id == deal_id if own else DealGroup.deal_id != deal_id
    found = session.execute(
        select(DealGroup, total(_STAYED))
        .outerjoin(GroupEvent, GroupEvent.group_id == DealGroup.id)
        .where(DealGroup.closes_at.is_not(None), DealGroup.began_at <= at, of_these)
        .group_by(DealGroup.id)
        .order_by(DealGroup.began_at.desc(), DealGroup.id)
        .limit(PAST_GROUPS_MAX)
    )
    rows = [(group, joins) for group, joins in found]
    singles = single_prices(session, {UUID(key) for group, _ in rows for key in group.prices})
    return [_watched(group, joins, singles, at=at) for group, joins in rows]


def single_prices(session: Session, variant_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What one of each costs alone today, in minor units; what is not for sale any more is missing."""
    wanted = select(Variant.id, Variant.price_minor).where(
        Variant.id.in_(set(variant_ids)), Variant.price_minor > 0
    )
    return dict(session.execute(wanted).all())


def discount_of(prices: Mapping[UUID, int], singles: Mapping[UUID, int]) -> float | None:
    """The mean share off over the variants, below 1; negative where the single price has come down since."""
    shares = [
        1 - price / singles[variant_id] for variant_id, price in prices.items() if variant_id in singles
    ]
    return sum(shares) / len(shares) if shares else None


def _watched(group: DealGroup, joins: int, singles: Mapping[UUID, int], *, at: datetime) -> PastGroup:
    assert group.closes_at is not None, "only groups whose time runs are read"
    opened_at = group.closes_at - timedelta(hours=group.window_hours)
    until = min(group.ended_at or at, group.closes_at, at)
    filled = group.status is GroupStatus.SUCCEEDED and not group.filled_by_shop
    return PastGroup(
        deal_id=group.deal_id,
        joins=max(0, joins),
        hours=max(0.0, (until - opened_at) / HOUR),
        had_its_time=filled or until >= group.closes_at,
        filled=filled,
        discount=discount_of({UUID(key): price for key, price in group.prices.items()}, singles),
    )


def with_discount(past: Sequence[PastGroup]) -> list[float]:
    """The discounts of those groups of which it is known, the smallest first."""
    return sorted(each.discount for each in past if each.discount is not None)
