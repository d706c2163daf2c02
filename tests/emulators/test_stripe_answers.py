"""What the emulator answers is what Stripe's library says the API answers, on every endpoint and in every state.

The harness holds every answer of every test against the library (stripe_answers.Witness). Here all endpoints are
walked in one go, and each kind of lie is told once to show that it is found out.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from sandbox.stripe import rendering
from sandbox.stripe.endpoints import ENDPOINTS
from tests.emulators import stripe_answers
from tests.emulators.stripe_answers import event_faults, faults
from tests.emulators.stripe_sandbox import Sandbox, intent_parameters, plain, session_parameters

DAY = 86_400


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def walk(sandbox: Sandbox) -> None:
    """Every endpoint, and every object in every state that it can be in."""
    payments(sandbox)
    visits(sandbox)
    refunds(sandbox)
    disputes(sandbox)
    rest(sandbox)


def payments(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1.payment_intents
    v1.create({"amount": 500, "currency": "eur"})
    chosen = v1.create(intent_parameters(confirm=None))
    asked = v1.create(intent_parameters(payment_method="pm_card_authenticationRequired"))
    v1.cancel(asked.id, {"cancellation_reason": "abandoned"})
    with pytest.raises(stripe.CardError):
        v1.confirm(chosen.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    with pytest.raises(stripe.InvalidRequestError):
        v1.capture(chosen.id)
    v1.update(
        chosen.id, {"amount": 700, "shipping": {"name": "Ann", "address": {"line1": "1 Sample Street"}}}
    )
    v1.confirm(chosen.id, {"payment_method": "pm_card_mastercard"})
    options = {"card": {"request_incremental_authorization": "if_available"}}
    held, lapses = (
        v1.create(intent_parameters(capture_method="manual", payment_method_options=options)) for _ in "12"
    )
    v1.increment_authorization(held.id, {"amount": 2500})
    v1.capture(held.id, {"amount_to_capture": 1500})
    v1.retrieve(held.id, {"expand": ["latest_charge.refunds", "payment_method", "customer"]})
    sandbox.clock.advance(7 * DAY)
    assert v1.retrieve(lapses.id).status == "canceled"
    v1.list()


def visits(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    coupon = v1.coupons.create({"percent_off": 10, "name": "Spring"})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "TEA"})
    everything = {
        "customer_email": None,
        "customer_creation": "always",
        "allow_promotion_codes": True,
        "phone_number_collection": {"enabled": True},
        "shipping_address_collection": {"allowed_countries": ["IE"]},
        "shipping_options": [
            {
                "shipping_rate_data": {
                    "display_name": "Post",
                    "type": "fixed_amount",
                    "fixed_amount": {"amount": 490, "currency": "eur"},
                }
            }
        ],
        "submit_type": "pay",
        "locale": "en",
        "billing_address_collection": "auto",
    }
    plain_one, full, over = (
        v1.checkout.sessions.create(session_parameters(**given)) for given in ({}, everything, {})
    )
    sandbox.pay(plain_one.id, "declined")
    sandbox.pay(full.id, promotion_code="TEA")
    v1.checkout.sessions.retrieve(
        full.id,
        {
            "expand": [
                "line_items",
                "customer",
                "payment_intent.latest_charge",
                "total_details.breakdown",
                "discounts.promotion_code",
            ]
        },
    )
    free = v1.coupons.create({"percent_off": 100})
    nothing = v1.checkout.sessions.create(session_parameters(discounts=[{"coupon": free.id}]))
    sandbox.pay(nothing.id)
    v1.checkout.sessions.expire(over.id)
    v1.checkout.sessions.line_items.list(full.id)
    v1.checkout.sessions.list()
    v1.promotion_codes.retrieve(code.id, {"expand": ["promotion.coupon"]})
    v1.promotion_codes.update(code.id, {"active": False})
    v1.promotion_codes.list()
    v1.coupons.retrieve(coupon.id)
    v1.coupons.update(coupon.id, {"name": "May"})
    v1.coupons.list()
    v1.coupons.delete(free.id)


def refunds(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    for card in ("pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"):
        intent = v1.payment_intents.create(intent_parameters(payment_method=card))
        refund = v1.refunds.create({"payment_intent": intent.id, "reason": "duplicate"})
        v1.refunds.update(refund.id, {"metadata": {"ticket": "9"}})
        with pytest.raises(stripe.InvalidRequestError):
            v1.refunds.cancel(refund.id)
        sandbox.clock.advance(60)
        v1.refunds.retrieve(refund.id, {"expand": ["charge", "balance_transaction"]})
    intent = v1.payment_intents.create(intent_parameters(payment_method="pm_card_pendingRefund"))
    refund = v1.refunds.create({"payment_intent": intent.id})
    sandbox.world.cancel_refund(refund.id)
    v1.refunds.list()


def disputes(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    for card, text in (
        ("pm_card_createDispute", "winning_evidence"),
        ("pm_card_createDispute", "losing_evidence"),
        ("pm_card_createDisputeProductNotReceived", None),
        ("pm_card_createDisputeInquiry", "escalate_inquiry_evidence"),
        ("pm_card_createDisputeInquiry", "winning_evidence"),
    ):
        intent = v1.payment_intents.create(intent_parameters(payment_method=card))
        (dispute,) = v1.disputes.list({"payment_intent": intent.id}).data
        if text is None:
            v1.disputes.close(dispute.id)
            continue
        v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})
        sandbox.clock.advance(60)
        v1.disputes.retrieve(dispute.id, {"expand": ["charge", "payment_intent"]})


def rest(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    customer = v1.customers.create({"email": "ann@example.com", "address": {"city": "Dublin"}})
    v1.customers.update(customer.id, {"name": "Ann", "shipping": {"name": "Ann", "address": {"line1": "1"}}})
    v1.customers.list()
    sandbox.clock.advance(60)
    assert v1.customers.search({"query": 'name:"Ann"', "limit": 1}).data
    v1.customers.delete(customer.id)
    v1.customers.retrieve(customer.id)
    for charge in v1.charges.list({"limit": 100, "expand": ["data.refunds"]}).data:
        v1.charges.retrieve(charge.id)
    for entry in v1.balance_transactions.list({"limit": 100, "expand": ["data.source"]}).data:
        v1.balance_transactions.retrieve(entry.id)
    v1.balance.retrieve()
    hook = v1.webhook_endpoints.create({"url": sandbox.hook, "enabled_events": ["charge.succeeded"]})
    v1.webhook_endpoints.update(hook.id, {"description": "the shop", "disabled": True})
    v1.webhook_endpoints.retrieve(hook.id)
    v1.webhook_endpoints.list()
    v1.webhook_endpoints.delete(hook.id)
    sandbox.tick()
    for event in v1.events.list({"limit": 100}).auto_paging_iter():
        v1.events.retrieve(event.id)


def test_every_endpoint_answers_in_every_state_as_the_library_declares(sandbox: Sandbox) -> None:
    walk(sandbox)
    never = [
        endpoint.name
        for endpoint in ENDPOINTS
        if all(endpoint.match(*asked) is None for asked in sandbox.witness.asked)
    ]
    assert never == []
    assert sandbox.witness.found == []
    assert sandbox.witness.seen >= {
        "balance",
        "balance_transaction",
        "charge",
        "checkout.session",
        "coupon",
        "customer",
        "discount",
        "dispute",
        "event",
        "item",
        "payment_intent",
        "payment_method",
        "promotion_code",
        "refund",
        "webhook_endpoint",
    }
    states = {(kind, each.status) for kind, rows in stateful(sandbox) for each in rows}
    assert states >= {
        *(("payment_intent", state) for state in ("requires_payment_method", "succeeded", "canceled")),
        *(("refund", state) for state in ("succeeded", "failed", "canceled")),
        *(("checkout.session", state) for state in ("open", "complete", "expired")),
        *(("dispute", state) for state in ("won", "lost", "needs_response", "warning_closed")),
    }


def stateful(sandbox: Sandbox) -> Iterator[tuple[str, Any]]:
    account = sandbox.world.account
    yield "payment_intent", account.intents
    yield "refund", account.refunds
    yield "checkout.session", account.sessions
    yield "dispute", account.disputes


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        ({"colour": "red"}, "refund has the unknown field colour"),
        ({"amount": None}, "refund.amount is no int: None"),
        ({"amount": "500"}, "refund.amount is no int: '500'"),
        ({"amount": True}, "refund.amount is no int: True"),
        ({"metadata": {"a": 1}}, "refund.metadata[a] is no str: 1"),
        ({"object": "teapot"}, "is of a kind that the library does not know: 'teapot'"),
        ({"charge": {"object": "payment_intent"}}, "refund.charge is"),
        ({"pending_reason": "lazy"}, "refund.pending_reason is 'lazy', which is none of"),
        ({"destination_details": {"type": "card", "card": {"type": "gift"}}}, "card.type is 'gift'"),
        ({"destination_details": {"card": {"type": "refund"}}}, "refund.destination_details lacks type"),
    ],
)
def test_a_lie_is_found_out(sandbox: Sandbox, lie: dict[str, Any], found: str) -> None:
    intent = sandbox.client.v1.payment_intents.create(intent_parameters())
    honest = plain(sandbox.client.v1.refunds.create({"payment_intent": intent.id}))
    assert faults(honest) == []
    assert any(re.search(re.escape(found), fault) for fault in faults({**honest, **lie}))


def test_what_is_left_out_is_found_out(sandbox: Sandbox) -> None:
    intent = plain(sandbox.client.v1.payment_intents.create(intent_parameters()))
    without = {key: value for key, value in intent.items() if key != "currency"}
    assert faults(without) == ["payment_intent lacks currency"]
    page = plain(sandbox.client.v1.payment_intents.list())
    assert faults({**page, "data": [without]}) == [".data[0] lacks currency"]
    assert faults({"object": "list", "data": []}) == [" lacks has_more", " lacks url"]
    assert faults({"error": {"type": "api_error", "colour": "red"}}) == [
        "error has the unknown field colour",
        "error lacks message",
    ]
    event = plain(sandbox.client.v1.events.list().data[0])
    event["data"]["object"] = without
    assert event_faults({**event, "type": "tea.ready"})[-1].endswith("lacks currency")
    assert any("'tea.ready'" in fault for fault in event_faults({**event, "type": "tea.ready"}))


def test_a_test_whose_answers_are_wrong_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault is planted in the emulator itself: a refund in a state that Stripe does not have."""
    honest = rendering.payments.refund
    monkeypatch.setattr(rendering, "refund", lambda refund: {**honest(refund), "pending_reason": "lazy"})
    sandbox = Sandbox(webhooks=False)
    intent = sandbox.client.v1.payment_intents.create(intent_parameters())
    sandbox.client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(
        AssertionError, match=r"POST /sandbox/stripe/v1/refunds: refund\.pending_reason is 'lazy'"
    ):
        sandbox.close()


def test_what_cannot_be_judged_fails_the_test_and_breaks_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stumble(_answer: object) -> list[str]:
        raise NameError("what is a refund?")

    monkeypatch.setattr(stripe_answers, "faults", stumble)
    sandbox = Sandbox(webhooks=False)
    answers = [sandbox.http.get("/v1/refunds") for _ in range(2)]
    ports = {answer.extensions["network_stream"].get_extra_info("client_addr") for answer in answers}
    assert len(ports) == 1
    with pytest.raises(NameError, match="refund"):
        sandbox.close()
