"""A task for staff."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.ids import new_id
from storage.types import Base, JsonObject


class TaskKind(StrEnum):
    """What it is about."""

    PAYMENT_MISMATCH = "payment_mismatch"  # what arrived is not what was due
    REFUND_FAILED = "refund_failed"
    CAPTURE_FAILED = "capture_failed"  # money that a bank held for us was not given
    DISPUTE = "dispute"
    TRANSFER_SLIP = "transfer_slip"  # a customer says that they have transferred what is due
    RECONCILIATION = "reconciliation"  # our books and the provider's differ, and nothing safe mends it
    LOW_STOCK = "low_stock"  # hardly any of a variant is left to sell, or none


ABOUT_MONEY: Final = frozenset(TaskKind) - {TaskKind.LOW_STOCK}


class Task(Base):
    """Something staff should know or do. What caused it opens it once."""

    __tablename__ = "staff_task"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[TaskKind]
    cause: Mapped[str] = mapped_column(unique=True)  # as in "payment:<id>"
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("order.id"), index=True)
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"), index=True)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"), index=True)
    conversation: Mapped[str | None]
    facts: Mapped[JsonObject] = mapped_column(default=dict)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    closed_by: Mapped[str | None]
    resolution: Mapped[str | None]
