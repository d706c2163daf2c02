"""One purchase and its life. Totals are frozen when it is placed; only the table below moves it.

| from | to |
|---|---|
| placed | paid, packed, cancelled |
| awaiting payment | paid, waiting, authorised, cancelled, expired |
| waiting (its money is in, its group of a deal still forms) | paid, authorised, cancelled |
| authorised | paid, cancelled |
| paid | packed, cancelled |
| packed | part-shipped, shipped |
| part-shipped | shipped |
| shipped | delivered, returned, returned in part |
| delivered | completed, returned, returned in part |
| completed | returned, returned in part |
| returned in part | returned |
| expired | paid, waiting, authorised (late, and the goods were still there) |
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.errors import Refused
from shop.money import Money
from shop.payment_methods import PaymentKind
from shop.pricing.quote import TaxShare, tax_shares
from storage.ids import new_id, new_reference
from storage.types import Base, JsonObject, json_type


class OrderStatus(StrEnum):
    PLACED = "placed"  # ordered, and paid later: cash on delivery
    AWAITING_PAYMENT = "awaiting_payment"
    WAITING = "waiting"  # a seat of a group deal: paid, or held by the bank, until the group is full or fails
    AUTHORISED = "authorised"  # the money is promised by the bank and not taken yet
    PAID = "paid"
    PACKED = "packed"
    PART_SHIPPED = "part_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    PART_RETURNED = "part_returned"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


S = OrderStatus
STARTS: Final = frozenset({S.PLACED, S.AWAITING_PAYMENT})
MOVES: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    S.PLACED: frozenset({S.PAID, S.PACKED, S.CANCELLED}),
    S.AWAITING_PAYMENT: frozenset({S.PAID, S.WAITING, S.AUTHORISED, S.CANCELLED, S.EXPIRED}),
    S.WAITING: frozenset({S.PAID, S.AUTHORISED, S.CANCELLED}),  # the group is full, or is no more
    S.AUTHORISED: frozenset({S.PAID, S.CANCELLED}),  # captured, or let go
    S.PAID: frozenset({S.PACKED, S.CANCELLED}),
    S.PACKED: frozenset({S.PART_SHIPPED, S.SHIPPED}),
    S.PART_SHIPPED: frozenset({S.SHIPPED}),
    S.SHIPPED: frozenset({S.DELIVERED, S.PART_RETURNED, S.RETURNED}),  # it may come back undelivered
    S.DELIVERED: frozenset({S.COMPLETED, S.PART_RETURNED, S.RETURNED}),
    S.COMPLETED: frozenset({S.PART_RETURNED, S.RETURNED}),
    S.PART_RETURNED: frozenset({S.RETURNED}),
    S.RETURNED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset({S.PAID, S.WAITING, S.AUTHORISED}),  # paid late, and the stock was still there
}
HOLDS_STOCK: Final = frozenset(
    {S.PLACED, S.AWAITING_PAYMENT, S.WAITING, S.AUTHORISED, S.PAID, S.PACKED, S.PART_SHIPPED}
)
"""While an order is in one of these, what it still has to send (`OrderLine.left`) is promised to it; else nothing is."""
PAID_FOR: Final = frozenset(
    {S.PAID, S.PACKED, S.PART_SHIPPED, S.SHIPPED, S.DELIVERED, S.COMPLETED, S.PART_RETURNED, S.RETURNED}
)
"""Where the money of an order is ours, as far as it was paid beforehand and not credited."""


SENDING: Final = frozenset({S.PACKED, S.PART_SHIPPED, S.SHIPPED})
"""The moves of goods on their way out, which a frozen order does not make."""


class TooManyUnits(Refused):
    """More units than this order has for that: they were sent, called off or brought back already."""

    reply = "utter_order_cannot"


class NotPossible(Refused):
    """The order is no longer (or not yet) in a state that allows this."""

    reply = "utter_order_cannot"


class Frozen(NotPossible):
    """This order stands still while its payment is disputed. Close the dispute or lift the freeze on the Money page."""


class Order(Base):
    """One purchase by one customer."""

    __tablename__ = "order"
    __table_args__ = (
        CheckConstraint(
            "total_minor = items_minor - discount_minor + delivery_minor"
            " + CASE WHEN tax_included THEN 0 ELSE tax_minor END",
            name="total_adds_up",
        ),
        CheckConstraint(
            "discount_minor BETWEEN 0 AND items_minor AND tax_minor >= 0", name="parts_not_negative"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(unique=True, default=new_reference)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), index=True)
    conversation: Mapped[str]  # where it was placed and where its news go
    status: Mapped[OrderStatus] = mapped_column(default=S.AWAITING_PAYMENT, index=True)
    currency: Mapped[str]
    items_minor: Mapped[int]  # at full price
    discount_minor: Mapped[int] = mapped_column(default=0)
    discounts: Mapped[list[JsonObject]] = mapped_column(
        json_type(), default=list
    )  # reason, label, amount_minor
    delivery_minor: Mapped[int]
    tax_minor: Mapped[int] = mapped_column(default=0)  # of goods and delivery
    tax_included: Mapped[bool] = mapped_column(default=True)  # False: it was added to the prices
    delivery_tax_minor: Mapped[int] = mapped_column(default=0)
    delivery_tax_rate_bp: Mapped[int] = mapped_column(default=0)  # basis points: 2100 is 21 %
    total_minor: Mapped[int]
    coupon_code: Mapped[str | None]
    payment_method: Mapped[PaymentKind] = mapped_column(default=PaymentKind.CARD)  # agreed when it was placed
    delivery: Mapped[str]  # the code of the delivery option
    pickup_point: Mapped[str | None]  # the code of the point where the customer fetches it
    country: Mapped[str | None]  # ISO 3166-1: where it is sent or fetched, which decides the tax
    name: Mapped[str]
    phone: Mapped[str]
    email: Mapped[str | None]  # where the receipt goes, if they want one
    address: Mapped[JsonObject | None]  # None for pickup
    note: Mapped[str | None]  # to the shop
    gift_message: Mapped[str | None]  # for a card in the parcel
    placed_at: Mapped[datetime]
    hold_until: Mapped[datetime]  # when the stock goes back unless it was paid
    payment_session: Mapped[str | None]  # the provider's id of what the customer was given to pay with
    payment_url: Mapped[str | None]
    frozen: Mapped[str | None]  # why nothing of it may be sent just now
    # what of the total is no longer owed: goods called off or brought back, and goodwill
    credited_minor: Mapped[int] = mapped_column(default=0)
    # what of the total was paid by goods that came back from the parent
    exchanged_minor: Mapped[int] = mapped_column(default=0)
    # the order that this one adds to or replaces goods of
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("order.id"), index=True)
    # whether it goes out in its parent's parcel
    goes_along: Mapped[bool] = mapped_column(default=False)
    # the group of a deal in which it is a seat
    group_id: Mapped[UUID | None] = mapped_column(ForeignKey("deal_group.id"), index=True)

    lines: Mapped[list["OrderLine"]] = relationship(
        order_by="OrderLine.position", lazy="raise", cascade="all, delete-orphan"
    )
    moves: Mapped[list["OrderMove"]] = relationship(
        order_by="OrderMove.id", lazy="raise", cascade="all, delete-orphan"
    )
    changes: Mapped[list["OrderChange"]] = relationship(
        order_by="OrderChange.id", lazy="raise", cascade="all, delete-orphan"
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

    @property
    def is_exchange(self) -> bool:
        """Whether it is for goods in exchange for others, which have paid a part of it."""
        return self.parent_id is not None and not self.goes_along

    @property
    def owed(self) -> Money:
        """The total less what was credited."""
        return Money(self.total_minor - self.credited_minor, self.currency)

    @property
    def due(self) -> Money:
        """What is to be paid in money: what is owed, less what goods that came back have paid."""
        return Money(self.owed.minor - self.exchanged_minor, self.currency)

    def credit(self, amount: Money) -> None:
        """So much less is owed. Totals stay as they were agreed; giving money back is the caller's next step."""
        assert amount.currency == self.currency, f"{amount} for an order in {self.currency}"
        if not 0 <= amount.minor <= self.total_minor - self.credited_minor:
            raise TooManyUnits(reference=self.reference, asked=amount)
        self.credited_minor += amount.minor

    @property
    def discount(self) -> Money:
        return Money(self.discount_minor, self.currency)

    @property
    def tax(self) -> Money:
        return Money(self.tax_minor, self.currency)

    @property
    def taxes(self) -> tuple[TaxShare, ...]:
        """The tax of each rate that was charged, the highest first; its lines are loaded."""
        parts = [(line.tax_rate_bp, line.due_minor, line.tax_minor) for line in self.lines]
        parts.append((self.delivery_tax_rate_bp, self.delivery_minor, self.delivery_tax_minor))
        return tax_shares(
            (rate, Money(base, self.currency), Money(tax, self.currency)) for rate, base, tax in parts
        )

    def can(self, status: OrderStatus) -> bool:
        """Whether the table allows this move now."""
        return status in MOVES[self.status]

    def check_not_frozen(self) -> None:
        """Raise Frozen while nothing of it may be sent."""
        if self.frozen is not None:
            raise Frozen(reference=self.reference, why=self.frozen)

    def move(self, status: OrderStatus, *, at: datetime, by: str, why: str = "") -> "OrderMove":
        """Go to `status` and leave a line of history. Raises NotPossible when the table does not allow it."""
        if status in SENDING:
            self.check_not_frozen()
        if not self.can(status):
            raise NotPossible(reference=self.reference, status=self.status.value, wanted=status.value)
        move = OrderMove(order_id=self.id, before=self.status, after=status, at=at, by=by, why=why)
        self.status = status
        return move


