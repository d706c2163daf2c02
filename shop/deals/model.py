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
| released | held (its money came late, and the seat was still free) |
| paid | confirmed, refund pending |
| refund pending | refunded, refund failed |
| refund failed | refund pending, refunded |
| refunded | refund failed |
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
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
AUTHORISE_WITHIN: Final = timedelta(days=4)
"""So long a bank surely holds money that is not taken: the shortest hold of the card networks is some five days, most
are seven (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method#auth-capture-limitations)."""
AUTHORISE_WINDOW_HOURS_MAX: Final = (AUTHORISE_WITHIN - SEAT_HOLD) // timedelta(hours=1)
"""The longest window of a group whose money is held: its last seat may be paid a hold after its end."""


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


class GroupHappening(StrEnum):
    """A line of a group's history."""

    HELD = "held"  # somebody is paying
    RELEASED = "released"  # and did not
    OPENED = "opened"  # the leader's payment: time runs
    JOINED = "joined"
    LEFT = "left"
    NEW_LEADER = "new_leader"
    CLOSING = "closing"
    FILLED_BY_SHOP = "filled_by_shop"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


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
    S.RELEASED: frozenset({S.HELD}),  # by money that came after its hold
    S.REFUND_PENDING: frozenset({S.REFUNDED, S.REFUND_FAILED}),
    S.REFUNDED: frozenset({S.REFUND_FAILED}),  # a bank may send it back
    S.REFUND_FAILED: frozenset({S.REFUND_PENDING, S.REFUNDED}),
}
TAKEN: Final = frozenset({S.HELD, S.PAID, S.CONFIRMED})
"""A seat in one of these is somebody's."""


class DealRefused(Refused):
    """The deal, its group or the seat does not allow that just now; `why` says what to tell the person."""

    reply = "utter_deal_refused"


class Deal(Base):
    """What the shop offers to those who buy together. Groups that began keep a snapshot of it."""

    __tablename__ = "deal"
    __table_args__ = (
        CheckConstraint("size BETWEEN 2 AND 50", name="size_allowed"),
        CheckConstraint("window_hours BETWEEN 1 AND 168", name="window_allowed"),
        CheckConstraint("quota IS NULL OR units_taken BETWEEN 0 AND quota", name="within_quota"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)  # as in honey-for-three
    title: Mapped[str]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), index=True)
    status: Mapped[DealStatus] = mapped_column(default=D.DRAFT, index=True)
    currency: Mapped[str]
    size: Mapped[int] = mapped_column(default=SIZE)
    window_hours: Mapped[int] = mapped_column(default=HOURS)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]  # None: until somebody ends it
    quota: Mapped[int | None]  # units of all groups together
    units_taken: Mapped[int] = mapped_column(default=0)  # held or sold
    units_per_order_max: Mapped[int] = mapped_column(default=1)
    units_per_customer_max: Mapped[int] = mapped_column(default=1)
    leader_bonus_minor: Mapped[int] = mapped_column(default=0)  # off the leader's own order
    audience: Mapped[Audience] = mapped_column(default=Audience.EVERYONE)
    coupons_stack: Mapped[bool] = mapped_column(default=False)
    payment: Mapped[DealPayment] = mapped_column(default=DealPayment.CHARGE_NOW)
    seats_per_customer_max: Mapped[int] = mapped_column(default=1)  # open at a time, in different groups
    completes_from: Mapped[int | None]  # so many paid seats, and the shop may fill the rest of a group
    created_at: Mapped[datetime]

    prices: Mapped[list["DealPrice"]] = relationship(
        order_by="DealPrice.variant_id", lazy="raise", cascade="all, delete-orphan"
    )


class DealPrice(Base):
    """What a unit of a variant costs in the deal."""

    __tablename__ = "deal_price"
    __table_args__ = (CheckConstraint("price_minor > 0", name="price_positive"),)

    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deal.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"), primary_key=True)
    price_minor: Mapped[int]


class DealGroup(Base):
    """One team of buyers. Its row is the lock of whatever happens to its seats."""

    __tablename__ = "deal_group"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token: Mapped[str] = mapped_column(unique=True)  # in links; tells nothing
    deal_id: Mapped[UUID] = mapped_column(ForeignKey("deal.id"), index=True)
    status: Mapped[GroupStatus] = mapped_column(default=G.FORMING, index=True)
    size: Mapped[int]
    window_hours: Mapped[int]
    payment: Mapped[DealPayment]
    prices: Mapped[JsonObject] = mapped_column(json_type())  # variant id → minor units, as when it began
    leader_bonus_minor: Mapped[int]
    began_at: Mapped[datetime]
    closes_at: Mapped[datetime | None] = mapped_column(index=True)  # from its leader's payment; never moves
    leader_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    filled_by_shop: Mapped[int] = mapped_column(default=0)  # seats
    ended_at: Mapped[datetime | None]
    told_event: Mapped[int] = mapped_column(default=0)  # the last line of its history that was told


class Seat(Base):
    """One buyer's place in a group, and the order that it is."""

    __tablename__ = "seat"
    __table_args__ = (
        Index(
            "one_seat_in_a_group",
            "group_id",
            "customer_id",
            unique=True,
            sqlite_where=text("status IN ('held', 'paid', 'confirmed')"),
            postgresql_where=text("status IN ('held', 'paid', 'confirmed')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("deal_group.id"), index=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), index=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id"), unique=True)
    status: Mapped[SeatStatus] = mapped_column(default=S.HELD, index=True)
    units: Mapped[int]
    held_at: Mapped[datetime]
    hold_until: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    goes_elsewhere: Mapped[bool] = mapped_column(
        default=False
    )  # agreed to: late money takes another group's seat


class GroupEvent(Base):
    """What happened to a group, in order: its history, and what its members and cards are told of."""

    __tablename__ = "group_event"
    __table_args__ = (Index("group_event_in_order", "group_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("deal_group.id", ondelete="CASCADE"))
    seat_id: Mapped[UUID | None] = mapped_column(ForeignKey("seat.id"))  # None: it is about the whole group
    what: Mapped[GroupHappening]
    at: Mapped[datetime]
    by: Mapped[str]  # "customer", "payment", "timer", or a staff member's name
    why: Mapped[str] = mapped_column(default="")
