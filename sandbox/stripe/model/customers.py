"""The people that the merchant keeps at Stripe."""

from typing import Any

from pydantic import Field

from sandbox.stripe.model.entity import Entity


class Customer(Entity):
    """One person or company; what was deleted is remembered as that (https://docs.stripe.com/api/customers/delete)."""

    email: str | None = None
    name: str | None = None
    business_name: str | None = None
    individual_name: str | None = None
    description: str | None = None
    phone: str | None = None
    address: dict[str, Any] | None = None
    shipping: dict[str, Any] | None = None
    preferred_locales: list[str] = Field(default_factory=list)
    metadata: dict[str, str] = Field(default_factory=dict)
    invoice_prefix: str
    deleted: bool = False
