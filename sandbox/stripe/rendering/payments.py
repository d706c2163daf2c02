"""Payments, charges and refunds as the API shows them."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import Charge, PaymentIntent, PaymentMethod, Refund, RefundStatus
from sandbox.stripe.rendering.lists import CARD_TYPES, NO_ADDRESS


def payment_intent(intent: PaymentIntent) -> JSON:
    return {
        "id": intent.id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": intent.amount,
        "amount_capturable": intent.amount_capturable,
        "amount_details": {"tip": {}},
        "amount_received": intent.amount_received,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": intent.automatic_payment_methods,
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": intent.capture_method,
        "client_secret": intent.client_secret,
        "confirmation_method": intent.confirmation_method,
        "created": intent.created,
        "currency": intent.currency,
        "customer": intent.customer,
        "customer_account": None,
        "description": intent.description,
        "excluded_payment_method_types": None,
        "last_payment_error": intent.last_payment_error,
        "latest_charge": intent.latest_charge,
        "livemode": False,
        "metadata": intent.metadata,
        "next_action": intent.next_action,
        "on_behalf_of": None,
        "payment_method": intent.payment_method,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": _card_options(intent)},
        "payment_method_types": CARD_TYPES,
        "processing": None,
        "receipt_email": intent.receipt_email,
        "review": None,
        "setup_future_usage": None,
        "shipping": intent.shipping,
        "source": None,
        "statement_descriptor": intent.statement_descriptor,
        "statement_descriptor_suffix": intent.statement_descriptor_suffix,
        "status": intent.status.value,
        "transfer_data": None,
        "transfer_group": intent.transfer_group,
    }


def _card_options(intent: PaymentIntent) -> JSON:
    options: JSON = {"installments": None, "request_three_d_secure": "automatic"}
    if intent.may_be_raised:
        options["request_incremental_authorization"] = "if_available"
    return options


def payment_method(method: PaymentMethod) -> JSON:
    card = method.test_card
    return {
        "id": method.id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing_details(method.email, method.name),
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": f"sandbox{card.number[-9:]}",
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": method.created,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def _billing_details(email: str | None, name: str | None) -> JSON:
    return {"address": dict(NO_ADDRESS), "email": email, "name": name, "phone": None, "tax_id": None}


def charge(account: Account, charge: Charge) -> JSON:
    return {
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.amount_captured,
        "amount_refunded": charge.amount_refunded,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": charge.balance_transaction,
        "billing_details": _billing_details(charge.email, charge.name),
        "calculated_statement_descriptor": account.settings.shop_name.upper()[:22],
        "captured": charge.captured,
        "created": charge.created,
        "currency": charge.currency,
        "customer": charge.customer,
        "description": charge.description,
        "disputed": charge.disputed,
        "failure_balance_transaction": None,
        "failure_code": charge.failure_code,
        "failure_message": charge.failure_message,
        "fraud_details": {},
        "livemode": False,
        "metadata": charge.metadata,
        "on_behalf_of": None,
        "outcome": _outcome(account, charge),
        "paid": charge.status == "succeeded",
        "payment_intent": charge.payment_intent,
        "payment_method": charge.payment_method,
        "payment_method_details": _method_details(account, charge),
        "radar_options": {},
        "receipt_email": charge.receipt_email,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": charge.refunded,
        "review": None,
        "shipping": charge.shipping,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": charge.statement_descriptor,
        "statement_descriptor_suffix": charge.statement_descriptor_suffix,
        "status": charge.status,
        "transfer_data": None,
        "transfer_group": charge.transfer_group,
    }


_APPROVED: JSON = {
    "network_status": "approved_by_network",
    "risk_level": "normal",
    "seller_message": "Payment complete.",
    "type": "authorized",
}
_DECLINED: JSON = {
    "network_status": "declined_by_network",
    "risk_level": "normal",
    "seller_message": "The bank did not accept the payment.",
    "type": "issuer_declined",
}
# https://docs.stripe.com/declines#blocked-payments
_BLOCKED: JSON = {
    "network_status": "not_sent_to_network",
    "risk_level": "highest",
    "seller_message": "The payment was blocked as too risky.",
    "type": "blocked",
}


def _outcome(account: Account, charge: Charge) -> JSON:
    card = account.payment_methods[charge.payment_method].test_card
    refused = _BLOCKED if card.blocked else _DECLINED
    return {
        "advice_code": card.decline.advice if card.decline else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "reason": "highest_risk_level" if card.blocked else charge.decline_code,
        **(_APPROVED if charge.status == "succeeded" else refused),
    }


def _method_details(account: Account, charge: Charge) -> JSON:
    card = account.payment_methods[charge.payment_method].test_card
    secure = {"authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0"}
    return {
        "card": {
            "amount_authorized": charge.amount if charge.status == "succeeded" else None,
            "authorization_code": None,
            "brand": card.brand,
            "capture_before": charge.capture_before,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": card.country,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": f"sandbox{card.number[-9:]}",
            "funding": "credit",
            "incremental_authorization": {"status": "available" if charge.may_be_raised else "unavailable"},
            "installments": None,
            "last4": card.last4,
            "network": card.brand,
            "three_d_secure": secure if charge.three_d_secure else None,
            "wallet": None,
        },
        "type": "card",
    }


def refund(refund: Refund) -> JSON:
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": refund.balance_transaction,
        "charge": refund.charge,
        "created": refund.created,
        "currency": refund.currency,
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund" if refund.balance_transaction else "reversal",
            },
            "type": "card",
        },
        "failure_balance_transaction": refund.failure_balance_transaction,
        "failure_reason": refund.failure_reason,
        "metadata": refund.metadata,
        "payment_intent": refund.payment_intent,
        "pending_reason": "processing" if refund.status == RefundStatus.PENDING else None,
        "reason": refund.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": refund.status.value,
        "transfer_reversal": None,
    }
