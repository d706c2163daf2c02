"""Checkout Sessions: a visit to the pay page, made by the shop, finished by the customer or by the clock.

https://docs.stripe.com/api/checkout/sessions, in `mode=payment` with the hosted page.
"""

from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.stripe import intents, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid, not_emulated
from sandbox.stripe.model import (
    DAY_SECONDS,
    CheckoutSession,
    IntentStatus,
    LineItem,
    PaymentIntent,
    PaymentMethod,
    SessionStatus,
    ShippingOption,
)
from sandbox.stripe.money import AMOUNT_MAX, CURRENCIES, smallest, stated
from sandbox.stripe.parameters import Parameters, merged_metadata, missing, too_long

SHORTEST_SECONDS: Final = 30 * 60
LONGEST_SECONDS: Final = DAY_SECONDS
LINE_ITEMS_MAX: Final = 100
REFERENCE_LENGTH_MAX: Final = 200

# Shown on the session as they were given; the pay page honours the first three.
_KEPT_AS_GIVEN: Final = (
    "shipping_address_collection",
    "phone_number_collection",
    "submit_type",
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
    now = account.now()
    items = _line_items(account, parameters.get("line_items", []))
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
        settings={key: parameters[key] for key in _KEPT_AS_GIVEN if key in parameters},
    )
    session.shipping_chosen = session.shipping_options[0].id if session.shipping_options else None
    _check_total(session)
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
        check_url(parameters.get(name), name)
    check_email(parameters.get("customer_email"), "customer_email")
    reference: str = parameters.get("client_reference_id", "")
    if len(reference) > REFERENCE_LENGTH_MAX:
        raise too_long(reference, "client_reference_id", REFERENCE_LENGTH_MAX)
    check_card_offered(parameters)


def check_card_offered(parameters: Parameters) -> None:
    """Cards are all this emulator takes; a request that rules them out cannot be paid."""
    allowed = parameters.get("allowed_payment_method_types", rendering.CARD_TYPES)
    if "card" not in allowed or "card" in parameters.get("excluded_payment_method_types", []):
        raise not_emulated("payments without cards", param="allowed_payment_method_types")


def check_url(url: str | None, param: str) -> None:
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid("Not a valid URL", param=param, code="url_invalid")


def check_email(email: str | None, param: str) -> None:
    if email is None:
        return
    name, _, host = email.rpartition("@")
    if not name or "." not in host or any(character.isspace() for character in email):
        raise invalid(f"Invalid email address: {email}", param=param, code="email_invalid")


def check_currency(currency: str, param: str) -> str:
    """The currency in lower case, as Stripe keeps it."""
    if currency.lower() not in CURRENCIES:
        raise invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {', '.join(CURRENCIES)}",
            param=param,
        )
    return currency.lower()


def check_at_least(number: int, least: int, param: str) -> None:
    if number < least:
        raise invalid(
            f"This value must be greater than or equal to {least}.",
            param=param,
            code="parameter_invalid_integer",
        )


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


def _check_total(session: CheckoutSession) -> None:
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


def _line_items(account: Account, given: list[Parameters]) -> list[LineItem]:
    if not given:
        raise missing("line_items")
    if len(given) > LINE_ITEMS_MAX:
        raise invalid(f"A session takes at most {LINE_ITEMS_MAX} line items.", param="line_items")
    items = [_line_item(account, item, f"line_items[{index}]") for index, item in enumerate(given)]
    if len({item.currency for item in items}) > 1:
        raise invalid("All line items of a Checkout Session must have the same currency.", param="line_items")
    return items


def _line_item(account: Account, given: Parameters, path: str) -> LineItem:
    for name in ("price", "adjustable_quantity", "tax_rates"):
        if name in given:
            raise not_emulated(f"`{name}` on a line item (give `price_data`)", param=f"{path}[{name}]")
    if "price_data" not in given:
        raise missing(f"{path}[price_data]")
    if "quantity" not in given:
        raise missing(f"{path}[quantity]")
    check_at_least(given["quantity"], 1, f"{path}[quantity]")
    price: Parameters = given["price_data"]
    product = _product(price, f"{path}[price_data]")
    return LineItem(
        id=account.new_id("li_"),
        created=account.now(),
        price=account.new_id("price_"),
        product=account.new_id("prod_", 14),
        name=product["name"],
        description=product.get("description"),
        images=product.get("images", []),
        unit_amount=_unit_amount(price, f"{path}[price_data]"),
        quantity=given["quantity"],
        currency=check_currency(price["currency"], f"{path}[price_data][currency]"),
        metadata=merged_metadata({}, given.get("metadata")),
        product_metadata=merged_metadata({}, product.get("metadata")),
    )


