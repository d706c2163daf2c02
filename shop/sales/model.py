"""A lower price of one variant from one moment to another.

While it runs, the variant itself has that price, so that search, cart and checkout need to know nothing of sales; what it
costs otherwise is kept here.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.ids import new_id
from storage.types import Base


class SaleState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"


class Sale(Base):
    """One variant's sale. `regular_minor` and `before_minor` are its price and former price without it, while it runs."""

    __tablename__ = "sale"
    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), index=True)
    price_minor: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[SaleState] = mapped_column(default=SaleState.PLANNED, index=True)
    regular_minor: Mapped[int | None]
    before_minor: Mapped[int | None]
