"""The objects of the sandbox's Stripe account and the lives they lead.

Each is what Stripe keeps, not what it shows: the JSON that the API answers with is made in rendering.py.
"""

from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, Field

from sandbox.stripe.cards import BY_PAYMENT_METHOD, Card

DAY_SECONDS: Final = 86_400
AUTHORISATION_DAYS: Final = 7  # https://docs.stripe.com/payments/place-a-hold-on-a-payment-method


class Entity(BaseModel):
    """Anything with an id and a time of creation (Unix seconds)."""

    id: str
    created: int


class PaymentMethod(Entity):
    """The card one payment was tried with."""

    card: str  # the test card's name in the API, such as pm_card_visa
    email: str | None = None
    name: str | None = None

    @property
    def test_card(self) -> Card:
        return BY_PAYMENT_METHOD[self.card]


class IntentStatus(StrEnum):
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    REQUIRES_CAPTURE = "requires_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


_NEEDS_METHOD = IntentStatus.REQUIRES_PAYMENT_METHOD
_NEEDS_CONFIRMATION = IntentStatus.REQUIRES_CONFIRMATION
_NEEDS_ACTION = IntentStatus.REQUIRES_ACTION
_NEEDS_CAPTURE = IntentStatus.REQUIRES_CAPTURE
_SUCCEEDED = IntentStatus.SUCCEEDED
_CANCELED = IntentStatus.CANCELED

# https://docs.stripe.com/payments/paymentintents/lifecycle
INTENT_MOVES: Final = {
    _NEEDS_METHOD: {_NEEDS_CONFIRMATION, _NEEDS_ACTION, _NEEDS_CAPTURE, _SUCCEEDED, _CANCELED},
    _NEEDS_CONFIRMATION: {_NEEDS_METHOD, _NEEDS_ACTION, _NEEDS_CAPTURE, _SUCCEEDED, _CANCELED},
    _NEEDS_ACTION: {_NEEDS_METHOD, _NEEDS_CONFIRMATION, _NEEDS_CAPTURE, _SUCCEEDED, _CANCELED},
    _NEEDS_CAPTURE: {_SUCCEEDED, _CANCELED},
    _SUCCEEDED: set[IntentStatus](),
    _CANCELED: set[IntentStatus](),
}


class PaymentIntent(Entity):
    """One payment from its wish to its end; charges are its attempts."""

    amount: int
    currency: str
    client_secret: str
    status: IntentStatus = _NEEDS_METHOD
    capture_method: str = "automatic_async"
    confirmation_method: str = "automatic"
    automatic_payment_methods: dict[str, Any] | None = None
    amount_received: int = 0
    payment_method: str | None = None
    latest_charge: str | None = None
    last_payment_error: dict[str, Any] | None = None
    next_action: dict[str, Any] | None = None
    return_url: str | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    description: str | None = None
    receipt_email: str | None = None
    shipping: dict[str, Any] | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_group: str | None = None
    checkout_session: str | None = None  # the session that made it, which Stripe does not show
    capture_before: int | None = None

    @property
    def amount_capturable(self) -> int:
        return self.amount if self.status == _NEEDS_CAPTURE else 0

    @property
    def captures_later(self) -> bool:
        return self.capture_method == "manual"

    def move(self, status: IntentStatus) -> None:
        """Go on to another status; asking for a move the table does not have is a bug of the emulator."""
        assert status in INTENT_MOVES[self.status], f"{self.status} → {status}"
        self.status = status


class Charge(Entity):
    """One attempt to take money from one card."""

    amount: int
    currency: str
    payment_intent: str
    payment_method: str
    status: str  # succeeded, failed
    captured: bool = False
    amount_captured: int = 0
    amount_refunded: int = 0  # with what was authorised and never captured, as Stripe counts it
    balance_transaction: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    decline_code: str | None = None
    three_d_secure: bool = False
    capture_before: int | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    description: str | None = None
    receipt_email: str | None = None
    shipping: dict[str, Any] | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_group: str | None = None
    email: str | None = None
    name: str | None = None

    @property
    def refunded(self) -> bool:
        return self.amount_refunded == self.amount and self.status == "succeeded"

    @property
    def unrefunded(self) -> int:
        return self.amount - self.amount_refunded


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_MOVES: Final = {
    RefundStatus.PENDING: {RefundStatus.SUCCEEDED, RefundStatus.FAILED},
    RefundStatus.SUCCEEDED: {RefundStatus.FAILED},  # a bank may send it back (docs.stripe.com/refunds)
    RefundStatus.FAILED: set[RefundStatus](),
}


class Refund(Entity):
    """Money on its way back, or an authorisation let go."""

    amount: int
    currency: str
    charge: str
    payment_intent: str
    status: RefundStatus
    reason: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    balance_transaction: str | None = None
    failure_balance_transaction: str | None = None
    failure_reason: str | None = None
    settles_at: int | None = None  # when the bank's answer comes, for the test cards that have one
    settles_as: RefundStatus | None = None

    def move(self, status: RefundStatus) -> None:
        assert status in REFUND_MOVES[self.status], f"{self.status} → {status}"
        self.status = status


class BalanceTransaction(Entity):
    """One line of the account's own ledger."""

    type: str
    reporting_category: str
    amount: int
    fee: int
    currency: str
    source: str
    available_on: int
    description: str | None = None


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
    def total(self) -> int:
        return self.subtotal + self.shipping_amount

    def move(self, status: SessionStatus) -> None:
        assert status in SESSION_MOVES[self.status], f"{self.status} → {status}"
        self.status = status


class Event(Entity):
    """A notice of what happened, with the object as it was at that moment."""

    type: str
    data: dict[str, Any]
    request: str | None = None
    idempotency_key: str | None = None


class WebhookEndpoint(Entity):
    """Where notices go, which ones, and the secret they are signed with."""

    url: str
    secret: str
    enabled_events: list[str]
    description: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    status: str = "enabled"
    from_settings: bool = False

    def wants(self, event_type: str) -> bool:
        return self.status == "enabled" and not {"*", event_type}.isdisjoint(self.enabled_events)


class Delivery(Entity):
    """One event on its way to one endpoint."""

    event: str
    event_type: str
    endpoint: str
    due: float
    attempts: int = 0
    delivered: bool = False
    given_up: bool = False
    how: str = "ok"

    @property
    def open(self) -> bool:
        return not (self.delivered or self.given_up)


class SavedAnswer(Entity):
    """What was answered under an idempotency key; the id is the key."""

    request: str  # method and path
    parameters: str
    request_id: str
    status: int
    body: str
