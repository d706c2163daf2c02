"""Group deals: seats, groups, quotas and the orders that seats are, held against each other (rule 18)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from shop.deals.model import SEAT_HOLD, TAKEN, Deal, DealGroup, GroupStatus, Seat, SeatStatus
from shop.orders.model import Order, OrderStatus

SeatRow = Row[UUID, UUID, UUID, SeatStatus, int, str, OrderStatus]
GroupRow = Row[UUID, UUID, str, GroupStatus, int, int, UUID | None, datetime | None]

_ENDED: Final = frozenset({OrderStatus.CANCELLED, OrderStatus.EXPIRED})
_BEFORE: Final = frozenset({OrderStatus.AWAITING_PAYMENT, OrderStatus.WAITING, OrderStatus.EXPIRED})
_ORDER_OF: Final = {
    SeatStatus.HELD: frozenset({OrderStatus.AWAITING_PAYMENT}),
    SeatStatus.PAID: frozenset({OrderStatus.WAITING}),
    SeatStatus.CONFIRMED: frozenset(OrderStatus) - _BEFORE,
    SeatStatus.RELEASED: _ENDED,
    SeatStatus.REFUND_PENDING: frozenset({OrderStatus.CANCELLED}),
    SeatStatus.REFUNDED: frozenset({OrderStatus.CANCELLED}),
    SeatStatus.REFUND_FAILED: frozenset({OrderStatus.CANCELLED}),
}
"""What the order of a seat may be. After success it goes its own way: a return changes nobody else's price."""

_FORMING: Final = frozenset({GroupStatus.FORMING, GroupStatus.CLOSING})


def check(session: Session, *, at: datetime) -> Iterator[str]:
    """A sentence for each rule that does not hold now."""
    seats = defaultdict[UUID, list[SeatRow]](list)
    for seat in session.connection().execute(_SEATS):
        seats[seat.group_id].append(seat)
        if seat.order_status not in _ORDER_OF[seat.status]:
            yield f"a seat is {seat.status}, but its order {seat.reference} is {seat.order_status}"
    units = defaultdict[UUID, int](int)
    for group in session.connection().execute(_GROUPS):
        units[group.deal_id] += sum(each.units for each in seats[group.id] if each.status in TAKEN)
        yield from _group(group, seats[group.id], at=at)
    for deal in session.connection().execute(_DEALS):
        if deal.units_taken != units[deal.id]:
            yield f"the deal {deal.code} counts {deal.units_taken} units, and its seats have {units[deal.id]}"
        if deal.quota is not None and units[deal.id] > deal.quota:
            yield f"the deal {deal.code} has {deal.quota} units, and its seats have {units[deal.id]}"


def _group(group: GroupRow, seats: Sequence[SeatRow], *, at: datetime) -> Iterator[str]:
    named = f"the group {group.token} ({group.status})"
    taken = [seat for seat in seats if seat.status in TAKEN]
    paid = [seat for seat in seats if seat.status is SeatStatus.PAID]
    if len(taken) + group.filled_by_shop > group.size:
        yield f"{named} has {len(taken)} of {group.size} seats taken"
    if len({seat.customer_id for seat in taken}) != len(taken):
        yield f"somebody has two seats in {named}"
    if group.status in _FORMING:
        yield from _forming(group, named, paid, at=at)
    elif any(seat.status in {SeatStatus.HELD, SeatStatus.PAID} for seat in seats):
        yield f"{named} is over, and a seat of it is neither confirmed nor given up"
    confirmed = sum(seat.status is SeatStatus.CONFIRMED for seat in seats)
    if group.status is GroupStatus.SUCCEEDED and confirmed + group.filled_by_shop != group.size:
        yield f"{named} succeeded with {confirmed} of {group.size} seats"
    if group.status is not GroupStatus.SUCCEEDED and confirmed:
        yield f"{named} has a confirmed seat"


def _forming(group: GroupRow, named: str, paid: Sequence[SeatRow], *, at: datetime) -> Iterator[str]:
    if paid and group.leader_id not in {seat.customer_id for seat in paid}:
        yield f"{named} has members and no leader among them"
    if len(paid) + group.filled_by_shop >= group.size:
        yield f"{named} is full, and nobody was told"
    if group.closes_at is not None and at > group.closes_at + SEAT_HOLD:
        yield f"{named} was to close at {group.closes_at:%d %b, %H:%M}"


_SEATS: Final = select(
    Seat.group_id,
    Seat.customer_id,
    Seat.order_id,
    Seat.status,
    Seat.units,
    Order.reference,
    Order.status.label("order_status"),
).join(Order, Order.id == Seat.order_id)
_GROUPS: Final = select(
    DealGroup.id,
    DealGroup.deal_id,
    DealGroup.token,
    DealGroup.status,
    DealGroup.size,
    DealGroup.filled_by_shop,
    DealGroup.leader_id,
    DealGroup.closes_at,
)
_DEALS: Final = select(Deal.id, Deal.code, Deal.quota, Deal.units_taken)
