"""Customers, goods and orders put straight into a database, for tests of money and stock."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.cart import service as carts
from shop.catalogue.model import Product, Variant
from shop.customers.model import Customer
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import Order, OrderMove
from shop.orders.service import DeliveryChoice, Terms

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOLD = timedelta(minutes=45)
STANDARD = DeliveryChoice("standard", Money(490, "EUR"))


def stock(
    session: Session,
    handle: str = "mug",
    *,
    on_hand: int = 10,
    price_minor: int = 1200,
    tracked: bool = True,
    oversell: bool = False,
) -> UUID:
    """A product with one variant; the variant's id."""
    product = Product(handle=handle, title=handle.capitalize(), updated_at=NOW)
    variant = Variant(
        product=product,
        price_minor=price_minor,
        currency="EUR",
        on_hand=on_hand,
        tracked=tracked,
        oversell=oversell,
    )
    session.add_all([product, variant])
    session.flush()
    return variant.id


def customer(session: Session, name: str = "Ana Ruiz") -> UUID:
    """Somebody who has told their name and number."""
    person = Customer(name=name, phone="+3291234567", created_at=NOW)
    session.add(person)
    session.flush()
    return person.id


def add(session: Session, person: UUID, variant: UUID, units: int = 1) -> None:
    """Put something into their cart."""
    found = carts.find_variant(session, variant)
    assert found is not None
    carts.add(session, session.get_one(Customer, person), found, units=units, at=NOW)


def place(
    session: Session,
    person: UUID,
    goods: Mapping[UUID, int] | None = None,
    *,
    at: datetime = NOW,
    delivery: DeliveryChoice = STANDARD,
    terms: Terms | None = None,
) -> Order:
    """Order these goods, or what is in the cart already."""
    for variant, units in (goods or {}).items():
        add(session, person, variant, units)
    return orders.place(
        session,
        session.get_one(Customer, person),
        conversation="web:test",
        delivery=delivery,
        address={"street": "Main Street 5", "postcode": "9000", "city": "Ghent"},
        at=at,
        hold_until=at + HOLD,
        terms=terms,
    )


def in_cart(session: Session, person: UUID) -> dict[UUID, int]:
    """What is in their cart: units by variant, in the cart's order."""
    return {line.variant_id: line.units for line in carts.lines(session, session.get_one(Customer, person))}


def levels(session: Session, variant: UUID) -> tuple[int, int]:
    """(on hand, allocated), as the database has it now."""
    found = session.get_one(Variant, variant, populate_existing=True)
    return found.on_hand, found.allocated


def history(session: Session, order: UUID) -> list[tuple[str, str, str]]:
    """The order's moves: (before, after, by)."""
    moves = session.scalars(select(OrderMove).where(OrderMove.order_id == order).order_by(OrderMove.id))
    return [(move.before.value, move.after.value, move.by) for move in moves]
