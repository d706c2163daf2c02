"""Placing, paying, changing and cancelling orders. Stock moves with them, under row locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from shop.cart import service as carts
from shop.catalogue.item import Item
from shop.catalogue.model import OutOfStock, Product, Variant
from shop.customers.model import Customer
from shop.deals import groups
from shop.deals.model import SEAT_HOLD, DealGroup
from shop.errors import Refused
from shop.money import Money
from shop.orders.model import NotPossible, Order, OrderChange, OrderLine, OrderStatus, TooManyUnits
from shop.papers import service as invoices
from shop.payment_methods import PaymentKind
from shop.pricing.quote import Quote, QuotedLine, Rebate, quote
from shop.pricing.tax import TaxRules
from shop.promotions import service as promotions
from shop.promotions.service import CouponRefused
from shop.tasks import low_stock
from storage.types import JsonObject

CHANGEABLE: Final = frozenset({OrderStatus.PLACED, OrderStatus.AUTHORISED, OrderStatus.PAID})
"""While it is agreed and not packed, customers may change it. An unpaid one goes back into the cart instead."""


IN_FORM = "form"
"""The delivery of an order whose customer chooses it while paying, in Telegram's own form; phone and address come with it."""


class CartChanged(Refused):
    """Price or stock is no longer what the customer agreed to; nothing was placed."""

    reply = "utter_cart_changed"


class CartEmpty(Refused):
    """There is nothing to buy."""

    reply = "utter_cart_empty"


class NoSuchOrder(LookupError):  # noqa: N818 - it says what it is
    """No order has this id."""


@dataclass(frozen=True, slots=True)
class DeliveryChoice:
    """How it gets there and what that costs; `country` is where it ends up, `point` where it is fetched."""

    code: str
    price: Money
    country: str | None = None
    point: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What else decides the price, and what goes along with the goods.

    `agreed` is the total that the customer said yes to; None where nobody was shown one. `low_stock_units` is so few
    left of something that staff are told; 0: they never are.
    """

    rebates: tuple[Rebate, ...] = ()
    tax: TaxRules = field(default_factory=TaxRules)
    agreed: Money | None = None
    email: str | None = None
    note: str | None = None
    gift_message: str | None = None
    payment: PaymentKind = PaymentKind.CARD
    low_stock_units: int = 0


@dataclass(frozen=True, slots=True)
class SeatWanted:
    """A place in a group, which is locked, with its goods at the group's price.

    `elsewhere`: money that comes too late for it may take a seat in another group.
    """

    group: DealGroup
    item: Item
    elsewhere: bool = False


def place(
    session: Session,
    customer: Customer,
    *,
    conversation: str,
    delivery: DeliveryChoice,
    address: JsonObject | None,
    at: datetime,
    hold_until: datetime,
    terms: Terms | None = None,
) -> Order:
    """Freeze the cart into an order that awaits payment, and promise its stock until `hold_until`.

    Paid in cash it is placed at once, and its stock is promised for good.

    Locks the variants in id order. Raises CartEmpty, CartChanged (prices, or the total agreed to), OutOfStock or
    CouponRefused; nothing is kept then.
    """
    cart = carts.lines(session, customer)
    if not cart:
        raise CartEmpty
    if any(problem.kind in {"price_changed", "unpublished"} for problem in carts.problems(cart)):
        raise CartChanged
    items = carts.items(cart)
    terms = terms or Terms()
    with session.begin_nested():
        order = _new(delivery, terms, conversation=conversation, address=address, at=at)
        order.hold_until = hold_until
        _freeze(session, order, customer, items, delivery=delivery, terms=terms)
        allocate(session, order, low_stock_units=terms.low_stock_units, at=at)
        promotions.take(session, order, at=at)
        carts.empty(session, customer)
    return order


def place_seat(
    session: Session,
    customer: Customer,
    seat: SeatWanted,
    *,
    conversation: str,
    delivery: DeliveryChoice,
    address: JsonObject | None,
    at: datetime,
    terms: Terms,
) -> Order:
    """A seat in a group, which is locked: its stock is promised as long as the seat is held. Raises DealRefused, CartChanged (the total
    agreed to), OutOfStock or CouponRefused; nothing is kept then.
    """
    with session.begin_nested():
        order = _new(delivery, terms, conversation=conversation, address=address, at=at)
        order.group_id, order.hold_until = seat.group.id, at + SEAT_HOLD
        _freeze(session, order, customer, [seat.item], delivery=delivery, terms=terms)
        groups.hold(session, seat.group, order, units=seat.item.units, at=at, elsewhere=seat.elsewhere)
        allocate(session, order, low_stock_units=terms.low_stock_units, at=at)
        promotions.take(session, order, at=at)
    return order


def _new(
    delivery: DeliveryChoice, terms: Terms, *, conversation: str, address: JsonObject | None, at: datetime
) -> Order:
    return Order(
        conversation=conversation,
        delivery=delivery.code,
        pickup_point=delivery.point,
        country=delivery.country,
        address=address,
        email=terms.email,
        note=terms.note,
        gift_message=terms.gift_message,
        payment_method=terms.payment,
        status=OrderStatus.PLACED if terms.payment is PaymentKind.CASH else OrderStatus.AWAITING_PAYMENT,
        placed_at=at,
    )


def _freeze(
    session: Session,
    order: Order,
    customer: Customer,
    items: Sequence[Item],
    *,
    delivery: DeliveryChoice,
    terms: Terms,
) -> None:
    """Copy names, prices and units into the order, so that a later change of the catalogue changes nothing."""
    assert customer.name, "the checkout asked for a name"
    assert customer.phone or delivery.code == IN_FORM, "the checkout asked for a phone number"
    price = quote(
        [each.goods for each in items],
        delivery=delivery.price,
        rebates=terms.rebates,
        tax=terms.tax,
        country=delivery.country or "",
    )
    if terms.agreed is not None and price.total != terms.agreed:
        raise CartChanged
    order.customer_id, order.name, order.phone = customer.id, customer.name, customer.phone or ""
    order.lines = [
        _order_line(position, each, quoted)
        for position, (each, quoted) in enumerate(zip(items, price.lines, strict=True))
    ]
    take_price(order, price)
    session.add(order)
    session.flush()


def take_price(order: Order, price: Quote) -> None:
    """Write the quote's sums into the order."""
    order.currency = price.total.currency
    order.items_minor, order.discount_minor = price.goods.minor, price.discount.minor
    order.discounts = [
        {"reason": each.reason, "label": each.label, "amount_minor": each.amount.minor}
        for each in price.discounts
    ]
    order.coupon_code = next((each.label for each in price.discounts if each.reason == "coupon"), None)
    order.delivery_minor, order.delivery_tax_minor = price.delivery.minor, price.delivery_tax.minor
    order.delivery_tax_rate_bp = price.delivery_rate_bp
    order.tax_minor, order.tax_included = price.tax.minor, price.tax_included
    order.total_minor = price.total.minor


