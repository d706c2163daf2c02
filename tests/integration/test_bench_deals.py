"""`parley bench deals`, with a small crowd: what it reports, and that a broken rule is no good answer."""

import json
from dataclasses import replace

import pytest
from rich.console import Console

from app import bench
from app.benchmarks import flash_deal
from app.benchmarks.flash_deal import FlashDeal, Plan
from app.scratch_databases import ON_SQLITE, POSTGRESQL, Scratch
from app.stage import Template
from tests.conftest import copied_database
from tests.open_shop import settings_for_tests

SMALL = Plan(people=14, groups=3)


def small_crowd(shop_template: Template, scratch: Scratch) -> FlashDeal:
    (found,) = flash_deal.measure(settings_for_tests(), shop_template, [scratch], SMALL, lambda _: None)
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def scratch(request: pytest.FixtureRequest) -> Scratch:
    if request.param == "sqlite":
        return ON_SQLITE
    server, name = (str(request.getfixturevalue(each)) for each in ("postgres_server", "postgres_shop"))
    return Scratch(POSTGRESQL, lambda _: copied_database(server, name))


def test_more_people_than_seats_and_more_seats_than_goods(shop_template: Template, scratch: Scratch) -> None:
    found = small_crowd(shop_template, scratch)
    assert found.breaches == ()
    assert (found.groups_over_size, found.units_over_stock, found.charged_twice) == (0, 0, 0)
    assert (found.units, found.payments) == (8, 8)  # of nine seats
    assert found.taps > found.people
    assert found.holds
    told = bench.answer_about_deals([found])
    assert told.fine
    assert json.loads(json.dumps(told.facts))["deals"]["flash_deal"][0]["database"] == scratch.name
    for broken in ("groups_over_size", "units_over_stock", "charged_twice"):
        assert not bench.answer_about_deals([replace(found, **{broken: 1})]).fine
    console = Console(width=120)
    with console.capture() as capture:
        console.print(told.view)
    assert "bare counter" in capture.get()
