"""Visits to the pay page, and what is bought there."""

from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, Field

from sandbox.stripe.model.discounts import Discount
from sandbox.stripe.model.entity import Entity
from shop.money import Money


class LineItem(Entity):
    """One line of a checkout: so many of a thing at a price."""

    price: str
    product: str
    name: str
    description: str | None = None
    images: list[str] = Field(default_factory=list)
    unit_amount: int
    quantity: int
    currency: str
    metadata: dict[str, str] = Field(default_factory=dict)
    product_metadata: dict[str, str] = Field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.unit_amount * self.quantity


class ShippingOption(BaseModel):
    """A way of sending that the customer may choose; the first is preselected."""

    id: str
    name: str
    amount: int


class SessionStatus(StrEnum):
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


SESSION_MOVES: Final = {
    SessionStatus.OPEN: {SessionStatus.COMPLETE, SessionStatus.EXPIRED},
    SessionStatus.COMPLETE: set[SessionStatus](),
    SessionStatus.EXPIRED: set[SessionStatus](),
}


class CheckoutSession(Entity):
    """One customer's visit to the pay page."""

    expires_at: int
    currency: str
    items: list[LineItem]
    success_url: str
    cancel_url: str | None = None
    status: SessionStatus = SessionStatus.OPEN
    payment_intent: str | None = None
    intent_parameters: dict[str, Any] = Field(
        default_factory=dict
    )  # payment_intent_data, for the day it is made
    shipping_options: list[ShippingOption] = Field(default_factory=list[ShippingOption])
    shipping_chosen: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    client_reference_id: str | None = None
    customer_email: str | None = None
    customer: str | None = None
    discount: Discount | None = None
    customer_details: dict[str, Any] | None = None
    shipping_details: dict[str, Any] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)  # what the session shows as it was given

    @property
    def shipping_amount(self) -> int:
        return next((o.amount for o in self.shipping_options if o.id == self.shipping_chosen), 0)

    @property
    def subtotal(self) -> int:
        return sum(item.total for item in self.items)

    @property
    def discounted(self) -> int:
        """How much the discount takes off; never more than there is to pay for the goods."""
        return min(self.discount.amount, self.subtotal) if self.discount else 0

    @property
    def discounted_by_item(self) -> list[int]:
        """The discount shared out over the lines in proportion to their price; the shares add up to it."""
        if not self.discounted:
            return [0] * len(self.items)
        whole = Money(self.discounted, self.currency.upper())
        return [share.minor for share in whole.split(item.total for item in self.items)]

    @property
    def total(self) -> int:
        return self.subtotal - self.discounted + self.shipping_amount

    def move(self, status: SessionStatus) -> None:
        assert status in SESSION_MOVES[self.status], f"{self.status} → {status}"
        self.status = status
