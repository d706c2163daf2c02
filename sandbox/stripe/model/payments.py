"""Payments, their charges, refunds and what they did to the balance."""

from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from sandbox.stripe.cards import BY_PAYMENT_METHOD, Card
from sandbox.stripe.model.entity import Entity

AUTHORISATION_DAYS: Final = 7  # https://docs.stripe.com/payments/place-a-hold-on-a-payment-method


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
    customer: str | None = None
    may_be_raised: bool = False  # request_incremental_authorization=if_available
    raises: int = 0  # attempts to raise the authorised amount, refused ones too
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
    customer: str | None = None
    dispute_opens_at: int | None = None
    disputed: bool = False  # once it was, for ever (https://docs.stripe.com/api/charges/object)
    may_be_raised: bool = False
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
    CANCELED = "canceled"


REFUND_MOVES: Final = {
    RefundStatus.PENDING: {RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.CANCELED},
    RefundStatus.SUCCEEDED: {RefundStatus.FAILED},  # a bank may send it back (docs.stripe.com/refunds)
    RefundStatus.FAILED: set[RefundStatus](),
    RefundStatus.CANCELED: set[RefundStatus](),
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

    @property
    def came_back(self) -> bool:
        """The money is the merchant's again."""
        return self.status in (RefundStatus.FAILED, RefundStatus.CANCELED)

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
    fee_description: str = "Stripe processing fees"

    @property
    def net(self) -> int:
        return self.amount - self.fee
