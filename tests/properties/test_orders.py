"""Whatever customers, clocks, banks and staff do, in whatever order: the money and the stock add up."""

import shutil
from collections import Counter
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
from payments.ledger.audit import audit
from payments.ledger.model import Account
from payments.model import Payment, Refund, RefundStatus
from payments.settlement import Outcome
from shop.catalogue.model import OutOfStock, Variant
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import (
    HOLDS_STOCK,
    MOVES,
    PAID_FOR,
    STARTS,
    NotPossible,
    Order,
    OrderMove,
    OrderStatus,
    TooManyUnits,
)
from shop.orders.service import CartChanged, CartEmpty
from shop.shipments import service as shipments
from storage.engine import Database, T, Work
from tests.trade import HOLD, NOW, add, customer, place, stock

NEXT = {
    OrderStatus.PAID: OrderStatus.PACKED,
    OrderStatus.PACKED: OrderStatus.SHIPPED,
    OrderStatus.PART_SHIPPED: OrderStatus.SHIPPED,
    OrderStatus.SHIPPED: OrderStatus.DELIVERED,
    OrderStatus.DELIVERED: OrderStatus.COMPLETED,
}
ARRIVED = {RefundStatus.SETTLED, RefundStatus.OTHERWISE}
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

    @rule(
        target=charged,
        order=placed,
        slip=st.sampled_from(["none", "none", "none", "more", "less", "currency"]),
    )
    def charge_a_card(self, order: UUID, slip: str) -> Charge:
        """Early, late, twice, or not what was due."""
        total: Money = self.database.read(lambda session: orders.get(session, order, lock=False).total)
        amount = {
            "none": total,
            "more": Money(total.minor + 1, total.currency),
            "less": Money(total.minor - 1, total.currency),
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
            settled = self.write(lambda session: settlement.settle(session, order, **told))
            assert (settled.outcome is Outcome.KNOWN) == charge.heard
            if settled.is_paid:
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
        def work(session: Session) -> dict[UUID, int]:
            found = orders.get(session, order)
            if found.status not in NEXT:
                return {}
            left = {line.variant_id: line.left for line in found.lines if line.variant_id}
            shipments.move_on(session, found, NEXT[found.status], at=self.now, by="staff")
            return left if found.status is OrderStatus.SHIPPED else {}

        self._left_the_shop(self.write(work))

    @rule(order=placed, units=st.lists(st.integers(0, 3), min_size=1, max_size=3))
    def ship_some(self, order: UUID, units: list[int]) -> None:
        """A part of it, or more than there is: then nothing is sent."""

        def work(session: Session) -> dict[UUID, int]:
            found = orders.get(session, order)
            if found.status is OrderStatus.PAID:
                shipments.pack(session, found, at=self.now, by="staff")
            chosen = {line: count for line, count in zip(found.lines, units, strict=False) if count}
            by_line = {line.id: count for line, count in chosen.items()}
            shipments.ship(session, found, by_line, at=self.now, by="staff")
            return {line.variant_id: count for line, count in chosen.items() if line.variant_id}

        with suppress(NotPossible, TooManyUnits):
            self._left_the_shop(self.write(work))

    @rule(order=placed, which=st.integers(0, 3))
    def deliver_a_shipment(self, order: UUID, which: int) -> None:
        def work(session: Session) -> None:
            sent = shipments.of_order(session, order)
            if sent:
                chosen = sent[which % len(sent)]
                shipments.deliver(session, orders.get(session, order), chosen, at=self.now, by="staff")

        with suppress(NotPossible):
            self.write(work)

    @rule(order=placed, which=st.integers(0, 2), units=st.integers(1, 2))
    def call_off_some(self, order: UUID, which: int, units: int) -> None:
        """The customer wants fewer of something, and has the difference back."""

        def work(session: Session) -> None:
            found = orders.get(session, order)
            line = found.lines[which % len(found.lines)]
            credit = orders.call_off(session, found, {line.id: units}, at=self.now, by="customer")
            paid = session.scalars(select(Payment).where(Payment.reference == self.books.pays_for[order]))
            refunds.ask(session, paid.one(), reason="changed", at=self.now, amount_minor=credit.minor)

        with suppress(NotPossible, TooManyUnits):
            self.write(work)

    def _left_the_shop(self, units: dict[UUID, int]) -> None:
        for variant, count in units.items():
            self.books.shipped[variant] += count

    @precondition(lambda self: self.some_refunds)
    @rule(
        which=st.integers(0, 20),
        status=st.sampled_from(["succeeded", "failed", "pending", "canceled"]),
        late=st.booleans(),
    )
    def hear_of_a_refund(self, which: int, status: str, late: bool) -> None:
        """From the provider, in any order; of the attempt before, too."""
        refund = self._refund(which)
        attempt = self.database.read(lambda session: session.get_one(Refund, refund).attempt)
        attempt = max(1, attempt - late)
        told = {"id": f"re_{refund}_{attempt}", "status": status, "metadata": {"attempt": str(attempt)}}
        self.write(lambda session: refunds.record(session, refund, told, at=self.now))

    @precondition(lambda self: self.some_refunds)
    @rule(which=st.integers(0, 20), unsure=st.booleans())
    def give_up_a_refund(self, which: int, unsure: bool) -> None:
        """The provider was not to be reached for long, or said no."""
        refund = self._refund(which)
        self.write(lambda session: refunds.fail(session, refund, error="no answer", unsure=unsure, at=NOW))

    @precondition(lambda self: self.some_refunds)
    @rule(elsewhere=st.booleans())
    def help_a_failed_refund(self, elsewhere: bool) -> None:
        """Staff have what failed sent once more, or give it out of the till."""

        def work(session: Session) -> None:
            for refund, _ in refunds.failed(session)[:1]:
                if elsewhere:
                    refunds.give_otherwise(
                        session,
                        refund.id,
                        out_of=Account.CASH,
                        by="staff",
                        at=self.now,
                        note="at the counter",
                    )
                else:
                    refunds.retry(session, refund.id, by="staff", at=NOW)

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
                    promised[line.variant_id] += line.left
        for variant in self.database.read(lambda session: session.scalars(select(Variant)).all()):
            assert variant.allocated == promised[variant.id]
            assert variant.on_hand == self.books.supplied[variant.id] - self.books.shipped[variant.id]
            assert 0 <= variant.allocated <= variant.on_hand

    @invariant()
    def money_adds_up(self) -> None:
        """In, less what went or goes back, is what paid orders cost and what staff are told could not go back."""
        paid_for = [order for order in self.database.read(orders_with_lines) if order.status in PAID_FOR]
        assert {order.id for order in paid_for} == set(self.books.pays_for)
        owed = {order.id: order.owed.minor for order in paid_for}
        kept = 0
        for payment in self.database.read(payments):
            left = payment.amount_minor - self.database.read(
                lambda session, payment=payment: refunds.refunded_minor(session, payment)
            )
            assert left >= 0, "more went back than came"
            pays = payment.reference in self.books.pays_for.values() and payment.order_id
            assert left == (owed[pays] if pays else 0), "somebody is charged and empty-handed"
            kept += left
        assert kept == sum(owed.values())

    @invariant()
    def the_ledger_agrees(self) -> None:
        assert self.database.read(audit) == []

    @invariant()
    def what_was_shipped_was_ordered(self) -> None:
        """Per line: sent, called off and left make up what was ordered; the shipments hold what was sent."""
        for order in self.database.read(orders_with_lines):
            sent: Counter[UUID] = Counter()
            for shipment in self.database.read(
                lambda session, order=order: shipments.of_order(session, order.id)
            ):
                sent.update({line.order_line_id: line.units for line in shipment.lines})
            for line in order.lines:
                assert 0 <= line.shipped <= line.units
                assert sent[line.id] == line.shipped
                assert line.shipped + line.called_off + line.left == line.units
            assert (order.status is OrderStatus.PART_SHIPPED) == (
                any(line.shipped for line in order.lines) and any(line.left for line in order.lines)
            )

    @invariant()
    def histories_are_paths_of_the_table(self) -> None:
        def moves(session: Session) -> list[OrderMove]:
            return list(session.scalars(select(OrderMove).order_by(OrderMove.id)))

        at: dict[UUID, OrderStatus] = {}
        for move in self.database.read(moves):
            assert at.get(move.order_id, move.before) is move.before
            assert move.order_id in at or move.before in STARTS
            assert move.after in MOVES[move.before]
            at[move.order_id] = move.after
        for order in self.database.read(orders_with_lines):
            assert at.get(order.id, OrderStatus.AWAITING_PAYMENT) is order.status

    @invariant()
    def settled_money_says_when(self) -> None:
        for refund in self.database.read(lambda session: session.scalars(select(Refund)).all()):
            assert (refund.settled_at is not None) == (refund.status in ARRIVED)


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
