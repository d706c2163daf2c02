"""Where groups of deals are shown in chats that many read."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.types import Base, JsonObject


class DealCard(Base):
    """The one card of a group in one chat. Only that chat's own lane writes it, so nothing else locks it."""

    __tablename__ = "deal_card"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("deal_group.id", ondelete="CASCADE"), primary_key=True)
    chat: Mapped[str] = mapped_column(primary_key=True, index=True)  # the lane of the chat itself
    language: Mapped[str]  # of whoever brought it there
    message: Mapped[str] = mapped_column(default="")  # the platform's id of it; empty until it is posted
    shown: Mapped[JsonObject] = mapped_column(default=dict)  # the bot.messages.Say that it is, or becomes
    under_way: Mapped[bool] = mapped_column(default=False)  # posted or changed just now, and not yet answered
