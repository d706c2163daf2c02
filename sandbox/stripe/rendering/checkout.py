"""Visits to the pay page as the API shows them."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import CheckoutSession, IntentStatus, LineItem, SessionStatus
from sandbox.stripe.rendering.lists import CARD_TYPES


def line_items(session: CheckoutSession) -> list[JSON]:
    """The lines of a visit, each with its share of the discount."""
    shares = session.discounted_by_item
    return [_line_item(item, share) for item, share in zip(session.items, shares, strict=True)]


def _line_item(item: LineItem, discounted: int) -> JSON:
    return {
        "id": item.id,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": discounted,
        "amount_subtotal": item.total,
        "amount_tax": 0,
        "amount_total": item.total - discounted,
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
    "customer_account": None,
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
        "customer": session.customer,
        "customer_creation": None
        if session.customer
        else session.settings.get("customer_creation", "if_required"),
        "customer_details": session.customer_details or _prefilled_customer(account, session),
        "customer_email": session.customer_email,
        "discounts": _discounts(session),
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
        "total_details": {
            "amount_discount": session.discounted,
            "amount_shipping": session.shipping_amount,
            "amount_tax": 0,
        },
        "url": pay_url(account, session) if session.status == SessionStatus.OPEN else None,
    }


def _discounts(session: CheckoutSession) -> list[JSON]:
    discount = session.discount
    if discount is None:
        return []
    by_code = discount.promotion_code is not None
    return [{"coupon": None if by_code else discount.coupon, "promotion_code": discount.promotion_code}]


def _payment_status(account: Account, session: CheckoutSession) -> str:
    """A payment that is authorised and not yet captured is a completed visit that is unpaid."""
    if session.status == SessionStatus.COMPLETE and session.payment_intent is None:
        return "no_payment_required"  # https://docs.stripe.com/payments/checkout/no-cost-orders
    intent = account.intents.get(session.payment_intent or "")
    return "paid" if intent is not None and intent.status == IntentStatus.SUCCEEDED else "unpaid"


def pay_url(account: Account, session: CheckoutSession) -> str:
    """Where the customer goes."""
    return f"{account.settings.base_url}/pay/{session.id}"


def _collected(session: CheckoutSession) -> JSON | None:
    if session.status != SessionStatus.COMPLETE:
        return None
    return {"business_name": None, "individual_name": None, "shipping_details": session.shipping_details}


def _prefilled_customer(account: Account, session: CheckoutSession) -> JSON | None:
    email = known_email(account, session)
    return None if email is None else customer_details(email=email)


def known_email(account: Account, session: CheckoutSession) -> str | None:
    """The address that the shop gave, or that its customer has at Stripe; the pay page does not ask for it again."""
    customer = account.customers.get(session.customer or "")
    return session.customer_email or (customer.email if customer else None)


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
