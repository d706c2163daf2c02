"""The sandbox steered from another process: faults planted, webhooks held and people sent over HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe

from tests.emulators.stripe_sandbox import Sandbox, intent_parameters, session_parameters

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def tell(sandbox: Sandbox, path: str, **what: Any) -> httpx.Response:
    return httpx.post(f"{sandbox.url}/_faults/{path}", json=what)


def pay(sandbox: Sandbox) -> None:
    sandbox.client.v1.payment_intents.create(intent_parameters())


def test_faults_of_requests_are_planted_and_taken_back(sandbox: Sandbox) -> None:
    assert tell(sandbox, "requests", endpoint="GET /v1/charges", faults=["429", "503"]).status_code == 204
    with pytest.raises(stripe.RateLimitError):
        sandbox.client.v1.charges.list()
    assert httpx.delete(f"{sandbox.url}/_faults/requests").status_code == 204
    assert sandbox.client.v1.charges.list().data == []
    tell(sandbox, "requests", faults=["lock_timeout"])
    with pytest.raises(stripe.RateLimitError, match="cannot be accessed right now"):
        sandbox.client.v1.refunds.list()


def test_webhooks_are_planned_held_released_and_sent_again(sandbox: Sandbox) -> None:
    tell(sandbox, "webhooks", event_type="charge.succeeded", ways=["twice"])
    pay(sandbox)
    sandbox.tick()
    assert sandbox.receiver.types == [PAID[0], PAID[1], PAID[1], PAID[2]]
    tell(sandbox, "webhooks/hold")
    pay(sandbox)
    assert sandbox.tick() == 0
    tell(sandbox, "webhooks/release", reverse=True)
    sandbox.tick()
    assert sandbox.receiver.types[4:] == PAID[::-1]
    tell(sandbox, "webhooks/resend", event=sandbox.receiver.taken[0].id)
    sandbox.tick()
    assert sandbox.receiver.types[7:] == PAID[:1]
    tell(sandbox, "webhooks/hold")
    pay(sandbox)
    tell(sandbox, "webhooks/release", seed=1)
    sandbox.tick()
    assert sorted(sandbox.receiver.types[8:]) == sorted(PAID)


def test_a_person_is_sent_with_a_code(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    coupon = v1.coupons.create({"percent_off": 10})
    v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "TEA"})
    session = v1.checkout.sessions.create(session_parameters(allow_promotion_codes=True))
    visit = {"session": session.id, "details": {"promotion_code": "tea"}}
    assert httpx.post(f"{sandbox.url}/_people/pay", json=visit).json()["paid"]
    assert v1.checkout.sessions.retrieve(session.id).amount_total == 2743


@pytest.mark.parametrize(
    ("path", "what", "status"),
    [
        ("requests", {"endpoint": "GET /v1/teapots", "faults": ["429"]}, 422),
        ("requests", {"faults": ["earthquake"]}, 422),
        ("requests", {"fault": "429"}, 422),
        ("webhooks", {"ways": ["pigeon"]}, 422),
        ("webhooks/resend", {"event": "evt_none"}, 404),
    ],
)
def test_what_cannot_be_planted_says_why(
    sandbox: Sandbox, path: str, what: dict[str, Any], status: int
) -> None:
    assert tell(sandbox, path, **what).status_code == status
