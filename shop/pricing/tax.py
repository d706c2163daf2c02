"""Value-added or sales tax: a rate a country, other rates for some categories; within the prices or on top of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field, field_validator

from shop.money import Money
from shop.section import Country, Section

WHOLE_BP: Final = 10_000
"""A hundred percent in basis points, in which rates are kept: 21 % is 2100."""

Rate = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]


class ReducedTax(Section):
    """Other rates for these categories; a country that is not named here keeps its own rate."""

    categories: tuple[str, ...] = Field(min_length=1)
    rates: Mapping[Country, Rate]


class TaxRules(Section):
    """The `tax` part of the shop. Countries without a rate pay none: what leaves for them is an export.

    Delivery is taxed at the highest rate among the goods it brings.
    """

    included: bool = True  # prices contain it; False: it is added to them
    rates: Mapping[Country, Rate] = Field(default_factory=dict[str, Decimal])
    reduced: tuple[ReducedTax, ...] = ()

    @field_validator("reduced")
    @classmethod
    def _one_rule_a_category(cls, reduced: tuple[ReducedTax, ...]) -> tuple[ReducedTax, ...]:
        named = [category.casefold() for rule in reduced for category in rule.categories]
        twice = sorted({category for category in named if named.count(category) > 1})
        if twice:
            raise ValueError(f"two reduced rates speak of {', '.join(twice)}")
        return reduced

    def rate_bp(self, country: str, category: str) -> int:
        """The rate for goods of that category sent to that country, in basis points."""
        own = next(
            (rule.rates for rule in self.reduced if _names(rule, category) and country in rule.rates),
            self.rates,
        )
        return int(own.get(country, Decimal(0)) * 100)

    def of(self, amount: Money, rate_bp: int) -> Money:
        """The tax within `amount`, or to be added to it; half a minor unit is rounded up."""
        whole = WHOLE_BP + rate_bp if self.included else WHOLE_BP
        return Money((2 * amount.minor * rate_bp + whole) // (2 * whole), amount.currency)


def _names(rule: ReducedTax, category: str) -> bool:
    return category.casefold() in {each.casefold() for each in rule.categories}
