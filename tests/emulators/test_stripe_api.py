"""The API around the endpoints: keys, versions, addresses, lists, expansion, and the shape of what comes back."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.parameters import API_VERSION
from tests.emulators.stripe_sandbox import (
    API_KEY,
    MOUNTED_AT,
    Sandbox,
    intent_parameters,
    session_parameters,
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_a_request_without_a_key_is_turned_away(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.url}/v1/charges")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("You did not provide an API key.")
    assert answer.headers["www-authenticate"] == 'Basic realm="Stripe"'


def test_a_wrong_key_is_turned_away_without_showing_it(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.AuthenticationError) as refusal:
        sandbox.new_client("sk_test_somebody_elses_1234").v1.charges.list()
    assert refusal.value.http_status == 401
    assert str(refusal.value.user_message) == "Invalid API Key provided: sk_test_***************1234"


def test_the_key_may_come_as_the_user_name_of_basic_auth(sandbox: Sandbox) -> None:
    assert httpx.get(f"{sandbox.url}/v1/charges", auth=(API_KEY, "")).status_code == 200
    assert httpx.get(f"{sandbox.url}/v1/charges", headers={"Authorization": "Basic %%%"}).status_code == 401


def test_another_api_version_is_refused(sandbox: Sandbox) -> None:
    client = sandbox.new_client(stripe_version="2020-08-27")
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version: 2020-08-27"):
        client.v1.charges.list()


def test_every_answer_names_its_request_and_version(sandbox: Sandbox) -> None:
    answer = sandbox.http.get("/v1/charges")
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == API_VERSION
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.charges.retrieve("ch_nowhere")
    assert str(refusal.value.request_id).startswith("req_")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/teapots"), ("GET", "/v1/charges/"), ("PUT", "/v1/charges"), ("DELETE", "/v1/refunds/re_1")],
)
def test_an_address_that_is_not_there_says_so(sandbox: Sandbox, method: str, path: str) -> None:
    answer = sandbox.http.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(f"Unrecognized request URL ({method}: {path}).")


def test_a_json_body_is_refused(sandbox: Sandbox) -> None:
    answer = sandbox.http.post("/v1/refunds", json={"charge": "ch_1"})
    assert answer.status_code == 400
    assert "check that your POST content type is application/x-www-form-urlencoded" in answer.text


@pytest.mark.parametrize(
    ("retrieve", "kind", "param"),
    [
        (lambda v1: v1.payment_intents.retrieve("pi_x"), "payment_intent", "intent"),
        (lambda v1: v1.charges.retrieve("pi_x"), "charge", "id"),
        (lambda v1: v1.refunds.retrieve("pi_x"), "refund", "refund"),
        (lambda v1: v1.events.retrieve("pi_x"), "event", "id"),
        (lambda v1: v1.balance_transactions.retrieve("pi_x"), "balance_transaction", "id"),
        (lambda v1: v1.checkout.sessions.retrieve("pi_x"), "checkout.session", "session"),
        (lambda v1: v1.checkout.sessions.line_items.list("pi_x"), "checkout.session", "session"),
        (lambda v1: v1.disputes.retrieve("pi_x"), "dispute", "dispute"),
        (lambda v1: v1.customers.retrieve("pi_x"), "customer", "id"),
        (lambda v1: v1.coupons.retrieve("pi_x"), "coupon", "coupon"),
        (lambda v1: v1.promotion_codes.retrieve("pi_x"), "promotion code", "promotion_code"),
        (lambda v1: v1.webhook_endpoints.retrieve("pi_x"), "webhook endpoint", "webhook_endpoint"),
        (lambda v1: v1.refunds.create({"charge": "pi_x"}), "charge", "id"),
        (lambda v1: v1.refunds.create({"payment_intent": "pi_x"}), "payment_intent", "payment_intent"),
    ],
)
def test_an_object_that_is_not_there_is_missing(
    sandbox: Sandbox, retrieve: Any, kind: str, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        retrieve(sandbox.client.v1)
    assert refusal.value.http_status == 404
    assert (refusal.value.code, refusal.value.param) == ("resource_missing", param)
    assert refusal.value.user_message == f"No such {kind}: 'pi_x'"


# Stripe's library hands httpx its form as `data`, which httpx would rather have as `content`.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_the_library_works_below_a_path_and_asynchronously(sandbox: Sandbox) -> None:
    assert sandbox.url.endswith(MOUNTED_AT)

    async def use() -> tuple[str, list[str]]:
        client = sandbox.new_client(http_client=stripe.HTTPXClient())
        made = await client.v1.payment_intents.create_async(intent_parameters())
        listed = await client.v1.charges.list_async({"payment_intent": made.id})
        declined = intent_parameters(payment_method="pm_card_visa_chargeDeclined")
        with pytest.raises(stripe.CardError):
            await client.v1.payment_intents.create_async(declined)
        await client._requestor._get_http_client().close_async()
        return made.status, [charge.id async for charge in listed.auto_paging_iter()]

    status, charges = asyncio.run(use())
    assert status == "succeeded"
    assert len(charges) == 1


def test_lists_come_newest_first_and_page_both_ways(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    made = [v1.payment_intents.create({"amount": 100 + n, "currency": "eur"}).id for n in range(7)][::-1]
    first = v1.payment_intents.list({"limit": 3})
    assert [intent.id for intent in first.data] == made[:3]
    assert first.has_more
    assert [intent.id for intent in first.auto_paging_iter()] == made
    back = v1.payment_intents.list({"limit": 2, "ending_before": made[4]})
    assert [intent.id for intent in back.data] == made[2:4]
    assert back.has_more
    last = v1.payment_intents.list({"limit": 5, "starting_after": made[4]})
    assert [intent.id for intent in last.data] == made[5:]
    assert not last.has_more


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_has_between_one_and_a_hundred_objects(sandbox: Sandbox, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="This value must be") as refusal:
        sandbox.client.v1.charges.list({"limit": limit})
    assert refusal.value.param == "limit"


def test_a_page_starts_after_something_that_is_there(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.charges.list({"starting_after": "ch_nowhere"})
    assert (refusal.value.param, refusal.value.code) == ("starting_after", "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="ending_before, starting_after"):
        sandbox.client.v1.charges.list({"starting_after": "ch_1", "ending_before": "ch_2"})


def test_lists_are_narrowed_by_the_time_of_creation(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    early = v1.payment_intents.create({"amount": 500, "currency": "eur"})
    sandbox.clock.advance(100)
    late = v1.payment_intents.create({"amount": 500, "currency": "eur"})

    def found(created: Any) -> list[str]:
        return [intent.id for intent in v1.payment_intents.list({"created": created}).data]

    assert found({"gt": early.created}) == [late.id]
    assert found({"gte": early.created, "lt": late.created}) == [early.id]
    assert found({"lte": late.created}) == [late.id, early.id]
    assert found(early.created) == [early.id]


def test_objects_expand_in_place_of_their_ids(sandbox: Sandbox) -> None:
    session = sandbox.client.v1.checkout.sessions.create(session_parameters())
    sandbox.pay(session.id)
    shown = sandbox.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["line_items", "payment_intent.latest_charge.balance_transaction"]}
    )
    intent = shown.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.latest_charge.balance_transaction, stripe.BalanceTransaction)
    assert shown.line_items is not None
    assert [item.amount_total for item in shown.line_items.data] == [1250, 1798]
    refund = sandbox.client.v1.refunds.create({"payment_intent": intent.id, "expand": ["charge.refunds"]})
    assert isinstance(refund.charge, stripe.Charge)
    assert refund.charge.refunds is not None
    assert [each.id for each in refund.charge.refunds.data] == [refund.id]
    listed = sandbox.client.v1.balance_transactions.list({"expand": ["data.source"]})
    assert {type(entry.source) for entry in listed.data} == {stripe.Refund, stripe.Charge}


@pytest.mark.parametrize("path", ["amount", "latest_charge.amount", "a.b.c.d.e", "data.latest_charge"])
def test_an_expansion_that_leads_nowhere_is_refused_before_anything_is_done(
    sandbox: Sandbox, path: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="expand") as refusal:
        sandbox.client.v1.payment_intents.create(intent_parameters(expand=[path]))
    assert refusal.value.param == "expand"
    assert not sandbox.events()