def get(session: Session, order_id: UUID, *, lock: bool = True) -> Order:
    """An order with its lines; locked, and as it is once the lock is held, unless asked otherwise.

    Of a seat the group is locked first. Raises NoSuchOrder.
    """
    statement = select(Order).where(Order.id == order_id).options(selectinload(Order.lines))
    if lock:  # what this session read before it waited for the lock may have changed meanwhile
        groups.lock_for(session, order_id)
        statement = statement.with_for_update().execution_options(populate_existing=True)
    order = session.scalars(statement).one_or_none()
    if order is None:
        raise NoSuchOrder(f"there is no order {order_id}")
    return order


def find(session: Session, customer: Customer, *, reference: str | None = None) -> Order | None:
    """The customer's own order of that reference, or their latest one. Somebody else's is not found."""
    statement = (
        select(Order)
        .where(Order.customer_id == customer.id)
        .options(selectinload(Order.lines))
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(1)
    )
    if reference is not None:
        statement = statement.where(Order.reference == reference.upper())
    return session.scalars(statement).one_or_none()


def count(session: Session, customer: Customer) -> int:
    """How many orders they have placed."""
    placed = select(func.count()).select_from(Order).where(Order.customer_id == customer.id)
    return session.scalars(placed).one()


def pay(session: Session, order: Order, *, at: datetime, by: str, low_stock_units: int = 0) -> None:
    """Mark it paid, and take its invoice number. A late payment takes stock and coupon again first.

    Raises OutOfStock or CouponRefused when they are gone.
    """
    _take_again(session, order, low_stock_units=low_stock_units, at=at)
    session.add(order.move(OrderStatus.PAID, at=at, by=by))
    invoices.issue(session, order.id, at=at)


def wait(session: Session, order: Order, *, at: datetime, by: str, low_stock_units: int = 0) -> None:
    """Its money is in, or held by the bank, and its group still forms. Raises as `pay` does."""
    _take_again(session, order, low_stock_units=low_stock_units, at=at)
    session.add(order.move(OrderStatus.WAITING, at=at, by=by))


def authorise(session: Session, order: Order, *, at: datetime, by: str, low_stock_units: int = 0) -> None:
    """The bank promises its money, which is taken later. Raises as `pay` does."""
    _take_again(session, order, low_stock_units=low_stock_units, at=at)
    session.add(order.move(OrderStatus.AUTHORISED, at=at, by=by))


def _take_again(session: Session, order: Order, *, low_stock_units: int, at: datetime) -> None:
    """Stock and coupon, which an expired order has given back."""
    if order.status is not OrderStatus.EXPIRED:
        return
    allocate(session, order, low_stock_units=low_stock_units, at=at)
    try:
        promotions.take(session, order, at=at)
    except CouponRefused:
        _release(session, order, at=at)
        raise


def take_late_payment(session: Session, order: Order, *, at: datetime, by: str) -> None:
    """It was packed or sent before anybody paid: cash on delivery. Nothing moves, and it gets its invoice number."""
    note(session, order, "paid", at=at, by=by)
    invoices.issue(session, order.id, at=at)


