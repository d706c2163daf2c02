"""Things that happened in the shop before staff look: somebody wrote, somebody bought, something broke."""

from datetime import timedelta

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
from shop.orders.service import DeliveryChoice
from tests.open_shop import OpenShop


async def somebody(
    shop: OpenShop, name: str, *, chat: str, said: str, wants_person: bool = False, channel: str = "web"
) -> str:
    """A customer who said something; the conversation's key."""
    now, key = shop.parley.clock.now(), f"{channel}:{chat}"

    def write(session: Session) -> None:
        customer = customers.recognise(session, channel, chat, display_name="", username="", at=now)
        customer.name, customer.phone, customer.wants_person = name, "+3292345678", wants_person
        session.add(Conversation(key=key, customer_id=customer.id, state={}, started_at=now, updated_at=now))
        content = EVENT.dump_python(Said(text=said), mode="json")
        transcript.note(session, key, Author.CUSTOMER, content, at=now)

    await shop.database.run(write)
    return key


async def paid_order(shop: OpenShop, key: str, *, units: int = 1, pickup: bool = False) -> str:
    """The customer of that conversation bought black mugs and paid; the order's reference."""
    now = shop.parley.clock.now()

    def buy(session: Session) -> str:
        customer = session.get_one(Customer, session.get_one(Conversation, key).customer_id)
        mug = session.scalars(select(Variant).join(Product).where(Product.handle == "black-mug")).one()
        carts.add(session, customer, mug, units=units, at=now)
        address = {"street": "Kouter 1", "postcode": "9000", "city": "Ghent", "country": "BE"}
        order = orders.place(
            session,
            customer,
            conversation=key,
            delivery=DeliveryChoice("pickup" if pickup else "standard", Money(0, "EUR")),
            address=None if pickup else address,
            at=now,
            hold_until=now + timedelta(minutes=45),
        )
        settlement.settle(
            session,
            order.id,
            provider="stripe",
            reference=f"pi_{order.reference}",
            amount=order.total,
            at=now,
        )
        return order.reference

    return await shop.database.run(buy)


async def parked_event(shop: OpenShop, key: str, *, said: str) -> None:
    """An event whose turn failed until it was given up."""
    now = shop.parley.clock.now()
    inbound = Inbound(
        source=key, external_id="parked-once", conversation=key, sequence=1, event=Said(text=said)
    )

    def park(session: Session) -> None:
        inbox.put(session, [inbound], at=now)
        event = session.scalars(select(InboxEvent).where(InboxEvent.external_id == "parked-once")).one()
        trace = "Traceback (most recent call last):\n  File …\nKeyError: 'a slot that was not there'"
        while not inbox.record_failure(session, event.id, error=trace, at=now):
            pass

    await shop.database.run(park)
