"""Other goods instead of money: what may be chosen, and the order for it, priced with what came back."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from shop.catalogue.item import Item
from shop.catalogue.model import OutOfStock, Variant
from shop.money import Money
from shop.orders import following
from shop.orders import service as orders
from shop.orders.model import Order, OrderLine
from shop.payment_methods import PaymentKind
from shop.pricing.quote import Discount, Goods, Quote, requote
from shop.pricing.tax import WHOLE_BP, TaxRules
from shop.returns.model import Return, ReturnNotPossible


@dataclass(frozen=True, slots=True)
class Wanted:
    """A variant that is wanted for what goes back, under its name of today; `more` is what a unit costs more, or less."""

    variant_id: UUID
    name: str
    label: str  # its options, empty where it is the only variant
    more: Money
    is_same: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides the price of an exchange, and until when its goods wait for a difference."""

    tax: TaxRules
    waived: Money  # a difference up to this is not charged
    hold_until: datetime


def choices(session: Session, line: OrderLine, *, units: int) -> list[Wanted]:
    """The same again first, then its sister variants, as far as so many of each are free."""
    if line.variant_id is None:
        return []
    product = select(Variant.product_id).where(Variant.id == line.variant_id).scalar_subquery()
    sisters = session.scalars(
        select(Variant)
        .where(Variant.product_id == product)
        .options(joinedload(Variant.product))
        .order_by(Variant.id != line.variant_id, Variant.position)
    )
    return [_wanted(each, line) for each in sisters if _may_be_had(each, units)]


def _may_be_had(variant: Variant, units: int) -> bool:
    free = variant.free_units()
    return variant.published and variant.product.published and (free is None or free >= units)


def _wanted(variant: Variant, line: OrderLine) -> Wanted:
    is_same = variant.id == line.variant_id
    more = 0 if is_same else variant.price_minor - line.unit_price_minor
    title, label = variant.product.title, variant.label
    name = f"{title} ({label})" if label else title
    return Wanted(variant.id, name, label, Money(more, variant.currency), is_same)


def place(session: Session, order: Order, asked: Return, terms: Terms, *, at: datetime) -> Order:
    """An order for what is wanted instead of what came back, sent where the first one went, at no cost for delivery.

    The same thing again costs what was paid for it. Another costs its price of today, less what had come off the first:
    so the difference is that of the prices. The new order awaits its payment; paying it is the caller's next step.

    `order` is locked, its return received. Raises OutOfStock, and ReturnNotPossible where nothing is wanted.
    """
    variant = (
        session.get(
            Variant,
            asked.wanted_variant_id,
            options=[joinedload(Variant.product)],
            populate_existing=True,
        )
        if asked.wanted_variant_id
        else None
    )
    if variant is None or len(asked.lines) != 1 or variant.currency != order.currency:
        raise ReturnNotPossible(status=asked.status.value, wanted="exchanged")
    if not (variant.published and variant.product.published):
        raise OutOfStock(variant=variant.id, title=variant.product.title, free=0, asked=asked.lines[0].units)
    price = _price(order, asked, variant, terms)
    if not price.total:  # what costs nothing cannot be paid, by goods as little as by money
        raise ReturnNotPossible(status=asked.status.value, wanted="exchanged")
    with session.begin_nested():
        placed = following.after(order, at=at, hold_until=terms.hold_until)
        if order.payment_method not in {PaymentKind.INVOICE, PaymentKind.CARD}:
            placed.payment_method = PaymentKind.CARD
        following.take_goods(placed, variant, asked.lines[0].units, price)
        session.add(placed)
        session.flush()
        orders.allocate(session, placed, at=at)
    return placed


def _price(order: Order, asked: Return, variant: Variant, terms: Terms) -> Quote:
    """What it comes to; a difference too small to be charged comes off."""
    came_back = next(line for line in order.lines if line.id == asked.lines[0].order_line_id)
    units = asked.lines[0].units
    goods = Item(variant, units, variant.price).goods
    if variant.id == came_back.variant_id:
        goods = replace(goods, unit_price=Money(came_back.unit_price_minor, order.currency))
    kept_minor = came_back.unit_price_minor * units - _net_worth_minor(order, asked, came_back)
    price = _quote(order, goods, kept_minor, terms.tax)
    over = price.total.minor - asked.worth_minor
    if 0 < over <= terms.waived.minor:
        rate = 0 if price.tax_included else price.lines[0].rate_bp
        kept_minor += -(-over * WHOLE_BP // (WHOLE_BP + rate))  # rounded up: nothing must be left to pay
        price = _quote(order, goods, kept_minor, terms.tax)
    return price


def _net_worth_minor(order: Order, asked: Return, line: OrderLine) -> int:
    """What was asked for what came back, without a tax that was put on top."""
    if order.tax_included or not line.tax_minor:
        return asked.worth_minor
    return asked.worth_minor * line.due_minor // (line.due_minor + line.tax_minor)


def _quote(order: Order, goods: Goods, kept_minor: int, tax: TaxRules) -> Quote:
    off = Money(max(0, min(kept_minor, goods.price.minor)), order.currency)
    return requote(
        [goods],
        [off],
        [Discount("kept", order.reference, off)] if off else [],
        delivery=Money(0, order.currency),
        tax=tax,
        country=order.country or "",
    )
