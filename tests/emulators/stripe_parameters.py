"""Writes sandbox/stripe/parameters.json from the parameter types in the installed `stripe` library.

Run it after the library changed:  python -m tests.emulators.stripe_parameters
The library is MIT-licensed (https://github.com/stripe/stripe-python/blob/master/LICENSE); what is taken
from it are names and types of request parameters, no prose and no code.
"""

import json
import typing
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from stripe import params
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from stripe.params import checkout
from typing_extensions import is_typeddict

TARGET = Path(__file__).parents[2] / "sandbox" / "stripe" / "parameters.json"

ENDPOINTS: dict[str, type] = {
    "POST /v1/checkout/sessions": checkout.SessionCreateParams,
    "GET /v1/checkout/sessions": checkout.SessionListParams,
    "GET /v1/checkout/sessions/{session}": checkout.SessionRetrieveParams,
    "POST /v1/checkout/sessions/{session}/expire": checkout.SessionExpireParams,
    "GET /v1/checkout/sessions/{session}/line_items": checkout.SessionListLineItemsParams,
    "POST /v1/payment_intents": params.PaymentIntentCreateParams,
    "GET /v1/payment_intents": params.PaymentIntentListParams,
    "GET /v1/payment_intents/{intent}": params.PaymentIntentRetrieveParams,
    "POST /v1/payment_intents/{intent}": params.PaymentIntentUpdateParams,
    "POST /v1/payment_intents/{intent}/confirm": params.PaymentIntentConfirmParams,
    "POST /v1/payment_intents/{intent}/capture": params.PaymentIntentCaptureParams,
    "POST /v1/payment_intents/{intent}/increment_authorization": params.PaymentIntentIncrementAuthorizationParams,
    "POST /v1/payment_intents/{intent}/cancel": params.PaymentIntentCancelParams,
    "GET /v1/charges": params.ChargeListParams,
    "GET /v1/charges/{charge}": params.ChargeRetrieveParams,
    "POST /v1/refunds": params.RefundCreateParams,
    "GET /v1/refunds": params.RefundListParams,
    "GET /v1/refunds/{refund}": params.RefundRetrieveParams,
    "POST /v1/refunds/{refund}": params.RefundUpdateParams,
    "POST /v1/refunds/{refund}/cancel": params.RefundCancelParams,
    "GET /v1/disputes": params.DisputeListParams,
    "GET /v1/disputes/{dispute}": params.DisputeRetrieveParams,
    "POST /v1/disputes/{dispute}": params.DisputeUpdateParams,
    "POST /v1/disputes/{dispute}/close": params.DisputeCloseParams,
    "POST /v1/customers": params.CustomerCreateParams,
    "GET /v1/customers": params.CustomerListParams,
    "GET /v1/customers/search": params.CustomerSearchParams,
    "GET /v1/customers/{customer}": params.CustomerRetrieveParams,
    "POST /v1/customers/{customer}": params.CustomerUpdateParams,
    "DELETE /v1/customers/{customer}": params.CustomerDeleteParams,
    "POST /v1/coupons": params.CouponCreateParams,
    "GET /v1/coupons": params.CouponListParams,
    "GET /v1/coupons/{coupon}": params.CouponRetrieveParams,
    "POST /v1/coupons/{coupon}": params.CouponUpdateParams,
    "DELETE /v1/coupons/{coupon}": params.CouponDeleteParams,
    "POST /v1/promotion_codes": params.PromotionCodeCreateParams,
    "GET /v1/promotion_codes": params.PromotionCodeListParams,
    "GET /v1/promotion_codes/{promotion_code}": params.PromotionCodeRetrieveParams,
    "POST /v1/promotion_codes/{promotion_code}": params.PromotionCodeUpdateParams,
    "GET /v1/balance": params.BalanceRetrieveParams,
    "GET /v1/balance_transactions": params.BalanceTransactionListParams,
    "GET /v1/balance_transactions/{id}": params.BalanceTransactionRetrieveParams,
    "GET /v1/events": params.EventListParams,
    "GET /v1/events/{id}": params.EventRetrieveParams,
    "POST /v1/webhook_endpoints": params.WebhookEndpointCreateParams,
    "GET /v1/webhook_endpoints": params.WebhookEndpointListParams,
    "GET /v1/webhook_endpoints/{webhook_endpoint}": params.WebhookEndpointRetrieveParams,
    "POST /v1/webhook_endpoints/{webhook_endpoint}": params.WebhookEndpointUpdateParams,
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": params.WebhookEndpointDeleteParams,
}

