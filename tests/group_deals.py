"""Deals and groups for tests: an offer put straight into a shop, and people who take seats in it by talking."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.stage import Stage
from sandbox.people.person import Person
from shop.catalogue.model import Product, Variant
from shop.deals.model import Deal, DealGroup, DealPrice, DealStatus, Seat
from shop.orders.model import Order

ADDRESS = "Kouter 1, 9000 Ghent"


def offer(
    session: Session, *, at: datetime, handle: str = "black-mug", price_minor: int = 900, **terms: Any
) -> str:
    """A deal on all variants of a product that is on since yesterday; its code."""
    product = session.scalars(select(Product).where(Product.handle == handle)).one()
    variants = session.scalars(select(Variant).where(Variant.product_id == product.id))
    known: dict[str, Any] = {
        "code": f"{handle}-together",
        "title": f"{product.title} together",
        "product_id": product.id,
        "status": DealStatus.SCHEDULED,
        "currency": "EUR",
        "starts_at": at - timedelta(days=1),
        "created_at": at - timedelta(days=1),
        "prices": [DealPrice(variant_id=each.id, price_minor=price_minor) for each in variants],
    }
    deal = Deal(**(known | terms))
    session.add(deal)
    session.flush()
    return deal.code


async def offered(stage: Stage, **terms: Any) -> str:
    """Put the deal into the shop of that stage."""
    now = stage.clock.now()
    return await stage.database.run(lambda session: offer(session, at=now, **terms))


async def told(stage: Stage, person: Person, words: str) -> str:
    """Say it, and what is new on the screen."""
    await person.look()
    await person.say(words)
    return await heard(stage, person)


async def tapped(stage: Stage, person: Person, label: str) -> str:
    await person.look()
    await person.tap(label)
    return await heard(stage, person)


async def followed(stage: Stage, person: Person, payload: str) -> str:
    await person.look()
    await person.open(payload)
    return await heard(stage, person)


async def heard(stage: Stage, person: Person) -> str:
    await stage.settle()
    return "\n".join(str(seen) for seen in await person.look() if not seen.mine)


async def to_the_summary(stage: Stage, person: Person, *, name: str = "Ana Ruiz") -> str:
    """Answer what a first checkout asks, up to the summary."""
    for words in (name, "standard", ADDRESS):
        await told(stage, person, words)
    return await told(stage, person, "+32 9 123 45 67")


async def asked_to_pay(stage: Stage, person: Person, group: str | None = None, *, again: bool = False) -> str:
    """Start a group, or join one, up to where only the money is missing."""
    if group is None:
        await told(stage, person, "start a group for the black mug")
    else:
        await followed(stage, person, f"deal_{group}")
        await tapped(stage, person, "Join")
    if not again:
        await to_the_summary(stage, person)
    return await tapped(stage, person, "Pay")


async def seated(
    stage: Stage, person: Person, group: str | None = None, *, again: bool = False, card: str = "visa"
) -> str:
    """Start a group, or join one, and pay; what they hear then."""
    await asked_to_pay(stage, person, group, again=again)
    assert (await person.pay(card)).paid
    return await heard(stage, person)


def the_group(session: Session) -> DealGroup:
    return session.scalars(select(DealGroup)).one()


def token(stage: Stage) -> str:
    """Of the only group there is."""
    return stage.database.read(the_group).token


def seats(stage: Stage) -> list[str]:
    """The states of all seats, in the order in which they were held."""
    statement = select(Seat.status).order_by(Seat.held_at, Seat.id)
    return stage.database.read(lambda session: [status.value for status in session.scalars(statement)])


def statuses(stage: Stage) -> list[str]:
    """The states of all orders, in the order in which they were placed."""
    statement = select(Order.status).order_by(Order.placed_at, Order.id)
    return stage.database.read(lambda session: [status.value for status in session.scalars(statement)])


def crowd(stage: Stage, count: int, channels: Sequence[str] = ("telegram", "messenger")) -> list[Person]:
    """So many people, on the channels in turn."""
    names = ("Ana", "Bo", "Cleo", "Dan", "Eva", "Finn")
    return [stage.person(names[place], channels[place % len(channels)]) for place in range(count)]
