"""The objects of the sandbox's Stripe account and the lives they lead.

Each is what Stripe keeps, not what it shows: the JSON that the API answers with is made in rendering.
"""

from sandbox.stripe.model.checkout import (
    CheckoutSession,
    LineItem,
    SessionStatus,
    ShippingOption,
)
from sandbox.stripe.model.customers import Customer
from sandbox.stripe.model.discounts import Coupon, Discount, PromotionCode
from sandbox.stripe.model.disputes import Dispute, DisputeStatus
from sandbox.stripe.model.entity import DAY_SECONDS, Entity
from sandbox.stripe.model.events import Delivery, Event, SavedAnswer, WebhookEndpoint
from sandbox.stripe.model.payments import (
    AUTHORISATION_DAYS,
    BalanceTransaction,
    Charge,
    IntentStatus,
    PaymentIntent,
    PaymentMethod,
    Refund,
    RefundStatus,
)

__all__ = [
    "AUTHORISATION_DAYS",
    "DAY_SECONDS",
    "BalanceTransaction",
    "Charge",
    "CheckoutSession",
    "Coupon",
    "Customer",
    "Delivery",
    "Discount",
    "Dispute",
    "DisputeStatus",
    "Entity",
    "Event",
    "IntentStatus",
    "LineItem",
    "PaymentIntent",
    "PaymentMethod",
    "PromotionCode",
    "Refund",
    "RefundStatus",
    "SavedAnswer",
    "SessionStatus",
    "ShippingOption",
    "WebhookEndpoint",
]
