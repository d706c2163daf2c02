"""Each object as the API shows it (https://docs.stripe.com/api, version 2026-10-28.endive).

A key that the API has and this emulator never fills is shown as null, as on a fresh test account.
"""

from sandbox.stripe.rendering.checkout import (
    checkout_session,
    customer_details,
    known_email,
    line_items,
    pay_url,
)
from sandbox.stripe.rendering.customers import breakdown, coupon, customer, deleted, promotion_code
from sandbox.stripe.rendering.disputes import dispute
from sandbox.stripe.rendering.events import event, webhook_endpoint
from sandbox.stripe.rendering.ledger import balance, balance_transaction
from sandbox.stripe.rendering.lists import CARD_TYPES, NO_ADDRESS, listed
from sandbox.stripe.rendering.payments import charge, payment_intent, payment_method, refund

__all__ = [
    "CARD_TYPES",
    "NO_ADDRESS",
    "balance",
    "balance_transaction",
    "breakdown",
    "charge",
    "checkout_session",
    "coupon",
    "customer",
    "customer_details",
    "deleted",
    "dispute",
    "event",
    "known_email",
    "line_items",
    "listed",
    "pay_url",
    "payment_intent",
    "payment_method",
    "promotion_code",
    "refund",
    "webhook_endpoint",
]
