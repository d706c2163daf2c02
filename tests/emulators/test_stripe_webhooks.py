"""Webhooks: signed, repeated until taken, and everything that may go wrong on the way."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import stripe

from sandbox.stripe.webhooks import RETRY_SECONDS_MAX, signature
from tests.emulators.stripe_sandbox import (
    WEBHOOK_SECRET,
    Sandbox,
    intent_parameters,
    plain,
    session_parameters,
)

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def pay(sandbox: Sandbox) -> stripe.PaymentIntent:
    return sandbox.client.v1.payment_intents.create(intent_parameters())


def verify(request: tuple[str, str], tolerance: int = 300) -> stripe.Event:
    return stripe.Webhook.construct_event(*request, WEBHOOK_SECRET, tolerance)


def test_events_arrive_signed_and_as_the_api_shows_them(sandbox: Sandbox) -> None:
    intent = pay(sandbox)
    assert sandbox.tick() == 3
    assert sandbox.receiver.types == PAID
    event = verify(sandbox.receiver.requests[-1])
    assert sandbox.client.construct_event(*sandbox.receiver.requests[-1], WEBHOOK_SECRET).id == event.id
    assert event.data.object["id"] == intent.id
    assert event.api_version == stripe.api_version
    assert event.request is not None
    assert str(event.request.id).startswith("req_")
    assert event.request.idempotency_key is not None
    assert event.pending_webhooks == 1
    stored = plain(sandbox.client.v1.events.retrieve(event.id))
    assert stored == {**plain(event), "pending_webhooks": 0}


def test_a_signature_is_what_the_library_makes_of_the_same_body() -> None:
    ours = signature('{"a": "€"}', "whsec_1", 1_700_000_000)
    assert ours == stripe.WebhookSignature.generate_signature_header('{"a": "€"}', "whsec_1", 1_700_000_000)


def test_a_second_scheme_that_proves_nothing_comes_along(sandbox: Sandbox) -> None:
    pay(sandbox)
    sandbox.tick()
    payload, header = sandbox.receiver.requests[0]
    assert [part.partition("=")[0] for part in header.split(",")] == ["t", "v1", "v0"]
    only_v0 = ",".join(part for part in header.split(",") if not part.startswith("v1="))
    with pytest.raises(stripe.SignatureVerificationError):
        verify((payload, only_v0))


def test_events_tell_how_things_were_when_they_happened(sandbox: Sandbox) -> None:
    intent = sandbox.client.v1.payment_intents.create(intent_parameters(capture_method="manual"))
    sandbox.client.v1.payment_intents.capture(intent.id)
    sandbox.tick()
    held, taken = (event for event in sandbox.receiver.taken if event.type.startswith("payment_intent.")
                   and event.type != "payment_intent.created")  # fmt: skip
    assert (held.data.object["status"], taken.data.object["status"]) == ("requires_capture", "succeeded")


def test_what_the_clock_did_names_no_request(sandbox: Sandbox) -> None:
    sandbox.client.v1.checkout.sessions.create(session_parameters())
    sandbox.clock.advance(24 * 3600)
    sandbox.tick()
    (event,) = sandbox.receiver.taken
    assert event.type == "checkout.session.expired"
    assert event.request is not None
    assert event.request.id is None


def test_an_event_is_sent_again_with_growing_pauses_until_it_is_taken(sandbox: Sandbox) -> None:
    sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    sandbox.receiver.answers = [500, 301, 404]
    assert sandbox.tick() == 0
    waits = []
    for _ in range(2):
        due = sandbox.world.webhooks.next_due()
        assert due is not None
        waits.append(due - sandbox.now())
        assert sandbox.tick() == 0  # not before its time
        sandbox.clock.advance(due - sandbox.now())
        assert sandbox.tick() == 0
    sandbox.clock.advance(300)
    assert sandbox.tick() == 1
    assert waits == [10, 60]
    ids = {json.loads(payload)["id"] for payload, _ in sandbox.receiver.requests}
    assert len(sandbox.receiver.requests) == 4
    assert len(ids) == 1
    times = [int(header.split(",")[0].removeprefix("t=")) for _, header in sandbox.receiver.requests]
    assert times == sorted(set(times))  # every attempt is signed anew


def test_after_three_days_an_event_is_given_up(sandbox: Sandbox) -> None:
    sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    sandbox.receiver.answers = [500] * 100
    start = sandbox.now()
    while (due := sandbox.world.webhooks.next_due()) is not None:
        sandbox.clock.advance(due - sandbox.clock.now().timestamp())
        sandbox.tick()
    assert 8 <= len(sandbox.receiver.requests) <= 20
    assert sandbox.now() - start <= RETRY_SECONDS_MAX


def test_a_shop_that_does_not_answer_is_tried_again(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/hook", "enabled_events": ["payment_intent.created"]}
    )
    v1.payment_intents.create({"amount": 500, "currency": "eur"})
    assert sandbox.tick() == 1
    (event,) = v1.events.list().data
    assert event.pending_webhooks == 1


def test_held_events_are_not_sent_until_they_are_released(sandbox: Sandbox) -> None:
    sandbox.world.webhooks.hold()
    pay(sandbox)
    assert sandbox.tick() == 0
    assert not sandbox.receiver.requests
    sandbox.world.webhooks.release()
    assert sandbox.tick() == 3
    assert sandbox.receiver.types == PAID


def test_events_may_come_in_another_order(sandbox: Sandbox) -> None:
    sandbox.world.webhooks.hold()
    pay(sandbox)
    sandbox.world.webhooks.release(reverse=True)
    sandbox.tick()
    assert sandbox.receiver.types == PAID[::-1]
    sandbox.world.webhooks.hold()
    pay(sandbox)
    sandbox.world.webhooks.release(shuffle=Random(1))
    sandbox.tick()
    assert sorted(sandbox.receiver.types[3:]) == sorted(PAID)
    assert sandbox.receiver.types[3:] != PAID


def test_events_may_come_twice_late_or_never(sandbox: Sandbox) -> None:
    sandbox.world.webhooks.next("payment_intent.created", ["late:90"])
    sandbox.world.webhooks.next("charge.succeeded", ["lost"])
    sandbox.world.webhooks.next("payment_intent.succeeded", ["twice"])
    pay(sandbox)
    sandbox.tick()
    assert sandbox.receiver.types == ["payment_intent.succeeded"] * 2
    assert len({event.id for event in sandbox.receiver.taken}) == 1
    sandbox.clock.advance(90)
    sandbox.tick()
    assert sandbox.receiver.types[2:] == ["payment_intent.created"]
    pay(sandbox)
    sandbox.tick()
    assert sandbox.receiver.types[3:] == PAID  # a plan is used up


def test_a_forged_or_stale_event_is_not_believed_and_the_real_one_follows(sandbox: Sandbox) -> None:
    sandbox.world.webhooks.next("*", ["forged"])
    sandbox.receiver.answers = [400]
    sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    sandbox.tick()
    with pytest.raises(stripe.SignatureVerificationError, match="No signatures found matching"):
        verify(sandbox.receiver.requests[0])
    sandbox.clock.advance(10)
    assert sandbox.tick() == 1


def test_a_stale_signature_is_an_hour_old() -> None:
    with Sandbox(at=datetime.now(UTC) + timedelta(minutes=1)) as sandbox:
        sandbox.world.webhooks.next("*", ["stale_signature"])
        sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
        sandbox.tick()
        with pytest.raises(stripe.SignatureVerificationError, match="Timestamp outside the tolerance zone"):
            verify(sandbox.receiver.requests[0])


def test_an_event_can_be_sent_again_on_request(sandbox: Sandbox) -> None:
    sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    sandbox.tick()
    (event,) = sandbox.receiver.taken
    sandbox.world.webhooks.resend(event.id)
    sandbox.tick()
    assert [each.id for each in sandbox.receiver.taken] == [event.id, event.id]


def test_an_unknown_way_of_delivery_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="'pigeon' is no way to deliver a webhook"):
        sandbox.world.webhooks.next("*", ["pigeon"])


def test_endpoints_are_registered_changed_and_removed() -> None:
    with Sandbox(webhooks=False) as sandbox:
        v1 = sandbox.client.v1
        made = v1.webhook_endpoints.create(
            {"url": sandbox.hook, "enabled_events": ["charge.succeeded"], "metadata": {"for": "shop"}}
        )
        assert str(made.secret).startswith("whsec_")
        assert "secret" not in plain(v1.webhook_endpoints.retrieve(made.id))
        pay(sandbox)
        sandbox.receiver.answers = [500]
        sandbox.tick()
        ((payload, header),) = sandbox.receiver.requests
        assert stripe.Webhook.construct_event(payload, header, made.secret).type == "charge.succeeded"
        v1.webhook_endpoints.update(made.id, {"disabled": True})
        sandbox.clock.advance(10)
        assert sandbox.tick() == 0
        pay(sandbox)
        assert sandbox.tick() == 0
        assert v1.webhook_endpoints.delete(made.id).deleted
        assert not v1.webhook_endpoints.list().data


def test_an_endpoint_wants_events_that_exist(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.webhook_endpoints.create({"url": sandbox.hook, "enabled_events": ["tea.ready"]})  # type: ignore[list-item]
    assert refusal.value.param == "enabled_events[0]"
    with pytest.raises(stripe.InvalidRequestError, match="Not a valid URL"):
        sandbox.client.v1.webhook_endpoints.create({"url": "hook", "enabled_events": ["*"]})


def test_an_account_has_sixteen_endpoints_at_most(sandbox: Sandbox) -> None:
    made: Any = {"url": sandbox.hook, "enabled_events": ["*"]}
    for _ in range(15):  # the sandbox has one of its own
        sandbox.client.v1.webhook_endpoints.create(made)
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        sandbox.client.v1.webhook_endpoints.create(made)


def test_events_are_listed_by_type(sandbox: Sandbox) -> None:
    pay(sandbox)
    v1 = sandbox.client.v1
    assert [event.type for event in v1.events.list({"type": "charge.*"}).data] == ["charge.succeeded"]
    both = v1.events.list({"types": ["charge.succeeded", "payment_intent.created"]}).data
    assert [event.type for event in both] == ["charge.succeeded", "payment_intent.created"]
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of these"):
        v1.events.list({"type": "charge.*", "types": ["charge.succeeded"]})


def test_the_running_world_sends_by_itself_when_something_happens_or_is_due(sandbox: Sandbox) -> None:
    async def watch() -> None:
        running = asyncio.create_task(sandbox.world.run())
        await asyncio.to_thread(sandbox.client.v1.checkout.sessions.create, session_parameters())
        await asyncio.to_thread(pay, sandbox)
        await until(lambda: sandbox.receiver.types == PAID)
        sandbox.receiver.answers = [503]
        await until(lambda: sandbox.clock.sleepers == 1)
        sandbox.clock.advance(24 * 3600)
        await until(lambda: len(sandbox.receiver.requests) == 4)
        await until(lambda: sandbox.clock.sleepers == 1)
        sandbox.clock.advance(10)
        await until(lambda: sandbox.receiver.types[3:] == ["checkout.session.expired"])
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    sandbox.run(watch())


async def until(done) -> None:  # type: ignore[no-untyped-def]
    """Let the loop turn until it is so."""
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 - it waits for several things, not for one event
            await asyncio.sleep(0)
