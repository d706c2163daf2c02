"""A request sent twice is worked on once, through every planted fault."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.emulators.stripe_sandbox import Sandbox, intent_parameters


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


KEY: Any = {"idempotency_key": "refund:7K3Q9T"}


def paid(sandbox: Sandbox) -> str:
    return sandbox.client.v1.payment_intents.create(intent_parameters()).id


def form(intent: str) -> dict[str, str]:
    return {"payment_intent": intent, "amount": "500"}


def post(sandbox: Sandbox, data: dict[str, str], key: str, path: str = "/v1/refunds") -> Any:
    return sandbox.http.post(path, data=data, headers={"Idempotency-Key": key})


def test_the_same_request_is_replayed_to_the_byte(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    first = post(sandbox, form(intent), "k")
    assert first.headers["idempotency-key"] == "k"
    assert "idempotent-replayed" not in first.headers
    sandbox.clock.advance(3600)
    again = post(sandbox, dict(reversed(form(intent).items())), "k")  # the order of parameters says nothing
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert len(sandbox.client.v1.refunds.list().data) == 1


def test_a_key_is_for_one_set_of_parameters(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY)
    with pytest.raises(stripe.IdempotencyError, match="same parameters they were first used with") as refusal:
        sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 501}, KEY)
    assert refusal.value.http_status == 400
    assert "Try using a key other than 'refund:7K3Q9T'" in str(refusal.value.user_message)


def test_a_key_is_for_one_endpoint(sandbox: Sandbox) -> None:
    sandbox.client.v1.refunds.create({"payment_intent": paid(sandbox)}, KEY)
    with pytest.raises(stripe.IdempotencyError, match=r"'/v1/refunds' vs '/v1/payment_intents'"):
        sandbox.client.v1.payment_intents.create(intent_parameters(), KEY)


def test_a_refusal_is_replayed_too(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    declined = intent_parameters(payment_method="pm_card_visa_chargeDeclined")
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            sandbox.client.v1.payment_intents.create(declined, {"idempotency_key": "declined"})
    assert len(sandbox.client.v1.charges.list().data) == 2
    too_much: Any = {"payment_intent": intent, "amount": 5000}
    for replayed in (False, True):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            sandbox.client.v1.refunds.create(too_much, KEY)
        assert refusal.value.headers is not None
        assert ("idempotent-replayed" in refusal.value.headers) is replayed


def test_a_request_that_fails_its_checks_does_not_use_up_its_key(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="Invalid integer"):
        sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": "all"}, KEY)  # type: ignore[typeddict-item]
    assert sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY).amount == 500


def test_a_key_is_forgotten_after_a_day(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    first = sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY)
    sandbox.clock.advance(24 * 3600 - 1)
    assert sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY).id == first.id
    sandbox.clock.advance(1)
    assert sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY).id != first.id


def test_a_key_has_a_length(sandbox: Sandbox) -> None:
    answer = post(sandbox, form(paid(sandbox)), "k" * 256)
    assert (answer.status_code, "255 characters" in answer.text) == (400, True)


def test_keys_mean_nothing_when_reading(sandbox: Sandbox) -> None:
    for path in ("/v1/refunds", "/v1/charges"):
        answer = sandbox.http.get(path, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 200
        assert "idempotent-replayed" not in answer.headers


def test_a_key_that_is_being_worked_on_is_busy(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    sandbox.world.faults.next("POST /v1/refunds", ["slow"])
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(post, sandbox, form(intent), "k")
        until = time.monotonic() + 20
        while sandbox.clock.sleepers == 0:
            assert time.monotonic() < until
        busy = post(sandbox, form(intent), "k")
        assert busy.status_code == 409
        assert busy.json()["error"]["code"] == "idempotency_key_in_use"
        assert busy.json()["error"]["type"] == "idempotency_error"
        sandbox.run(sandbox.clock.run(5))
        assert slow.result().status_code == 200
    assert post(sandbox, form(intent), "k").headers["idempotent-replayed"] == "true"


def test_after_a_timeout_the_work_is_done_and_the_same_key_shows_it(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    sandbox.world.faults.next("POST /v1/refunds", ["timeout"])
    with pytest.raises(stripe.APIConnectionError):
        sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY)
    (refund,) = sandbox.client.v1.refunds.list().data
    assert sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY).id == refund.id


def test_a_lost_request_was_never_worked_on(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    sandbox.world.faults.next("POST /v1/refunds", ["lost"])
    with pytest.raises(stripe.APIConnectionError):
        sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY)
    assert not sandbox.client.v1.refunds.list().data
    assert sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY).amount == 500


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", stripe.APIError),
        ("502", stripe.APIError),
        ("503", stripe.APIError),
        ("504", stripe.APIError),
        ("429", stripe.RateLimitError),
        ("lock_timeout", stripe.RateLimitError),
    ],
)
def test_a_refusal_at_the_door_leaves_the_key_free(
    sandbox: Sandbox, fault: str, error: type[Exception]
) -> None:
    intent = paid(sandbox)
    sandbox.world.faults.next("POST /v1/refunds", [fault, "ok"])
    with pytest.raises(error):
        sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY)
    assert not sandbox.client.v1.refunds.list().data
    assert sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY).amount == 500


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [("429", "rate_limit", "endpoint-rate"), ("lock_timeout", "lock_timeout", None)],
)
def test_a_request_too_many_is_told_in_stripes_envelope(
    sandbox: Sandbox, fault: str, code: str, reason: str | None
) -> None:
    sandbox.world.faults.next("GET /v1/charges", [fault])
    with pytest.raises(stripe.RateLimitError) as refusal:
        sandbox.client.v1.charges.list()
    error = refusal.value.error
    assert error is not None
    assert (refusal.value.http_status, error.code, error.type) == (429, code, "invalid_request_error")
    assert refusal.value.headers is not None
    assert refusal.value.headers.get("stripe-rate-limited-reason") == reason


@pytest.mark.parametrize(
    ("fault", "error"), [("cut", stripe.APIConnectionError), ("502_done", stripe.APIError)]
)
def test_an_answer_that_gets_lost_on_the_way_is_there_under_its_key(
    sandbox: Sandbox, fault: str, error: type[Exception]
) -> None:
    intent = paid(sandbox)
    sandbox.world.faults.next("POST /v1/refunds", [fault])
    with pytest.raises(error):
        sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY)
    (refund,) = sandbox.client.v1.refunds.list().data
    assert sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY).id == refund.id


def test_a_fault_may_be_for_whatever_comes_next(sandbox: Sandbox) -> None:
    sandbox.world.faults.next("*", ["503", "503"])
    sandbox.world.faults.next("GET /v1/charges", ["429"])
    with pytest.raises(stripe.RateLimitError):
        sandbox.client.v1.charges.list()
    with pytest.raises(stripe.APIError):
        sandbox.client.v1.refunds.list()
    sandbox.world.faults.clear()
    assert not sandbox.client.v1.charges.list().data


def test_a_saved_500_is_replayed_until_its_key_is_forgotten(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    sandbox.world.faults.next("POST /v1/refunds", ["500_saved"])
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}, KEY)
    assert not sandbox.client.v1.refunds.list().data
    assert sandbox.client.v1.refunds.create({"payment_intent": intent, "amount": 500}).amount == 500


def test_the_librarys_own_retries_get_through_a_bad_spell(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    sandbox.world.faults.next("POST /v1/refunds", ["timeout", "503"])
    client = sandbox.new_client(max_network_retries=3)
    assert client.v1.refunds.create({"payment_intent": intent, "amount": 500}).amount == 500
    assert len(sandbox.client.v1.refunds.list().data) == 1
    client._requestor._get_http_client().close()


def test_faults_are_planned_for_endpoints_and_kinds_that_exist(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="'POST /v1/refund' is no endpoint here"):
        sandbox.world.faults.next("POST /v1/refund", ["timeout"])
    with pytest.raises(ValueError, match="'earthquake' is no fault; there are ok, timeout"):
        sandbox.world.faults.next("POST /v1/refunds", ["earthquake"])
