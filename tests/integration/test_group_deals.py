"""Groups of a deal, each on both databases: with Telegram's invoices, charged now, and Stripe's cards, charged when full."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.stage import Stage
from bot.deals import staffing
from payments.ledger.audit import audit
from sandbox.stories.invariants import Invariants
from shop.deals.model import DealGroup, DealPayment, DealRefused
from shop.orders.model import Order
from tests.group_deals import (
    asked_to_pay,
    crowd,
    followed,
    heard,
    offered,
    seated,
    seats,
    statuses,
    tapped,
    the_group,
    to_the_summary,
    token,
    told,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def all_holds(stage: Stage) -> AsyncIterator[None]:
    """Whatever a test does, in the end nothing is broken."""
    with Invariants(stage) as rules:
        yield
        await stage.settle()
        assert rules.check() == []
        assert stage.database.read(audit) == []


@pytest.mark.parametrize("payment", list(DealPayment))
async def test_three_friends_fill_a_group_across_channels(stage: Stage, payment: DealPayment) -> None:
    await offered(stage, payment=payment)
    ana, bo, cleo = crowd(stage, 3)
    assert "Start a group" in await told(stage, ana, "any group deals?")
    first = await seated(stage, ana)
    assert "1 of 3" in first
    await seated(stage, bo, token(stage))
    assert seats(stage) == ["paid", "paid"]
    assert statuses(stage) == ["waiting", "waiting"]
    last = await seated(stage, cleo, token(stage))
    assert "is full" in last
    assert seats(stage) == ["confirmed"] * 3
    assert statuses(stage) == ["paid"] * 3
    assert "is full" in await heard(stage, ana)


@pytest.mark.parametrize("payment", list(DealPayment))
async def test_a_group_that_does_not_fill_gives_everybody_their_own_money_back(
    stage: Stage, payment: DealPayment
) -> None:
    await offered(stage, payment=payment)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    await seated(stage, bo, token(stage))
    await stage.advance(timedelta(hours=25))
    assert stage.database.read(the_group).status.value == "failed"
    assert seats(stage) == ["refunded"] * 2
    assert statuses(stage) == ["cancelled"] * 2
    for person in (ana, bo):
        assert "did not fill in time" in await heard(stage, person)


async def test_who_leaves_has_all_their_money_back_and_the_next_one_leads(stage: Stage) -> None:
    await offered(stage)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    deadline = stage.database.read(the_group).closes_at
    await seated(stage, bo, token(stage))
    await told(stage, ana, "leave the group")
    assert "on their way back" in await tapped(stage, ana, "Yes, leave")
    assert "now you lead it" in await heard(stage, bo)
    assert seats(stage) == ["refunded", "paid"]
    assert stage.database.read(the_group).closes_at == deadline
    await told(stage, bo, "leave the group")
    await tapped(stage, bo, "Yes, leave")
    assert stage.database.read(the_group).status.value == "cancelled"
    assert seats(stage) == ["refunded", "refunded"]


async def test_pay_or_let_go(stage: Stage) -> None:
    await offered(stage)
    (ana,) = crowd(stage, 1)
    await asked_to_pay(stage, ana)
    assert "not paid yet" in await told(stage, ana, "start a group for the black mug")
    await tapped(stage, ana, "Let it go")
    assert "free again" in await tapped(stage, ana, "Yes, let it go")
    assert seats(stage) == ["released"]
    assert statuses(stage) == ["cancelled"]


# ---------------------------------------------------------------------- the cases of the rules, by their names


def all_groups(session: Session) -> list[str]:
    """The tokens of all groups, in the order in which they began."""
    return list(session.scalars(select(DealGroup.token).order_by(DealGroup.began_at, DealGroup.id)))


def all_orders(session: Session) -> list[Order]:
    return list(session.scalars(select(Order)))


LOOK_AT_PAGE = "GET /v1/checkout/sessions/{session}"


async def test_two_people_tap_pay_on_the_last_seat_at_once(stage: Stage) -> None:
    await offered(stage, size=2)
    ana, bo, cleo = crowd(stage, 3, ("web", "web", "web"))
    await seated(stage, ana)
    for person in (bo, cleo):
        await followed(stage, person, f"deal_{token(stage)}")
        await tapped(stage, person, "Join")
        await to_the_summary(stage, person)
    await asyncio.gather(bo.tap("Pay"), cleo.tap("Pay"))
    words = [await heard(stage, person) for person in (bo, cleo)]
    assert sorted("All seats of this group are taken" in said for said in words) == [False, True]
    assert sorted(seats(stage)) == ["held", "paid"]


async def test_the_same_person_taps_twice(stage: Stage) -> None:
    await offered(stage)
    (ana,) = crowd(stage, 1)
    await told(stage, ana, "start a group for the black mug")
    await to_the_summary(stage, ana)
    await asyncio.gather(ana.tap("Pay"), ana.tap("Pay"))
    await stage.settle()
    assert seats(stage) == ["held"]
    assert (await ana.pay("visa")).paid
    await stage.settle()
    assert (seats(stage), statuses(stage)) == (["paid"], ["waiting"])


async def test_a_payment_notice_is_delivered_twice_late_and_out_of_order(stage: Stage) -> None:
    await offered(stage, size=2)
    ana, bo = crowd(stage, 2, ("web", "messenger"))
    await asked_to_pay(stage, ana)
    stage.sandbox.stripe.webhooks.hold()
    stage.sandbox.stripe.webhooks.next("checkout.session.completed", ["twice"])
    assert (await ana.pay("visa")).paid
    stage.sandbox.stripe.webhooks.release(reverse=True)
    await stage.settle()
    assert seats(stage) == ["paid"]
    await asked_to_pay(stage, bo, token(stage))
    stage.sandbox.stripe.webhooks.next("checkout.session.completed", ["late:300"])
    assert (await bo.pay("visa")).paid
    await stage.settle()
    assert seats(stage) == ["paid", "held"]
    await stage.advance(timedelta(minutes=6))
    assert (seats(stage), statuses(stage)) == (["confirmed"] * 2, ["paid"] * 2)


@pytest.mark.parametrize("seconds", [-1, 1])
async def test_a_payment_around_the_deadline_with_a_valid_hold(stage: Stage, seconds: int) -> None:
    await offered(stage, size=2, window_hours=1)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    closes_at = stage.database.read(the_group).closes_at
    assert closes_at is not None
    await stage.advance(closes_at - timedelta(minutes=5) - stage.clock.now())
    await asked_to_pay(stage, bo, token(stage))
    await stage.advance(closes_at - timedelta(minutes=2) - stage.clock.now())
    stage.clock.advance((closes_at - stage.clock.now()).total_seconds() + seconds)
    assert (await bo.pay("visa")).paid
    await stage.settle()
    assert stage.database.read(the_group).status.value == "succeeded"
    assert (seats(stage), statuses(stage)) == (["confirmed"] * 2, ["paid"] * 2)


async def test_a_group_waits_for_a_hold_and_not_longer(stage: Stage) -> None:
    await offered(stage, size=2, window_hours=1)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    await stage.advance(timedelta(minutes=58))
    await asked_to_pay(stage, bo, token(stage))
    await stage.advance(timedelta(minutes=3))
    assert stage.database.read(the_group).status.value == "closing"
    await stage.advance(timedelta(minutes=10))
    assert stage.database.read(the_group).status.value == "failed"
    assert seats(stage) == ["refunded", "released"]


async def test_money_after_its_hold_while_the_seat_is_still_free(stage: Stage) -> None:
    await offered(stage, size=2)
    ana, bo = crowd(stage, 2, ("web", "web"))
    await seated(stage, ana)
    await asked_to_pay(stage, bo, token(stage))
    stage.sandbox.stripe.webhooks.next("checkout.session.completed", ["late:3600"])
    assert (await bo.pay("visa")).paid
    await stage.advance(timedelta(minutes=11))
    assert seats(stage) == ["confirmed"] * 2


@pytest.mark.parametrize("agreed", [True, False])
async def test_money_after_its_hold_when_the_seat_is_gone(stage: Stage, agreed: bool) -> None:
    await offered(stage, size=2)
    ana, bo, cleo = crowd(stage, 3, ("web", "web", "web"))
    await seated(stage, ana)
    await followed(stage, bo, f"deal_{token(stage)}")
    await tapped(stage, bo, "Join")
    await to_the_summary(stage, bo)
    if agreed:
        await tapped(stage, bo, "Another group is fine")
    await tapped(stage, bo, "Pay")
    stage.sandbox.stripe.webhooks.next("checkout.session.completed", ["late:3600"])
    stage.sandbox.stripe.faults.next(LOOK_AT_PAGE, ["503"] * 14)  # or we hear of it from Stripe by asking
    assert (await bo.pay("visa")).paid
    await stage.advance(timedelta(minutes=10, seconds=1))
    assert seats(stage) == ["paid", "released"]
    await seated(stage, cleo, token(stage))
    await stage.advance(timedelta(hours=1))
    said = await heard(stage, bo)
    if agreed:
        assert "another group" in said
        assert sorted(seats(stage)) == ["confirmed", "confirmed", "paid"]
        assert len(stage.database.read(all_groups)) == 2
    else:
        assert "sending all of it back" in said
        assert sorted(seats(stage)) == ["confirmed", "confirmed", "released"]


async def test_the_payment_provider_is_down_during_refunds(stage: Stage) -> None:
    await offered(stage)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    await seated(stage, bo, token(stage))
    stage.sandbox.stripe.faults.next("POST /v1/refunds", ["503", "lost", "timeout", "503"])
    await stage.advance(timedelta(hours=25))
    await stage.advance(timedelta(hours=1))
    assert seats(stage) == ["refunded"] * 2


async def test_the_process_is_killed_in_the_middle_of_a_failures_refunds(stage: Stage) -> None:
    await offered(stage)
    ana, bo = crowd(stage, 2, ("web", "messenger"))
    await seated(stage, ana)
    await seated(stage, bo, token(stage))
    stage.sandbox.stripe.faults.next("POST /v1/refunds", ["ok", *["503"] * 12])
    await stage.advance(timedelta(hours=24))
    assert sorted(seats(stage)) == ["refund_pending", "refunded"]
    await stage.crash()
    await stage.advance(timedelta(hours=2))
    assert seats(stage) == ["refunded"] * 2
    assert (await heard(stage, ana)).count("Your refund of") == 1


async def test_who_has_bought_before_joins_and_pays_in_three_taps(stage: Stage) -> None:
    await offered(stage)
    ana, bo = crowd(stage, 2)
    await seated(stage, bo)
    await told(stage, bo, "leave the group")
    await tapped(stage, bo, "Yes, leave")
    await stage.advance(timedelta(minutes=1))
    await seated(stage, ana)
    joined = stage.database.read(all_groups)[-1]
    await followed(stage, bo, f"deal_{joined}")
    await tapped(stage, bo, "Join")
    await tapped(stage, bo, "Pay")
    assert (await bo.pay("visa")).paid  # the third, on the invoice or the payment page
    assert "2 of 3 are in" in await heard(stage, bo)


async def test_the_leader_leaves_while_the_last_one_joins(stage: Stage) -> None:
    await offered(stage, size=2)
    ana, bo = crowd(stage, 2, ("web", "web"))
    await seated(stage, ana)
    await asked_to_pay(stage, bo, token(stage))
    await told(stage, ana, "leave the group")
    await asyncio.gather(ana.tap("Yes, leave"), bo.pay("visa"))
    await stage.settle()
    group = stage.database.read(the_group)
    if group.status.value == "succeeded":  # the payment was first
        assert seats(stage) == ["confirmed"] * 2
    else:
        assert seats(stage) == ["refunded", "paid"]
        assert (
            "you lead" in await told(stage, bo, "how many are still missing in my group?") or group.leader_id
        )


async def test_a_buyer_blocked_the_bot(stage: Stage) -> None:
    await offered(stage)
    (ana,) = crowd(stage, 1)
    await seated(stage, ana)
    await ana.block()
    await stage.advance(timedelta(hours=25))
    assert seats(stage) == ["refunded"]


async def test_the_variant_sells_out_while_the_group_forms(stage: Stage) -> None:
    await offered(stage, size=2)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    await stage.set_goods("black-mug", on_hand=1)
    await followed(stage, bo, f"deal_{token(stage)}")
    assert "sold out" in (await tapped(stage, bo, "Join")).casefold()
    assert seats(stage) == ["paid"]


async def test_stock_of_five_with_three_groups_of_three(stage: Stage) -> None:
    await stage.set_goods("black-mug", on_hand=5)
    await offered(stage)
    people = crowd(stage, 6, ("web",))
    for leader in people[:3]:
        await seated(stage, leader)
    first, second, _ = stage.database.read(all_groups)
    await seated(stage, people[3], first)
    await seated(stage, people[4], first)
    await followed(stage, people[5], f"deal_{second}")
    assert "sold out" in (await tapped(stage, people[5], "Join")).casefold()
    await stage.advance(timedelta(hours=25))
    assert sorted(seats(stage)) == ["confirmed"] * 3 + ["refunded"] * 2


async def test_a_chargeback_after_success(stage: Stage) -> None:
    await offered(stage, size=2)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    await seated(stage, bo, token(stage), card="disputed")
    await (
        stage.reconcile()
    )  # the bank's word may come before the payment's; the books are compared every night
    assert seats(stage) == ["confirmed"] * 2
    frozen = stage.database.read(
        lambda session: sorted(order.frozen is not None for order in all_orders(session))
    )
    assert frozen == [False, True]


async def test_a_customer_asks_to_be_deleted_while_a_seat_is_open(stage: Stage) -> None:
    await offered(stage)
    (ana,) = crowd(stage, 1)
    await seated(stage, ana)
    assert "I still need to know you" in await told(stage, ana, "delete my data")
    assert seats(stage) == ["paid"]


async def test_the_clock_changes_to_summer_time_inside_the_window(stage: Stage) -> None:
    spring = datetime(2027, 3, 27, 12, tzinfo=UTC)  # the night after, clocks in Brussels go on by an hour
    await stage.advance(spring - stage.clock.now())
    await offered(stage)
    (ana,) = crowd(stage, 1)
    assert "28 Mar, 14:0" in await seated(stage, ana)
    closes_at = stage.database.read(the_group).closes_at
    assert closes_at is not None
    assert timedelta(hours=24) - timedelta(minutes=5) < closes_at - spring <= timedelta(hours=24, minutes=15)
    await stage.advance(timedelta(hours=23, minutes=30))
    assert seats(stage) == ["paid"]
    await stage.advance(timedelta(hours=1))
    assert seats(stage) == ["refunded"]


# ---------------------------------------------------------------------- staff


async def test_the_shop_completes_a_group_and_says_so(stage: Stage) -> None:
    await offered(stage, completes_from=2)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    group = stage.database.read(the_group)
    with pytest.raises(DealRefused):
        await stage.database.run(
            lambda session: staffing.fill(session, group.id, by="mia", at=stage.clock.now())
        )
    await seated(stage, bo, group.token)
    await stage.staff_work(lambda session: staffing.fill(session, group.id, by="mia", at=stage.clock.now()))
    await stage.settle()
    assert (seats(stage), statuses(stage)) == (["confirmed"] * 2, ["paid"] * 2)
    assert "the shop completed it" in await heard(stage, ana)


@pytest.mark.parametrize("payment", list(DealPayment))
async def test_a_deal_that_is_called_off_ends_its_groups(stage: Stage, payment: DealPayment) -> None:
    await offered(stage, payment=payment)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    await asked_to_pay(stage, bo, token(stage))
    deal_id = stage.database.read(the_group).deal_id
    await stage.staff_work(
        lambda session: staffing.cancel(session, deal_id, by="mia", why="recalled", at=stage.clock.now())
    )
    await stage.settle()
    assert seats(stage) == ["refunded", "released"]
    assert "we had to end the group deal" in await heard(stage, ana)


# ---------------------------------------------------------------------- what simulated people found, as the shortest way to it


async def test_who_chooses_a_variant_goes_on_with_the_deal_that_they_named(stage: Stage) -> None:
    (ana,) = crowd(stage, 1)
    assert "which one" in await told(stage, ana, "start a group for the picnic blanket")
    assert "Who is it for" in await tapped(stage, ana, "Meadow")


async def test_that_another_group_is_fine_can_be_said_with_the_button_for_it(stage: Stage) -> None:
    await offered(stage)
    (ana,) = crowd(stage, 1)
    await told(stage, ana, "start a group for the black mug")
    assert "Another group is fine" in await to_the_summary(stage, ana)
    said = await tapped(stage, ana, "Another group is fine")
    assert "another one is fine" in said
    assert "earlier" not in said


@pytest.mark.parametrize("channel", ["telegram", "messenger"])
async def test_who_holds_a_seat_is_told_how_long_it_is_held(stage: Stage, channel: str) -> None:
    await offered(stage)
    said = await asked_to_pay(stage, stage.person("Ana", channel))
    assert "for you for 10 minutes" in said


async def test_the_time_of_a_group_stands_on_a_line_of_its_own(stage: Stage) -> None:
    await offered(stage)
    ana, bo = crowd(stage, 2, ("telegram",))
    await seated(stage, ana)
    assert "1 of 3\nOpen until" in await followed(stage, bo, f"deal_{token(stage)}")
    assert seats(stage) == ["paid"]