def cancel(session: Session, order: Order, *, at: datetime, by: str, why: str) -> bool:
    """Cancel it and give the stock back. True when it was paid, so that money must go back too.

    What an exchange has paid towards an unpaid one must go back as well.
    """
    was_paid = order.status in {OrderStatus.PAID, OrderStatus.WAITING}
    session.add(order.move(OrderStatus.CANCELLED, at=at, by=by, why=why))
    _end(session, order, at=at, by=by, why=why)
    return was_paid


def expire(session: Session, order: Order, *, at: datetime) -> bool:
    """Nobody paid in time: give the stock back. False when it was paid or cancelled meanwhile.

    What an exchange has paid towards it must go back as money.
    """
    if order.status is not OrderStatus.AWAITING_PAYMENT:
        return False
    why = "not paid in time"
    session.add(order.move(OrderStatus.EXPIRED, at=at, by="timer", why=why))
    _end(session, order, at=at, by="timer", why=why)
    return True


def _end(session: Session, order: Order, *, at: datetime, by: str, why: str) -> None:
    """Stock, coupon and seat are free again, and what an exchange paid of it is no longer meant for it."""
    if order.group_id is not None:
        groups.give_up(session, order, at=at, by=by, why=why)
    _release(session, order, at=at)
    promotions.give_back(session, order.id, at=at)
    order.exchanged_minor = 0


def call_off(session: Session, order: Order, units: Mapping[UUID, int], *, at: datetime, by: str) -> Money:
    """Take units off lines (by id) before they are packed, and credit their price, which is returned.

    Stock is free again. Raises NotPossible once it is packed or over, and TooManyUnits for more than are left or for
    all that is left: that is cancelling.
    """
    if order.status not in CHANGEABLE:
        raise NotPossible(reference=order.reference, status=order.status.value, wanted="changed")
    lines = {line.id: line for line in order.lines}
    taken = {lines[line_id]: count for line_id, count in units.items()}
    if any(not 0 < count <= line.left for line, count in taken.items()) or sum(taken.values()) >= sum(
        line.left for line in order.lines
    ):
        raise TooManyUnits(reference=order.reference)
    variants = {variant.id: variant for variant, _ in locked_variants(session, order)}
    worth = (line.worth(count, tax_included=order.tax_included) for line, count in taken.items())
    credit = Money(sum(worth), order.currency)
    order.credit(credit)
    for line, count in taken.items():
        line.called_off += count
        if line.variant_id is not None:
            variants[line.variant_id].release(count)
        note(session, order, f"{count} × {line.name} called off", at=at, by=by)
    low_stock.restocked(session, variants.values(), at=at)
    return credit


def note(session: Session, order: Order, what: str, *, at: datetime, by: str) -> None:
    """Write down what became different without a move."""
    session.add(OrderChange(order_id=order.id, at=at, by=by, what=what))


def return_to_cart(session: Session, order: Order, *, at: datetime) -> None:
    """Put its goods back into the customer's cart, at the prices they agreed to, beside what is there now."""
    for line in order.lines:
        if line.variant_id is not None:
            carts.restore(
                session,
                order.customer_id,
                line.variant_id,
                units=line.units,
                price_seen_minor=line.unit_price_minor,
                at=at + timedelta(microseconds=line.position),  # the cart keeps its order
            )


def _order_line(position: int, item: Item, quoted: QuotedLine) -> OrderLine:
    variant = item.variant
    return OrderLine(
        variant_id=variant.id,
        position=position,
        title=variant.product.title,
        label=variant.label,
        sku=variant.sku,
        units=item.units,
        unit_price_minor=item.unit_price.minor,
        discount_minor=quoted.discount.minor,
        tax_minor=quoted.tax.minor,
        tax_rate_bp=quoted.rate_bp,
    )


def locked_variants(session: Session, order: Order) -> list[tuple[Variant, int]]:
    """The order's variants with how many units of each it still has to send.

    They are locked in id order, so that two orders never wait for each other.

    The lock is PostgreSQL's NO KEY UPDATE: a line that refers to a variant holds its key already, and with FOR UPDATE
    two buyers of one thing would wait for each other (https://www.postgresql.org/docs/current/explicit-locking.html).
    """
    units = {line.variant_id: line.left for line in order.lines if line.variant_id is not None}
    locked = session.scalars(
        select(Variant)
        .where(Variant.id.in_(units))
        .order_by(Variant.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return [(variant, units[variant.id]) for variant in locked]


def allocate(session: Session, order: Order, *, at: datetime, low_stock_units: int = 0) -> None:
    """Promise it all its goods, or none. Raises OutOfStock."""
    wanted = locked_variants(session, order)
    for variant, units in wanted:  # all or none
        free = variant.free_units()
        if free is not None and units > free:
            title = session.get_one(Product, variant.product_id).title
            raise OutOfStock(variant=variant.id, title=title, free=free, asked=units)
    for variant, units in wanted:
        variant.allocate(units)
    session.flush()
    low_stock.sold(session, [variant for variant, _ in wanted], limit=low_stock_units, at=at)


def _release(session: Session, order: Order, *, at: datetime) -> None:
    promised = locked_variants(session, order)
    for variant, units in promised:
        variant.release(units)
    low_stock.restocked(session, [variant for variant, _ in promised], at=at)
