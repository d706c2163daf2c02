"""A customer's address book: each address once, the last used first, and nobody else's."""

from datetime import timedelta

from sqlalchemy.orm import Session

from shop.customers import addresses
from shop.customers.model import Customer
from storage.engine import Database
from tests.trade import NOW, customer

GHENT = {"street": "Main Street 5", "postcode": "9000", "city": "Ghent"}
BERLIN = {"street": "Hauptstraße 5", "postcode": "10115", "city": "Berlin", "country": "DE"}


def test_an_address_is_kept_once_and_the_last_used_comes_first(database: Database) -> None:
    def work(session: Session) -> None:
        ana = session.get_one(Customer, customer(session))
        for minutes, address in enumerate((GHENT, BERLIN, GHENT | {"street": "main street, 5"})):
            addresses.keep(session, ana, address, at=NOW + timedelta(minutes=minutes))
        assert [each.address["city"] for each in addresses.saved(session, ana)] == ["Ghent", "Berlin"]
        assert ana.address == GHENT | {"street": "main street, 5"}

    database.read(work)


def test_the_longest_unused_address_goes_when_there_are_too_many(database: Database) -> None:
    def work(session: Session) -> None:
        ana = session.get_one(Customer, customer(session))
        for number in range(addresses.KEPT_MAX + 2):
            place = GHENT | {"street": f"Main Street {number}"}
            addresses.keep(session, ana, place, at=NOW + timedelta(minutes=number))
        kept = [each.address["street"] for each in addresses.saved(session, ana)]
        assert kept == [f"Main Street {number}" for number in range(addresses.KEPT_MAX + 1, 1, -1)]

    database.read(work)


def test_somebody_else_s_address_is_not_found(database: Database) -> None:
    def work(session: Session) -> None:
        ana, bo = (session.get_one(Customer, customer(session, name)) for name in ("Ana", "Bo"))
        addresses.keep(session, ana, GHENT, at=NOW)
        (own,) = addresses.saved(session, ana)
        assert addresses.find(session, ana, own.id) == GHENT
        assert addresses.find(session, bo, own.id) is None

    database.read(work)
