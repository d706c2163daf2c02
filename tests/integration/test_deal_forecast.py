"""What past groups of a shop tell is read from their history, and staff are told of it in words."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app import forecast_command
from app.report import Failure
from app.settings import ROOT, Home
from shop.catalogue.model import Variant
from shop.deals import groups, past_groups
from shop.deals.forecast import Basis, Forecast, Odds, forecast, in_words
from shop.deals.model import Deal, DealGroup, DealPrice, DealStatus, GroupStatus
from shop.deals.past_groups import PAST_GROUPS_MAX, PastGroup
from shop.orders.model import Order
from storage.engine import Database
from storage.migrate import upgrade
from tests.trade import NOW, customer, place, stock

HOUR = timedelta(hours=1)
LATER = NOW + 1000 * HOUR


def a_deal(session: Session, code: str = "mug-for-three", *, price_minor: int = 900, size: int = 3) -> Deal:
    """A mug of 12.00 for less, for groups of three in a day."""
    variant_id = stock(session, code, on_hand=1000, price_minor=1200)
    deal = Deal(
        code=code,
        title=code,
        product_id=session.get_one(Variant, variant_id).product_id,
        status=DealStatus.LIVE,
        currency="EUR",
        size=size,
        starts_at=NOW,
        created_at=NOW,
        prices=[DealPrice(variant_id=variant_id, price_minor=price_minor)],
    )
    session.add(deal)
    session.flush()
    return deal


def a_group(session: Session, deal: Deal, joined: Sequence[float], *, opened: float = 0) -> DealGroup:
    """A group whose leader paid `opened` hours after now, and others so many hours after that."""
    began = NOW + opened * HOUR
    group = groups.begin(session, deal, at=began)
    for hours in (0, *joined):
        takes_seat(session, deal, group, at=began + hours * HOUR)
    return group


def takes_seat(session: Session, deal: Deal, group: DealGroup, *, at: datetime) -> Order:
    order = place(session, customer(session), {deal.prices[0].variant_id: 1}, at=at)
    order.group_id = group.id
    seat = groups.hold(session, group, order, units=1, at=at, elsewhere=False)
    groups.pay(session, group, seat, at=at)
    return order


def fails(session: Session, group: DealGroup, *, after: float) -> None:
    """As its end does: all its seats are given up."""
    at = NOW + after * HOUR
    orders = [session.get_one(Order, seat.order_id) for seat in groups.seats_of(session, group)]
    groups.end(session, group, GroupStatus.FAILED, at=at, by="timer")
    for order in orders:
        groups.give_up(session, order, at=at, by="timer", why="the group was not full in time")


def read_one(database: Database, deal_id: UUID, *, at: datetime = LATER) -> PastGroup:
    (found,) = database.read(lambda session: past_groups.read(session, deal_id, own=True, at=at))
    return found


def test_a_group_that_filled_tells_its_joins_and_how_long_they_took(database: Database) -> None:
    def work(session: Session) -> UUID:
        deal = a_deal(session)
        a_group(session, deal, [2, 6])
        return deal.id

    deal_id = database.write_now(work)
    assert read_one(database, deal_id) == PastGroup(deal_id, 2, 6.0, True, True, 0.25)


def test_one_that_failed_had_its_whole_window_and_kept_its_joins(database: Database) -> None:
    def work(session: Session) -> UUID:
        deal = a_deal(session)
        fails(session, a_group(session, deal, [2]), after=24)
        return deal.id

    deal_id = database.write_now(work)
    assert read_one(database, deal_id) == PastGroup(deal_id, 1, 24.0, True, False, 0.25)


def test_one_that_still_forms_tells_as_much_as_the_hours_it_had(database: Database) -> None:
    def work(session: Session) -> UUID:
        deal = a_deal(session)
        a_group(session, deal, [2])
        return deal.id

    deal_id = database.write_now(work)
    young = PastGroup(deal_id, 1, 5.0, False, False, 0.25)
    assert read_one(database, deal_id, at=NOW + 5 * HOUR) == young
    # Its timer is late: nobody could join any more.
    assert read_one(database, deal_id, at=LATER) == replace(young, hours=24.0, had_its_time=True)


def test_one_that_was_cancelled_or_filled_by_the_shop_is_no_success_and_no_failure(
    database: Database,
) -> None:
    def work(session: Session) -> list[UUID]:
        cancelled, filled = a_deal(session, "one"), a_deal(session, "two")
        fails(session, a_group(session, cancelled, [1]), after=4)
        filled.completes_from = 1
        group = a_group(session, filled, [1])
        groups.fill_by_shop(session, group, filled, at=NOW + 3 * HOUR, by="Ada")
        return [cancelled.id, filled.id]

    cancelled, filled = database.write_now(work)
    assert read_one(database, cancelled) == PastGroup(cancelled, 1, 4.0, False, False, 0.25)
    assert read_one(database, filled) == PastGroup(filled, 1, 3.0, False, False, 0.25)


def test_who_left_while_it_formed_did_not_join_for_good(database: Database) -> None:
    def work(session: Session) -> UUID:
        deal = a_deal(session)
        group = a_group(session, deal, [])
        gone = takes_seat(session, deal, group, at=NOW + HOUR)
        groups.give_up(session, gone, at=NOW + 2 * HOUR, by="customer", why="changed their mind")
        takes_seat(session, deal, group, at=NOW + 3 * HOUR)
        fails(session, group, after=24)
        return deal.id

    deal_id = database.write_now(work)
    assert read_one(database, deal_id).joins == 1


def test_a_group_that_nobody_has_paid_for_tells_nothing(database: Database) -> None:
    def work(session: Session) -> UUID:
        deal = a_deal(session)
        groups.begin(session, deal, at=NOW)
        return deal.id

    deal_id = database.write_now(work)
    assert database.read(lambda s: past_groups.read(s, deal_id, own=True, at=LATER)) == []


def test_other_deals_are_read_apart_and_only_the_newest_groups(database: Database) -> None:
    def work(session: Session) -> UUID:
        deal, other = a_deal(session, "one"), a_deal(session, "two")
        for hour in range(PAST_GROUPS_MAX + 3):
            row = groups.begin(session, other, at=NOW + hour * HOUR)
            row.closes_at = row.began_at + (24 + hour) * HOUR
        return deal.id

    deal_id = database.write_now(work)
    assert database.read(lambda s: past_groups.read(s, deal_id, own=True, at=LATER)) == []
    others = database.read(lambda s: past_groups.read(s, deal_id, own=False, at=LATER))
    assert len(others) == PAST_GROUPS_MAX
    assert {each.joins for each in others} == {0}


# ---------------------------------------------------------------------- the forecast of a deal


def after_groups(session: Session, *, filled: int, failed: int) -> Deal:
    deal = a_deal(session)
    for place_in_time in range(filled):
        a_group(session, deal, [2, 6], opened=place_in_time)
    for _ in range(failed):
        fails(session, a_group(session, deal, [2]), after=24)
    return deal


def test_a_deal_is_foretold_from_its_own_groups_with_its_money(database: Database) -> None:
    def work(session: Session) -> Forecast:
        deal = after_groups(session, filled=6, failed=4)
        deal.leader_bonus_minor = 100
        return forecast(session, deal, at=LATER)

    found = database.write_now(work)
    assert (found.odds.basis, found.odds.groups, found.odds.filled) == (Basis.THIS_DEAL, 10, 6)
    assert found.odds.chance is not None
    assert 0.4 < found.odds.chance < 0.8
    assert (found.price_minor, found.single_minor, found.given_up_each_minor) == (900, 1200, 300)
    assert found.revenue_minor == round(found.odds.chance * (3 * 900 - 100))
    assert found.given_up_minor == round(found.odds.chance * (3 * 300 + 100))


def test_another_size_window_and_price_may_be_asked_about(database: Database) -> None:
    def work(session: Session) -> tuple[Forecast, Forecast]:
        deal = after_groups(session, filled=6, failed=4)
        return (
            forecast(session, deal, at=LATER),
            forecast(session, deal, at=LATER, size=5, hours=12, price_minor=600),
        )

    as_it_is, asked = database.write_now(work)
    assert (asked.size, asked.hours, asked.price_minor, asked.discount) == (5, 12, 600, 0.5)
    assert as_it_is.odds.chance is not None
    assert asked.odds.chance is not None
    assert asked.odds.chance < as_it_is.odds.chance


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"size": 1}, "2 to 50"),
        ({"size": 0}, "2 to 50"),
        ({"hours": 169}, "1 to 168"),
        ({"price_minor": 1200}, "below the single price"),
        ({"price_minor": 0}, "below the single price"),
    ],
)
def test_what_the_shop_would_refuse_is_not_foretold(
    database: Database, asked: dict[str, int], reason: str
) -> None:
    def work(session: Session) -> None:
        with pytest.raises(ValueError, match=reason):
            forecast(session, a_deal(session), at=NOW, **asked)

    database.write_now(work)


# ---------------------------------------------------------------------- in words


def told(**changes: object) -> Forecast:
    found = Odds(
        basis=Basis.THIS_DEAL,
        chance=0.62,
        low=0.48,
        high=0.74,
        groups=14,
        own=14,
        filled=9,
        unfinished=2,
        discounts=(0.25, 0.26),
        knows_discount=False,
        hours_longest=24,
    )
    return Forecast(
        odds=replace(found, **changes),
        size=3,
        hours=24,
        currency="EUR",
        price_minor=1800,
        single_minor=2400,
        discount=0.25,
        leader_bonus_minor=0,
        revenue_minor=None if changes.get("chance", 1) is None else 3348,
        given_up_minor=1116,
    )


def test_staff_are_told_in_three_sentences() -> None:
    assert in_words(told()) == (
        "A group of 3 at €18.00 fills within 24 h with a chance of 62 % (with 80 % certainty between 48 % and 74 %). "
        "It rests on 14 past groups of this deal, 9 of which filled. "
        "A unit gives up €6.00 against the single price of €24.00, and a group that is started brings €33.48 on average "
        "at one unit a seat; what it costs the shop is not known here, so neither is the profit."
    )


def test_too_little_data_is_said_and_nothing_foretold() -> None:
    words = in_words(told(basis=Basis.TOO_LITTLE, chance=None, low=None, high=None, groups=1))
    assert words.startswith(
        "There is too little data for a chance: 1 past group had time to end, and it takes 8."
    )
    assert "on average" not in words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"basis": Basis.SHOP, "own": 2}, "14 past groups, 2 of this deal and 12 of others, 9 of which filled"),
        ({"basis": Basis.SHOP, "own": 0}, "14 past groups, all of other deals, 9 of which filled"),
        ({"discounts": (0.4, 0.41)}, "different, 40 % off then and 25 % now, which the chance does not allow for"),
        ({"discounts": (0.1, 0.3), "knows_discount": True}, "10 % to 30 % off then and 25 % now, which the chance allows for."),
        ({"discounts": (0.35, 0.5), "knows_discount": True}, "allows for, further than was ever tried"),
        ({"hours_longest": 12.0}, "none of them had more than 12 h"),
        ({"chance": 0.999}, "with a chance of more than 99 %"),
        ({"low": 0.0}, "between less than 1 % and"),
    ],
)  # fmt: skip
def test_what_makes_it_doubtful_is_said(changes: dict[str, object], words: str) -> None:
    assert words in in_words(told(**changes))


# ---------------------------------------------------------------------- the command


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A shop with ten past groups of a deal."""
    database = Database.open(Home(tmp_path).database_url)
    upgrade(database)
    database.write_now(lambda session: after_groups(session, filled=6, failed=4).id)
    database.close()
    return tmp_path


def run(home: Path, code: str = "mug-for-three", **options: object):
    asked = {"size": None, "hours": None, "price": None, **options}
    return forecast_command.run(home, ROOT / "config.yml", code, **asked)


def test_the_command_tells_words_and_facts(home: Path) -> None:
    answer = run(home, size=4, hours=48, price="8.40")
    assert answer.text.startswith("A group of 4 at €8.40 fills within 48 h with a chance of ")
    facts = json.loads(json.dumps(answer.facts, default=str))
    assert (facts["price_minor"], facts["given_up_each_minor"], facts["odds"]["groups"]) == (840, 360, 10)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"code": "tea-for-two"}, "there is no deal 'tea-for-two'"),
        ({"price": "12.00"}, "below the single price"),
        ({"price": "cheap"}, "'cheap' is no price"),
        ({"size": 51}, "2 to 50 seats, not 51"),
    ],
)
def test_the_command_says_what_is_wrong(home: Path, options: dict[str, object], reason: str) -> None:
    with pytest.raises(Failure, match=reason):
        run(home, **options)
