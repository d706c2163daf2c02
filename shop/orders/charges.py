"""An order's total in the lines that a customer is charged for; invoice, payment page and receipt are made of them."""

from dataclasses import dataclass
from typing import Literal

from shop.orders.model import Order

Kind = Literal["goods", "coupon", "pickup", "kept", "delivery", "tax", "exchange"]


@dataclass(frozen=True, slots=True)
class Charge:
    """One line: `units` times a price in minor units. Discounts are negative. `name` is the goods', or a coupon's code."""

    kind: Kind
    name: str
    unit_minor: int
    units: int = 1

    @property
    def minor(self) -> int:
        return self.unit_minor * self.units


def charges(order: Order) -> tuple[Charge, ...]:
    """What the order is charged for; the lines sum to its total less what an exchange has paid of it. Its lines are loaded."""
    lines = [Charge("goods", line.name, line.unit_price_minor, line.units) for line in order.lines]
    lines += [
        Charge(discount["reason"], discount["label"], -discount["amount_minor"])
        for discount in order.discounts or ()
    ]
    if order.delivery_minor:
        lines.append(Charge("delivery", "", order.delivery_minor))
    if order.tax_minor and not order.tax_included:
        lines.append(Charge("tax", "", order.tax_minor))
    if order.exchanged_minor:
        lines.append(Charge("exchange", "", -order.exchanged_minor))
    return tuple(lines)
