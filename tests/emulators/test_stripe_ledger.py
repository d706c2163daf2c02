"""What a reconciler reads: balance transactions, the balance they make up, and the log of events."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.clock import SimulatedClock
from sandbox.stripe import CardDeclined, StripeWorld, create_app
from tests.emulators.stripe_sandbox import Sandbox, intent_parameters, plain, session_parameters

DAY = 86_400
CARDS = ["visa", "disputed", "inquiry", "refund_pending", "refund_fails", "declined"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def paid(sandbox: Sandbox, **changes: Any) -> stripe.PaymentIntent:
    return sandbox.client.v1.payment_intents.create(intent_parameters(**changes))


def busy_month(sandbox: Sandbox) -> None:
    """A charge, a refund, a refund that comes back, and a dispute that is won, a day apart."""
    v1 = sandbox.client.v1
    first, fails = paid(sandbox), paid(sandbox, payment_method="pm_card_refundFail")
    sandbox.clock.advance(DAY)
    v1.refunds.create({"payment_intent": first.id, "amount": 500})
    v1.refunds.create({"payment_intent": fails.id})
    sandbox.clock.advance(DAY)
    paid(sandbox, payment_method="pm_card_createDispute")
    (dispute,) = v1.disputes.list().data
    v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    sandbox.clock.advance(DAY)
    sandbox.tick()


def test_every_movement_of_money_is_one_line(sandbox: Sandbox) -> None:
    busy_month(sandbox)
    lines = [
        (entry.type, entry.reporting_category, entry.amount, entry.fee)
        for entry in sandbox.client.v1.balance_transactions.list().data
    ]
    assert lines == [
        ("adjustment", "dispute_reversal", 2000, 0),
        ("adjustment", "dispute", -2000, 2000),
        ("charge", "charge", 2000, 55),
        ("refund_failure", "refund_failure", 2000, 0),
        ("refund", "refund", -2000, 0),
        ("refund", "refund", -500, 0),
        ("charge", "charge", 2000, 55),
        ("charge", "charge", 2000, 55),
    ]


def test_lines_are_narrowed_by_type_source_time_and_currency(sandbox: Sandbox) -> None:
    start = sandbox.now()
    busy_month(sandbox)
    listed = sandbox.client.v1.balance_transactions.list

    def count(**wanted: Any) -> int:
        return len(listed(wanted).data)  # type: ignore[arg-type]

    assert [count(type=kind) for kind in ("charge", "refund", "refund_failure", "adjustment")] == [3, 2, 1, 2]
    assert count(created={"gte": start + DAY, "lt": start + 2 * DAY}) == 2
    assert count(currency="eur") == 8
    assert count(currency="usd") == 0
    (dispute,) = sandbox.client.v1.disputes.list().data
    assert count(source=dispute.id) == 2
    shown = listed({"source": dispute.id, "expand": ["data.source.charge"]}).data
    assert {entry.source.charge.id for entry in shown} == {dispute.charge}  # type: ignore[union-attr]


def test_lines_come_in_pages_that_leave_none_out(sandbox: Sandbox) -> None:
    busy_month(sandbox)
    walked = list(sandbox.client.v1.balance_transactions.list({"limit": 3}).auto_paging_iter())
    assert [entry.id for entry in walked] == [entry.id for entry in sandbox.world.account.balance][::-1]


def test_the_balance_is_the_sum_of_its_lines(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    assert plain(v1.balance.retrieve())["available"] == [
        {"amount": 0, "currency": "eur", "source_types": {"card": 0}}
    ]
    busy_month(sandbox)
    paid(sandbox, currency="usd", amount=1000)
    held = {each.currency: each.amount for each in v1.balance.retrieve().pending}
    assert held == {"eur": 3 * 1945, "usd": 960}
    assert {each.currency: each.amount for each in v1.balance.retrieve().available} == {
        "eur": -500 - 2000,
        "usd": 0,
    }
    sandbox.clock.advance(7 * DAY)
    after = v1.balance.retrieve()
    assert {each.currency: each.amount for each in after.available} == {"eur": 3335, "usd": 960}
    assert {each.amount for each in after.pending} == {0}


steps = st.lists(
    st.tuples(
        st.sampled_from(["pay", "hold", "refund", "capture", "answer", "wait"]),
        st.sampled_from(CARDS),
        st.integers(min_value=50, max_value=2000),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_whatever_happens_the_balance_is_the_sum_of_what_was_booked(
    plan: list[tuple[str, str, int]],
) -> None:
    asyncio.run(reconciled(plan))


async def reconciled(plan: list[tuple[str, str, int]]) -> None:
    clock = SimulatedClock(datetime(2030, 1, 7, tzinfo=UTC))
    world = StripeWorld(
        clock, api_key="sk", webhook_secret="whsec", base_url="http://sandbox", random=Random(1)
    )
    headers = {"Authorization": "Bearer sk"}
    transport = httpx.ASGITransport(create_app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
        for step in plan:
            await act(world, clock, http, step)
            await check_books(http)
        clock.advance(200 * DAY)
        await world.tick()
        await check_books(http)
    world.close()


async def act(
    world: StripeWorld, clock: SimulatedClock, http: httpx.AsyncClient, step: tuple[str, str, int]
) -> None:
    what, card, amount = step
    account = world.account
    if what == "wait":
        clock.advance(amount * 600)
        await world.tick()
    elif what == "pay":
        try:
            world.charge(amount, "eur", card, "tea")
        except CardDeclined:
            assert card == "declined"
    elif what == "hold":
        form = {
            "amount": str(amount),
            "currency": "eur",
            "confirm": "true",
            "capture_method": "manual",
            "payment_method": "pm_card_createDispute" if card == "disputed" else "pm_card_visa",
            "automatic_payment_methods[enabled]": "true",
            "automatic_payment_methods[allow_redirects]": "never",
        }
        assert (await http.post("/v1/payment_intents", data=form)).status_code == 200
    elif what == "capture":
        held = [intent for intent in account.intents if intent.status == "requires_capture"]
        if held:
            taken = {"amount_to_capture": str(min(amount, held[0].amount))}
            assert (
                await http.post(f"/v1/payment_intents/{held[0].id}/capture", data=taken)
            ).status_code == 200
    elif what == "refund":
        for charge in list(account.charges)[-1:]:
            form = {"charge": charge.id, "amount": str(amount)}
            assert (await http.post("/v1/refunds", data=form)).status_code in (200, 400)
    else:
        for dispute in list(account.disputes)[-1:]:
            text = "winning_evidence" if amount % 2 else "losing_evidence"
            form = {"evidence[uncategorized_text]": text}
            assert (await http.post(f"/v1/disputes/{dispute.id}", data=form)).status_code in (200, 400)


async def check_books(http: httpx.AsyncClient) -> None:
    """Read as a reconciler would: all pages of lines against the balance, and each line against its source."""
    lines: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 7, "expand[0]": "data.source"}
    while True:
        page = (await http.get("/v1/balance_transactions", params=query)).json()
        lines += page["data"]
        if not page["has_more"]:
            break
        query["starting_after"] = page["data"][-1]["id"]
    balance = (await http.get("/v1/balance")).json()
    funds = {kind: sum(each["amount"] for each in balance[kind]) for kind in ("available", "pending")}
    for kind, found in funds.items():
        assert found == sum(line["net"] for line in lines if line["status"] == kind)
    for line in lines:
        assert line["net"] == line["amount"] - line["fee"]
        assert line["fee"] == sum(detail["amount"] for detail in line["fee_details"])
        assert line["id"] in str(line["source"]) or line["type"] == "refund_failure"


def test_events_are_kept_for_thirty_days(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    intent = paid(sandbox)
    old = v1.events.list().data
    sandbox.clock.advance(30 * DAY - 1)
    assert v1.events.retrieve(old[0].id).id == old[0].id
    v1.refunds.create({"payment_intent": intent.id})
    sandbox.clock.advance(1)
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        v1.events.retrieve(old[0].id)
    kept = [event.type for event in v1.events.list().data]
    assert kept == ["charge.refunded", "refund.created"]


def test_a_reconciler_finds_what_it_missed() -> None:
    with Sandbox() as sandbox:
        sandbox.world.webhooks.next("*", ["lost", "ok", "lost"])
        start = sandbox.now()
        paid(sandbox)
        sandbox.tick()
        assert sandbox.receiver.types == ["charge.succeeded"]
        since = sandbox.client.v1.events.list({"created": {"gte": start}, "types": ["payment_intent.*"]})
        assert [event.type for event in since.auto_paging_iter()] == [
            "payment_intent.succeeded",
            "payment_intent.created",
        ]


def test_events_are_narrowed_by_whether_they_arrived() -> None:
    with Sandbox() as sandbox:
        v1 = sandbox.client.v1
        sandbox.receiver.answers = [500, 200, 200]
        paid(sandbox)
        sandbox.tick()
        assert [event.type for event in v1.events.list({"delivery_success": False}).data] == [
            "payment_intent.created"
        ]
        assert len(v1.events.list({"delivery_success": True}).data) == 2
        sandbox.clock.advance(10)
        sandbox.tick()
        assert not v1.events.list({"delivery_success": False}).data


def test_the_world_wakes_for_what_was_planned_while_it_slept() -> None:
    """A session that nobody pays expires by itself, though nothing else happens."""

    async def watch(sandbox: Sandbox) -> None:
        running = asyncio.create_task(sandbox.world.run())
        await asyncio.to_thread(sandbox.client.v1.checkout.sessions.create, session_parameters())
        await asyncio.wait_for(sandbox.clock.somebody_sleeps(), 20)
        sandbox.clock.advance(DAY)
        async with asyncio.timeout(20):
            while sandbox.receiver.types != ["checkout.session.expired"]:  # noqa: ASYNC110
                await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with Sandbox() as sandbox:
        sandbox.run(watch(sandbox))
