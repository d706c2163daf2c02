"""Money: whole minor units and a currency. It never becomes a float and never loses a cent."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

DECIMALS_MAX: Final = 2
"""Dinars and rials of a thousand parts are counted in hundredths: Stripe charges them in multiples of ten thousandths alone
(https://docs.stripe.com/currencies#three-decimal), so nothing finer is ever priced, discounted, taxed or refunded."""


def decimals_of(currency: str) -> int:
    """How many decimals amounts of a currency have here (CLDR: EUR 2, JPY 0), which is at most DECIMALS_MAX."""
    return min(get_currency_precision(currency), DECIMALS_MAX)


class TooFine(ValueError):  # noqa: N818 - it says what it is
    """An amount has a part of a unit in which it cannot be counted."""


class CurrencyMismatch(ValueError):  # noqa: N818 - reads as what happened
    """Two currencies met in one sum."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount such as 12.50 EUR, kept as 1250 minor units."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is no ISO 4217 code such as EUR")

    @staticmethod
    def from_decimal(amount: Decimal, currency: str) -> "Money":
        """Round half up to as many decimals as the currency has."""
        scale = Decimal(10) ** decimals_of(currency)
        return Money(int((amount * scale).to_integral_value(ROUND_HALF_UP)), currency)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-decimals_of(self.currency))

    @staticmethod
    def from_counted(told: int, currency: str, *, decimals: int) -> "Money":
        """What somebody means who counts that currency with so many decimals. Raises TooFine."""
        return Money(_shifted(told, decimals_of(currency) - decimals, currency), currency)

    def counted_in(self, decimals: int) -> int:
        """The integer for somebody who counts this currency with so many decimals. Raises TooFine."""
        return _shifted(self.minor, decimals - decimals_of(self.currency), self.currency)

    def format(self, locale: str) -> str:
        """As people of `locale` write it: €12.50, 12,50 €."""
        return format_currency(self.decimal, self.currency, locale=locale)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def split(self, weights: Iterable[int]) -> "list[Money]":
        """Share it out in proportion to `weights` (largest remainder); the parts sum to the whole."""
        shares = list(weights)
        total = sum(shares)
        if total <= 0 or min(shares) < 0:
            raise ValueError("weights are non-negative and not all zero")
        parts = [self.minor * share // total for share in shares]
        remainders = [self.minor * share % total for share in shares]
        left = self.minor - sum(parts)
        for index in sorted(range(len(shares)), key=lambda i: -remainders[i])[:left]:
            parts[index] += 1
        return [Money(part, self.currency) for part in parts]

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} met {other.currency}")
        return other.minor


def _shifted(units: int, decimals: int, currency: str) -> int:
    """The same amount in units that are 10**decimals times smaller. Raises TooFine."""
    scaled, too_fine = units * 10 ** max(0, decimals), 10 ** max(0, -decimals)
    if scaled % too_fine:
        raise TooFine(f"{units} units of {currency} are no whole number of units {too_fine} times larger")
    return scaled // too_fine


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; nothing at all is zero of that currency."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result


def is_currency(code: str) -> bool:
    """Whether CLDR knows this ISO 4217 code."""
    return code in get_global("all_currencies")
