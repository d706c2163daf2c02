"""Cart lines; nothing is promised to anyone until payment starts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.catalogue.model import Variant
from shop.errors import Refused
from storage.types import Base

UNITS_MAX = 999  # of one variant in one cart


class TooMany(Refused):
    """More units of one thing than a cart takes."""

    reply = "utter_too_many"


class CartLine(Base):
    """So many units of a variant, at the price the customer saw when they put it in."""

    __tablename__ = "cart_line"
    __table_args__ = (CheckConstraint("units > 0", name="units_positive"),)

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True)
    units: Mapped[int]
    price_seen_minor: Mapped[int]
    added_at: Mapped[datetime]

    variant: Mapped[Variant] = relationship(lazy="raise")
