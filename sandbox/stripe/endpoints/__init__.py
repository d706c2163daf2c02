"""What the API can be asked: each endpoint with the parameters that are honoured and what it does.

A parameter that Stripe knows and that is not listed here is refused as not emulated, never ignored.
"""

from collections.abc import Callable
from typing import Final

from sandbox.stripe.endpoints import (
    balance,
    charges,
    coupons,
    customers,
    disputes,
    events,
    payment_intents,
    refunds,
    sessions,
    webhook_endpoints,
)
from sandbox.stripe.endpoints.call import Call, Endpoint
from sandbox.stripe.errors import JSON

__all__ = ["ENDPOINTS", "Call", "Endpoint"]


def _endpoint(name: str, run: Callable[[Call], JSON], honoured: str = "") -> Endpoint:
    return Endpoint(name, run, _shown_kind(name), frozenset(honoured.split()))


def _shown_kind(name: str) -> str:
    method, _, path = name.partition(" ")
    kind = "item" if path.endswith("line_items") else _KINDS[path.split("/")[2]]
    return kind if method != "GET" or path.endswith(("}", "/balance")) else f"list:{kind}"


_KINDS: Final = {
    "balance": "balance",
    "balance_transactions": "balance_transaction",
    "charges": "charge",
    "checkout": "checkout.session",
    "coupons": "coupon",
    "customers": "customer",
    "disputes": "dispute",
    "events": "event",
    "payment_intents": "payment_intent",
    "promotion_codes": "promotion_code",
    "refunds": "refund",
    "webhook_endpoints": "webhook_endpoint",
}

_PAGE = "limit starting_after ending_before"
_DATED = f"{_PAGE} created"
_CUSTOMER = (
    "address business_name description email individual_name metadata name phone preferred_locales shipping"
)

