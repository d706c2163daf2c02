"""Coupons and their use; each use belongs to one order, so that none counts twice."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.money import Money
from shop.pricing.quote import Rebate
from storage.ids import new_id
from storage.types import Base


class Coupon(Base):
    """A part or an amount off, for who knows its code and keeps its conditions."""

    __tablename__ = "coupon"
    __table_args__ = (
        CheckConstraint("(percent IS NULL) <> (amount_minor IS NULL)", name="one_kind"),
        # Something is always left to pay: an order for nothing could not be paid by card.
        CheckConstraint("percent BETWEEN 1 AND 90", name="percent_in_range"),
        CheckConstraint("amount_minor > 0 AND minimum_minor > amount_minor", name="amount_below_minimum"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)  # in capitals
    percent: Mapped[int | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str]
    minimum_minor: Mapped[int] = mapped_column(default=0)  # what the goods it is for must cost
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    uses_max: Mapped[int | None]
    uses_per_customer_max: Mapped[int | None]
    first_order_only: Mapped[bool] = mapped_column(default=False)
    categories: Mapped[list[str]] = mapped_column(
        default=list
    )  # only these, and `handles`; both empty: all goods
    handles: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]

    @property
    def minimum(self) -> Money:
        return Money(self.minimum_minor, self.currency)

    @property
    def amount(self) -> Money | None:
        return Money(self.amount_minor, self.currency) if self.amount_minor is not None else None

    @property
    def rebate(self) -> Rebate:
        """What it takes off, as quotes are made."""
        return Rebate(
            "coupon",
            self.code,
            percent=Decimal(self.percent) if self.percent is not None else None,
            amount=self.amount,
            categories=tuple(self.categories),
            handles=tuple(self.handles),
        )


class CouponUse(Base):
    """A coupon went into an order; `given_back_at` once that order came to nothing."""

    __tablename__ = "coupon_use"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), primary_key=True)
    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupon.id"), index=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    taken_at: Mapped[datetime]
    given_back_at: Mapped[datetime | None]


class CouponGuess(Base):
    """Somebody gave a code that is none: who guesses on has to wait."""

    __tablename__ = "coupon_guess"
    __table_args__ = (Index(None, "customer_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    at: Mapped[datetime]
