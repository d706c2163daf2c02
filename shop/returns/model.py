"""A return and its life; only the table below moves it.

| from | to |
|---|---|
| asked | approved, refused |
| approved | received, refused (it never came) |
| received | refunded, exchanged |
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.errors import Refused
from storage.ids import new_id
from storage.types import Base


class ReturnStatus(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    RECEIVED = "received"
    REFUNDED = "refunded"
    EXCHANGED = "exchanged"


class Wish(StrEnum):
    REFUND = "refund"
    EXCHANGE = "exchange"


R = ReturnStatus
RETURN_MOVES: Final[dict[ReturnStatus, frozenset[ReturnStatus]]] = {
    R.ASKED: frozenset({R.APPROVED, R.REFUSED}),
    R.APPROVED: frozenset({R.RECEIVED, R.REFUSED}),
    R.RECEIVED: frozenset({R.REFUNDED, R.EXCHANGED}),
    R.REFUSED: frozenset(),
    R.REFUNDED: frozenset(),
    R.EXCHANGED: frozenset(),
}
OPEN: Final = frozenset({R.ASKED, R.APPROVED, R.RECEIVED})


class ReturnNotPossible(Refused):
    """This return has gone another way already, or is not so far yet."""

    reply = "utter_order_cannot"


class Return(Base):
    """Some of an order's goods that a customer sends back."""

    __tablename__ = "return"
    __table_args__ = (UniqueConstraint("order_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]  # 1, 2, … within the order
    status: Mapped[ReturnStatus] = mapped_column(default=R.ASKED, index=True)
    wish: Mapped[Wish]
    why: Mapped[str]  # a code of flows/replies: damaged, wrong, unfit, disliked, other
    # what they would like instead, under its name of that day; None: their money
    wanted_variant_id: Mapped[UUID | None] = mapped_column(ForeignKey("variant.id", ondelete="SET NULL"))
    wanted_name: Mapped[str | None]
    worth_minor: Mapped[int] = mapped_column(default=0)  # what was asked for the goods; known once they came
    asked_at: Mapped[datetime]

    lines: Mapped[list["ReturnLine"]] = relationship(lazy="raise", cascade="all, delete-orphan")
    moves: Mapped[list["ReturnMove"]] = relationship(
        order_by="ReturnMove.id", lazy="raise", cascade="all, delete-orphan"
    )

    def can(self, status: ReturnStatus) -> bool:
        """Whether the table allows this move now."""
        return status in RETURN_MOVES[self.status]

    def move(self, status: ReturnStatus, *, at: datetime, by: str, why: str = "") -> "ReturnMove":
        """Go to `status` and leave a line of history. Raises ReturnNotPossible."""
        if not self.can(status):
            raise ReturnNotPossible(status=self.status.value, wanted=status.value)
        move = ReturnMove(return_id=self.id, before=self.status, after=status, at=at, by=by, why=why)
        self.status = status
        return move


class ReturnLine(Base):
    """So many units of an order's line in a return."""

    __tablename__ = "return_line"
    __table_args__ = (CheckConstraint("units > 0", name="units_positive"),)

    return_id: Mapped[UUID] = mapped_column(ForeignKey("return.id", ondelete="CASCADE"), primary_key=True)
    order_line_id: Mapped[UUID] = mapped_column(
        ForeignKey("order_line.id", ondelete="CASCADE"), primary_key=True
    )
    units: Mapped[int]


class ReturnMove(Base):
    """Who moved a return from where to where, when and why."""

    __tablename__ = "return_move"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    return_id: Mapped[UUID] = mapped_column(ForeignKey("return.id", ondelete="CASCADE"), index=True)
    before: Mapped[ReturnStatus]
    after: Mapped[ReturnStatus]
    at: Mapped[datetime]
    by: Mapped[str]  # as in OrderMove
    why: Mapped[str]
