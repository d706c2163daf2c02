"""Checkout Sessions with the real library, paid by the sandbox's people and ended by its clock."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.errors import StripeError
from tests.emulators.stripe_sandbox import Sandbox, plain, price, session_parameters


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def opened(sandbox: Sandbox, **changes: Any) -> stripe.checkout.Session:
    return sandbox.client.v1.checkout.sessions.create(session_parameters(**changes))


def test_a_session_is_open_and_has_a_page_below_the_base_url(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    assert session.url == f"{sandbox.url}/pay/{session.id}"
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency, session.mode) == (3048, "eur", "payment")
    assert session.expires_at == sandbox.now() + 24 * 3600
    assert (session.client_reference_id, session.customer_email) == ("order-7K3Q9T", "ann@example.com")
    assert session.payment_method_types == ["card"]


def test_line_items_are_listed_in_their_order(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    items = sandbox.client.v1.checkout.sessions.line_items.list(session.id)
    assert [(item.description, item.quantity, item.amount_total) for item in items.data] == [
        ("Teapot", 1, 1250),
        ("Oolong, 100 g", 2, 1798),
    ]
    assert items.data[0].price is not None
    assert items.data[0].price.unit_amount == 1250
    rest = sandbox.client.v1.checkout.sessions.line_items.list(
        session.id, {"starting_after": items.data[0].id}
    )
    assert [item.description for item in rest.data] == ["Oolong, 100 g"]


def test_paying_completes_the_session(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    outcome = sandbox.pay(session.id)
    assert outcome.paid
    assert outcome.redirect_url == f"https://shop.example/thanks?session={session.id}"
    done = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert done.customer_details is not None
    assert done.customer_details.email == "ann@example.com"
    intent = done.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount, intent.description) == ("succeeded", 3048, "Order 7K3Q9T")
    assert intent.metadata.to_dict() == {"order": "7K3Q9T"}
    assert sandbox.events()[-1] == "checkout.session.completed"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("declined", "generic_decline"),
        ("insufficient", "insufficient_funds"),
        ("4000000000000127", "incorrect_cvc"),
        ("three_d_secure_refused", "payment_intent_authentication_failure"),
        ("abandon", "abandoned"),
    ],
)
def test_a_visit_that_fails_leaves_the_session_open(sandbox: Sandbox, card: str, code: str) -> None:
    session = opened(sandbox)
    outcome = sandbox.pay(session.id, card)
    assert (outcome.paid, outcome.code, outcome.session) == (False, code, "open")
    assert "checkout.session.completed" not in sandbox.events()
    assert sandbox.pay(session.id, "three_d_secure").paid
    after = sandbox.client.v1.payment_intents.list().data
    assert [intent.status for intent in after] == ["succeeded"]  # one payment, however many tries


def test_nobody_pays_twice(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    sandbox.pay(session.id)
    again = sandbox.pay(session.id)
    assert (again.paid, again.code) == (False, "session_complete")
    assert len(sandbox.client.v1.charges.list().data) == 1


def test_people_can_be_sent_over_http(sandbox: Sandbox) -> None:
    session = opened(sandbox, customer_email=None)
    visit = {"session": session.id, "card": "visa", "details": {"email": "bob@example.com"}}
    outcome = httpx.post(f"{sandbox.url}/_people/pay", json=visit)
    assert (outcome.status_code, outcome.json()["paid"]) == (200, True)
    done = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    assert done.customer_details is not None
    assert done.customer_details.email == "bob@example.com"
    for wrong, status in (
        ({"session": "cs_nowhere"}, 404),
        ({"session": session.id, "card": "diners"}, 422),
        ({"session": session.id, "details": {"shoe_size": "42"}}, 422),
    ):
        assert httpx.post(f"{sandbox.url}/_people/pay", json=wrong).status_code == status


def test_an_unknown_session_cannot_be_paid(sandbox: Sandbox) -> None:
    with pytest.raises(StripeError, match="No such checkout"):
        sandbox.pay("cs_nowhere")


def test_manual_capture_completes_the_session_unpaid_until_it_is_captured(sandbox: Sandbox) -> None:
    session = opened(sandbox, payment_intent_data={"capture_method": "manual"})
    sandbox.pay(session.id)
    v1 = sandbox.client.v1
    done = v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    v1.payment_intents.capture(str(done.payment_intent))
    assert v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_held_checkout_payment_may_be_cancelled(sandbox: Sandbox) -> None:
    session = opened(sandbox, payment_intent_data={"capture_method": "manual"})
    sandbox.pay(session.id)
    done = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    assert sandbox.client.v1.payment_intents.cancel(str(done.payment_intent)).status == "canceled"


def test_the_payment_of_an_open_session_cannot_be_cancelled_past_the_session(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    sandbox.pay(session.id, "declined")
    open_still = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        sandbox.client.v1.payment_intents.cancel(str(open_still.payment_intent))


def test_a_session_is_expired_by_the_shop_once(sandbox: Sandbox) -> None:
    v1, session = sandbox.client.v1, opened(sandbox)
    sandbox.pay(session.id, "declined")
    over = v1.checkout.sessions.expire(session.id)
    assert (over.status, over.url) == ("expired", None)
    assert v1.payment_intents.retrieve(str(over.payment_intent)).status == "canceled"
    assert sandbox.events()[-1] == "checkout.session.expired"
    with pytest.raises(stripe.InvalidRequestError, match="This Checkout Session has a status of expired"):
        v1.checkout.sessions.expire(session.id)
    assert sandbox.pay(session.id).code == "session_expired"


def test_a_paid_session_cannot_be_expired(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    sandbox.pay(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="This Checkout Session has a status of complete"):
        sandbox.client.v1.checkout.sessions.expire(session.id)


@pytest.mark.parametrize("minutes", [30, 24 * 60])
def test_a_session_runs_out_by_the_clock(sandbox: Sandbox, minutes: int) -> None:
    session = opened(sandbox, expires_at=sandbox.now() + minutes * 60)
    sandbox.clock.advance(minutes * 60 - 1)
    sandbox.tick()
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.clock.advance(1)
    sandbox.tick()
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert sandbox.events() == ["checkout.session.expired"]


def test_a_paid_session_does_not_run_out(sandbox: Sandbox) -> None:
    session = opened(sandbox)
    sandbox.pay(session.id)
    sandbox.clock.advance(25 * 3600)
    sandbox.tick()
    assert sandbox.client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_sessions_are_listed_by_status_and_payment(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    paid, waiting = opened(sandbox), opened(sandbox)
    sandbox.pay(paid.id)
    intent = str(v1.checkout.sessions.retrieve(paid.id).payment_intent)
    assert [each.id for each in v1.checkout.sessions.list({"status": "open"}).data] == [waiting.id]
    assert [each.id for each in v1.checkout.sessions.list({"payment_intent": intent}).data] == [paid.id]


def test_shipping_and_contact_are_collected(sandbox: Sandbox) -> None:
    rate = {
        "display_name": "Post",
        "type": "fixed_amount",
        "fixed_amount": {"amount": 490, "currency": "eur"},
    }
    session = opened(
        sandbox,
        line_items=[{"price_data": price("Teapot", 1250), "quantity": 1}],
        shipping_address_collection={"allowed_countries": ["IE", "DE"]},
        shipping_options=[{"shipping_rate_data": rate}],
        phone_number_collection={"enabled": True},
    )
    assert (session.amount_subtotal, session.amount_total) == (1250, 1740)
    sandbox.pay(session.id, "visa", name="Ann Ó Briain")
    done = plain(sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}))
    shipped_to = done["collected_information"]["shipping_details"]
    assert (shipped_to["name"], shipped_to["address"]["country"]) == ("Ann Ó Briain", "IE")
    assert done["customer_details"]["phone"].startswith("+")
    assert done["shipping_cost"]["amount_total"] == 490
    assert (done["payment_intent"]["amount"], done["payment_intent"]["shipping"]["name"]) == (
        1740,
        "Ann Ó Briain",
    )
