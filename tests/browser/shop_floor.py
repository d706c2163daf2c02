"""Things that happened in the shop before staff look: somebody wrote, somebody bought, something broke."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import transcript
from bot.delivery import inbox
from bot.delivery.model import Conversation, InboxEvent
from bot.events import EVENT, Inbound, Said
from bot.transcript import Author
from payments import settlement
from shop.cart import service as carts
from shop.catalogue.model import Product, Variant
from shop.customers import service as customers
from shop.customers.model import Customer
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import Order
from shop.orders.service import DeliveryChoice, Terms
from tests.open_shop import OpenShop


def add_customer(
    session: Session,
    name: str | None,
    *,
    chat: str,
    said: str,
    at: datetime,
    wants_person: bool = False,
    channel: str = "web",
) -> str:
    """A customer who said something; the conversation's key."""
    key = f"{channel}:{chat}"
    customer = customers.recognise(session, channel, chat, display_name="", username="", at=at)
    customer.name, customer.phone, customer.wants_person = name, "+3292345678", wants_person
    session.add(Conversation(key=key, customer_id=customer.id, state={}, started_at=at, updated_at=at))
    content = EVENT.dump_python(Said(text=said), mode="json")
    transcript.note(session, key, Author.CUSTOMER, content, at=at)
    return key


def add_paid_order(
    session: Session, key: str, *, handle: str, units: int, pickup: bool, at: datetime
) -> Order:
    """The customer of that conversation bought something and paid."""
    customer = session.get_one(Customer, session.get_one(Conversation, key).customer_id)
    variant = session.scalars(select(Variant).join(Product).where(Product.handle == handle)).one()
    carts.add(session, customer, variant, units=units, at=at)
    address = {"street": "Kouter 1", "postcode": "9000", "city": "Ghent", "country": "BE"}
    order = orders.place(
        session,
        customer,
        conversation=key,
        delivery=DeliveryChoice("pickup" if pickup else "standard", Money(0, "EUR")),
        address=None if pickup else address,
        at=at,
        hold_until=at + timedelta(minutes=45),
        terms=Terms(low_stock_units=3),
    )
    reference = f"pi_{order.reference}"
    settlement.settle(session, order.id, provider="stripe", reference=reference, amount=order.total, at=at)
    return order


def add_parked_event(session: Session, key: str, *, said: str, at: datetime) -> None:
    """An event whose turn failed until it was given up."""
    inbound = Inbound(
        source=key, external_id="parked-once", conversation=key, sequence=1, event=Said(text=said)
    )
    inbox.put(session, [inbound], at=at)
    event = session.scalars(select(InboxEvent).where(InboxEvent.external_id == "parked-once")).one()
    trace = "Traceback (most recent call last):\n  File …\nKeyError: 'a slot that was not there'"
    while not inbox.record_failure(session, event.id, error=trace, at=at):
        pass


async def somebody(
    shop: OpenShop, name: str, *, chat: str, said: str, wants_person: bool = False, channel: str = "web"
) -> str:
    """`add_customer`, now."""
    now = shop.parley.clock.now()
    return await shop.database.run(
        lambda session: add_customer(
            session, name, chat=chat, said=said, at=now, wants_person=wants_person, channel=channel
        )
    )


async def paid_order(shop: OpenShop, key: str, *, units: int = 1, pickup: bool = False) -> str:
    """`add_paid_order` of black mugs, now; its reference."""
    now = shop.parley.clock.now()
    order = await shop.database.run(
        lambda session: add_paid_order(session, key, handle="black-mug", units=units, pickup=pickup, at=now)
    )
    return order.reference


async def parked_event(shop: OpenShop, key: str, *, said: str) -> None:
    """`add_parked_event`, now."""
    now = shop.parley.clock.now()
    await shop.database.run(lambda session: add_parked_event(session, key, said=said, at=now))
