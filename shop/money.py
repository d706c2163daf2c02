"""Money: whole minor units and a currency. It never becomes a float and never loses a cent."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision


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
        """Round half up to the currency's precision (CLDR: JPY has 0 digits, KWD has 3)."""
        scale = Decimal(10) ** get_currency_precision(currency)
        return Money(int((amount * scale).to_integral_value(ROUND_HALF_UP)), currency)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-get_currency_precision(self.currency))

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


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum; nothing at all is zero of that currency."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result


def is_currency(code: str) -> bool:
    """Whether CLDR knows this ISO 4217 code."""
    return code in get_global("all_currencies")
