"""Whatever customers, clocks, banks and staff do, in whatever order: the money and the stock add up."""

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from payments import refunds, settlement
from payments.model import Payment, Refund, RefundStatus
from payments.settlement import Outcome
from shop.catalogue.model import OutOfStock, Variant
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import HOLDS_STOCK, NotPossible, Order, OrderStatus
from shop.orders.service import CartChanged, CartEmpty
from storage.engine import Database, T, Work
from tests.trade import HOLD, NOW, add, customer, place, stock

PAID_FOR = {
    OrderStatus.PAID,
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.COMPLETED,
}
NEXT = {
    OrderStatus.PAID: OrderStatus.PACKED,
    OrderStatus.PACKED: OrderStatus.SHIPPED,
    OrderStatus.SHIPPED: OrderStatus.DELIVERED,
    OrderStatus.DELIVERED: OrderStatus.COMPLETED,
}
NOTHING: MultipleResults[Any] = multiple()
FEW = (1, 2, 4)  # of each thing, so that people get into each other's way


@dataclass
class Charge:
    """Money that left a card; we may hear of it never, late, or often."""

    reference: str
    order: UUID | None
    amount: Money
    heard: bool = False


@dataclass
class Books:
    """What really happened, to hold the database against."""

    charges: list[Charge] = field(default_factory=list)
    pays_for: dict[UUID, str] = field(default_factory=dict)  # order → the payment that paid it
    supplied: dict[UUID, int] = field(default_factory=dict)
    shipped: dict[UUID, int] = field(default_factory=dict)


