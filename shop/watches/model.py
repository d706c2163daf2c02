"""A customer's wish to hear when something sold out can be had again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.ids import new_id
from storage.types import Base


class StockWatch(Base):
    """Told once, in the conversation where it was asked for. Without a variant any of the product's will do."""

    __tablename__ = "stock_watch"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[UUID | None] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), index=True)
    conversation: Mapped[str]
    asked_at: Mapped[datetime]
    told_at: Mapped[datetime | None] = mapped_column(index=True)
