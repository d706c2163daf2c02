"""Customers, coupons and promotion codes as the API shows them."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import CheckoutSession, Coupon, Customer, PromotionCode


def customer(customer: Customer) -> JSON:
    if customer.deleted:
        return deleted("customer", customer.id)
    return {
        "id": customer.id,
        "object": "customer",
        "address": customer.address,
        "balance": 0,
        "business_name": customer.business_name,
        "created": customer.created,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": customer.description,
        "discount": None,
        "email": customer.email,
        "individual_name": customer.individual_name,
        "invoice_prefix": customer.invoice_prefix,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": customer.metadata,
        "name": customer.name,
        "next_invoice_sequence": 1,
        "phone": customer.phone,
        "preferred_locales": customer.preferred_locales,
        "shipping": customer.shipping,
        "tax_exempt": "none",
        "test_clock": None,
    }


def deleted(kind: str, object_id: str) -> JSON:
    """What is left to show of an object."""
    return {"id": object_id, "object": kind, "deleted": True}


def coupon(account: Account, coupon: Coupon) -> JSON:
    return {
        "id": coupon.id,
        "object": "coupon",
        "amount_off": coupon.amount_off,
        "created": coupon.created,
        "currency": coupon.currency,
        "duration": coupon.duration,
        "duration_in_months": coupon.duration_in_months,
        "livemode": False,
        "max_redemptions": coupon.max_redemptions,
        "metadata": coupon.metadata,
        "name": coupon.name,
        "percent_off": None if coupon.percent_off is None else float(coupon.percent_off),
        "redeem_by": coupon.redeem_by,
        "times_redeemed": coupon.times_redeemed,
        "valid": coupon.redeemable(account.now()),
    }


def promotion_code(account: Account, code: PromotionCode) -> JSON:
    return {
        "id": code.id,
        "object": "promotion_code",
        "active": code.redeemable(account.coupons[code.coupon], account.now()),
        "code": code.code,
        "created": code.created,
        "customer": code.customer,
        "customer_account": None,
        "expires_at": code.expires_at,
        "livemode": False,
        "max_redemptions": code.max_redemptions,
        "metadata": code.metadata,
        "promotion": {"coupon": code.coupon, "type": "coupon"},
        "restrictions": {
            "first_time_transaction": code.first_time_transaction,
            "minimum_amount": code.minimum_amount,
            "minimum_amount_currency": code.minimum_amount_currency,
        },
        "times_redeemed": code.times_redeemed,
    }


def breakdown(session: CheckoutSession) -> JSON:
    """What `total_details.breakdown` expands to: each discount with what it took off."""
    discount = session.discount
    if discount is None:
        return {"discounts": [], "taxes": []}
    shown = {
        "id": discount.id,
        "object": "discount",
        "checkout_session": session.id,
        "customer": session.customer,
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": discount.promotion_code,
        "source": {"coupon": discount.coupon, "type": "coupon"},
        "start": discount.start,
        "subscription": None,
        "subscription_item": None,
    }
    return {"discounts": [{"amount": session.discounted, "discount": shown}], "taxes": []}