ENDPOINTS: Final = (
    _endpoint(
        "POST /v1/checkout/sessions",
        sessions.create,
        "mode ui_mode success_url cancel_url line_items client_reference_id customer customer_email metadata "
        "expires_at payment_intent_data shipping_address_collection shipping_options phone_number_collection locale "
        "submit_type billing_address_collection customer_creation origin_context integration_identifier "
        "allow_promotion_codes discounts allowed_payment_method_types excluded_payment_method_types",
    ),
    _endpoint(
        "GET /v1/checkout/sessions",
        sessions.list_all,
        f"{_DATED} payment_intent status customer customer_details",
    ),
    _endpoint("GET /v1/checkout/sessions/{session}", sessions.retrieve),
    _endpoint("POST /v1/checkout/sessions/{session}/expire", sessions.expire),
    _endpoint("GET /v1/checkout/sessions/{session}/line_items", sessions.list_line_items, _PAGE),
    _endpoint(
        "POST /v1/payment_intents",
        payment_intents.create,
        "amount currency confirm customer payment_method return_url capture_method confirmation_method metadata "
        "description receipt_email shipping statement_descriptor statement_descriptor_suffix transfer_group "
        "payment_method_options automatic_payment_methods allowed_payment_method_types "
        "excluded_payment_method_types",
    ),
    _endpoint("GET /v1/payment_intents", payment_intents.list_all, f"{_DATED} customer"),
    _endpoint("GET /v1/payment_intents/{intent}", payment_intents.retrieve),
    _endpoint(
        "POST /v1/payment_intents/{intent}",
        payment_intents.update,
        "amount customer metadata description receipt_email shipping statement_descriptor "
        "statement_descriptor_suffix transfer_group",
    ),
    _endpoint(
        "POST /v1/payment_intents/{intent}/confirm", payment_intents.confirm, "payment_method return_url"
    ),
    _endpoint(
        "POST /v1/payment_intents/{intent}/capture",
        payment_intents.capture,
        "amount_to_capture final_capture metadata",
    ),
    _endpoint(
        "POST /v1/payment_intents/{intent}/increment_authorization",
        payment_intents.increment_authorization,
        "amount description metadata statement_descriptor",
    ),
    _endpoint("POST /v1/payment_intents/{intent}/cancel", payment_intents.cancel, "cancellation_reason"),
    _endpoint("GET /v1/charges", charges.list_all, f"{_DATED} payment_intent transfer_group customer"),
    _endpoint("GET /v1/charges/{charge}", charges.retrieve),
    _endpoint("POST /v1/refunds", refunds.create, "charge payment_intent amount reason metadata"),
    _endpoint("GET /v1/refunds", refunds.list_all, f"{_DATED} charge payment_intent"),
    _endpoint("GET /v1/refunds/{refund}", refunds.retrieve),
    _endpoint("POST /v1/refunds/{refund}", refunds.update, "metadata"),
    _endpoint("POST /v1/refunds/{refund}/cancel", refunds.cancel),
    _endpoint("GET /v1/disputes", disputes.list_all, f"{_DATED} charge payment_intent"),
    _endpoint("GET /v1/disputes/{dispute}", disputes.retrieve),
    _endpoint("POST /v1/disputes/{dispute}", disputes.update, "evidence metadata submit"),
    _endpoint("POST /v1/disputes/{dispute}/close", disputes.close),
    _endpoint("POST /v1/customers", customers.create, _CUSTOMER),
    _endpoint("GET /v1/customers", customers.list_all, f"{_DATED} email"),
    # Before the one with an id, which "search" would be taken for.
    _endpoint("GET /v1/customers/search", customers.search_all, "query limit page"),
    _endpoint("GET /v1/customers/{customer}", customers.retrieve),
    _endpoint("POST /v1/customers/{customer}", customers.update, _CUSTOMER),
    _endpoint("DELETE /v1/customers/{customer}", customers.delete),
    _endpoint(
        "POST /v1/coupons",
        coupons.create,
        "id name percent_off amount_off currency duration duration_in_months max_redemptions redeem_by metadata",
    ),
    _endpoint("GET /v1/coupons", coupons.list_all, _DATED),
    _endpoint("GET /v1/coupons/{coupon}", coupons.retrieve),
    _endpoint("POST /v1/coupons/{coupon}", coupons.update, "name metadata"),
    _endpoint("DELETE /v1/coupons/{coupon}", coupons.delete),
    _endpoint(
        "POST /v1/promotion_codes",
        coupons.create_code,
        "promotion code active customer expires_at max_redemptions metadata restrictions",
    ),
    _endpoint("GET /v1/promotion_codes", coupons.list_codes, f"{_DATED} active code coupon customer"),
    _endpoint("GET /v1/promotion_codes/{promotion_code}", coupons.retrieve_code),
    _endpoint("POST /v1/promotion_codes/{promotion_code}", coupons.update_code, "active metadata"),
    _endpoint("GET /v1/balance", balance.retrieve),
    _endpoint("GET /v1/balance_transactions", balance.list_transactions, f"{_DATED} source type currency"),
    _endpoint("GET /v1/balance_transactions/{id}", balance.retrieve_transaction),
    _endpoint("GET /v1/events", events.list_all, f"{_DATED} type types delivery_success"),
    _endpoint("GET /v1/events/{id}", events.retrieve),
    _endpoint(
        "POST /v1/webhook_endpoints", webhook_endpoints.create, "url enabled_events description metadata"
    ),
    _endpoint("GET /v1/webhook_endpoints", webhook_endpoints.list_all, _PAGE),
    _endpoint("GET /v1/webhook_endpoints/{webhook_endpoint}", webhook_endpoints.retrieve),
    _endpoint(
        "POST /v1/webhook_endpoints/{webhook_endpoint}",
        webhook_endpoints.update,
        "url enabled_events description metadata disabled",
    ),
    _endpoint("DELETE /v1/webhook_endpoints/{webhook_endpoint}", webhook_endpoints.delete),
)
