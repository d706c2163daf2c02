"""Checks of single parameters that several endpoints share, in the words of Stripe's own refusals."""

from typing import Final
from urllib.parse import urlsplit

from sandbox.stripe import rendering
from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid, not_emulated
from sandbox.stripe.model import Customer
from sandbox.stripe.money import AMOUNT_MAX, CURRENCIES, smallest, stated
from sandbox.stripe.parameters import Parameters

EMAIL_LENGTH_MAX: Final = 512  # https://docs.stripe.com/api/customers/create
TIMESTAMP_SECONDS_AHEAD_MAX: Final = 5 * 366 * 86_400


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
    if (
        len(email) > EMAIL_LENGTH_MAX
        or not name
        or "." not in host
        or any(character.isspace() for character in email)
    ):
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


def check_amount(amount: int, currency: str) -> None:
    """Raises unless a card may be charged that much (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""
    check_at_least(amount, 1, "amount")
    if amount > AMOUNT_MAX:
        raise invalid(
            f"Amount must be no more than {stated(AMOUNT_MAX, currency)}",
            param="amount",
            code="amount_too_large",
        )
    if amount < smallest(currency):
        raise invalid(
            f"Amount must be at least {stated(smallest(currency), currency)} {currency}",
            param="amount",
            code="amount_too_small",
        )


def check_future(timestamp: int | None, now: int, param: str) -> None:
    """Raises unless that is a time to come, and within five years."""
    if timestamp is None:
        return
    if timestamp <= now:
        raise invalid(
            f"This value must be a future timestamp. You specified the value `{timestamp}` which is in the past.",
            param=param,
        )
    if timestamp > now + TIMESTAMP_SECONDS_AHEAD_MAX:
        raise invalid("Invalid timestamp: can be no more than five years in the future.", param=param)


def known_customer(account: Account, customer_id: str | None, param: str = "customer") -> Customer | None:
    """The customer that a request names; raises if there is none, or not any more."""
    if customer_id is None:
        return None
    customer = account.customers.get(customer_id)
    if customer is None or customer.deleted:
        raise invalid(f"No such customer: '{customer_id}'", param=param, code="resource_missing")
    return customer


def check_emulated(given: Parameters, emulated: set[str], path: str) -> None:
    """Raises for a nested parameter that Stripe knows and this emulator would have to ignore."""
    for name in given:
        if name not in emulated:
            raise not_emulated(f"`{path}[{name}]`", param=f"{path}[{name}]")
