"""An invoice's number, one for each order that was paid."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.types import Base


class Invoice(Base):
    """The number under which an order was invoiced: 1, 2, … in its year, without a gap."""

    __tablename__ = "invoice"
    __table_args__ = (UniqueConstraint("year", "number"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id"), primary_key=True)
    year: Mapped[int]
    number: Mapped[int]
    issued_at: Mapped[datetime]

    @property
    def name(self) -> str:
        """As it stands on the paper: 2026-0042."""
        return f"{self.year}-{self.number:04d}"


class InvoiceYear(Base):
    """The last number of a year; whoever takes the next holds its row until they commit."""

    __tablename__ = "invoice_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)
