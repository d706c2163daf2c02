"""One purchase and its life. Totals are frozen when it is placed; only the table below moves it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.errors import Refused
from shop.money import Money
from storage.ids import new_id, new_reference
from storage.types import Base, JsonObject


class OrderStatus(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


S = OrderStatus
MOVES: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    S.AWAITING_PAYMENT: frozenset({S.PAID, S.CANCELLED, S.EXPIRED}),
    S.PAID: frozenset({S.PACKED, S.CANCELLED}),
    S.PACKED: frozenset({S.SHIPPED}),
    S.SHIPPED: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset({S.COMPLETED}),
    S.COMPLETED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset({S.PAID}),  # paid late, and the stock was still there
}
HOLDS_STOCK: Final = frozenset({S.AWAITING_PAYMENT, S.PAID, S.PACKED})


class NotPossible(Refused):
    """The order is no longer (or not yet) in a state that allows this."""

    reply = "utter_order_cannot"


class Order(Base):
    """One purchase by one customer."""

    __tablename__ = "order"
    __table_args__ = (CheckConstraint("total_minor = items_minor + delivery_minor", name="total_adds_up"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(unique=True, default=new_reference)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), index=True)
    conversation: Mapped[str]  # where it was placed and where its news go
    status: Mapped[OrderStatus] = mapped_column(default=S.AWAITING_PAYMENT, index=True)
    currency: Mapped[str]
    items_minor: Mapped[int]
    delivery_minor: Mapped[int]
    total_minor: Mapped[int]
    delivery: Mapped[str]  # the code of the delivery option
    name: Mapped[str]
    phone: Mapped[str]
    address: Mapped[JsonObject | None]  # None for pickup
    placed_at: Mapped[datetime]
    hold_until: Mapped[datetime]  # when the stock goes back unless it was paid
    payment_session: Mapped[str | None]  # the provider's id of what the customer was given to pay with
    payment_url: Mapped[str | None]
    tracking: Mapped[str | None]

    lines: Mapped[list["OrderLine"]] = relationship(
        order_by="OrderLine.position", lazy="raise", cascade="all, delete-orphan"
    )
    moves: Mapped[list["OrderMove"]] = relationship(
        order_by="OrderMove.id", lazy="raise", cascade="all, delete-orphan"
    )

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def items(self) -> Money:
        return Money(self.items_minor, self.currency)

    @property
    def delivery_price(self) -> Money:
        return Money(self.delivery_minor, self.currency)

    def can(self, status: OrderStatus) -> bool:
        """Whether the table allows this move now."""
        return status in MOVES[self.status]

    def move(self, status: OrderStatus, *, at: datetime, by: str, why: str = "") -> "OrderMove":
        """Go to `status` and leave a line of history. Raises NotPossible when the table does not allow it."""
        if not self.can(status):
            raise NotPossible(reference=self.reference, status=self.status.value, wanted=status.value)
        move = OrderMove(order_id=self.id, before=self.status, after=status, at=at, by=by, why=why)
        self.status = status
        return move


class OrderLine(Base):
    """So many units of a variant, under the names and at the price of that day."""

    __tablename__ = "order_line"
    __table_args__ = (CheckConstraint("units > 0", name="units_positive"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[UUID | None] = mapped_column(ForeignKey("variant.id", ondelete="SET NULL"))
    position: Mapped[int]
    title: Mapped[str]
    label: Mapped[str]
    sku: Mapped[str | None]
    units: Mapped[int]
    unit_price_minor: Mapped[int]

    @property
    def name(self) -> str:
        return f"{self.title} ({self.label})" if self.label else self.title


class OrderMove(Base):
    """Who moved an order from where to where, when and why."""

    __tablename__ = "order_move"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    before: Mapped[OrderStatus]
    after: Mapped[OrderStatus]
    at: Mapped[datetime]
    by: Mapped[str]  # "customer", "provider", "timer", or a staff member's name
    why: Mapped[str]
