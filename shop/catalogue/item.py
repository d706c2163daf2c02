"""What somebody wants to buy, wherever they said so: in their cart, in a seat of a deal, in exchange."""

from dataclasses import dataclass

from shop.catalogue.model import Variant
from shop.money import Money
from shop.pricing.quote import Goods


@dataclass(frozen=True, slots=True)
class Item:
    """So many units of a variant, whose product is loaded, at that price for one."""

    variant: Variant
    units: int
    unit_price: Money

    @property
    def goods(self) -> Goods:
        """As they are priced and weighed."""
        product = self.variant.product
        return Goods(
            units=self.units,
            unit_price=self.unit_price,
            category=product.category,
            handle=product.handle,
            unit_grams=self.variant.weight_grams,
        )
