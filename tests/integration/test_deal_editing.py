"""Staff draft, change, publish, pause, resume and end a deal; each mistake is named, and all of them at once."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.authorisations import CAPTURE_WITHIN
from shop.catalogue.model import Product, Variant
from shop.deals import editing, groups, offers
from shop.deals.drafts import Draft, examine
from shop.deals.editing import IsOver, Mistaken, NotADraft, NotPaused, NotRunning
from shop.deals.model import (
    AUTHORISE_WINDOW_HOURS_MAX,
    DEAL_MOVES,
    SEAT_HOLD,
    Audience,
    Deal,
    DealPayment,
    DealPrice,
    DealStatus,
)
from storage.engine import Database
from tests.trade import NOW

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HONEY: dict[str, Any] = {
    "code": "honey-for-three",
    "title": "Honey, three together",
    "product": "honey",
    "prices": {"HON-S": "18.00", "HON-L": "30.00"},
    "quota": 60,
    "units_per_order_max": 2,
    "units_per_customer_max": 4,
    "leader_bonus": "2.00",
}


def add_product(session: Session, handle: str, skus: dict[str, int], *, currency: str = "EUR") -> Product:
    """A product whose variants have these SKUs at these prices, in minor units."""
    product = Product(handle=handle, title=handle.capitalize(), updated_at=NOW)
    for place, (sku, price) in enumerate(skus.items()):
        product.variants.append(
            Variant(sku=sku, option_key=sku, price_minor=price, currency=currency, position=place, on_hand=50)
        )
    session.add(product)
    return product


def stock_goods(session: Session) -> None:
    """Honey in two sizes and one that is gone, a mug, tea that is not for sale, rice in yen."""
    honey = add_product(session, "honey", {"HON-S": 2400, "HON-L": 4000, "HON-XL": 9000})
    honey.variants[2].published = False
    add_product(session, "mug", {"MUG": 1200})
    add_product(session, "tea", {"TEA": 800}).published = False
    add_product(session, "rice", {"RICE": 3000}, currency="JPY")


@pytest.fixture
def goods(database: Database) -> Database:
    database.write_now(stock_goods)
    return database


@pytest.fixture
def shelves(sqlite_url: str) -> Iterator[Database]:
    """The same goods, where the rules alone are asked and the database's kind is nothing to them."""
    database = Database.open(sqlite_url)
    database.write_now(stock_goods)
    yield database
    database.close()


def create(session: Session, *, at: datetime = NOW, **changes: Any) -> Deal:
    return editing.create(session, Draft.model_validate(HONEY | changes), at=at)


def publish(session: Session, *, at: datetime = NOW, **changes: Any) -> Deal:
    deal = create(session, at=at, **changes)
    editing.publish(session, deal, at=at)
    return deal


def problems(database: Database, changes: dict[str, Any]) -> dict[str, str]:
    """What is said against the honey with these changes, by field."""
    found = database.read(lambda session: examine(session, HONEY | changes, at=NOW)[1])
    return {problem.field: problem.message for problem in found}


def status(database: Database, at: datetime) -> DealStatus:
    return database.read(lambda session: offers.status_at(session.scalars(select(Deal)).one(), at))


def on_deal(database: Database, act: Callable[[Session, Deal], object]) -> None:
    """Do it to the deal as staff do: locked, in a commit of its own."""
    database.write_now(lambda session: act(session, editing.take(session, "honey-for-three")))


# ---------------------------------------------------------------------- drafts and mistakes


