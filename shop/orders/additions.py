"""More of what an order that is not packed has: an order beside it that goes out in the same parcel."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from shop.cart.model import UNITS_MAX, TooMany
from shop.catalogue.item import Item
from shop.catalogue.model import OutOfStock, Variant
from shop.delivery.offers import offers
from shop.money import Money
from shop.orders import following
from shop.orders import service as orders
from shop.orders.model import NotPossible, Order, OrderLine, OrderStatus
from shop.orders.service import CHANGEABLE, CartChanged
from shop.payment_methods import PaymentKind, PaymentMethod
from shop.pricing.quote import Goods, Quote, quote
from shop.profile import ShopProfile


@dataclass(frozen=True, slots=True)
class More:
    """So many more units of a line, at today's price; `price.delivery` is what the heavier parcel costs more."""

    line: OrderLine
    variant: Variant
    units: int
    price: Quote


def look_up(session: Session, parent: Order, line: OrderLine, units: int, *, profile: ShopProfile) -> More:
    """What so many more would cost; coupons take nothing off them.

    `parent` is loaded with its lines. Raises OutOfStock where so many are not free, TooMany for more than anybody may
    order, and NotPossible where they cannot go along: the order or the parcel does not allow it, or they are not sold
    any more, or their parent's way to pay is not offered for it.
    """
    variants = _variants(session, parent)
    variant = variants.get(line.variant_id) if line.variant_id else None
    if (
        variant is None
        or parent.status not in CHANGEABLE
        or parent.frozen is not None
        or parent.goes_along
        or variant.currency != parent.currency
        or not (variant.published and variant.product.published)
    ):
        raise _not_possible(parent)
    if units > UNITS_MAX:
        raise TooMany(most=UNITS_MAX)
    free = variant.free_units()
    if free is not None and units > free:
        raise OutOfStock(variant=variant.id, title=line.name, free=free, asked=units)
    more = Item(variant, units, variant.price).goods
    parcel = [_ordered(each, parent.currency, variants) for each in parent.lines if each.left] + [more]
    price = quote(
        [more],
        delivery=_extra_delivery(parent, parcel, profile),
        tax=profile.tax,
        country=parent.country or "",
    )
    _way_to_pay(parent, price.total, profile)
    return More(line, variant, units, price)


def place(
    session: Session, parent: Order, more: More, *, agreed: Money, profile: ShopProfile, at: datetime
) -> Order:
    """Place it, with its stock held until it is paid, by the same way as its parent, which is locked.

    In cash it is placed at once. Raises CartChanged where it costs something else than what was agreed to, and
    OutOfStock; nothing is kept then.
    """
    method = _way_to_pay(parent, more.price.total, profile)
    if more.price.total != agreed:
        raise CartChanged
    holds = method.waits if method.kind is PaymentKind.TRANSFER else profile.hold
    with session.begin_nested():
        order = following.after(parent, at=at, hold_until=at + holds)
        order.goes_along = True
        if method.kind is PaymentKind.CASH:
            order.status = OrderStatus.PLACED
        following.take_goods(order, more.variant, more.units, more.price)
        session.add(order)
        session.flush()
        orders.allocate(session, order, low_stock_units=profile.low_stock_units, at=at)
    orders.note(
        session,
        parent,
        f"{more.units} × {more.line.name} added as order {order.reference}",
        at=at,
        by="customer",
    )
    return order


def of(session: Session, parent: Order) -> list[Order]:
    """The additions to an order that may still be called off with it, locked, oldest first."""
    found = session.scalars(
        select(Order)
        .where(Order.parent_id == parent.id, Order.goes_along)
        .order_by(Order.placed_at, Order.id)
        .options(selectinload(Order.lines))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [order for order in found if order.can(OrderStatus.CANCELLED)]


def _way_to_pay(parent: Order, total: Money, profile: ShopProfile) -> PaymentMethod:
    """The parent's. Raises NotPossible where it is not offered for that sum (any more)."""
    method = profile.payment_method(parent.payment_method)
    channel = parent.conversation.partition(":")[0]
    if method is None or not method.serves(channel, parent.country or profile.country, total):
        raise _not_possible(parent)
    return method


def units_of(session: Session, parent: Order, line: OrderLine) -> int:
    """How many of a line's variant are ordered in all: what is left of the line, and what was added and not called off."""
    added = (each for order in of(session, parent) for each in order.lines)
    return line.left + sum(each.left for each in added if each.variant_id == line.variant_id)


def _variants(session: Session, order: Order) -> dict[object, Variant]:
    ids = [line.variant_id for line in order.lines if line.variant_id is not None]
    found = session.scalars(
        select(Variant)
        .where(Variant.id.in_(ids))
        .options(joinedload(Variant.product))
        .execution_options(populate_existing=True)
    )
    return {variant.id: variant for variant in found}


def _ordered(line: OrderLine, currency: str, variants: dict[object, Variant]) -> Goods:
    """A line as it counts for the parcel; what is not in the catalogue any more has no weight."""
    variant = variants.get(line.variant_id)
    return Goods(
        units=line.left,
        unit_price=Money(line.unit_price_minor, currency),
        unit_grams=variant.weight_grams if variant else 0,
    )


def _extra_delivery(parent: Order, parcel: list[Goods], profile: ShopProfile) -> Money:
    """What the whole parcel costs more than was paid for it. Raises NotPossible where it is too heavy."""
    ways = offers(profile, parcel, parent.country or profile.country)
    price = next((way.price for way in ways if way.code == parent.delivery), None)
    if price is None:
        raise _not_possible(parent)
    return max(price - parent.delivery_price, Money(0, parent.currency))


def _not_possible(parent: Order) -> NotPossible:
    return NotPossible(reference=parent.reference, status=parent.status.value, wanted="added to")
