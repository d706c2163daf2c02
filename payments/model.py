"""What arrived and what went back; one row per provider payment, so that no notice counts twice."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.money import Money
from storage.ids import new_id
from storage.types import Base


class Payment(Base):
    """Money that a provider took for us. `reference` is the provider's own id and makes it unique."""

    __tablename__ = "payment"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # None: it came for no order of ours and goes back
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("order.id"), index=True)
    provider: Mapped[str]  # "stripe" or "telegram"
    reference: Mapped[str] = mapped_column(
        unique=True
    )  # pi_… for Stripe, ch_… for Telegram's native invoices
    amount_minor: Mapped[int]
    currency: Mapped[str]
    received_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class RefundStatus(StrEnum):
    PENDING = "pending"  # asked for, not confirmed by the provider
    SETTLED = "settled"
    FAILED = "failed"  # the provider gave up: staff must act


class Refund(Base):
    """Money on its way back. Its id is the provider's idempotency key, so that it is never sent twice."""

    __tablename__ = "refund"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    status: Mapped[RefundStatus] = mapped_column(default=RefundStatus.PENDING)
    reference: Mapped[str | None] = mapped_column(unique=True)  # re_…
    error: Mapped[str | None]
    asked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
