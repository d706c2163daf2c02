"""Another delivery for an order that awaits its payment: its prices and discounts stay, delivery and tax are new."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from shop.catalogue.model import Variant
from shop.money import Money
from shop.orders.model import Order, OrderStatus
from shop.orders.service import DeliveryChoice, take_price
from shop.pricing.quote import Discount, Goods, Quote, Rebate, requote
from shop.pricing.tax import TaxRules
from storage.types import JsonObject


def goods_of(session: Session, order: Order) -> list[Goods]:
    """The order's lines as they are priced: at the order's prices, of today's categories and weights."""
    ids = [line.variant_id for line in order.lines if line.variant_id is not None]
    variants: Mapping[UUID, Variant] = {
        variant.id: variant
        for variant in session.scalars(
            select(Variant).where(Variant.id.in_(ids)).options(joinedload(Variant.product))
        )
    }
    found = [(line, variants.get(line.variant_id) if line.variant_id else None) for line in order.lines]
    return [
        Goods(
            units=line.units,
            unit_price=Money(line.unit_price_minor, order.currency),
            category=variant.product.category if variant else "",
            handle=variant.product.handle if variant else "",
            unit_grams=variant.weight_grams if variant else 0,
        )
        for line, variant in found
    ]


def agreed_rebate(order: Order) -> Rebate | None:
    """What was taken off the goods, as one rebate: it decides with them whether delivery is free."""
    return Rebate("coupon", order.coupon_code or "", amount=order.discount) if order.discount else None


def quote_with(session: Session, order: Order, choice: DeliveryChoice, tax: TaxRules) -> Quote:
    """What the order would come to with that delivery."""
    discounts = [
        Discount(each["reason"], each["label"], Money(each["amount_minor"], order.currency))
        for each in order.discounts
    ]
    return requote(
        goods_of(session, order),
        [Money(line.discount_minor, order.currency) for line in order.lines],
        discounts,
        delivery=choice.price,
        tax=tax,
        country=choice.country or "",
    )


def send_to(
    session: Session, order: Order, choice: DeliveryChoice, address: JsonObject, tax: TaxRules
) -> None:
    """Send it there, in that way. The order is locked by the caller and awaits its payment."""
    assert order.status is OrderStatus.AWAITING_PAYMENT, f"order {order.id} is {order.status}"
    price = quote_with(session, order, choice, tax)
    order.delivery, order.pickup_point, order.country = choice.code, choice.point, choice.country
    order.address = address
    for line, quoted in zip(order.lines, price.lines, strict=True):
        line.tax_minor, line.tax_rate_bp = quoted.tax.minor, quoted.rate_bp
    take_price(order, price)
    session.flush()
