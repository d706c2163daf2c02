"""The test cards and what each does (https://docs.stripe.com/testing#cards).

The sections of that page: declined-payments, 3d-secure-mobile-challenge-flows and regulatory-cards (3-D Secure),
refunds, disputes.
"""

from dataclasses import dataclass
from enum import StrEnum


class RefundCourse(StrEnum):
    """How a refund to this card goes (https://docs.stripe.com/testing#refunds)."""

    AT_ONCE = "at_once"
    PENDING_THEN_SUCCEEDED = "pending_then_succeeded"
    SUCCEEDED_THEN_FAILED = "succeeded_then_failed"


class DisputeCourse(StrEnum):
    """Why a customer will dispute it; the values are Stripe's (https://docs.stripe.com/testing#disputes)."""

    FRAUDULENT = "fraudulent"
    PRODUCT_NOT_RECEIVED = "product_not_received"
    INQUIRY = "general"


@dataclass(frozen=True)
class Decline:
    """Why a bank says no: Stripe's error code, the bank's own code, and the words for the customer."""

    code: str
    decline_code: str
    message: str
    advice: str


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.", "try_again_later")
INSUFFICIENT = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds.", "try_again_later"
)
LOST = Decline("card_declined", "lost_card", "Your card was declined.", "do_not_try_again")
STOLEN = Decline("card_declined", "stolen_card", "Your card was declined.", "do_not_try_again")
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.", "do_not_try_again")
WRONG_CVC = Decline(
    "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "confirm_card_data"
)
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    "try_again_later",
)
FRAUD = Decline("card_declined", "fraudulent", "Your card was declined.", "do_not_try_again")
VELOCITY = Decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    "try_again_later",
)


@dataclass(frozen=True)
class Card:
    """One test card: its number, the API's name for it, and its behaviour."""

    number: str
    payment_method: str
    brand: str = "visa"
    decline: Decline | None = None
    three_d_secure: bool = False
    refunds: RefundCourse = RefundCourse.AT_ONCE
    dispute: DisputeCourse | None = None
    blocked: bool = False  # by Stripe's own fraud rules; the bank is not asked
    country: str = "US"

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS = (
    Card("4242424242424242", "pm_card_visa"),
    Card("4000056655665556", "pm_card_visa_debit"),
    Card("5555555555554444", "pm_card_mastercard", brand="mastercard"),
    Card("378282246310005", "pm_card_amex", brand="amex"),
    Card("4000000000000002", "pm_card_visa_chargeDeclined", decline=GENERIC),
    Card("4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", decline=INSUFFICIENT),
    Card("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", decline=LOST),
    Card("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", decline=STOLEN),
    Card("4000000000000069", "pm_card_chargeDeclinedExpiredCard", decline=EXPIRED),
    Card("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", decline=WRONG_CVC),
    Card("4000000000000119", "pm_card_chargeDeclinedProcessingError", decline=PROCESSING),
    Card("4000000000006975", "pm_card_visa_chargeDeclinedVelocityLimitExceeded", decline=VELOCITY),
    Card("4100000000000019", "pm_card_radarBlock", decline=FRAUD, blocked=True),
    Card("4000002500003155", "pm_card_authenticationRequiredOnSetup", three_d_secure=True),
    Card("4000002760003184", "pm_card_authenticationRequired", three_d_secure=True),
    Card("4000000000003220", "pm_card_threeDSecure2Required", three_d_secure=True, country="IE"),
    Card(
        "4000008400001629",
        "pm_card_threeDSecureRequiredChargeDeclined",
        three_d_secure=True,
        decline=GENERIC,
    ),
    Card(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        three_d_secure=True,
        decline=INSUFFICIENT,
    ),
    # The question to the bank's 3-D Secure fails, so nobody is asked to approve.
    Card("4000008400001280", "pm_card_threeDSecureRequiredProcessingError", decline=GENERIC),
    Card("4000000000003055", "pm_card_threeDSecureOptional"),
    Card("4000000000000259", "pm_card_createDispute", dispute=DisputeCourse.FRAUDULENT),
    Card(
        "4000000000002685",
        "pm_card_createDisputeProductNotReceived",
        dispute=DisputeCourse.PRODUCT_NOT_RECEIVED,
    ),
    Card("4000000000001976", "pm_card_createDisputeInquiry", dispute=DisputeCourse.INQUIRY),
    Card("4000000000007726", "pm_card_pendingRefund", refunds=RefundCourse.PENDING_THEN_SUCCEEDED),
    Card("4000000000005126", "pm_card_refundFail", refunds=RefundCourse.SUCCEEDED_THEN_FAILED),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_PAYMENT_METHOD = {card.payment_method: card for card in CARDS}

# What the demo's people carry. Some of what they do is no card: see people.py.
BY_NICKNAME = {
    "visa": BY_NUMBER["4242424242424242"],
    "mastercard": BY_NUMBER["5555555555554444"],
    "declined": BY_NUMBER["4000000000000002"],
    "insufficient": BY_NUMBER["4000000000009995"],
    "lost": BY_NUMBER["4000000000009987"],
    "stolen": BY_NUMBER["4000000000009979"],
    "expired": BY_NUMBER["4000000000000069"],
    "wrong_cvc": BY_NUMBER["4000000000000127"],
    "processing_error": BY_NUMBER["4000000000000119"],
    "too_often": BY_NUMBER["4000000000006975"],
    "blocked": BY_NUMBER["4100000000000019"],
    "three_d_secure": BY_NUMBER["4000002760003184"],
    "three_d_secure_declined": BY_NUMBER["4000008400001629"],
    "refund_pending": BY_NUMBER["4000000000007726"],
    "refund_fails": BY_NUMBER["4000000000005126"],
    "disputed": BY_NUMBER["4000000000000259"],
    "not_received": BY_NUMBER["4000000000002685"],
    "inquiry": BY_NUMBER["4000000000001976"],
}


def passes_check_digit(number: str) -> bool:
    """The Luhn formula (ISO/IEC 7812-1): what tells a mistyped number from a card."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (2 * digit - 9 * (digit > 4) for digit in digits[1::2])
    return (sum(digits[0::2]) + sum(doubled)) % 10 == 0