class OrderLine(Base):
    """So many units of a variant, under the names and at the price of that day."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint("called_off >= 0 AND shipped >= 0 AND returned >= 0", name="counts_positive"),
        CheckConstraint("called_off + shipped <= units", name="no_more_than_ordered"),
        CheckConstraint("returned <= shipped", name="no_more_than_shipped"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[UUID | None] = mapped_column(ForeignKey("variant.id", ondelete="SET NULL"))
    position: Mapped[int]
    title: Mapped[str]
    label: Mapped[str]
    sku: Mapped[str | None]
    units: Mapped[int]
    unit_price_minor: Mapped[int]
    called_off: Mapped[int] = mapped_column(default=0)  # taken off the order before they were sent
    shipped: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)  # came back after they were sent
    discount_minor: Mapped[int] = mapped_column(default=0)  # of all its units together
    tax_minor: Mapped[int] = mapped_column(default=0)  # within what is due for it, or on top
    tax_rate_bp: Mapped[int] = mapped_column(default=0)  # basis points: 2100 is 21 %

    @property
    def due_minor(self) -> int:
        """Its full price without its share of the discounts."""
        return self.units * self.unit_price_minor - self.discount_minor

    @property
    def name(self) -> str:
        return f"{self.title} ({self.label})" if self.label else self.title

    def worth(self, units: int, *, tax_included: bool) -> int:
        """Minor units that were asked for so many of it, with their part of discount and tax.

        They are the next after those called off or brought back: all units together are worth all that was asked.
        """
        asked = self.due_minor + (0 if tax_included else self.tax_minor)
        before = self.called_off + self.returned
        return asked * (before + units) // self.units - asked * before // self.units

    @property
    def left(self) -> int:
        """Units that are still to be sent."""
        return self.units - self.called_off - self.shipped

    @property
    def kept(self) -> int:
        """Units that were sent and did not come back."""
        return self.shipped - self.returned


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


class OrderChange(Base):
    """What became different about an order without moving it: another address, units called off, a part sent."""

    __tablename__ = "order_change"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str]  # as in OrderMove
    what: Mapped[str]  # in plain English, for staff
