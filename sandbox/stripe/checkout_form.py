"""What a shop asks for when it opens a visit to the pay page, held against the rules of such requests.

https://docs.stripe.com/api/checkout/sessions/create, in `mode=payment` with the hosted page.
"""

from typing import Any, Final

from sandbox.stripe import checks, discounts
from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid, not_emulated
from sandbox.stripe.line_items import line_items
from sandbox.stripe.model import DAY_SECONDS, CheckoutSession, ShippingOption
from sandbox.stripe.money import AMOUNT_MAX, smallest, stated
from sandbox.stripe.parameters import Parameters, merged_metadata, missing, too_long

SHORTEST_SECONDS: Final = 30 * 60
LONGEST_SECONDS: Final = DAY_SECONDS
REFERENCE_LENGTH_MAX: Final = 200

# Shown on the session as they were given; the pay page honours the first four.
_KEPT_AS_GIVEN: Final = (
    "shipping_address_collection",
    "phone_number_collection",
    "submit_type",
    "allow_promotion_codes",
    "billing_address_collection",
    "customer_creation",
    "locale",
    "origin_context",
    "integration_identifier",
    "allowed_payment_method_types",
    "excluded_payment_method_types",
)


def create(account: Account, parameters: Parameters) -> CheckoutSession:
    """Open a session. Raises Stripe's refusal of parameters that do not make sense together."""
    _check_form(parameters)
    _check_customer(account, parameters)
    now = account.now()
    items = line_items(account, parameters.get("line_items", []))
    expires_at = parameters.get("expires_at", now + LONGEST_SECONDS)
    _check_expiry(expires_at, now)
    session = CheckoutSession(
        id=account.new_id("cs_test_", 58),
        created=now,
        expires_at=expires_at,
        currency=items[0].currency,
        items=items,
        success_url=parameters["success_url"],
        cancel_url=parameters.get("cancel_url"),
        intent_parameters=_intent_parameters(parameters.get("payment_intent_data", {})),
        shipping_options=_shipping_options(
            account, parameters.get("shipping_options", []), items[0].currency
        ),
        metadata=merged_metadata({}, parameters.get("metadata")),
        client_reference_id=parameters.get("client_reference_id"),
        customer_email=parameters.get("customer_email"),
        customer=parameters.get("customer"),
        settings={key: parameters[key] for key in _KEPT_AS_GIVEN if key in parameters},
    )
    session.shipping_chosen = session.shipping_options[0].id if session.shipping_options else None
    _discount(account, session, parameters)
    check_total(session)
    account.agenda.add(session.expires_at, "session", session.id)
    return account.sessions.save(session)


def _check_form(parameters: Parameters) -> None:
    mode = parameters.get("mode")
    if mode is None:
        raise missing("mode")
    if mode != "payment":
        raise not_emulated(f"Checkout Sessions with mode={mode}", param="mode")
    if parameters.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_emulated(f"ui_mode={parameters['ui_mode']}", param="ui_mode")
    if "success_url" not in parameters:
        raise missing("success_url")
    for name in ("success_url", "cancel_url"):
        checks.check_url(parameters.get(name), name)
    checks.check_email(parameters.get("customer_email"), "customer_email")
    reference: str = parameters.get("client_reference_id", "")
    if len(reference) > REFERENCE_LENGTH_MAX:
        raise too_long(reference, "client_reference_id", REFERENCE_LENGTH_MAX)
    checks.check_card_offered(parameters)


def _check_expiry(expires_at: int, now: int) -> None:
    if expires_at < now + SHORTEST_SECONDS:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
            param="expires_at",
        )
    if expires_at > now + LONGEST_SECONDS:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )


def _check_customer(account: Account, parameters: Parameters) -> None:
    checks.known_customer(account, parameters.get("customer"))
    for other in ("customer_email", "customer_creation"):
        if "customer" in parameters and other in parameters:
            raise invalid(f"You may only specify one of these parameters: customer, {other}.")


def _discount(account: Account, session: CheckoutSession, parameters: Parameters) -> None:
    """Take off what the shop says; with `allow_promotion_codes` the customer does so instead."""
    given: list[Parameters] = parameters.get("discounts", [])
    if given and "allow_promotion_codes" in parameters:
        raise invalid("You may only specify one of these parameters: allow_promotion_codes, discounts.")
    if len(given) > 1:
        raise invalid("A Checkout Session takes at most one discount.", param="discounts")
    for one in given:
        _apply(account, session, one)


def _apply(account: Account, session: CheckoutSession, given: Parameters) -> None:
    if ("coupon" in given) == ("promotion_code" in given):
        raise invalid("A discount is either a `coupon` or a `promotion_code`.", param="discounts[0]")
    if "coupon" in given:
        coupon = discounts.known_coupon(account, given["coupon"], "discounts[0][coupon]")
        discounts.apply(account, session, coupon, None)
        return
    code = account.promotion_codes.get(given["promotion_code"])
    if code is None:
        raise invalid(
            f"No such promotion code: '{given['promotion_code']}'",
            param="discounts[0][promotion_code]",
            code="resource_missing",
        )
    discounts.apply(account, session, account.coupons[code.coupon], code)


def check_total(session: CheckoutSession) -> None:
    """Raises unless it is nothing at all (https://docs.stripe.com/payments/checkout/no-cost-orders) or chargeable."""
    if session.total == 0:
        return
    least = smallest(session.currency)
    if session.total < least:
        raise invalid(
            "The Checkout Session's total amount due must add up to at least "
            f"{stated(least, session.currency)} {session.currency}",
            code="amount_too_small",
        )
    if session.total > AMOUNT_MAX:
        raise invalid(
            "The Checkout Session's total amount due must be no more than "
            f"{stated(AMOUNT_MAX, session.currency)} {session.currency}",
            code="amount_too_large",
        )


def _intent_parameters(given: Parameters) -> dict[str, Any]:
    emulated = {
        "capture_method",
        "description",
        "metadata",
        "receipt_email",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    }
    checks.check_emulated(given, emulated, "payment_intent_data")
    checks.check_email(given.get("receipt_email"), "payment_intent_data[receipt_email]")
    return {**given, "metadata": merged_metadata({}, given.get("metadata"))}


def _shipping_options(account: Account, given: list[Parameters], currency: str) -> list[ShippingOption]:
    return [
        _shipping_option(account, option, currency, f"shipping_options[{index}]")
        for index, option in enumerate(given)
    ]


def _shipping_option(account: Account, given: Parameters, currency: str, path: str) -> ShippingOption:
    if "shipping_rate_data" not in given:
        raise not_emulated("shipping rates kept at Stripe (give `shipping_rate_data`)", param=path)
    rate: Parameters = given["shipping_rate_data"]
    fixed: Parameters | None = rate.get("fixed_amount")
    if fixed is None:
        raise missing(f"{path}[shipping_rate_data][fixed_amount]")
    if (
        checks.check_currency(fixed["currency"], f"{path}[shipping_rate_data][fixed_amount][currency]")
        != currency
    ):
        raise invalid("A shipping rate must have the currency of the line items.", param=path)
    checks.check_at_least(fixed["amount"], 0, f"{path}[shipping_rate_data][fixed_amount][amount]")
    return ShippingOption(id=account.new_id("shr_"), name=rate["display_name"], amount=fixed["amount"])