def test_a_draft_becomes_a_deal_that_nobody_sees(goods: Database) -> None:
    goods.write_now(create)
    deal = goods.read(lambda session: offers.find(session, "honey-for-three"))
    assert deal is not None
    assert (deal.status, deal.currency, deal.starts_at) == (DealStatus.DRAFT, "EUR", NOW)
    assert sorted(price.price_minor for price in deal.prices) == [1800, 3000]
    assert (deal.leader_bonus_minor, deal.quota, deal.size, deal.window_hours) == (200, 60, 3, 24)
    assert goods.read(lambda session: offers.live(session, at=NOW + DAY)) == []


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"code": ""}, "code", "letters, digits and dashes"),
        ({"code": "Honey for three"}, "code", "not 'Honey for three'"),
        ({"title": "  "}, "title", "not empty"),
        ({"product": "jam"}, "product", "there is no product jam in the catalogue"),
        ({"product": "tea", "prices": {"TEA": 5}}, "product", "Tea is not for sale"),
        ({"prices": {}}, "prices", "at least one of its SKUs"),
        ({"prices": {"HONS": 5}}, "prices.HONS", "no product has this SKU — did you mean 'HON-S'?"),
        ({"prices": {"MUG": 5}}, "prices.MUG", "is a SKU of Mug, not of Honey"),
        ({"prices": {"HON-XL": 5}}, "prices.HON-XL", "not for sale any more"),
        ({"prices": {"HON-S": "24.00"}}, "prices.HON-S", "less than the single price of 24.00 EUR"),
        ({"prices": {"HON-S": "24.01"}}, "prices.HON-S", "less than the single price of 24.00 EUR"),
        ({"prices": {"HON-S": 0}, "leader_bonus": 0}, "prices.HON-S", "cannot cost nothing"),
        ({"prices": {"HON-S": "-1"}}, "prices.HON-S", "is an amount such as 18.00, not '-1'"),
        ({"prices": {"HON-S": "cheap"}}, "prices.HON-S", "is an amount such as 18.00, not 'cheap'"),
        ({"prices": {"HON-S": "17.999"}}, "prices.HON-S", "finer than EUR is charged: 2 decimals"),
        ({"product": "rice", "prices": {"RICE": "9.5"}}, "prices.RICE", "finer than JPY is charged: 0"),
        ({"prices": 18}, "prices", "is an amount for each SKU"),
        ({"size": 1}, "size", "from 2 to 50 seats, not '1'"),
        ({"size": 51}, "size", "from 2 to 50 seats"),
        ({"window_hours": 0}, "window_hours", "from 1 to 168 whole hours"),
        ({"window_hours": 169}, "window_hours", "from 1 to 168 whole hours"),
        ({"window_hours": "1.5"}, "window_hours", "whole hours, not '1.5'"),
        ({"starts_at": "2026-11-01T08:00"}, "starts_at", "a time with its zone"),
        ({"starts_at": NOW + DAY, "ends_at": NOW + DAY}, "ends_at", "end before it starts"),
        ({"ends_at": NOW - DAY}, "ends_at", "end before it starts"),
        ({"starts_at": NOW - 2 * DAY, "ends_at": NOW}, "ends_at", "over already"),
        ({"quota": 2}, "quota", "3 units or more"),
        ({"quota": 0}, "quota", "a whole number of units, or nothing"),
        ({"units_per_order_max": 5}, "units_per_order_max", "more than the 4 that one customer may have"),
        ({"leader_bonus": "18.00"}, "leader_bonus", "below the group price of 18.00 EUR"),
        ({"leader_bonus": "0.001"}, "leader_bonus", "finer than EUR is charged"),
        ({"audience": "friends"}, "audience", "everyone, followers, new_customers"),
        ({"payment": "later"}, "payment", "charge_now, authorise"),
        ({"payment": "authorise", "window_hours": 96}, "payment", "95 hours at most"),
        ({"completes_from": 3}, "completes_from", "below the 3 seats"),
        ({"siez": 3}, "siez", "did you mean 'size'?"),
    ],
)
def test_a_mistake_is_named_by_its_field_and_by_it_alone(
    shelves: Database, change: dict[str, Any], field: str, says: str
) -> None:
    found = problems(shelves, change)
    assert list(found) == [field], found
    assert says in found[field]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"prices": {"HON-S": "23.99"}},
        {"size": 2, "quota": 2, "window_hours": 168},
        {"size": 50, "window_hours": 1, "completes_from": 49},
        {"payment": "authorise", "window_hours": AUTHORISE_WINDOW_HOURS_MAX},
        {"leader_bonus": "17.99"},
        {"quota": None, "ends_at": NOW + timedelta(seconds=1), "audience": "followers"},
        {"product": "rice", "prices": {"RICE": 2999}},
    ],
)
def test_what_is_just_within_the_rules_is_fine(shelves: Database, change: dict[str, Any]) -> None:
    assert problems(shelves, change) == {}


def test_all_mistakes_are_told_at_once(shelves: Database) -> None:
    wrong = {
        "title": "",
        "prices": {"HON-S": "x", "MUG": 5, "HON-L": 90},
        "size": 1,
        "quota": 1,
        "payment": "authorise",
        "window_hours": 100,
    }
    found = problems(shelves, wrong)
    # what the quota may be hangs on a size that could not be read, so nothing is said of it yet
    assert set(found) == {"title", "prices.HON-S", "prices.MUG", "prices.HON-L", "size", "payment"}


def test_what_is_missing_is_asked_for(shelves: Database) -> None:
    found = shelves.read(lambda session: examine(session, {}, at=NOW)[1])
    assert [problem.field for problem in found] == ["code", "title", "product"]


def test_a_mistaken_draft_is_not_kept(shelves: Database) -> None:
    with pytest.raises(Mistaken) as refused:
        shelves.write_now(lambda session: create(session, quota=1, leader_bonus="20"))
    assert [problem.field for problem in refused.value.problems] == ["leader_bonus", "quota"]
    assert shelves.read(offers.every) == []


