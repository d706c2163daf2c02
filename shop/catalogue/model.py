"""Products as a customer sees them: a product, its variants with price and stock, its pictures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.errors import Refused
from shop.money import Money
from storage.ids import new_id
from storage.types import Base, JsonObject


class OutOfStock(Refused):
    """Fewer units are free than were asked for; `free` says how many there are."""

    reply = "utter_out_of_stock"


class Product(Base):
    """Something the shop sells, in one or more variants."""

    __tablename__ = "product"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    handle: Mapped[str] = mapped_column(unique=True)  # the shop's own stable name, as in a URL
    title: Mapped[str]
    vendor: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")  # Shopify calls it Type
    tags: Mapped[list[str]] = mapped_column(default=list)
    description: Mapped[str] = mapped_column(default="")  # plain text, paragraphs apart by blank lines
    # Facts such as {"Material": "stoneware"}. Plain JSON: PostgreSQL's JSONB would forget their order.
    attributes: Mapped[JsonObject] = mapped_column(JSON(), default=dict)
    published: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime]
    source_hash: Mapped[str] = mapped_column(
        default=""
    )  # of the imported rows: the same again changes nothing

    variants: Mapped[list["Variant"]] = relationship(
        back_populates="product", order_by="Variant.position", lazy="raise", cascade="all, delete-orphan"
    )
    pictures: Mapped[list["ProductPicture"]] = relationship(
        order_by="ProductPicture.position", lazy="raise", cascade="all, delete-orphan"
    )


class Variant(Base):
    """One buyable form of a product: its options, price and stock."""

    __tablename__ = "variant"
    __table_args__ = (
        UniqueConstraint("product_id", "option_key"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        # A shop that sells without counting says so per variant; else no more is promised than is there.
        CheckConstraint("allocated >= 0 AND (NOT tracked OR oversell OR allocated <= on_hand)", name="stock"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    sku: Mapped[str | None] = mapped_column(index=True)
    # {"Colour": "black", "Size": "M"}, in the merchant's order, which JSONB would forget
    options: Mapped[dict[str, str]] = mapped_column(JSON(), default=dict)
    option_key: Mapped[str] = mapped_column(
        default=""
    )  # the options' values, normalised: unique in a product
    price_minor: Mapped[int]
    compare_at_minor: Mapped[int | None]
    currency: Mapped[str]
    tracked: Mapped[bool] = mapped_column(default=True)  # False: never runs out
    oversell: Mapped[bool] = mapped_column(
        default=False
    )  # may be sold below zero (Shopify's policy "continue")
    on_hand: Mapped[int] = mapped_column(default=0)
    on_hand_imported: Mapped[int | None]  # what the last import said: only a change of it moves on_hand
    allocated: Mapped[int] = mapped_column(default=0)  # promised to orders that are not shipped or lapsed yet
    weight_grams: Mapped[int] = mapped_column(default=0)
    barcode: Mapped[str | None]
    picture_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_picture.id", ondelete="SET NULL"))
    published: Mapped[bool] = mapped_column(
        default=True
    )  # False: gone from the last import, kept for old orders

    product: Mapped[Product] = relationship(back_populates="variants", lazy="raise")
    picture: Mapped["ProductPicture | None"] = relationship(lazy="raise", foreign_keys=[picture_id])

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def label(self) -> str:
        """Its options in words, as in "black, M"; empty for a product's only variant."""
        return ", ".join(self.options.values())

    def free_units(self) -> int | None:
        """How many can still be promised; None when there is no limit."""
        if not self.tracked or self.oversell:
            return None
        return max(0, self.on_hand - self.allocated)

    def allocate(self, units: int) -> None:
        """Promise `units` to an order. Raises OutOfStock. The row is locked by the caller."""
        free = self.free_units()
        if free is not None and units > free:
            raise OutOfStock(variant=self.id, title=self.label, free=free, asked=units)
        self.allocated += units

    def release(self, units: int) -> None:
        """Take a promise back (order lapsed or was cancelled before shipping)."""
        assert self.allocated >= units, f"variant {self.id}: releasing {units} of {self.allocated}"
        self.allocated -= units


class ProductPicture(Base):
    """A picture in the media folder (`path`), at the merchant's own address (`url`), or both."""

    __tablename__ = "product_picture"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    path: Mapped[str | None]
    url: Mapped[str | None]
    alt: Mapped[str] = mapped_column(default="")


def option_key(options: dict[str, Any]) -> str:
    """How a variant is told from its sisters: its option values, trimmed and lowered."""
    return " / ".join(str(value).strip().casefold() for value in options.values())
