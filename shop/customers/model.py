"""A customer, the channel accounts that are theirs, and where they have things sent."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.ids import new_id
from storage.types import Base, JsonObject

DETAILS = ("name", "phone", "address")
"""What of a customer an order needs; the last told is kept for the next."""

PIN = "pin"
"""The part of an address that is a point on the map: latitude,longitude in degrees."""


class OrderNews(StrEnum):
    """What of an order's way somebody wants to hear; what concerns money is always told."""

    ALL = "all"
    SHIPPING = "shipping"  # that it was sent, and arrived
    NONE = "none"


class Customer(Base):
    """One person, as far as we know; what they told us once is not asked again."""

    __tablename__ = "customer"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str | None]  # as they gave it for a parcel, not the chat nickname
    phone: Mapped[str | None]  # E.164
    email: Mapped[str | None]
    address: Mapped[JsonObject | None]  # the last one used: street, postcode, city, country
    language: Mapped[str | None]
    order_news: Mapped[OrderNews] = mapped_column(default=OrderNews.ALL)
    wants_person: Mapped[bool] = mapped_column(default=False)  # asked for staff and was not answered yet
    created_at: Mapped[datetime]


class ChannelAccount(Base):
    """An account on a channel, such as a Telegram user; belongs to exactly one customer."""

    __tablename__ = "channel_account"
    __table_args__ = (UniqueConstraint("channel", "account"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str]
    account: Mapped[str]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    display_name: Mapped[str] = mapped_column(default="")
    username: Mapped[str] = mapped_column(default="")


class CustomerAddress(Base):
    """An address that a customer has had things sent to."""

    __tablename__ = "customer_address"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    address: Mapped[JsonObject]  # street, postcode, city, country, pin
    used_at: Mapped[datetime]
