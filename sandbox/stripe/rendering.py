"""Each object as the API shows it (https://docs.stripe.com/api, version 2026-10-28.endive).

A key that the API has and this emulator never fills is shown as null, as on a fresh test account.
"""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import (
    BalanceTransaction,
    Charge,
    CheckoutSession,
    Event,
    IntentStatus,
    LineItem,
    PaymentIntent,
    PaymentMethod,
    Refund,
    RefundStatus,
    SessionStatus,
    WebhookEndpoint,
)
from sandbox.stripe.parameters import API_VERSION

NO_ADDRESS: JSON = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
CARD_TYPES = ["card"]


def listed(data: list[JSON], *, url: str, has_more: bool = False) -> JSON:
    """One page of a list."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


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
        "customer": None,
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
        "payment_method_options": {"card": {"installments": None, "request_three_d_secure": "automatic"}},
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
        "customer": None,
        "description": charge.description,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": charge.failure_code,
        "failure_message": charge.failure_message,
        "fraud_details": {},
        "livemode": False,
        "metadata": charge.metadata,
        "on_behalf_of": None,
        "outcome": _outcome(charge),
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


def _outcome(charge: Charge) -> JSON:
    went_through = charge.status == "succeeded"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if went_through else "declined_by_network",
        "reason": charge.decline_code,
        "risk_level": "normal",
        "seller_message": "Payment complete." if went_through else "The bank did not accept the payment.",
        "type": "authorized" if went_through else "issuer_declined",
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


def balance_transaction(account: Account, entry: BalanceTransaction) -> JSON:
    details = {
        "amount": entry.fee,
        "application": None,
        "currency": entry.currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    return {
        "id": entry.id,
        "object": "balance_transaction",
        "amount": entry.amount,
        "available_on": entry.available_on,
        "balance_type": "payments",
        "created": entry.created,
        "currency": entry.currency,
        "description": entry.description,
        "exchange_rate": None,
        "fee": entry.fee,
        "fee_details": [details] if entry.fee else [],
        "net": entry.amount - entry.fee,
        "reporting_category": entry.reporting_category,
        "source": entry.source,
        "status": "available" if entry.available_on <= account.now() else "pending",
        "type": entry.type,
    }


def line_item(item: LineItem) -> JSON:
    return {
        "id": item.id,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": item.total,
        "amount_tax": 0,
        "amount_total": item.total,
        "currency": item.currency,
        "description": item.name,
        "metadata": item.metadata,
        "price": _price(item),
        "quantity": item.quantity,
    }


def _price(item: LineItem) -> JSON:
    return {
        "id": item.price,
        "object": "price",
        "active": False,  # a price made by price_data is used once
        "billing_scheme": "per_unit",
        "created": item.created,
        "currency": item.currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": item.product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": item.unit_amount,
        "unit_amount_decimal": str(item.unit_amount),
    }


_SESSION_DEFAULTS: JSON = {
    "adaptive_pricing": {"enabled": False},
    "after_expiration": None,
    "allow_promotion_codes": None,
    "allowed_payment_method_types": None,
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "billing_address_collection": None,
    "branding_settings": None,
    "client_secret": None,
    "consent": None,
    "consent_collection": None,
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": dict.fromkeys(
        ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    ),
    "customer": None,
    "customer_account": None,
    "customer_creation": "if_required",
    "discounts": [],
    "excluded_payment_method_types": None,
    "integration_identifier": None,
    "invoice": None,
    "invoice_creation": None,
    "livemode": False,
    "locale": None,
    "mode": "payment",
    "origin_context": None,
    "payment_link": None,
    "payment_method_collection": "if_required",
    "payment_method_configuration_details": None,
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": CARD_TYPES,
    "permissions": None,
    "phone_number_collection": {"enabled": False},
    "recovered_from": None,
    "return_url": None,
    "saved_payment_method_options": None,
    "setup_intent": None,
    "shipping_address_collection": None,
    "submit_type": None,
    "subscription": None,
    "tax_id_collection": None,
    "ui_mode": "hosted_page",
    "wallet_options": None,
}


def checkout_session(account: Account, session: CheckoutSession) -> JSON:
    return {
        "id": session.id,
        "object": "checkout.session",
        **_SESSION_DEFAULTS,
        **session.settings,
        "amount_subtotal": session.subtotal,
        "amount_total": session.total,
        "cancel_url": session.cancel_url,
        "client_reference_id": session.client_reference_id,
        "collected_information": _collected(session),
        "created": session.created,
        "currency": session.currency,
        "customer_details": session.customer_details or _prefilled_customer(session),
        "customer_email": session.customer_email,
        "expires_at": session.expires_at,
        "metadata": session.metadata,
        "payment_intent": session.payment_intent,
        "payment_status": _payment_status(account, session),
        "shipping_cost": _shipping_cost(session),
        "shipping_options": [
            {"shipping_amount": option.amount, "shipping_rate": option.id}
            for option in session.shipping_options
        ],
        "status": session.status.value,
        "success_url": session.success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": session.shipping_amount, "amount_tax": 0},
        "url": pay_url(account, session) if session.status == SessionStatus.OPEN else None,
    }


def _payment_status(account: Account, session: CheckoutSession) -> str:
    """A payment that is authorised and not yet captured is a completed visit that is unpaid."""
    intent = account.intents.get(session.payment_intent or "")
    return "paid" if intent is not None and intent.status == IntentStatus.SUCCEEDED else "unpaid"


def pay_url(account: Account, session: CheckoutSession) -> str:
    """Where the customer goes."""
    return f"{account.settings.base_url}/pay/{session.id}"


def _collected(session: CheckoutSession) -> JSON | None:
    if session.status != SessionStatus.COMPLETE:
        return None
    return {"business_name": None, "individual_name": None, "shipping_details": session.shipping_details}


def _prefilled_customer(session: CheckoutSession) -> JSON | None:
    return None if session.customer_email is None else customer_details(email=session.customer_email)


def customer_details(
    *, email: str | None, name: str | None = None, phone: str | None = None, address: JSON | None = None
) -> JSON:
    """What a customer told the pay page."""
    return {
        "address": address,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": phone,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _shipping_cost(session: CheckoutSession) -> JSON | None:
    if session.shipping_chosen is None:
        return None
    amount = session.shipping_amount
    return {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": session.shipping_chosen,
    }


def event(event: Event, *, pending_webhooks: int) -> JSON:
    return {
        "id": event.id,
        "object": "event",
        "api_version": API_VERSION,
        "created": event.created,
        "data": event.data,
        "livemode": False,
        "pending_webhooks": pending_webhooks,
        "request": {"id": event.request, "idempotency_key": event.idempotency_key},
        "type": event.type,
    }


def webhook_endpoint(endpoint: WebhookEndpoint, *, with_secret: bool = False) -> JSON:
    shown: dict[str, Any] = {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": endpoint.created,
        "description": endpoint.description,
        "enabled_events": endpoint.enabled_events,
        "livemode": False,
        "metadata": endpoint.metadata,
        "status": endpoint.status,
        "url": endpoint.url,
    }
    return {**shown, "secret": endpoint.secret} if with_secret else shown
