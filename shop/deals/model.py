"""Offers to buy together: a deal, its groups, and their seats. Only the tables below move them.

| deal | to |
|---|---|
| draft | scheduled, cancelled |
| scheduled | live, cancelled |
| live | paused, ended, cancelled |
| paused | live, ended, cancelled |

| group | to |
|---|---|
| forming | closing, succeeded, failed, cancelled |
| closing (its time is over, but somebody pays) | succeeded, failed, cancelled |

| seat | to |
|---|---|
| held | paid, released |
| paid | confirmed, refund pending |
| refund pending | refunded, refund failed |
| refund failed | refund pending, refunded |
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.errors import Refused
from storage.ids import new_id
from storage.types import Base, JsonObject, json_type

SIZE_MIN, SIZE_MAX, SIZE = 2, 50, 3  # seats of a group
HOURS_MIN, HOURS_MAX, HOURS = 1, 168, 24  # that a group has, from its leader's payment
SEAT_HOLD: Final = timedelta(minutes=10)
"""How long seat and stock wait for somebody who has tapped Pay."""

StatusT = TypeVar("StatusT", bound=StrEnum)


class DealStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"
    CANCELLED = "cancelled"


class GroupStatus(StrEnum):
    FORMING = "forming"
    CLOSING = "closing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SeatStatus(StrEnum):
    HELD = "held"
    PAID = "paid"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"


class DealPayment(StrEnum):
    """When the money moves."""

    CHARGE_NOW = "charge_now"  # and back, if the group fails
    AUTHORISE = "authorise"  # held by the bank, captured when the group is full


class Audience(StrEnum):
    """Who may take a seat."""

    EVERYONE = "everyone"
    FOLLOWERS = "followers"  # who has an order with the shop, or watches something of it
    NEW_CUSTOMERS = "new_customers"  # who has no order yet


D, G, S = DealStatus, GroupStatus, SeatStatus
DEAL_MOVES: Final = {
    D.DRAFT: frozenset({D.SCHEDULED, D.CANCELLED}),
    D.SCHEDULED: frozenset({D.LIVE, D.CANCELLED}),
    D.LIVE: frozenset({D.PAUSED, D.ENDED, D.CANCELLED}),
    D.PAUSED: frozenset({D.LIVE, D.ENDED, D.CANCELLED}),
    D.ENDED: frozenset[DealStatus](),
    D.CANCELLED: frozenset[DealStatus](),
}
GROUP_MOVES: Final = {
    G.FORMING: frozenset({G.CLOSING, G.SUCCEEDED, G.FAILED, G.CANCELLED}),
    G.CLOSING: frozenset({G.SUCCEEDED, G.FAILED, G.CANCELLED}),
    G.SUCCEEDED: frozenset[GroupStatus](),
    G.FAILED: frozenset[GroupStatus](),
    G.CANCELLED: frozenset[GroupStatus](),
}
SEAT_MOVES: Final = {
    S.HELD: frozenset({S.PAID, S.RELEASED}),
    S.PAID: frozenset({S.CONFIRMED, S.REFUND_PENDING}),
    S.CONFIRMED: frozenset[SeatStatus](),
    S.RELEASED: frozenset[SeatStatus](),
    S.REFUND_PENDING: frozenset({S.REFUNDED, S.REFUND_FAILED}),
    S.REFUNDED: frozenset[SeatStatus](),
    S.REFUND_FAILED: frozenset({S.REFUND_PENDING, S.REFUNDED}),
}
TAKEN: Final = frozenset({S.HELD, S.PAID, S.CONFIRMED})
"""A seat in one of these is somebody's."""
