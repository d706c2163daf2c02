"""Amounts as Stripe counts them, which for some currencies is not how CLDR counts: https://docs.stripe.com/currencies

Zero-decimal currencies are charged in whole units; three-decimal ones in thousandths that are multiples of ten. ISK and
UGX have no decimals any more, and Stripe still takes them with two, which have to be 00.
"""

from typing import Final

from babel.numbers import get_currency_precision

from shop.money import Money

ZERO_DECIMAL: Final = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 - read as a list of words
)
THREE_DECIMAL: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


class NotChargeable(ValueError):  # noqa: N818 - it says what it is
    """Stripe cannot take this very amount."""


def to_provider(amount: Money) -> int:
    """The integer that Stripe is told. Raises NotChargeable."""
    told = amount.minor * 10 ** max(0, _shift(amount.currency))
    too_fine = 10 ** max(0, -_shift(amount.currency))
    step = 10 if amount.currency in THREE_DECIMAL else 1
    if told % too_fine or (told // too_fine) % step:
        raise NotChargeable(f"{amount.decimal} {amount.currency} is finer than Stripe takes")
    return told // too_fine


def from_provider(told: int, currency: str) -> Money:
    """What Stripe's integer means; the currency is in Stripe's small letters or ours.

    Raises NotChargeable for a part of a unit that the currency does not have.
    """
    code = currency.upper()
    scaled = told * 10 ** max(0, -_shift(code))
    unit = 10 ** max(0, _shift(code))
    if scaled % unit:
        raise NotChargeable(f"{told} {code} is finer than {code} is counted")
    return Money(scaled // unit, code)


def _shift(currency: str) -> int:
    """How many more decimals Stripe's integer has than ours."""
    theirs = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    return theirs - get_currency_precision(currency)
