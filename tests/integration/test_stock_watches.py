"""Who waits for goods is told when those very goods can be had, and nobody before."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalogue.model import Product, Variant
from shop.customers.model import Customer
from shop.watches import service as watches
from storage.engine import Database
from tests.trade import NOW, customer


def vase(session: Session, **stock: int) -> Product:
    """In as many colours as are named, each with that many on hand."""
    variants = [
        Variant(
            price_minor=900, currency="EUR", on_hand=on_hand, options={"Colour": colour}, option_key=colour
        )
        for colour, on_hand in stock.items()
    ]
    product = Product(handle="vase", title="Vase", updated_at=NOW, variants=variants)
    session.add(product)
    session.flush()
    return product


def wait(session: Session, product: Product, colour: str | None = None) -> bool:
    person = session.scalars(select(Customer)).first()
    if person is None:
        person = session.get_one(Customer, customer(session))
    variant = next((each for each in product.variants if each.option_key == colour), None)
    return watches.watch(session, person, product, variant, conversation="web:test", at=NOW)


def test_a_kind_is_waited_for_alone_and_the_product_in_any_kind(database: Database) -> None:
    def work(session: Session) -> None:
        product = vase(session, sand=0, moss=0)
        assert wait(session, product, "sand")
        assert wait(session, product)
        assert not wait(session, product, "sand")
        session.flush()
        assert watches.fulfilled(session) == []
        sand, moss = product.variants
        moss.on_hand = 1
        session.flush()
        assert [each.variant_id for each in watches.fulfilled(session)] == [None]
        sand.on_hand = 1
        session.flush()
        assert [each.variant_id for each in watches.fulfilled(session)] == [sand.id, None]

    database.write_now(work)


@pytest.mark.parametrize("change", ["promised", "unpublished", "withdrawn"])
def test_what_nobody_can_buy_is_not_back(database: Database, change: str) -> None:
    def work(session: Session) -> None:
        product = vase(session, sand=0)
        wait(session, product)
        (sand,) = product.variants
        sand.on_hand = 1
        match change:
            case "promised":
                sand.allocated = 1
            case "unpublished":
                sand.published = False
            case _:
                product.published = False
        session.flush()
        assert watches.fulfilled(session) == []
        assert watches.are_any_open(session)

    database.write_now(work)


def test_who_was_told_waits_no_longer_and_may_wait_anew(database: Database) -> None:
    def work(session: Session) -> None:
        product = vase(session, sand=1)
        wait(session, product)
        session.flush()
        (found,) = watches.fulfilled(session)
        found.told_at = NOW
        session.flush()
        assert watches.fulfilled(session) == []
        assert not watches.are_any_open(session)
        assert wait(session, product)

    database.write_now(work)
