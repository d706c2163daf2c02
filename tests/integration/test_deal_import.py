"""A file of deals comes in by name, each whole or not at all, and every mistake is told with its line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import app
from app.settings import ROOT, Home
from app.stage import OPENING, Template
from shop.catalogue.importing import Landing
from shop.deals import editing, offers
from shop.deals.importing import DealImport, import_deals
from shop.deals.model import DealPayment, DealStatus
from storage.engine import Database
from storage.migrate import upgrade
from storage.yaml_files import Mistakes
from tests.integration.test_deal_editing import stock_goods
from tests.trade import NOW

HONEY = """
  - name: honey-for-three
    title: Honey, three together
    product: honey
    prices: {HON-S: "18.00", HON-L: 30}
    quota: 60
    starts_at: 2026-11-01T08:00:00+01:00
    ends_at: null
"""
MUGS = """
  - name: mugs
    title: Mugs
    product: mug
    prices:
      MUG: "9.00"
    payment: authorise
"""
Bring = Callable[..., DealImport]


@pytest.fixture
def bring(database: Database, tmp_path: Path) -> Bring:
    """Writes deals to a file and imports it into a shop with honey and mugs."""
    database.write_now(stock_goods)

    def bring(*deals: str, at: datetime = NOW, only_new: bool = False) -> DealImport:
        path = tmp_path / "deals.yml"
        path.write_text("deals:" + "".join(deals), "utf-8")
        return import_deals(database, path, at=at, only_new=only_new)

    return bring


def told(report: DealImport) -> list[str]:
    return [str(problem) for problem in report.problems]


def state(database: Database, code: str, at: datetime = NOW) -> DealStatus | None:
    deal = database.read(lambda session: offers.find(session, code))
    return offers.status_at(deal, at) if deal else None


def test_deals_come_in_published_and_again_they_stay_as_they_are(bring: Bring, database: Database) -> None:
    assert bring(HONEY, MUGS).landings == (("honey-for-three", Landing.ADDED), ("mugs", Landing.ADDED))
    honey, mugs = (
        database.read(lambda session, code=code: offers.find(session, code))
        for code in ("honey-for-three", "mugs")
    )
    assert honey is not None
    assert mugs is not None
    assert (honey.status, offers.status_at(honey, NOW)) == (DealStatus.SCHEDULED, DealStatus.LIVE)
    assert honey.starts_at == datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert sorted(price.price_minor for price in honey.prices) == [1800, 3000]
    assert (mugs.starts_at, mugs.payment) == (NOW, DealPayment.AUTHORISE)
    again = bring(HONEY, MUGS, at=NOW + timedelta(days=3))
    assert again.named(Landing.UNCHANGED) == ["honey-for-three", "mugs"]
    assert database.read(lambda session: offers.find(session, "mugs")).starts_at == NOW


def test_what_differs_is_changed_by_its_name(bring: Bring, database: Database) -> None:
    bring(HONEY, MUGS)
    report = bring(HONEY.replace("HON-L: 30", "HON-L: 29"), MUGS)
    assert report.landings == (("honey-for-three", Landing.CHANGED), ("mugs", Landing.UNCHANGED))
    honey = database.read(lambda session: offers.find(session, "honey-for-three"))
    assert honey is not None
    assert sorted(price.price_minor for price in honey.prices) == [1800, 2900]


def test_a_deal_with_mistakes_is_left_out_whole_and_the_others_come_in(
    bring: Bring, database: Database
) -> None:
    report = bring(HONEY.replace('"18.00"', '"24.00"').replace("quota: 60", "quota: 2"), MUGS)
    assert report.landings == (("mugs", Landing.ADDED),)
    assert told(report) == [
        "deals.yml:5: honey-for-three: prices.HON-S: together it has to cost less than the single price of 24.00 EUR",
        "deals.yml:6: honey-for-three: quota: has to be 3 units or more, or not even one group of 3 can fill",
    ]
    assert state(database, "honey-for-three") is None


def test_a_change_with_a_mistake_leaves_the_deal_as_it_was(bring: Bring, database: Database) -> None:
    bring(HONEY)
    report = bring(HONEY.replace("title: Honey, three together", "title: Better\n    size: 1"))
    assert [(problem.line, problem.field) for problem in report.problems] == [(4, "size")]
    deal = database.read(lambda session: offers.find(session, "honey-for-three"))
    assert deal is not None
    assert (deal.title, deal.size) == ("Honey, three together", 3)


def test_a_name_that_stands_twice_an_unknown_key_and_no_name_are_told(bring: Bring) -> None:
    report = bring(MUGS, MUGS, HONEY.replace("quota", "qouta"), MUGS.replace("name: mugs", "name:"))
    assert report.named(Landing.ADDED) == ["mugs"]
    assert [(problem.deal, problem.field) for problem in report.problems] == [
        ("mugs", "name"),
        ("honey-for-three", "qouta"),
        ("(no name)", "name"),
    ]
    assert "did you mean 'quota'?" in told(report)[1]


def test_a_draft_of_staff_is_published_by_the_file_that_names_it(bring: Bring, database: Database) -> None:
    bring(MUGS)

    def redraft(session) -> None:
        editing.take(session, "mugs").status = DealStatus.DRAFT

    database.write_now(redraft)
    assert bring(MUGS).named(Landing.CHANGED) == ["mugs"]
    assert state(database, "mugs") is DealStatus.LIVE


def test_a_deal_that_is_over_is_not_begun_again_by_a_file(bring: Bring, database: Database) -> None:
    bring(MUGS)
    database.write_now(lambda session: editing.end_early(editing.take(session, "mugs"), at=NOW))
    (problem,) = bring(MUGS, at=NOW).problems
    assert problem.reason == "this deal is over: give the new offer a name of its own"
    assert state(database, "mugs") is DealStatus.ENDED


def test_one_that_ended_in_its_time_is_unchanged(bring: Bring) -> None:
    ending = HONEY.replace("ends_at: null", "ends_at: 2026-12-01T08:00:00+01:00")
    bring(ending)
    assert bring(ending, at=NOW + timedelta(days=30)).named(Landing.UNCHANGED) == ["honey-for-three"]


def test_only_new_ones_leave_the_deals_of_staff_alone(bring: Bring, database: Database) -> None:
    bring(MUGS)
    database.write_now(lambda session: editing.pause(editing.take(session, "mugs"), at=NOW))
    report = bring(MUGS.replace("9.00", "8.00"), HONEY, only_new=True)
    assert report.landings == (("mugs", Landing.UNCHANGED), ("honey-for-three", Landing.ADDED))
    assert state(database, "mugs") is DealStatus.PAUSED


@pytest.mark.parametrize("content", ["", "deals: 3", "- name: mugs", "deals: [mugs]", "deals:\n\t- x"])
def test_a_file_that_makes_no_sense_is_refused_as_a_whole(
    sqlite_url: str, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "deals.yml"
    path.write_text(content, "utf-8")
    database = Database.open(sqlite_url)
    with pytest.raises(Mistakes, match=r"deals\.yml"):
        import_deals(database, path, at=NOW)
    database.close()


def test_the_demo_shop_has_two_live_deals(shop_template: Template) -> None:
    database = Database.open(Home(shop_template.home).database_url)
    live = database.read(lambda session: offers.live(session, at=OPENING))
    database.close()
    assert {deal.code for deal in live} == {"honey-for-three", "picnic-for-four"}


# ---------------------------------------------------------------------- the commands


@pytest.fixture
def parley(tmp_path: Path) -> Callable[..., Result]:
    """The command line at a shop with honey and mugs."""
    home = Home(tmp_path / "home")
    database = Database.open(home.database_url)
    upgrade(database)
    database.write_now(stock_goods)
    database.close()
    return lambda *words: CliRunner().invoke(app, [*words, "--home", str(home.folder)])


def test_the_commands_import_list_pause_resume_and_end(parley: Callable[..., Result], tmp_path: Path) -> None:
    assert "There are no group deals" in parley("deal", "list").stdout
    file = tmp_path / "deals.yml"
    file.write_text("deals:" + HONEY + MUGS.replace("9.00", "12.00"), "utf-8")
    brought = parley("import", "deals", str(file))
    assert brought.exit_code == 1
    assert brought.stdout.splitlines() == [
        "honey-for-three: new",
        "1 deal could not be taken:",
        "deals.yml:14: mugs: prices.MUG: together it has to cost less than the single price of 12.00 EUR",
    ]
    line = parley("deal", "list").stdout
    assert "honey-for-three: live, honey, single 24.00 · together 18.00 EUR" in line
    assert "for 3, 24 h, 0 of 60 units taken" in line
    assert parley("deal", "pause", "honey-for-three").stdout.startswith("honey-for-three is paused")
    assert parley("deal", "resume", "honey-for-three").stdout.startswith("honey-for-three is live again")
    assert parley("deal", "end", "honey-for-three").stdout.startswith("honey-for-three has ended")
    (deal,) = json.loads(parley("deal", "list", "--json").stdout)["deals"]
    assert (deal["state"], deal["size"]) == ("ended", 3)
    for words, says in (
        (("deal", "pause", "honey-for-three"), "Only a deal that is live can be paused"),
        (("deal", "resume", "honey-for-three"), "Only a paused deal can be resumed"),
        (("deal", "end", "jam"), "there is no deal jam; `parley deal list` shows what there is"),
        (("import", "deals", str(tmp_path / "none.yml")), "there is no such file"),
    ):
        refused = parley(*words)
        assert refused.exit_code == 2, refused.output
        assert says in refused.stderr


def test_the_demos_file_is_fine_and_says_so_as_json(parley: Callable[..., Result]) -> None:
    products = ROOT / "sandbox" / "demo_shop" / "products.csv"
    assert parley("import", "products", str(products)).exit_code == 0
    brought = parley("import", "deals", str(products.with_name("deals.yml")), "--json")
    facts = json.loads(brought.stdout)
    assert (brought.exit_code, facts["added"]) == (0, ["honey-for-three", "picnic-for-four"])
    assert (facts["changed"], facts["unchanged"], facts["problems"]) == ([], [], [])
