"""Two clients of one account: what the synchronous one did, the asynchronous one sees, and the other way round."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import stripe

from tests.emulators.stripe_sandbox import Sandbox, intent_parameters, plain, session_parameters

# Stripe's library hands httpx its form as `data`, which httpx would rather have as `content`.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def asynchronously(sandbox: Sandbox, use: Callable[[Any], Awaitable[Any]]) -> Any:
    """What the asynchronous client is told, as plain data."""

    async def work() -> Any:
        client = sandbox.new_client(http_client=stripe.HTTPXClient(allow_sync_methods=False))
        try:
            return plain(await use(client.v1))
        finally:
            await client._requestor._get_http_client().close_async()

    return asyncio.run(work())


def furnish(sandbox: Sandbox) -> dict[str, str]:
    """One of everything, made by the synchronous client; the ids."""
    v1 = sandbox.client.v1
    customer = v1.customers.create({"email": "ann@example.com"})
    coupon = v1.coupons.create({"percent_off": 10})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "TEA"})
    session = v1.checkout.sessions.create(
        session_parameters(customer=customer.id, customer_email=None, discounts=[{"promotion_code": code.id}])
    )
    sandbox.pay(session.id, "not_received")
    intent = str(v1.checkout.sessions.retrieve(session.id).payment_intent)
    (dispute,) = v1.disputes.list().data
    v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    sandbox.clock.advance(60)
    refund = v1.refunds.create({"payment_intent": intent, "amount": 500})
    return {
        "customers": customer.id,
        "coupons": coupon.id,
        "promotion_codes": code.id,
        "payment_intents": intent,
        "charges": str(refund.charge),
        "refunds": refund.id,
        "disputes": dispute.id,
        "balance_transactions": str(refund.balance_transaction),
        "events": v1.events.list().data[0].id,
    }


def test_both_clients_see_the_same_facts(sandbox: Sandbox) -> None:
    made = furnish(sandbox)
    for name, object_id in made.items():
        service = getattr(sandbox.client.v1, name)
        again = asynchronously(sandbox, lambda v1, n=name, i=object_id: getattr(v1, n).retrieve_async(i))
        assert again == plain(service.retrieve(object_id)), name
        listed = asynchronously(sandbox, lambda v1, n=name: getattr(v1, n).list_async())
        assert listed == plain(service.list()), name
    assert asynchronously(sandbox, lambda v1: v1.balance.retrieve_async()) == plain(
        sandbox.client.v1.balance.retrieve()
    )
    query: Any = {"query": 'email:"ann@example.com"'}
    found = asynchronously(sandbox, lambda v1: v1.customers.search_async(query))
    assert found == plain(sandbox.client.v1.customers.search(query))
    assert [each["id"] for each in found["data"]] == [made["customers"]]


def test_what_the_asynchronous_client_does_the_other_sees(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    customer = asynchronously(sandbox, lambda a: a.customers.create_async({"email": "bob@example.com"}))
    changed = asynchronously(sandbox, lambda a: a.customers.update_async(customer["id"], {"name": "Bob"}))
    assert plain(v1.customers.retrieve(customer["id"])) == changed
    coupon = asynchronously(sandbox, lambda a: a.coupons.create_async({"amount_off": 500, "currency": "eur"}))
    asked: Any = {"promotion": {"type": "coupon", "coupon": coupon["id"]}, "code": "BOB5"}
    code = asynchronously(sandbox, lambda a: a.promotion_codes.create_async(asked))
    off = asynchronously(sandbox, lambda a: a.promotion_codes.update_async(code["id"], {"active": False}))
    assert plain(v1.promotion_codes.retrieve(code["id"])) == off
    disputed = intent_parameters(payment_method="pm_card_createDispute", customer=customer["id"])
    intent = asynchronously(sandbox, lambda a: a.payment_intents.create_async(disputed))
    (dispute,) = v1.disputes.list({"payment_intent": intent["id"]}).data
    closed = asynchronously(sandbox, lambda a: a.disputes.close_async(dispute.id))
    assert plain(v1.disputes.retrieve(dispute.id)) == closed
    gone = asynchronously(sandbox, lambda a: a.customers.delete_async(customer["id"]))
    assert plain(v1.customers.retrieve(customer["id"])) == gone


def test_both_clients_are_refused_alike(sandbox: Sandbox) -> None:
    intent = sandbox.client.v1.payment_intents.create(
        intent_parameters(payment_method="pm_card_createDispute")
    )
    asked: Any = {"payment_intent": intent.id}
    refusals = []
    for refuse in (
        lambda: sandbox.client.v1.refunds.create(asked),
        lambda: asynchronously(sandbox, lambda v1: v1.refunds.create_async(asked)),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            refuse()
        refusals.append((refusal.value.http_status, refusal.value.code, refusal.value.user_message))
    assert refusals[0] == refusals[1]
    assert refusals[0][1] == "charge_disputed"