def test_a_code_is_used_once(shelves: Database) -> None:
    shelves.write_now(create)
    assert "there is a deal honey-for-three already" in problems(shelves, {})["code"]


def test_money_is_held_no_longer_than_banks_hold_it() -> None:
    longest = timedelta(hours=AUTHORISE_WINDOW_HOURS_MAX)
    assert longest + SEAT_HOLD <= CAPTURE_WITHIN < longest + HOUR + SEAT_HOLD


# ---------------------------------------------------------------------- changing


def test_a_change_touches_new_groups_only(goods: Database) -> None:
    def work(session: Session) -> None:
        publish(session)
        old = groups.begin(session, editing.take(session, "honey-for-three"), at=NOW)
        before = (old.size, old.window_hours, old.payment, dict(old.prices), old.leader_bonus_minor)
        changed = {"prices": {"HON-S": "15"}, "size": 5, "window_hours": 48, "leader_bonus": 0}
        deal = editing.take(session, "honey-for-three")
        draft = Draft.model_validate(HONEY | changed | {"payment": "authorise", "audience": "followers"})
        editing.change(session, deal, draft, at=NOW + HOUR)
        session.expire_all()
        old = groups.lock(session, old.id)
        assert (old.size, old.window_hours, old.payment, dict(old.prices), old.leader_bonus_minor) == before
        new = groups.begin(session, editing.take(session, "honey-for-three"), at=NOW + HOUR)
        assert (new.size, new.window_hours, new.payment) == (5, 48, DealPayment.AUTHORISE)
        assert list(new.prices.values()) == [1500]
        assert new.leader_bonus_minor == 0

    goods.write_now(work)
    assert goods.read(lambda session: session.scalars(select(DealPrice.price_minor)).all()) == [1500]


def test_a_changed_deal_says_what_was_written(goods: Database) -> None:
    goods.write_now(publish)
    other = HONEY | {
        "title": "Honey",
        "ends_at": NOW + 9 * DAY,
        "audience": "new_customers",
        "coupons_stack": True,
    }
    on_deal(goods, lambda s, deal: editing.change(s, deal, Draft.model_validate(other), at=NOW))
    deal = goods.read(lambda session: offers.find(session, "honey-for-three"))
    assert deal is not None
    assert (deal.title, deal.ends_at, deal.audience) == ("Honey", NOW + 9 * DAY, Audience.NEW_CUSTOMERS)
    assert (deal.coupons_stack, deal.starts_at, deal.status) == (True, NOW, DealStatus.SCHEDULED)
    told = goods.read(lambda session: editing.draft_of(session, deal))
    assert told.model_dump() == Draft.model_validate(other | {"starts_at": NOW}).model_dump()


def test_a_quota_stays_above_what_is_taken(goods: Database) -> None:
    def work(session: Session) -> None:
        deal = publish(session)
        groups.take_units(session, deal.id, 7)
        deal = editing.take(session, deal.code)
        with pytest.raises(Mistaken) as refused:
            editing.change(session, deal, Draft.model_validate(HONEY | {"quota": 6}), at=NOW)
        assert [str(each) for each in refused.value.problems] == ["quota: 7 units are sold or held already"]
        editing.change(session, deal, Draft.model_validate(HONEY | {"quota": 7}), at=NOW)

    goods.write_now(work)


def test_code_and_product_of_a_published_deal_stay(shelves: Database) -> None:
    def asked(session: Session) -> list[str]:
        deal = editing.take(session, "honey-for-three")
        written = HONEY | {"code": "mugs", "product": "mug", "prices": {"MUG": 5}}
        return [problem.field for problem in examine(session, written, at=NOW, deal=deal)[1]]

    shelves.write_now(create)
    assert shelves.read(asked) == ["code"]
    on_deal(shelves, lambda session, deal: editing.publish(session, deal, at=NOW))
    assert shelves.read(asked) == ["code", "product"]


# ---------------------------------------------------------------------- its life


def test_a_published_deal_goes_live_by_the_clock_alone(goods: Database) -> None:
    goods.write_now(lambda s: publish(s, starts_at=NOW + DAY, ends_at=NOW + 3 * DAY))
    assert [status(goods, NOW + days * DAY) for days in (0, 1, 3)] == [
        DealStatus.SCHEDULED,
        DealStatus.LIVE,
        DealStatus.ENDED,
    ]


