"""What arrived and what went back; one row per provider payment, so that no notice counts twice."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.money import Money
from storage.ids import new_id
from storage.types import Base, JsonObject, json_type


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


class AuthorisationStatus(StrEnum):
    HELD = "held"  # promised by the bank, and not taken
    CAPTURED = "captured"  # taken: there is a payment
    RELEASED = "released"  # let go by us, or by the bank in the end


class Authorisation(Base):
    """Money that a customer's bank promises for an order until we capture it. It is in no books: none has moved."""

    __tablename__ = "authorisation"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)  # pi_…, the later payment's too
    amount_minor: Mapped[int]
    currency: Mapped[str]
    status: Mapped[AuthorisationStatus] = mapped_column(default=AuthorisationStatus.HELD)
    held_at: Mapped[datetime]
    capture_asked_at: Mapped[datetime | None]  # None again after the provider said no
    attempt: Mapped[int] = mapped_column(default=1)  # of capturing; a further one is another call
    ended_at: Mapped[datetime | None]


class PaymentTransfer(Base):
    """A part of a payment that pays for another order than it came for: goods of the first were exchanged.

    The money itself stays where it is, so whatever is given back of either order goes back to the payment.
    """

    __tablename__ = "payment_transfer"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("from_order_id <> to_order_id", name="two_orders"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    from_order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id"), index=True)
    to_order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id"), index=True)
    amount_minor: Mapped[int]
    at: Mapped[datetime]


class RefundStatus(StrEnum):
    PENDING = "pending"  # asked for, not confirmed by the provider
    SETTLED = "settled"
    FAILED = "failed"  # it did not get there: staff must act
    OTHERWISE = "otherwise"  # staff gave it back another way


OWED: Final = frozenset({RefundStatus.PENDING, RefundStatus.FAILED})
"""A refund in one of these has not reached the customer in any way."""


class Refund(Base):
    """Money on its way back. Its id and attempt are the provider's idempotency key, so that it is never sent twice.

    A further attempt is made only after the provider said no to the one before, or the bank sent it back.
    """

    __tablename__ = "refund"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    # what it is given back for: the payment's order, or one that was paid with a part of it
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("order.id"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    status: Mapped[RefundStatus] = mapped_column(default=RefundStatus.PENDING)
    reference: Mapped[str | None] = mapped_column(unique=True)  # re_…
    error: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(default=1)
    unsure: Mapped[bool] = mapped_column(default=False)  # we gave up asking: the provider may have done it
    asked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class DisputeStatus(StrEnum):
    INQUIRY = "inquiry"  # the bank asks; no money has moved
    OPEN = "open"  # the bank has taken the money until it decides
    WON = "won"
    LOST = "lost"


class Dispute(Base):
    """A customer's bank wants the money of a payment back."""

    __tablename__ = "dispute"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)  # du_… or dp_…
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]  # the provider's word, such as "fraudulent"
    status: Mapped[DisputeStatus]
    answer_by: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Reconciliation(Base):
    """One comparison of our books with the provider's."""

    __tablename__ = "reconciliation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(index=True)
    since: Mapped[datetime]
    checked: Mapped[int]  # things of the provider's that were looked at
    found: Mapped[list[JsonObject]] = mapped_column(json_type())  # kind, what, is_mended