def _product(price: Parameters, path: str) -> Parameters:
    for name in ("product", "recurring"):
        if name in price:
            raise not_emulated(f"`price_data[{name}]`", param=f"{path}[{name}]")
    if "product_data" not in price:
        raise missing(f"{path}[product_data]")
    product: Parameters = price["product_data"]
    for index, image in enumerate(product.get("images", [])):
        check_url(image, f"{path}[product_data][images][{index}]")
    return product


def _unit_amount(price: Parameters, path: str) -> int:
    if "unit_amount" in price and "unit_amount_decimal" in price:
        raise invalid(
            "You may only specify one of these parameters: unit_amount, unit_amount_decimal.", param=path
        )
    if "unit_amount" not in price and "unit_amount_decimal" not in price:
        raise missing(f"{path}[unit_amount]")
    amount: int | Decimal = price["unit_amount" if "unit_amount" in price else "unit_amount_decimal"]
    if amount != int(amount):
        raise not_emulated("prices with a fraction of a minor unit", param=f"{path}[unit_amount_decimal]")
    check_at_least(int(amount), 0, f"{path}[unit_amount]")
    return int(amount)


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
    for name in given:
        if name not in emulated:
            raise not_emulated(f"`payment_intent_data[{name}]`", param=f"payment_intent_data[{name}]")
    check_email(given.get("receipt_email"), "payment_intent_data[receipt_email]")
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
    if check_currency(fixed["currency"], f"{path}[shipping_rate_data][fixed_amount][currency]") != currency:
        raise invalid("A shipping rate must have the currency of the line items.", param=path)
    check_at_least(fixed["amount"], 0, f"{path}[shipping_rate_data][fixed_amount][amount]")
    return ShippingOption(id=account.new_id("shr_"), name=rate["display_name"], amount=fixed["amount"])


def expire(account: Account, session: CheckoutSession) -> None:
    """The shop closes the visit before it is paid."""
    if session.status != SessionStatus.OPEN:
        raise invalid(
            "Only Checkout Sessions with a status in ['open'] can be expired. This Checkout Session has a status "
            f"of {session.status}.",
            param="session",
        )
    _close(account, session)


def run_out(account: Account, session: CheckoutSession) -> None:
    """The clock closes the visit; nothing happens to one that is over already."""
    if session.status == SessionStatus.OPEN:
        _close(account, session)


def _close(account: Account, session: CheckoutSession) -> None:
    session.move(SessionStatus.EXPIRED)
    account.sessions.save(session)
    intent = account.intents.get(session.payment_intent or "")
    if intent is not None:
        intents.cancel(account, intent, "expired")
    account.emit("checkout.session.expired", rendering.checkout_session(account, session))


def pay(
    account: Account, session: CheckoutSession, method: PaymentMethod, customer: dict[str, Any]
) -> StripeError | None:
    """The customer submits the page with a card; `customer` is rendering.customer_details.

    The error is why the bank said no, and the session stays open for another card. Without one the session is
    complete, or its payment requires_action. Raises if the session is over.
    """
    if session.status != SessionStatus.OPEN:
        raise invalid(f"This Checkout Session is {session.status}.", param="session")
    session.customer_details = customer
    error = intents.confirm(account, _intent_of(account, session), method)
    account.sessions.save(session)
    complete_if_paid(account, session)
    return error


def _intent_of(account: Account, session: CheckoutSession) -> PaymentIntent:
    """The visit's payment, made when a card is first tried (https://docs.stripe.com/upgrades#2022-08-01)."""
    if session.payment_intent is not None:
        intent = account.intents[session.payment_intent]
        intent.amount = session.total
        return intent
    fields: dict[str, Any] = {"receipt_email": None, "shipping": session.shipping_details}
    intent = intents.create(
        account,
        amount=session.total,
        currency=session.currency,
        checkout_session=session.id,
        return_url=rendering.pay_url(account, session),
        **{**fields, **session.intent_parameters},
    )
    session.payment_intent = intent.id
    return intent


def authenticate(account: Account, intent: PaymentIntent, *, approved: bool) -> StripeError | None:
    """The customer answered their bank, from the pay page or from a shop's own."""
    error = intents.authenticate(account, intent, approved=approved)
    if intent.checkout_session is not None:
        complete_if_paid(account, account.sessions[intent.checkout_session])
    return error


def complete_if_paid(account: Account, session: CheckoutSession) -> None:
    """Close the visit once its payment has gone through or is authorised."""
    intent = account.intents[session.payment_intent or ""]
    if intent.status not in (IntentStatus.SUCCEEDED, IntentStatus.REQUIRES_CAPTURE):
        return
    session.move(SessionStatus.COMPLETE)
    account.sessions.save(session)
    account.emit("checkout.session.completed", rendering.checkout_session(account, session))


def return_url(session: CheckoutSession) -> str:
    """Where the customer goes after paying (https://docs.stripe.com/payments/checkout/custom-success-page)."""
    return session.success_url.replace("{CHECKOUT_SESSION_ID}", session.id)