def test_a_paused_deal_is_not_on_until_it_is_resumed(goods: Database) -> None:
    def on() -> int:
        return len(goods.read(lambda session: offers.live(session, at=NOW + DAY)))

    goods.write_now(publish)
    assert on() == 1
    on_deal(goods, lambda _, deal: editing.pause(deal, at=NOW + HOUR))
    assert (on(), status(goods, NOW + DAY)) == (0, DealStatus.PAUSED)
    on_deal(goods, lambda _, deal: editing.resume(deal, at=NOW + 2 * HOUR))
    assert (on(), status(goods, NOW + DAY)) == (1, DealStatus.LIVE)


@pytest.mark.parametrize("paused", [False, True])
def test_ended_early_is_over_at_once_and_for_good(goods: Database, *, paused: bool) -> None:
    goods.write_now(lambda session: publish(session, ends_at=NOW + 9 * DAY))
    if paused:
        on_deal(goods, lambda _, deal: editing.pause(deal, at=NOW))
    on_deal(goods, lambda _, deal: editing.end_early(deal, at=NOW + HOUR))
    deal = goods.read(lambda session: session.scalars(select(Deal)).one())
    assert (deal.status, deal.ends_at) == (DealStatus.ENDED, NOW + HOUR)
    for act, refusal in (
        (editing.pause, NotRunning),
        (editing.resume, NotPaused),
        (editing.end_early, NotRunning),
    ):
        with pytest.raises(refusal):
            on_deal(goods, lambda _, deal, act=act: act(deal, at=NOW + 2 * HOUR))
    with pytest.raises(IsOver):
        on_deal(
            goods, lambda s, deal: editing.change(s, deal, Draft.model_validate(HONEY), at=NOW + 2 * HOUR)
        )


def test_what_has_not_begun_can_neither_be_paused_nor_resumed_nor_ended(shelves: Database) -> None:
    shelves.write_now(lambda session: create(session, starts_at=NOW + DAY))
    for publishes in (False, True):
        if publishes:
            on_deal(shelves, lambda session, deal: editing.publish(session, deal, at=NOW))
        for act, refusal in (
            (editing.pause, NotRunning),
            (editing.resume, NotPaused),
            (editing.end_early, NotRunning),
        ):
            with pytest.raises(refusal):
                on_deal(shelves, lambda _, deal, act=act: act(deal, at=NOW))


def test_a_pause_does_not_hold_up_the_end(shelves: Database) -> None:
    shelves.write_now(lambda session: publish(session, ends_at=NOW + DAY))
    on_deal(shelves, lambda _, deal: editing.pause(deal, at=NOW))
    with pytest.raises(NotPaused):
        on_deal(shelves, lambda _, deal: editing.resume(deal, at=NOW + DAY))


def test_a_deal_is_published_once_and_looked_at_again_before(shelves: Database) -> None:
    shelves.write_now(create)

    def reprice(session: Session, minor: int) -> None:
        session.scalars(select(Variant).where(Variant.sku == "HON-S")).one().price_minor = minor

    shelves.write_now(lambda session: reprice(session, 1500))
    with pytest.raises(Mistaken) as refused:
        on_deal(shelves, lambda session, deal: editing.publish(session, deal, at=NOW))
    assert [problem.field for problem in refused.value.problems] == ["prices.HON-S"]
    shelves.write_now(lambda session: reprice(session, 2400))
    on_deal(shelves, lambda session, deal: editing.publish(session, deal, at=NOW))
    with pytest.raises(NotADraft):
        on_deal(shelves, lambda session, deal: editing.publish(session, deal, at=NOW))


def test_staff_move_a_deal_only_along_its_table(shelves: Database) -> None:
    """Whatever is tried in whatever state: what is stored changes along DEAL_MOVES, or stays."""
    acts: tuple[Callable[..., None], ...] = (
        editing.pause,
        editing.resume,
        editing.end_early,
        lambda deal, at: editing.publish(session_of[0], deal, at=at),
    )
    session_of: list[Session] = []
    for before in DealStatus:
        for act in acts:

            def work(session: Session, before: DealStatus = before, act: Callable[..., None] = act) -> None:
                session_of[:] = [session]
                deal = create(session)
                deal.status = before
                seen = offers.status_at(deal, NOW)
                try:
                    act(deal, at=NOW)
                except (NotADraft, NotPaused, NotRunning):
                    assert deal.status is before
                else:
                    assert deal.status in DEAL_MOVES[seen], (before, act)
                session.rollback()

            shelves.write_now(work)


def test_amounts_are_kept_to_the_cent(goods: Database) -> None:
    goods.write_now(lambda session: create(session, prices={"HON-S": Decimal("17.01")}, leader_bonus="0.10"))
    deal = goods.read(lambda session: offers.find(session, "honey-for-three"))
    assert deal is not None
    assert ([price.price_minor for price in deal.prices], deal.leader_bonus_minor) == ([1701], 10)
