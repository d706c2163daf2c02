"""`parley statement`: the books of an order or a day, as they are typed for and read."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.cli import app
from app.settings import Home
from payments import settlement
from shop.money import Money
from storage.engine import Database
from storage.migrate import upgrade
from tests.trade import NOW, customer, place, stock


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A shop in which one order was paid, with a euro too much."""
    home = Home(tmp_path / "home")
    database = Database.open(home.database_url)
    upgrade(database)
    database.write_now(_sell)
    database.close()
    return home


def _sell(session: Session) -> None:
    order = place(session, customer(session), {stock(session): 2})
    order.reference = "7K3Q9T"
    amount = order.total + Money(100, "EUR")
    settlement.settle(session, order.id, provider="stripe", reference="pi_1", amount=amount, at=NOW)


def statement(home: Home, *words: str) -> Result:
    """In a terminal wide enough for its table."""
    runner = CliRunner(env={"COLUMNS": "200"})
    return runner.invoke(app, ["statement", *words, "--home", str(home.folder)])


def test_an_orders_statement_names_every_movement_of_its_money(home: Home) -> None:
    shown = statement(home, "7k3q9t")
    assert shown.exit_code == 0, shown.output
    assert "Order 7K3Q9T: its postings" in shown.stdout
    received, *_ = [line for line in shown.stdout.splitlines() if "Received" in line]
    assert "€29.90" in received
    assert "2026-11-21 13:00" in received  # the shop's own time, in Brussels
    promised, *_ = [line for line in shown.stdout.splitlines() if "Promised back" in line]
    assert "€1.00" in promised


def test_an_orders_statement_as_json_has_whole_minor_units(home: Home) -> None:
    shown = json.loads(statement(home, "7K3Q9T", "--json").stdout)
    assert shown["order"] == "7K3Q9T"
    received = shown["postings"][0]
    assert received["what"] == "Received"
    assert received["amount"] == {"minor": 2990, "currency": "EUR"}
    assert datetime.fromisoformat(received["at"]) == NOW


def test_a_days_statement_opens_and_closes_every_account(home: Home) -> None:
    shown = statement(home, "--day", "2026-11-21")
    assert shown.exit_code == 0, shown.output
    assert "2026-11-21, by account" in shown.stdout
    stripe, *_ = [line for line in shown.stdout.splitlines() if "stripe" in line]
    assert "€29.90" in stripe
    accounts = json.loads(statement(home, "--day", "2026-11-21", "--json").stdout)["accounts"]
    by_name = {each["account"]: each for each in accounts}
    assert by_name["stripe"]["closing"] == {"minor": 2990, "currency": "EUR"}


def test_the_next_day_opens_with_what_the_day_before_left(home: Home) -> None:
    shown = json.loads(statement(home, "--day", "2026-11-22", "--json").stdout)
    by_name = {each["account"]: each for each in shown["accounts"]}
    assert by_name["stripe"]["opening"] == by_name["stripe"]["closing"] == {"minor": 2990, "currency": "EUR"}


def test_a_day_without_money_says_so(home: Home) -> None:
    shown = statement(home, "--day", "2020-01-01")
    assert (shown.exit_code, shown.stdout.strip()) == (0, "2020-01-01: no money has moved.")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("NOSUCH",), "There is no order NOSUCH."),
        (("--day", "yesterday"), "'yesterday' is no day: write it like 2026-11-22."),
        (("--day", "2026-02-30"), "'2026-02-30' is no day: write it like 2026-11-22."),
        (("7K3Q9T", "--day", "2026-11-21"), "give one of the two"),
    ],
)
def test_what_cannot_be_shown_is_said_on_standard_error(
    home: Home, words: tuple[str, ...], says: str
) -> None:
    for as_json in ((), ("--json",)):
        shown = statement(home, *words, *as_json)
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert says in shown.stderr
        assert "Traceback" not in shown.output
