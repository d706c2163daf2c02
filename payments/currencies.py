"""Amounts as Stripe counts them, which for some currencies is not how CLDR counts: https://docs.stripe.com/currencies

Zero-decimal currencies are charged in whole units; three-decimal ones in thousandths that are multiples of ten, which is why
we count those in hundredths. ISK and UGX have no decimals any more, and Stripe still takes them with two, which have to be
00.
"""

from typing import Final

from shop.money import Money

ZERO_DECIMAL: Final = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 - read as a list of words
)
THREE_DECIMAL: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def to_provider(amount: Money) -> int:
    """The integer that Stripe is told. Raises TooFine for a part of a unit that Stripe does not have."""
    return amount.counted_in(decimals_at_stripe(amount.currency))


def from_provider(told: int, currency: str) -> Money:
    """What Stripe's integer means; the currency is in Stripe's small letters or ours.

    Raises TooFine for a part of a unit that the currency does not have.
    """
    code = currency.upper()
    return Money.from_counted(told, code, decimals=decimals_at_stripe(code))


def decimals_at_stripe(currency: str) -> int:
    """How many decimals Stripe's integers of that currency have."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
