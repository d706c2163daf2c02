"""What a story expects of the shop's books and of people's screens, looked up and compared."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, selectinload

from bot.delivery.model import Conversation
from payments.model import Payment
from sandbox.people.person import Person
from sandbox.people.telegram_group import TelegramGroup
from sandbox.stories.format import (
    Amount,
    Expectation,
    ExpectCustomer,
    ExpectDeal,
    ExpectMessages,
    ExpectOrder,
    ExpectOrders,
    ExpectStock,
)
from sandbox.stories.results import NotSo
from sandbox.stories.stage import Stage
from shop.catalogue.model import Product, Variant
from shop.deals.model import TAKEN, Deal, DealGroup, Seat
from shop.orders.model import Order


@dataclass(frozen=True, slots=True)
class Checks:
    """Looks expectations up on a stage; `fill` puts in what the story saved."""

    stage: Stage
    people: Mapping[str, Person]
    chats: Mapping[str, TelegramGroup]
    fill: Callable[[str], str]

    async def check(self, expectation: Expectation) -> None:
        """Raises NotSo."""
        match expectation:
            case ExpectOrder():
                self._order(expectation)
            case ExpectOrders():
                self._count_orders(expectation)
            case ExpectStock():
                self._stock(expectation)
            case ExpectCustomer():
                self._customer(expectation)
            case ExpectDeal():
                self._deal(expectation)
            case ExpectMessages():
                await self._messages(expectation)

    # ── orders ──────────────────────────────────────────────────────────────────────────────────────

    def find_order(self, name: str) -> Order:
        """By what was saved, or a person's newest. Raises NotSo."""
        found = self.stage.database.read(lambda session: self._orders(session, name))
        if not found:
            there = self.stage.database.read(lambda session: session.scalars(select(Order.reference)).all())
            raise NotSo(f"an order {self.fill(name)}", f"orders {', '.join(there)}" if there else "no order")
        return found[-1]

    def _orders(self, session: Session, name: str) -> list[Order]:
        statement = select(Order).options(selectinload(Order.lines)).order_by(Order.placed_at, Order.id)
        if name in self.people:
            customer = session.get(Conversation, self.people[name].conversation)
            statement = statement.where(Order.customer_id == (customer.customer_id if customer else None))
        else:
            statement = statement.where(Order.reference == self.fill(name).upper())
        return list(session.scalars(statement))

    def _order(self, expected: ExpectOrder) -> None:
        order = self.find_order(expected.order)
        what = f"the order {order.reference}"
        _same(f"{what} is", expected.status and expected.status.value, order.status.value)
        _same(f"{what} costs", _words(expected.total), _words((order.total_minor, order.currency)))
        _same(f"{what} has lines:", expected.lines, len(order.lines))
        _same(f"{what} has units:", expected.units, sum(line.units for line in order.lines))

    def _count_orders(self, expected: ExpectOrders) -> None:
        statement = select(func.count()).select_from(Order)
        if expected.status is not None:
            statement = statement.where(Order.status == expected.status)
        what = f"orders that are {expected.status}:" if expected.status else "orders:"
        _same(what, expected.orders, self.stage.database.read(lambda session: session.scalar(statement)))

    # ── stock ───────────────────────────────────────────────────────────────────────────────────────

    def _stock(self, expected: ExpectStock) -> None:
        variants = self.stage.database.read(
            lambda session: session.scalars(
                select(Variant)
                .join(Product)
                .where(Product.handle == expected.stock)
                .order_by(Variant.position)
            ).all()
        )
        wanted = (expected.variant or "").casefold()
        fitting = [each for each in variants if not wanted or wanted in each.label.casefold()]
        if not fitting:
            there = ", ".join(each.label for each in variants)
            raise NotSo(f"a variant {expected.variant!r} of {expected.stock}", there or "none")
        what = f"{expected.stock} has"
        _same(f"{what} on hand:", expected.on_hand, fitting[0].on_hand)
        _same(f"{what} promised:", expected.allocated, fitting[0].allocated)

    # ── group deals ─────────────────────────────────────────────────────────────────────────────────

    def _deal(self, expected: ExpectDeal) -> None:
        wanted = [f"{each.status.value} with {each.seats}" for each in expected.groups]
        there = self.stage.database.read(lambda session: _groups(session, expected.deal))
        _same(f"{expected.deal} has groups:", ", ".join(wanted) or "none", ", ".join(there) or "none")

    # ── customers ───────────────────────────────────────────────────────────────────────────────────

    def _customer(self, expected: ExpectCustomer) -> None:
        name = expected.customer
        orders = self.stage.database.read(lambda session: self._orders(session, name))
        _same(f"{name} has orders:", expected.orders, len(orders))
        charged, refunded = self._moved(orders)
        for verb, wanted, minor in (
            ("was charged", expected.charged, charged),
            ("was refunded", expected.refunded, refunded),
        ):
            if wanted is not None:
                _same(f"{name} {verb}", _words(wanted), _words((minor, wanted[1])))

    def _moved(self, orders: list[Order]) -> tuple[int, int]:
        """What Stripe took and gave back for these orders, in minor units."""
        ids = [order.id for order in orders]
        booked = set(
            self.stage.database.read(
                lambda session: session.scalars(
                    select(Payment.reference).where(Payment.order_id.in_(ids))
                ).all()
            )
        )
        charges = [
            charge
            for charge in self.stage.sandbox.stripe.account.charges
            if charge.captured and not booked.isdisjoint({charge.id, charge.payment_intent})
        ]
        return (
            sum(charge.amount_captured for charge in charges),
            sum(charge.amount_refunded for charge in charges),
        )

    # ── messages ────────────────────────────────────────────────────────────────────────────────────

    async def _messages(self, expected: ExpectMessages) -> None:
        wanted = expected.messages
        pattern = re.compile(self.fill(wanted.matching), re.IGNORECASE)
        screen = (self.chats.get(wanted.to) or self.people[wanted.to]).screen
        theirs = [seen for seen in await screen() if not seen.mine]
        matching = [seen for seen in theirs if pattern.search(str(seen))]
        _same(f"messages to {wanted.to} that match {wanted.matching!r}:", wanted.count, len(matching))


def _same(what: str, wanted: Any, found: Any) -> None:
    """Nothing is said about what the story does not mention."""
    if wanted is not None and wanted != found:
        raise NotSo(f"{what} {wanted}", str(found))


def _words(amount: "Amount | None") -> str | None:
    return None if amount is None else f"{amount[0] // 100}.{amount[0] % 100:02} {amount[1]}"


def _groups(session: Session, code: str) -> list[str]:
    """A deal's groups as "succeeded with 3", in the order in which they began."""
    seats = func.count(Seat.id)
    counted = (
        select(DealGroup.status, seats)
        .join(Deal, Deal.id == DealGroup.deal_id)
        .outerjoin(Seat, and_(Seat.group_id == DealGroup.id, Seat.status.in_(TAKEN)))
        .where(Deal.code == code)
        .group_by(DealGroup.id, DealGroup.status, DealGroup.began_at)
        .order_by(DealGroup.began_at, DealGroup.id)
    )
    return [f"{status.value} with {count}" for status, count in session.execute(counted)]
