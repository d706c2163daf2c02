"""A shipment: some or all of an order's goods on their way, with the carrier's number."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.ids import new_id
from storage.types import Base


class Shipment(Base):
    """One parcel of an order, or what was handed over at the counter."""

    __tablename__ = "shipment"
    __table_args__ = (UniqueConstraint("order_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]  # 1, 2, … within the order
    carrier: Mapped[str]  # what staff call it; empty when they said nothing
    tracking: Mapped[str]  # the carrier's number for it; may be empty
    link: Mapped[str]  # where it can be followed: https, or empty
    shipped_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]

    lines: Mapped[list["ShipmentLine"]] = relationship(lazy="raise", cascade="all, delete-orphan")


class ShipmentLine(Base):
    """So many units of an order's line in a shipment."""

    __tablename__ = "shipment_line"
    __table_args__ = (CheckConstraint("units > 0", name="units_positive"),)

    shipment_id: Mapped[UUID] = mapped_column(ForeignKey("shipment.id", ondelete="CASCADE"), primary_key=True)
    order_line_id: Mapped[UUID] = mapped_column(
        ForeignKey("order_line.id", ondelete="CASCADE"), primary_key=True
    )
    units: Mapped[int]
