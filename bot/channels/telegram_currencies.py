"""Amounts as Telegram counts them, which for some currencies is not how we do.

Telegram has a number of decimals for each currency (`exp` in https://core.telegram.org/bots/payments/currencies.json, see
https://core.telegram.org/bots/payments#supported-currencies): two, but for these. It is the table by which Telegram's own
apps show amounts (LookupCurrencyRule in ui/text/format_values.cpp of Telegram Desktop). CLDR's and Stripe's differ: the
Serbian dinar has none in CLDR and two here, the Icelandic króna has two at Stripe and none here.
"""

from typing import Final

from shop.money import Money

NO_DECIMALS: Final = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND"})
THREE_DECIMALS: Final = frozenset(
    {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
)  # shown by its apps, not taken yet


def decimals_at_telegram(currency: str) -> int:
    """How many decimals Telegram's integers of that currency have."""
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


def to_telegram(amount_minor: int, currency: str) -> int:
    """Our minor units as Telegram is told them. Raises TooFine for a part of a unit that Telegram does not have."""
    return Money(amount_minor, currency).counted_in(decimals_at_telegram(currency))


def from_telegram(told: int, currency: str) -> int:
    """Telegram's integer in our minor units. Raises TooFine for a part of a unit that we do not have."""
    return Money.from_counted(told, currency, decimals=decimals_at_telegram(currency)).minor
