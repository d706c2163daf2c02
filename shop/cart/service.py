"""Filling and emptying a cart. Stock is looked at, never taken: that happens when payment starts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from shop.cart.model import UNITS_MAX, CartLine, TooMany
from shop.catalogue.item import Item
from shop.catalogue.model import OutOfStock, Product, Variant
from shop.customers.model import Customer
from shop.pricing.quote import Goods


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a line that the customer must know before paying."""

    kind: Literal["sold_out", "fewer_left", "price_changed", "unpublished"]
    line: CartLine
    free: int | None = None


def lines(session: Session, customer: Customer) -> list[CartLine]:
    """The cart, in the order it was filled, each with its variant and product."""
    return list(
        session.scalars(
            select(CartLine)
            .where(CartLine.customer_id == customer.id)
            .options(joinedload(CartLine.variant).joinedload(Variant.product))
            .order_by(CartLine.added_at, CartLine.variant_id)
        )
    )


def add(session: Session, customer: Customer, variant: Variant, *, units: int, at: datetime) -> CartLine:
    """Put `units` more in. Raises OutOfStock with what is free, or TooMany."""
    line = session.get(CartLine, (customer.id, variant.id))
    return _put(session, customer, variant, units=units + (line.units if line else 0), at=at)


def restore(
    session: Session, customer_id: UUID, variant_id: UUID, *, units: int, price_seen_minor: int, at: datetime
) -> None:
    """Put back what an order took out, on top of what is there, as far as a cart goes.

    Stock and price are not looked at: the next checkout does that, and says what changed.
    """
    line = session.get(CartLine, (customer_id, variant_id))
    if line is None:
        line = CartLine(customer_id=customer_id, variant_id=variant_id, units=0, added_at=at)
        session.add(line)
    line.units = min(UNITS_MAX, line.units + units)
    line.price_seen_minor = price_seen_minor
    session.flush()


def set_units(
    session: Session, customer: Customer, variant: Variant, *, units: int, at: datetime
) -> CartLine | None:
    """Exactly so many; none takes the line out. Raises OutOfStock or TooMany."""
    if units <= 0:
        session.execute(
            delete(CartLine).where(CartLine.customer_id == customer.id, CartLine.variant_id == variant.id)
        )
        return None
    return _put(session, customer, variant, units=units, at=at)


def empty(session: Session, customer: Customer) -> None:
    """Take everything out."""
    session.execute(delete(CartLine).where(CartLine.customer_id == customer.id))


def items(cart: list[CartLine]) -> list[Item]:
    """The lines at today's prices."""
    return [Item(line.variant, line.units, line.variant.price) for line in cart]


def goods(cart: list[CartLine]) -> list[Goods]:
    """The lines as they are priced, at today's prices."""
    return [each.goods for each in items(cart)]


def problems(cart: list[CartLine]) -> list[Problem]:
    """What stands between this cart and paying, a line each."""
    return [problem for line in cart if (problem := _problem(line)) is not None]


def accept_prices(cart: list[CartLine]) -> None:
    """The customer has seen today's prices."""
    for line in cart:
        line.price_seen_minor = line.variant.price_minor


def _problem(line: CartLine) -> Problem | None:
    if not (line.variant.published and line.variant.product.published):
        return Problem("unpublished", line)
    free = line.variant.free_units()
    if free is not None and free < line.units:
        return Problem("fewer_left" if free else "sold_out", line, free)
    if line.price_seen_minor != line.variant.price_minor:
        return Problem("price_changed", line)
    return None


def _put(session: Session, customer: Customer, variant: Variant, *, units: int, at: datetime) -> CartLine:
    if units > UNITS_MAX:
        raise TooMany(most=UNITS_MAX)
    free = variant.free_units()
    if free is not None and units > free:
        raise OutOfStock(variant=variant.id, title=_title(session, variant), free=free, asked=units)
    line = session.get(CartLine, (customer.id, variant.id))
    if line is None:
        line = CartLine(customer_id=customer.id, variant_id=variant.id, added_at=at)
        session.add(line)
    line.units = units
    line.price_seen_minor = variant.price_minor
    session.flush()
    return line


def _title(session: Session, variant: Variant) -> str:
    return session.get_one(Product, variant.product_id).title


def find_variant(session: Session, variant_id: UUID) -> Variant | None:
    """A variant that may be sold, with its product; None when it is gone from the shop."""
    variant = session.scalars(
        select(Variant).where(Variant.id == variant_id).options(joinedload(Variant.product))
    ).one_or_none()
    return variant if variant and variant.published and variant.product.published else None
