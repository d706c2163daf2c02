"""Short ways to a placed order, and looks at its money, for the scenarios of payment."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from bot.delivery.model import Timer
from payments.model import Payment, Refund
from shop.cart import service as carts
from shop.catalogue.model import Product, Variant
from shop.customers.model import ChannelAccount, Customer
from shop.orders.model import Order
from storage.clock import SystemClock
from tests.open_shop import OpenShop, Telegrammer, Visitor
from tests.page_visitor import PageVisitor

Buyer = Telegrammer | Visitor | PageVisitor
MUG = "black-mug"  # €12.00, eleven of them
ADDRESS = {"street": "Main Street 5", "postcode": "9000", "city": "Ghent", "country": "BE"}


async def change(shop: OpenShop, work: Callable[[Session], Any]) -> Any:
    """Write something behind the shop's back, and let it look."""
    result = await shop.database.run(work)
    await shop.wake()
    return result


def _first_variant(session: Session, handle: str) -> Variant:
    return session.scalars(
        select(Variant).join(Product).where(Product.handle == handle).order_by(Variant.position).limit(1)
    ).one()


async def set_stock(shop: OpenShop, on_hand: int, handle: str = MUG) -> None:
    def work(session: Session) -> None:
        _first_variant(session, handle).on_hand = on_hand

    await change(shop, work)


async def set_price(shop: OpenShop, price_minor: int, handle: str = MUG) -> None:
    def work(session: Session) -> None:
        _first_variant(session, handle).price_minor = price_minor

    await change(shop, work)


def _account(person: Buyer) -> str:
    if isinstance(person, Telegrammer):
        return str(person.user.id)
    if isinstance(person, PageVisitor):
        return person.person.psid
    return person.address.rsplit("/", 1)[1]


def customer_of(shop: OpenShop, person: Buyer) -> Customer:
    statement = (
        select(Customer)
        .join(ChannelAccount, ChannelAccount.customer_id == Customer.id)
        .where(ChannelAccount.account == _account(person))
    )
    return shop.read(lambda session: session.scalars(statement).one())


async def fill_cart(shop: OpenShop, person: Buyer, *, units: int = 2, handle: str = MUG) -> None:
    """They are known, with name, number and address, and have this in their cart."""
    await person.says("hello")
    customer_id = customer_of(shop, person).id

    def work(session: Session) -> None:
        customer = session.get_one(Customer, customer_id)
        customer.name, customer.phone, customer.address = "Ana Ruiz", "+3291234567", ADDRESS
        carts.add(session, customer, _first_variant(session, handle), units=units, at=SystemClock().now())

    await change(shop, work)


async def check_out(person: Buyer, delivery: str = "Express") -> str:
    """From a full cart to the question whether to place the order: the summary."""
    await person.says("checkout")
    return await person.taps(delivery)


async def order(shop: OpenShop, person: Buyer, *, units: int = 2, delivery: str = "Express") -> Order:
    """Place an order and wait for the way to pay: an invoice on Telegram, a link elsewhere."""
    await fill_cart(shop, person, units=units)
    await check_out(person, delivery)
    said = await person.taps("Pay")
    if not isinstance(person, Telegrammer) and "Pay safely" not in said:
        await person.hears("Pay safely")
    return shop.orders()[-1]


def session_of(visitor: Visitor) -> str:
    """The Checkout Session behind the link they were given."""
    return visitor.link().rsplit("/", 1)[1]


async def end_hold(shop: OpenShop, of: Order) -> None:
    """The time in which the order had to be paid is over now."""
    now = SystemClock().now() - timedelta(seconds=1)

    def work(session: Session) -> None:
        session.execute(update(Order).where(Order.id == of.id).values(hold_until=now))
        session.execute(update(Timer).where(Timer.key == f"order_hold:{of.id}").values(due_at=now))

    await change(shop, work)
    await shop.settled()


def order_now(shop: OpenShop, order_id: UUID) -> Order:
    loaded = select(Order).where(Order.id == order_id).options(selectinload(Order.lines))
    return shop.read(lambda session: session.scalars(loaded).one())


def cart_of(shop: OpenShop, person: Buyer) -> dict[str, int]:
    """What is in their cart: units by product."""
    customer = customer_of(shop, person)
    return {
        line.variant.product.handle: line.units
        for line in shop.read(lambda session: carts.lines(session, customer))
    }


def payments(shop: OpenShop) -> list[Payment]:
    return list(
        shop.read(lambda session: session.scalars(select(Payment).order_by(Payment.received_at)).all())
    )


def refunds(shop: OpenShop) -> list[Refund]:
    return list(shop.read(lambda session: session.scalars(select(Refund).order_by(Refund.asked_at)).all()))


def charges(shop: OpenShop) -> list[tuple[int, int]]:
    """What Stripe took and gave back, a pair for each charge that went through."""
    return [
        (charge.amount, charge.amount_refunded)
        for charge in shop.sandbox.stripe.account.charges
        if charge.status == "succeeded"
    ]


async def until(condition: Callable[[], Any], *, seconds: float = 15.0) -> None:
    """Wait for something at the far end that no message tells of."""
    clock = SystemClock()
    async with asyncio.timeout(seconds):
        while not condition():
            await clock.sleep(0.01)


async def webhooks_delivered(shop: OpenShop) -> None:
    """Stripe has told all it has to tell, and the shop is quiet."""
    await shop.sandbox.stripe.tick()
    await shop.settled()
