"""Sales start and end at their time, whatever happened meanwhile, and the regular price is never lost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.cli import app
from app.settings import Home
from shop.catalogue.importing import import_products
from shop.catalogue.model import Product, Variant
from shop.sales import service as sales
from shop.sales.model import Sale, SaleState
from shop.sales.service import NotLower, Overlapping
from storage.engine import Database
from storage.migrate import upgrade
from tests.trade import NOW, stock

DAY = timedelta(days=1)
CSV = "Handle,Title,Variant Price,Variant Inventory Qty\nmug,Mug,{price},5\n"


@pytest.fixture
def mug(database: Database) -> Database:
    database.write_now(lambda session: stock(session, price_minor=1200))
    return database


def variant(session: Session) -> Variant:
    return session.scalars(select(Variant)).one()


def plan(session: Session, minor: int = 900, *, starts: timedelta = DAY, lasts: timedelta = 2 * DAY) -> Sale:
    return sales.plan(session, variant(session), minor, starts_at=NOW + starts, ends_at=NOW + starts + lasts)


def prices(database: Database) -> tuple[int, int | None]:
    return database.read(lambda s: (variant(s).price_minor, variant(s).compare_at_minor))


def at(database: Database, when: timedelta) -> int:
    return database.write_now(lambda session: sales.run_due(session, at=NOW + when))


def test_a_sale_begins_and_ends_with_the_former_price_beside_it(mug: Database) -> None:
    mug.write_now(plan)
    assert at(mug, DAY / 2) == 0
    assert prices(mug) == (1200, None)
    assert at(mug, DAY) == 1
    assert prices(mug) == (900, 1200)
    assert at(mug, 3 * DAY) == 1
    assert prices(mug) == (1200, None)
    assert mug.read(sales.next_change) is None


def test_one_that_was_slept_through_changes_nothing(mug: Database) -> None:
    mug.write_now(plan)
    assert at(mug, 10 * DAY) == 1
    assert prices(mug) == (1200, None)
    assert mug.read(lambda s: s.scalars(select(Sale.state)).one()) is SaleState.OVER


def test_two_at_the_same_time_and_one_that_is_no_lower_are_refused(mug: Database) -> None:
    def work(session: Session) -> None:
        plan(session)
        with pytest.raises(Overlapping):
            plan(session, 800, starts=2 * DAY)
        plan(session, 800, starts=3 * DAY)
        with pytest.raises(NotLower):
            plan(session, 1200, starts=20 * DAY)
        sales.run_due(session, at=NOW + DAY)
        with pytest.raises(NotLower):
            plan(session, 1200, starts=20 * DAY)

    mug.write_now(work)


def test_one_follows_another_without_losing_the_regular_price(mug: Database) -> None:
    def work(session: Session) -> None:
        plan(session)
        plan(session, 800, starts=3 * DAY)

    mug.write_now(work)
    at(mug, DAY)
    assert at(mug, 3 * DAY) == 2
    assert prices(mug) == (800, 1200)
    at(mug, 5 * DAY)
    assert prices(mug) == (1200, None)


def test_a_sale_ended_early_gives_the_regular_price_back(mug: Database) -> None:
    mug.write_now(plan)
    at(mug, DAY)
    mug.write_now(lambda session: sales.end_now(session, variant(session).product_id))
    assert prices(mug) == (1200, None)


@pytest.fixture
def imported(database: Database, tmp_path: Path):
    """A shop whose goods come from a file, and the file again at another price."""

    def again(price: str) -> None:
        file = tmp_path / f"{price}.csv"
        file.write_text(CSV.format(price=price))
        import_products(database, file, currency="EUR", at=NOW)

    again("12.00")
    return again


def test_an_import_during_a_sale_changes_the_regular_price_alone(database: Database, imported) -> None:
    database.write_now(plan)
    at(database, DAY)
    imported("11.00")
    assert prices(database) == (900, 1100)
    imported("11.00")
    assert prices(database) == (900, 1100)
    at(database, 3 * DAY)
    assert prices(database) == (1100, None)


def test_an_import_of_a_lower_price_ends_the_sale(database: Database, imported) -> None:
    database.write_now(plan)
    at(database, DAY)
    imported("8.00")
    assert prices(database) == (800, None)
    at(database, 3 * DAY)
    assert prices(database) == (800, None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    windows=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6), st.integers(1, 1199)), max_size=6),
    looks=st.lists(st.integers(0, 30), max_size=8),
)
def test_after_all_sales_the_price_is_what_it_was(sqlite_url: str, windows, looks) -> None:
    database = Database.open(sqlite_url)
    try:
        database.write_now(lambda s: [s.delete(each) for each in s.scalars(select(Product))])
        database.write_now(lambda session: stock(session, price_minor=1200))
        for start, days, minor in windows:

            def work(session: Session, start=start, days=days, minor=minor) -> None:
                try:
                    plan(session, minor, starts=start * DAY, lasts=days * DAY)
                except Overlapping:
                    return

            database.write_now(work)
        for day in sorted(looks):
            at(database, day * DAY)
            price, before = prices(database)
            assert (price, before) == (1200, None) or (price < 1200 and before == 1200)
        at(database, 40 * DAY)
        assert prices(database) == (1200, None)
    finally:
        database.close()


def test_the_command_plans_shows_and_ends_a_sale_and_says_what_is_wrong(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    database = Database.open(home.database_url)
    upgrade(database)
    database.write_now(lambda session: stock(session, price_minor=1200))
    database.close()

    def run(*words: str):
        return CliRunner().invoke(app, ["sale", *words, "--home", str(home.folder)])

    until = str((datetime.now(UTC) + 5 * DAY).date())
    assert "9.00 EUR" in run("add", "mug", "--price", "9.00", "--until", until).stdout
    assert "planned" in run("list").stdout
    for words, says in (
        (("add", "mug", "--price", "8", "--until", until), "at that time already"),
        (("add", "mug", "--price", "8", "--until", "2020-01-01"), "is over before"),
        (("add", "jug", "--price", "8", "--until", until), "there is no product jug"),
        (("add", "mug", "--price", "cheap", "--until", until), "is no price"),
        (("add", "mug", "--price", "8", "--until", until, "--kind", "Blue"), "has no kind"),
    ):
        result = run(*words)
        assert result.exit_code == 2, result.output
        assert says in result.stderr
    assert "regular price" in run("end", "mug").stdout
    assert "there is no sale" in run("end", "mug").stderr
