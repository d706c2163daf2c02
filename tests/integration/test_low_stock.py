"""Staff are told once that something runs low, and anew only after it was restocked."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from console.reads.catalogue import running_low
from console.reads.listing import attention
from console.reads.money import open_tasks
from payments import settlement
from shop.catalogue.importing import land
from shop.catalogue.model import Product, Variant
from shop.catalogue.shopify import ParsedProduct, ParsedVariant
from shop.orders import service as orders
from shop.orders.model import Order, OrderStatus
from shop.orders.service import Terms
from shop.shipments import service as shipments
from shop.tasks import service as tasks
from storage.engine import Database
from tests.trade import HOLD, NOW, customer, place, stock

TERMS = Terms(low_stock_units=3)


def buy(session: Session, variant: UUID, units: int, terms: Terms = TERMS) -> Order:
    return place(session, customer(session), {variant: units}, terms=terms)


def notices(session: Session) -> list[tuple[str, int | None]]:
    session.flush()
    return [(each.title, each.free) for each in running_low(session)]


def take_off(session: Session) -> None:
    (notice,) = running_low(session)
    tasks.close(session, notice.task, by="staff", resolution="seen", at=NOW)


def imported(session: Session, *, on_hand: int) -> None:
    values = {"price_minor": 1200, "currency": "EUR", "tracked": True, "on_hand_imported": on_hand}
    variants = (ParsedVariant(options={}, values=values, picture=None),)
    land(session, ParsedProduct(2, "mug", {"title": "Mug"}, variants, pictures=None), at=NOW)


def test_a_sale_that_leaves_no_more_than_the_limit_is_noted_once(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session, on_hand=6)
        buy(session, mug, 2)
        assert notices(session) == []
        buy(session, mug, 1)
        assert notices(session) == [("Mug", 3)]
        buy(session, mug, 1)
        assert notices(session) == [("Mug", 2)]
        buy(session, mug, 2)
        assert notices(session) == [("Mug", 0)]

    database.write_now(work)


def test_it_counts_beside_the_catalogue_and_is_no_task_about_money(database: Database) -> None:
    def work(session: Session) -> None:
        buy(session, stock(session, on_hand=2), 1)
        session.flush()
        waiting = attention(session)
        assert (waiting.low_stock, waiting.money, open_tasks(session)) == (1, 0, [])

    database.write_now(work)


def test_what_was_low_before_is_noted_with_its_next_sale_only(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session, on_hand=2)
        assert notices(session) == []
        buy(session, mug, 1)
        assert notices(session) == [("Mug", 1)]

    database.write_now(work)


@pytest.mark.parametrize("goods", [{"tracked": False}, {"oversell": True}])
def test_what_never_runs_out_is_not_noted(database: Database, goods: dict[str, bool]) -> None:
    def work(session: Session) -> None:
        buy(session, stock(session, on_hand=1, **goods), 1)
        assert notices(session) == []

    database.write_now(work)


def test_a_limit_of_none_notes_nothing(database: Database) -> None:
    def work(session: Session) -> None:
        buy(session, stock(session, on_hand=1), 1, Terms(low_stock_units=0))
        assert notices(session) == []

    database.write_now(work)


def test_what_staff_took_off_stays_off_until_it_was_restocked(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session, on_hand=4)
        buy(session, mug, 1)
        take_off(session)
        buy(session, mug, 1)
        assert notices(session) == []
        imported(session, on_hand=10)
        buy(session, mug, 5)
        assert notices(session) == [("Mug", 3)]

    database.write_now(work)


def test_an_import_that_brings_enough_ends_the_notice_and_one_that_does_not_leaves_it(
    database: Database,
) -> None:
    def work(session: Session) -> None:
        mug = stock(session, on_hand=4)
        buy(session, mug, 2)
        imported(session, on_hand=5)  # two of them are promised
        assert notices(session) == [("Mug", 3)]
        imported(session, on_hand=6)
        assert notices(session) == []
        session.get_one(Variant, mug).on_hand = 5  # fewer without a sale: nobody is told before the next one
        buy(session, mug, 1)
        assert notices(session) == [("Mug", 2)]

    database.write_now(work)


def test_stock_that_an_order_gives_back_ends_the_notice(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session, on_hand=5)
        lapsed = buy(session, mug, 2)
        assert notices(session) == [("Mug", 3)]
        orders.expire(session, lapsed, at=NOW + HOLD)
        assert notices(session) == []
        paid = {"provider": "stripe", "reference": "pi_1", "amount": lapsed.total, "at": NOW + 2 * HOLD}
        settlement.settle(session, lapsed.id, **paid, low_stock_units=3)
        assert notices(session) == [("Mug", 3)]
        (since,) = [each.since for each in running_low(session)]
        assert since == NOW + 2 * HOLD
        (line,) = lapsed.lines
        orders.call_off(session, lapsed, {line.id: 1}, at=NOW + 3 * HOLD, by="customer")
        assert notices(session) == []

    database.write_now(work)


def test_sending_what_was_promised_changes_nothing(database: Database) -> None:
    def work(session: Session) -> None:
        mug = stock(session, on_hand=4)
        order = buy(session, mug, 2)
        settlement.settle(
            session,
            order.id,
            provider="stripe",
            reference="pi_1",
            amount=order.total,
            at=NOW,
            low_stock_units=3,
        )
        shipments.move_on(session, order, OrderStatus.PACKED, at=NOW, by="staff")
        shipments.ship(session, order, None, at=NOW, by="staff")
        assert notices(session) == [("Mug", 2)]

    database.write_now(work)


def test_each_kind_is_noted_by_its_own_name(database: Database) -> None:
    def work(session: Session) -> None:
        kinds = [
            Variant(price_minor=900, currency="EUR", on_hand=4, options={"Colour": each}, option_key=each)
            for each in ("sand", "moss")
        ]
        session.add(Product(handle="vase", title="Vase", updated_at=NOW, variants=kinds))
        session.flush()
        buy(session, kinds[1].id, 4)
        assert notices(session) == [("Vase (moss)", 0)]

    database.write_now(work)
