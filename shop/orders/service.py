"""Placing, paying, cancelling and fulfilling orders. Stock moves with them, under row locks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from shop.cart import service as carts
from shop.cart.model import CartLine
from shop.catalogue.model import OutOfStock, Product, Variant
from shop.customers.model import Customer
from shop.errors import Refused
from shop.money import Money
from shop.orders.model import HOLDS_STOCK, Order, OrderLine, OrderStatus
from storage.types import JsonObject


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
    """How it gets there and what that costs."""

    code: str
    price: Money


def place(
    session: Session,
    customer: Customer,
    *,
    conversation: str,
    delivery: DeliveryChoice,
    address: JsonObject | None,
    at: datetime,
    hold_until: datetime,
) -> Order:
    """Freeze the cart into an order that awaits payment, and promise its stock until `hold_until`.

    Locks the variants in id order. Raises CartEmpty, CartChanged (prices) or OutOfStock; nothing is kept then.
    """
    with session.begin_nested():
        order = _freeze(
            session,
            customer,
            Order(
                conversation=conversation,
                delivery=delivery.code,
                address=address,
                placed_at=at,
                hold_until=hold_until,
            ),
            delivery.price,
        )
        _allocate(session, order)
        carts.empty(session, customer)
    return order


def _freeze(session: Session, customer: Customer, order: Order, delivery_price: Money) -> Order:
    """Copy names, prices and units into the order, so that a later change of the catalogue changes nothing."""
    cart = carts.lines(session, customer)
    if not cart:
        raise CartEmpty
    if any(problem.kind in {"price_changed", "unpublished"} for problem in carts.problems(cart)):
        raise CartChanged
    assert customer.name, "the checkout asked for a name"
    assert customer.phone, "the checkout asked for a phone number"
    items = carts.subtotal(cart, delivery_price.currency)
    order.customer_id, order.name, order.phone = customer.id, customer.name, customer.phone
    order.currency = items.currency
    order.items_minor, order.delivery_minor = items.minor, delivery_price.minor
    order.total_minor = (items + delivery_price).minor
    order.lines = [_order_line(position, line) for position, line in enumerate(cart)]
    session.add(order)
    session.flush()
    return order


def get(session: Session, order_id: UUID, *, lock: bool = True) -> Order:
    """An order with its lines; locked, and as it is once the lock is held, unless asked otherwise.

    Raises NoSuchOrder.
    """
    statement = select(Order).where(Order.id == order_id).options(selectinload(Order.lines))
    if lock:  # what this session read before it waited for the lock may have changed meanwhile
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


def pay(session: Session, order: Order, *, at: datetime, by: str) -> None:
    """Mark it paid. A late payment takes the stock again first: raises OutOfStock when it is gone."""
    if order.status is OrderStatus.EXPIRED:
        _allocate(session, order)
    session.add(order.move(OrderStatus.PAID, at=at, by=by))


def cancel(session: Session, order: Order, *, at: datetime, by: str, why: str) -> bool:
    """Cancel it and give the stock back. True when it was paid, so that money must go back too."""
    was_paid = order.status is OrderStatus.PAID
    session.add(order.move(OrderStatus.CANCELLED, at=at, by=by, why=why))
    _release(session, order)
    return was_paid


def expire(session: Session, order: Order, *, at: datetime) -> bool:
    """Nobody paid in time: give the stock back. False when it was paid or cancelled meanwhile."""
    if order.status is not OrderStatus.AWAITING_PAYMENT:
        return False
    session.add(order.move(OrderStatus.EXPIRED, at=at, by="timer", why="not paid in time"))
    _release(session, order)
    return True


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


def fulfil(session: Session, order: Order, status: OrderStatus, *, at: datetime, by: str) -> None:
    """Pack, ship, deliver or complete it; what ships leaves the stock for good."""
    session.add(order.move(status, at=at, by=by))
    if status is OrderStatus.SHIPPED:
        for variant, units in _variants(session, order):
            variant.allocated -= units
            if variant.tracked:
                variant.on_hand -= units


def still_holds(order: Order) -> bool:
    """Whether its stock is promised to it right now."""
    return order.status in HOLDS_STOCK


def _order_line(position: int, line: CartLine) -> OrderLine:
    return OrderLine(
        variant_id=line.variant_id,
        position=position,
        title=line.variant.product.title,
        label=line.variant.label,
        sku=line.variant.sku,
        units=line.units,
        unit_price_minor=line.variant.price_minor,
    )


def _variants(session: Session, order: Order) -> list[tuple[Variant, int]]:
    """The order's variants, locked in id order (so that two orders never wait for each other), with their units.

    The lock is PostgreSQL's NO KEY UPDATE: a line that refers to a variant holds its key already, and with FOR UPDATE
    two buyers of one thing would wait for each other (https://www.postgresql.org/docs/current/explicit-locking.html).
    """
    units = {line.variant_id: line.units for line in order.lines if line.variant_id is not None}
    locked = session.scalars(
        select(Variant)
        .where(Variant.id.in_(units))
        .order_by(Variant.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return [(variant, units[variant.id]) for variant in locked]


def _allocate(session: Session, order: Order) -> None:
    wanted = _variants(session, order)
    for variant, units in wanted:  # all or none
        free = variant.free_units()
        if free is not None and units > free:
            title = session.get_one(Product, variant.product_id).title
            raise OutOfStock(variant=variant.id, title=title, free=free, asked=units)
    for variant, units in wanted:
        variant.allocate(units)
    session.flush()


def _release(session: Session, order: Order) -> None:
    for variant, units in _variants(session, order):
        variant.release(units)