LEAVES: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "decimal",
    Decimal: "decimal",
    bool: "boolean",
}
REQUEST_OPTIONS = frozenset(RequestOptions.__annotations__)  # travel as headers, not as parameters


class Shapes:
    """Types as JSON, every object shape and every long list of values written once and referred to by name."""

    def __init__(self) -> None:
        self.shapes: dict[str, dict[str, Any]] = {}
        self.values: dict[str, list[str]] = {}
        self._value_names: dict[tuple[str, ...], str] = {}

    def shape(self, cls: type) -> str:
        """The name of the TypedDict's shape, which is added with everything it refers to."""
        name = cls.__name__
        if name not in self.shapes:
            fields: dict[str, Any] = {}
            self.shapes[name] = fields
            hints = typing.get_type_hints(cls, localns={"StripeContext": object, "Mapping": typing.Mapping})
            required = cls.__required_keys__  # type: ignore[attr-defined]
            for key in sorted(set(hints) - REQUEST_OPTIONS):
                fields[key + ("!" if key in required else "")] = self.type_of(hints[key])
        return name

    def type_of(self, hint: Any) -> Any:
        """The JSON form: a leaf's name, {"list"|"map"|"object"|"one_of"|"any": …}."""
        if hint in LEAVES:
            return LEAVES[hint]
        origin = get_origin(hint)
        if origin is Literal:
            return self._one_of(get_args(hint))
        if origin is list:
            return {"list": self.type_of(get_args(hint)[0])}
        if origin is dict:
            return {"map": self.type_of(get_args(hint)[1])}
        if is_typeddict(hint):
            return {"object": self.shape(hint)}
        return self._any(get_args(hint))

    def _any(self, choices: tuple[Any, ...]) -> Any:
        kept = [choice for choice in choices if get_origin(choice) is not UntypedStripeObject]
        # `Literal[…] | str` says "these now, others later": a server takes only the ones it knows.
        if any(get_origin(choice) is Literal and get_args(choice) != ("",) for choice in kept):
            kept = [choice for choice in kept if choice is not str]
        kinds = [self.type_of(choice) for choice in kept]
        return kinds[0] if len(kinds) == 1 else {"any": kinds}

    def _one_of(self, values: tuple[str, ...]) -> dict[str, Any]:
        if len(values) <= 12:
            return {"one_of": list(values)}
        if values not in self._value_names:
            name = f"values{len(self.values) + 1}"
            self._value_names[values] = name
            self.values[name] = list(values)
        return {"one_of": self._value_names[values]}


def generate() -> str:
    """The file's whole text; the same library gives the same text."""
    shapes = Shapes()
    endpoints = {endpoint: shapes.shape(cls) for endpoint, cls in ENDPOINTS.items()}
    source = {
        "library": f"stripe {metadata.version('stripe')}",
        "api_version": stripe_api_version(),
        "licence": "MIT, https://github.com/stripe/stripe-python/blob/master/LICENSE",
        "generated_by": "python -m tests.emulators.stripe_parameters",
        "notation": "a key ending in ! is required; a name in object and one_of points into shapes and values",
    }
    return "\n".join(
        [
            '{"source": ' + json.dumps(source, indent=1) + ",",
            '"endpoints": ' + json.dumps(endpoints, indent=1) + ",",
            '"values": ' + _one_a_line(shapes.values) + ",",
            '"shapes": ' + _one_a_line(shapes.shapes) + "}",
            "",
        ]
    )


def stripe_api_version() -> str:
    from stripe._api_version import _ApiVersion  # noqa: PLC0415 - the library keeps it private

    return _ApiVersion.CURRENT


def _one_a_line(table: dict[str, Any]) -> str:
    rows = (f"{json.dumps(key)}: {json.dumps(table[key], separators=(',', ':'))}" for key in sorted(table))
    return "{\n" + ",\n".join(rows) + "\n}"


if __name__ == "__main__":
    TARGET.write_text(generate(), encoding="utf-8")