class Trading(RuleBasedStateMachine):
    """A shop with three customers and few goods, over a real SQLite database."""

    placed = Bundle("placed")
    charged = Bundle("charged")

    def __init__(self, template: Path) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "parley.db"
        shutil.copy(template, path)
        self.database = Database.open(f"sqlite:///{path}")
        self.now = NOW
        self.books = Books()
        self.people = [self.write(customer) for _ in range(3)]
        self.goods = [self._supply(f"thing-{n}", units) for n, units in enumerate(FEW)]
        self.books.supplied = dict(zip(self.goods, FEW, strict=True))
        self.books.shipped = dict.fromkeys(self.goods, 0)

    def _supply(self, name: str, units: int) -> UUID:
        return self.write(lambda session: stock(session, name, on_hand=units))

    def _place(self, person: int, basket: dict[UUID, int]) -> UUID:
        return self.write(lambda session: place(session, self.people[person], basket, at=self.now).id)

    def write(self, work: Work[T]) -> T:
        return self.database.write_now(work)

    def teardown(self) -> None:
        """At the end every bank has told us; then nobody is charged and empty-handed."""
        for charge in self.books.charges:
            self.hear(charge)
        self.money_adds_up()
        self.stock_adds_up()
        assert {payment.reference for payment in self.database.read(payments)} == {
            charge.reference for charge in self.books.charges
        }
        self.database.close()
        self.folder.cleanup()

    # ------------------------------------------------------------------ what may happen

    @initialize(target=placed)
    def open_with_orders(self) -> Any:
        """Two wait for their payment already, and hold the last of what they bought."""
        return multiple(*[self._place(n, {self.goods[n]: FEW[n]}) for n in (0, 1)])

    @rule(person=st.integers(0, 2), thing=st.integers(0, 2), units=st.integers(1, 3))
    def fill_a_cart(self, person: int, thing: int, units: int) -> None:
        with suppress(OutOfStock):  # an answer as good as any
            self.write(lambda session: add(session, self.people[person], self.goods[thing], units))

    @rule(
        target=placed,
        person=st.integers(0, 2),
        basket=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2)), max_size=2),
    )
    def check_out(self, person: int, basket: list[tuple[int, int]]) -> Any:
        """What they still had in the cart, and what they put in just now."""
        for thing, units in basket:
            self.fill_a_cart(person, thing, units)
        try:
            return self._place(person, {})
        except (CartEmpty, CartChanged, OutOfStock):
            return NOTHING

    @rule(thing=st.integers(0, 2), price=st.sampled_from([900, 1200]))
    def change_a_price(self, thing: int, price: int) -> None:
        def work(session: Session) -> None:
            session.get_one(Variant, self.goods[thing]).price_minor = price

        self.write(work)

    @rule(thing=st.integers(0, 2))
    def supply_one_more(self, thing: int) -> None:
        def work(session: Session) -> None:
            session.get_one(Variant, self.goods[thing]).on_hand += 1

        self.write(work)
        self.books.supplied[self.goods[thing]] += 1

    @rule(target=charged, order=placed, slip=st.sampled_from(["none", "none", "none", "amount", "currency"]))
    def charge_a_card(self, order: UUID, slip: str) -> Charge:
        """Early, late, twice, or not what was due."""
        total: Money = self.database.read(lambda session: orders.get(session, order, lock=False).total)
        amount = {
            "none": total,
            "amount": Money(total.minor + 1, total.currency),
            "currency": Money(total.minor, "USD"),
        }[slip]
        return self._charge(order, amount)

    @rule(target=charged)
    def charge_a_card_for_nothing_we_know(self) -> Charge:
        return self._charge(None, Money(700, "EUR"))

    def _charge(self, order: UUID | None, amount: Money) -> Charge:
        charge = Charge(f"pi_{len(self.books.charges)}", order, amount)
        self.books.charges.append(charge)
        return charge

    @rule(charge=charged)
    def hear(self, charge: Charge) -> None:
        """Of a payment; the second time it changes nothing."""
        told: Any = {
            "provider": "stripe",
            "reference": charge.reference,
            "amount": charge.amount,
            "at": self.now,
        }
        order = charge.order
        if order is None:
            asked = self.write(lambda session: settlement.give_back(session, **told))
            assert (asked is None) == charge.heard
        else:
            outcome = self.write(lambda session: settlement.settle(session, order, **told).outcome)
            assert (outcome is Outcome.KNOWN) == charge.heard
            if outcome is Outcome.PAID:
                assert order not in self.books.pays_for, "an order is paid once"
                self.books.pays_for[order] = charge.reference
        charge.heard = True

    @rule(order=placed, by=st.sampled_from(["customer", "provider"]))
    def cancel(self, order: UUID, by: str) -> None:
        """The customer thinks better of it; or no payment page could be made."""

        def work(session: Session) -> None:
            found = orders.get(session, order)
            was_paid = orders.cancel(session, found, at=self.now, by=by, why="thought better of it")
            asked = refunds.ask_all(session, order, reason="cancelled", at=self.now)
            assert not was_paid or asked, "what was paid goes back"
            if by == "provider" and not was_paid:
                orders.return_to_cart(session, found, at=self.now)

        try:
            self.write(work)
        except NotPossible:
            pass  # it is packed, or over
        else:
            self.books.pays_for.pop(order, None)

    @rule(order=placed)
    def let_the_hold_end(self, order: UUID) -> None:
        self.now += HOLD + timedelta(minutes=1)
        self.write(lambda session: orders.expire(session, orders.get(session, order), at=self.now))

    @rule(target=placed, order=placed)
    def let_others_have_what_it_held(self, order: UUID) -> Any:
        """The hold ends, and somebody else buys everything that is left; a payment for the first may yet come."""
        self.let_the_hold_end(order)

        def work(session: Session) -> Any:
            held = {line.variant_id for line in orders.get(session, order).lines if line.variant_id}
            left = {thing: session.get_one(Variant, thing).free_units() for thing in held}
            basket = {thing: units for thing, units in left.items() if units}
            return place(session, customer(session, "Zed"), basket, at=self.now).id if basket else NOTHING

        return self.write(work)

    @rule(order=placed)
    def move_on(self, order: UUID) -> None:
        def work(session: Session) -> Order | None:
            found = orders.get(session, order)
            if found.status not in NEXT:
                return None
            orders.fulfil(session, found, NEXT[found.status], at=self.now, by="staff")
            return found

        moved = self.write(work)
        if moved is not None and moved.status is OrderStatus.SHIPPED:
            for line in moved.lines:
                assert line.variant_id is not None
                self.books.shipped[line.variant_id] += line.units

    @precondition(lambda self: self.some_refunds)
    @rule(which=st.integers(0, 20), status=st.sampled_from(["succeeded", "failed", "pending", "canceled"]))
    def hear_of_a_refund(self, which: int, status: str) -> None:
        """From the provider, in any order."""
        refund = self._refund(which)
        told = {"id": f"re_{refund}", "status": status, "failure_reason": None}
        self.write(lambda session: refunds.record(session, refund, told, at=self.now))

    @precondition(lambda self: self.some_refunds)
    @rule(which=st.integers(0, 20))
    def give_up_a_refund(self, which: int) -> None:
        """The provider was not to be reached for long."""
        refund = self._refund(which)
        self.write(lambda session: refunds.fail(session, refund, error="no answer"))

    @precondition(lambda self: self.some_refunds)
    @rule()
    def ask_again_for_what_failed(self) -> None:
        """Staff find another way: what failed is asked for once more."""

        def work(session: Session) -> None:
            for _, payment in refunds.failed(session)[:1]:
                left = payment.amount_minor - refunds.refunded_minor(session, payment)
                refunds.ask(session, payment, reason="again", at=self.now, amount_minor=left)

        self.write(work)

    @property
    def some_refunds(self) -> bool:
        return bool(self.database.read(refund_ids))

    def _refund(self, which: int) -> UUID:
        known = self.database.read(refund_ids)
        return known[which % len(known)]

    # ------------------------------------------------------------------ what holds all the time

    @invariant()
    def stock_adds_up(self) -> None:
        """What is promised is what open orders hold; what is there is what came less what was shipped."""
        promised = dict.fromkeys(self.goods, 0)
        for order in self.database.read(orders_with_lines):
            if order.status in HOLDS_STOCK:
                for line in order.lines:
                    assert line.variant_id is not None
                    promised[line.variant_id] += line.units
        for variant in self.database.read(lambda session: session.scalars(select(Variant)).all()):
            assert variant.allocated == promised[variant.id]
            assert variant.on_hand == self.books.supplied[variant.id] - self.books.shipped[variant.id]
            assert 0 <= variant.allocated <= variant.on_hand

    @invariant()
    def money_adds_up(self) -> None:
        """In, less what went or goes back, is what paid orders cost and what staff are told could not go back."""
        paid_for = [order for order in self.database.read(orders_with_lines) if order.status in PAID_FOR]
        assert {order.id for order in paid_for} == set(self.books.pays_for)
        stuck = {payment.id for _, payment in self.database.read(refunds.failed)}
        kept = 0
        for payment in self.database.read(payments):
            left = payment.amount_minor - self.database.read(
                lambda session, payment=payment: refunds.refunded_minor(session, payment)
            )
            assert left >= 0, "more went back than came"
            pays = payment.reference in self.books.pays_for.values()
            assert left == (payment.amount_minor if pays else 0) or payment.id in stuck, (
                "somebody is charged and empty-handed"
            )
            kept += left if pays else 0
        assert kept == sum(order.total_minor for order in paid_for)

    @invariant()
    def settled_money_says_when(self) -> None:
        for refund in self.database.read(lambda session: session.scalars(select(Refund)).all()):
            assert (refund.settled_at is not None) == (refund.status is RefundStatus.SETTLED)


def refund_ids(session: Session) -> list[UUID]:
    return list(session.scalars(select(Refund.id).order_by(Refund.id)))


def payments(session: Session) -> list[Payment]:
    return list(session.scalars(select(Payment)))


def orders_with_lines(session: Session) -> list[Order]:
    return list(session.scalars(select(Order).options(selectinload(Order.lines))))


def test_money_and_stock_add_up_whatever_happens(sqlite_template: Path) -> None:
    machine: Any = partial(Trading, sqlite_template)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=50,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
