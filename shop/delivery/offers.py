"""What each way of delivery is for a certain purchase: whether it goes there, carries that weight, and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shop.delivery.options import PICKUP_PERCENT_MAX, DeliveryOption
from shop.money import Money
from shop.pricing.quote import Goods, Rebate, quote
from shop.profile import ShopProfile

Obstacle = Literal["country", "weight"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A way of delivery with its terms for this country, and its price for these goods."""

    option: DeliveryOption
    price: Money
    rebates: tuple[Rebate, ...]
    country: str  # where it ends up, which decides the tax

    @property
    def code(self) -> str:
        return self.option.code


def offers(
    profile: ShopProfile, goods: Sequence[Goods], country: str, *, coupon: Rebate | None = None
) -> list[Offer]:
    """Every way to get these goods to that country, in the merchant's order. Fetching them is possible for everybody.

    Whether delivery is free is decided by what the goods cost without the coupon's discount.
    """
    zero = Money(0, profile.currency)
    worth = quote(goods, delivery=zero, rebates=(coupon,) if coupon else ()).total
    found = ((option, _price(profile, option, goods, worth)) for option in profile.ways_to(country))
    return [
        Offer(option, price, _rebates(profile, option), country if option.needs_address else profile.country)
        for option, price in found
        if price is not None
    ]


def obstacle(profile: ShopProfile, goods: Sequence[Goods], country: str) -> Obstacle | None:
    """Why nothing can be sent there; None when something can."""
    if not any(option.needs_address for option in profile.ways_to(country)):
        return "country"
    sent = any(each.option.needs_address for each in offers(profile, goods, country))
    return None if sent else "weight"


def weight_grams(goods: Sequence[Goods]) -> int:
    """What they weigh together; what has no weight in the catalogue counts as nothing."""
    return sum(each.units * each.unit_grams for each in goods)


def _price(
    profile: ShopProfile, option: DeliveryOption, goods: Sequence[Goods], worth: Money
) -> Money | None:
    price = option.price_at(weight_grams(goods))
    if price is None:
        return None
    free_from = option.free_from
    if free_from is not None and Money.from_decimal(free_from, profile.currency) <= worth:
        return Money(0, profile.currency)
    return Money.from_decimal(price, profile.currency)


def _rebates(profile: ShopProfile, option: DeliveryOption) -> tuple[Rebate, ...]:
    discount = option.discount
    if discount is None:
        return ()
    amount = Money.from_decimal(discount.amount, profile.currency) if discount.amount is not None else None
    return (Rebate("pickup", percent=discount.percent, amount=amount, most_percent=PICKUP_PERCENT_MAX),)
