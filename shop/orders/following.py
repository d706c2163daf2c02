"""Orders that follow another one: for the same person, by the same way, priced anew."""

from datetime import datetime

from shop.catalogue.model import Variant
from shop.orders import service as orders
from shop.orders.model import Order, OrderLine, OrderStatus
from shop.pricing.quote import Quote


def after(parent: Order, *, at: datetime, hold_until: datetime) -> Order:
    """An empty one that awaits its payment."""
    return Order(
        customer_id=parent.customer_id,
        conversation=parent.conversation,
        name=parent.name,
        phone=parent.phone,
        email=parent.email,
        delivery=parent.delivery,
        pickup_point=parent.pickup_point,
        country=parent.country,
        address=parent.address,
        payment_method=parent.payment_method,
        status=OrderStatus.AWAITING_PAYMENT,
        placed_at=at,
        hold_until=hold_until,
        parent_id=parent.id,
    )


def take_goods(order: Order, variant: Variant, units: int, price: Quote) -> None:
    """Write one line, which is the whole quote, and its sums into the order."""
    (quoted,) = price.lines
    order.lines = [
        OrderLine(
            variant_id=variant.id,
            position=0,
            title=variant.product.title,
            label=variant.label,
            sku=variant.sku,
            units=units,
            unit_price_minor=quoted.price.minor // units,
            discount_minor=quoted.discount.minor,
            tax_minor=quoted.tax.minor,
            tax_rate_bp=quoted.rate_bp,
        )
    ]
    orders.take_price(order, price)
