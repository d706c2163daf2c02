"""Payments with the real library: cards, 3-D Secure, capture, cancellation, and what is refused when."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe import CardDeclined
from tests.emulators.stripe_sandbox import Sandbox, intent_parameters


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def authorised(sandbox: Sandbox, amount: int = 2000) -> stripe.PaymentIntent:
    return sandbox.client.v1.payment_intents.create(intent_parameters(amount=amount, capture_method="manual"))


def unexpected_state(call: Any, *arguments: Any) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        call(*arguments)
    assert refusal.value.code == "payment_intent_unexpected_state"
    assert refusal.value.http_status == 400
    return refusal.value


@pytest.mark.parametrize(
    ("card", "brand"),
    [("pm_card_visa", "visa"), ("pm_card_mastercard", "mastercard"), ("pm_card_amex", "amex")],
)
def test_a_good_card_pays_at_once(sandbox: Sandbox, card: str, brand: str) -> None:
    intent = sandbox.client.v1.payment_intents.create(
        intent_parameters(payment_method=card, metadata={"order": "7"}, expand=["latest_charge"])
    )
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 2000, 0)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.paid, charge.captured, charge.amount_captured) == (True, True, 2000)
    assert charge.payment_method_details.card.brand == brand  # type: ignore[union-attr]
    assert charge.metadata.to_dict() == {"order": "7"}
    assert sandbox.events() == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
        ("pm_card_threeDSecureRequiredProcessingError", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ],
)
def test_a_bad_card_is_declined_with_its_reason(
    sandbox: Sandbox, card: str, code: str, decline_code: str | None
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        sandbox.client.v1.payment_intents.create(intent_parameters(payment_method=card))
    error = declined.value.error
    assert error is not None
    assert (declined.value.http_status, error.type, error.code) == (402, "card_error", code)
    assert error.decline_code == decline_code
    assert error.doc_url == f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
    intent = sandbox.client.v1.payment_intents.retrieve(error.payment_intent.id)  # type: ignore[union-attr]
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.code == code
    charge = sandbox.client.v1.charges.retrieve(str(error.charge))
    assert (charge.status, charge.failure_code, charge.paid) == ("failed", code, False)
    assert sandbox.events()[1:] == ["charge.failed", "payment_intent.payment_failed"]


def test_after_a_decline_another_card_pays_the_same_payment(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    with pytest.raises(stripe.CardError) as declined:
        v1.payment_intents.create(intent_parameters(payment_method="pm_card_visa_chargeDeclined"))
    intent_id = declined.value.error.payment_intent.id  # type: ignore[union-attr]
    paid = v1.payment_intents.confirm(intent_id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    assert len(v1.charges.list({"payment_intent": intent_id}).data) == 2


def test_a_payment_without_a_card_waits_for_one(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create({"amount": 500, "currency": "EUR"})
    assert (intent.status, intent.currency, intent.latest_charge) == ("requires_payment_method", "eur", None)
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        v1.payment_intents.confirm(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="you must provide a `return_url`"):
        v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    confirmed = v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa", "return_url": "https://shop.example/"}
    )
    assert confirmed.status == "succeeded"


def test_a_card_given_without_confirming_waits_for_confirmation(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(intent_parameters(confirm=None))
    assert intent.status == "requires_confirmation"
    assert v1.payment_intents.confirm(intent.id).status == "succeeded"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"payment_method": None}, "missing a payment method"),
        ({"payment_method": "pm_nowhere"}, "No such PaymentMethod: 'pm_nowhere'"),
        ({"automatic_payment_methods": None}, "you must provide a `return_url`"),
        ({"confirm": None, "return_url": "https://shop.example/"}, "unless `confirm` is set to true"),
        ({"receipt_email": "ann"}, "Invalid email address"),
    ],
)
def test_a_refused_request_makes_no_payment(sandbox: Sandbox, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        sandbox.client.v1.payment_intents.create(intent_parameters(**changes))
    assert not sandbox.events()


def test_a_used_card_cannot_be_used_again_without_a_customer(sandbox: Sandbox) -> None:
    intent = sandbox.client.v1.payment_intents.create(intent_parameters())
    with pytest.raises(stripe.InvalidRequestError, match="previously used with a PaymentIntent"):
        sandbox.client.v1.payment_intents.create(intent_parameters(payment_method=intent.payment_method))


@pytest.mark.parametrize(
    ("answer", "status"), [("approve", "succeeded"), ("refuse", "requires_payment_method")]
)
def test_3d_secure_sends_the_customer_to_the_bank_and_back(
    sandbox: Sandbox, answer: str, status: str
) -> None:
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(
        intent_parameters(
            payment_method="pm_card_authenticationRequired",
            return_url="https://shop.example/back?order=7",
            automatic_payment_methods=None,
        )
    )
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    back = httpx.post(str(intent.next_action.redirect_to_url.url), data={"answer": answer})
    assert back.status_code == 303
    assert back.headers["location"].startswith(
        f"https://shop.example/back?order=7&payment_intent={intent.id}"
    )
    after = v1.payment_intents.retrieve(intent.id)
    assert after.status == status
    if answer == "refuse":
        assert after.last_payment_error is not None
        assert after.last_payment_error.code == "payment_intent_authentication_failure"
        assert sandbox.events()[-1] == "payment_intent.payment_failed"


def test_an_authorisation_is_held_and_captured_later(sandbox: Sandbox) -> None:
    intent = authorised(sandbox)
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 2000, 0)
    assert sandbox.events()[1:] == ["charge.succeeded", "payment_intent.amount_capturable_updated"]
    charge = sandbox.client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.captured, charge.balance_transaction) == (False, None)
    assert charge.payment_method_details.card.capture_before == sandbox.now() + 7 * 86400  # type: ignore[union-attr]
    taken = sandbox.client.v1.payment_intents.capture(intent.id)
    assert (taken.status, taken.amount_capturable, taken.amount_received) == ("succeeded", 0, 2000)
    assert sandbox.events()[3:] == ["charge.captured", "payment_intent.succeeded"]


def test_a_partial_capture_releases_the_rest_for_good(sandbox: Sandbox) -> None:
    intent = authorised(sandbox)
    v1 = sandbox.client.v1
    taken = v1.payment_intents.capture(intent.id, {"amount_to_capture": 1500, "metadata": {"seats": "3"}})
    assert (taken.amount_received, taken.amount, taken.metadata.to_dict()) == (1500, 2000, {"seats": "3"})
    charge = v1.charges.retrieve(str(intent.latest_charge), {"expand": ["refunds"]})
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (1500, 500, False)
    assert charge.refunds is not None
    assert [refund.amount for refund in charge.refunds.data] == [500]
    booked = v1.balance_transactions.list().data
    assert [(entry.amount, entry.reporting_category) for entry in booked] == [
        (-500, "partial_capture_reversal"),
        (2000, "charge"),
    ]
    assert sum(entry.net for entry in booked) == 1500 - (1500 * 15 // 1000 + 1 + 25)  # 1.5 % of it, half up
    refused = unexpected_state(v1.payment_intents.capture, intent.id)
    assert str(refused.user_message).endswith("because it has already been captured.")


def test_no_more_is_captured_than_was_authorised(sandbox: Sandbox) -> None:
    intent = authorised(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="requested capture amount is greater") as refusal:
        sandbox.client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 2001})
    assert refusal.value.code == "amount_too_large"
    with pytest.raises(stripe.InvalidRequestError, match="greater than or equal to 1"):
        sandbox.client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 0})
    assert sandbox.client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_cancelling_releases_the_authorisation(sandbox: Sandbox) -> None:
    intent = authorised(sandbox)
    v1 = sandbox.client.v1
    ended = v1.payment_intents.cancel(intent.id, {"cancellation_reason": "requested_by_customer"})
    assert (ended.status, ended.cancellation_reason) == ("canceled", "requested_by_customer")
    assert (ended.canceled_at, ended.amount_capturable) == (sandbox.now(), 0)
    assert sandbox.events()[3:] == ["payment_intent.canceled", "charge.refunded"]
    assert v1.charges.retrieve(str(intent.latest_charge)).refunded
    assert not v1.balance_transactions.list().data
    refused = unexpected_state(v1.payment_intents.capture, intent.id)
    assert "because it has a status of canceled. Only a PaymentIntent" in str(refused.user_message)
    unexpected_state(v1.payment_intents.cancel, intent.id)
    unexpected_state(v1.payment_intents.confirm, intent.id)
    assert refused.error is not None
    assert refused.error.payment_intent.status == "canceled"  # type: ignore[union-attr]


def test_a_finished_payment_is_neither_cancelled_confirmed_nor_changed(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(intent_parameters())
    refused = unexpected_state(v1.payment_intents.cancel, intent.id)
    assert "because it has a status of succeeded. Only a PaymentIntent" in str(refused.user_message)
    refused = unexpected_state(v1.payment_intents.confirm, intent.id)
    assert str(refused.user_message).endswith(
        "because it has already succeeded after being previously confirmed."
    )
    unexpected_state(v1.payment_intents.update, intent.id, {"amount": 100})
    assert v1.payment_intents.update(intent.id, {"description": "Order 7"}).description == "Order 7"


def test_a_reason_to_cancel_is_one_of_stripes(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be one of abandoned, duplicate") as refusal:
        sandbox.client.v1.payment_intents.cancel(
            authorised(sandbox).id, {"cancellation_reason": "changed_mind"}
        )
    assert refusal.value.param == "cancellation_reason"


def test_an_authorisation_lapses_after_seven_days(sandbox: Sandbox) -> None:
    intent = authorised(sandbox)
    sandbox.clock.advance(7 * 86400 - 1)
    sandbox.tick()
    v1 = sandbox.client.v1
    assert v1.payment_intents.retrieve(intent.id).status == "requires_capture"
    sandbox.clock.advance(1)
    sandbox.tick()
    ended = v1.payment_intents.retrieve(intent.id)
    assert (ended.status, ended.cancellation_reason) == ("canceled", "automatic")
    assert sandbox.events()[3:] == ["charge.expired", "payment_intent.canceled"]
    (released,) = v1.refunds.list({"payment_intent": intent.id}).data
    assert released.reason == "expired_uncaptured_charge"
    unexpected_state(v1.payment_intents.capture, intent.id)


def test_a_late_capture_is_refused_though_nobody_ticked(sandbox: Sandbox) -> None:
    intent = authorised(sandbox)
    sandbox.clock.advance(7 * 86400)
    unexpected_state(sandbox.client.v1.payment_intents.capture, intent.id)


def test_a_captured_authorisation_does_not_lapse(sandbox: Sandbox) -> None:
    intent = authorised(sandbox)
    sandbox.client.v1.payment_intents.capture(intent.id)
    sandbox.clock.advance(30 * 86400)
    sandbox.tick()
    assert sandbox.client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_the_ledger_knows_fees_and_when_funds_arrive(sandbox: Sandbox) -> None:
    intent = sandbox.client.v1.payment_intents.create(intent_parameters(amount=3033))
    (entry,) = sandbox.client.v1.balance_transactions.list({"source": str(intent.latest_charge)}).data
    assert (entry.amount, entry.fee, entry.net, entry.type) == (3033, 45 + 25, 2963, "charge")
    assert [detail.type for detail in entry.fee_details] == ["stripe_fee"]
    assert entry.status == "pending"
    sandbox.clock.advance(7 * 86400)
    assert sandbox.client.v1.balance_transactions.retrieve(entry.id).status == "available"


def test_a_card_is_charged_directly_for_telegram(sandbox: Sandbox) -> None:
    charge_id = sandbox.world.charge(1999, "EUR", "visa", "Invoice 12")
    charge = sandbox.client.v1.charges.retrieve(charge_id)
    assert (charge.amount, charge.currency, charge.description, charge.captured) == (
        1999,
        "eur",
        "Invoice 12",
        True,
    )
    assert sandbox.events()[-1] == "payment_intent.succeeded"
    assert sandbox.client.v1.refunds.create({"charge": charge_id}).status == "succeeded"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("declined", "generic_decline"),
        ("insufficient", "insufficient_funds"),
        ("expired", "expired_card"),
        ("three_d_secure_refused", "payment_intent_authentication_failure"),
    ],
)
def test_a_direct_charge_may_be_declined(sandbox: Sandbox, card: str, code: str) -> None:
    with pytest.raises(CardDeclined) as declined:
        sandbox.world.charge(1999, "eur", card, "Invoice 12")
    assert declined.value.code == code
    assert sandbox.events()[-1] == "payment_intent.payment_failed"


def test_a_direct_charge_with_3d_secure_is_approved(sandbox: Sandbox) -> None:
    assert sandbox.world.charge(1999, "eur", "three_d_secure", "Invoice 12").startswith("ch_")


def test_an_unknown_card_is_a_mistake_of_the_caller(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="'diners' is no test card; there are visa, mastercard"):
        sandbox.world.charge(1999, "eur", "diners", "Invoice 12")


def test_a_blocked_payment_never_reaches_the_bank(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.CardError) as declined:
        sandbox.client.v1.payment_intents.create(intent_parameters(payment_method="pm_card_radarBlock"))
    assert declined.value.error is not None
    outcome = sandbox.client.v1.charges.retrieve(str(declined.value.error.charge)).outcome
    assert outcome is not None
    assert (outcome.type, outcome.network_status, outcome.reason) == (
        "blocked",
        "not_sent_to_network",
        "highest_risk_level",
    )


def raisable(sandbox: Sandbox) -> stripe.PaymentIntent:
    options = {"card": {"request_incremental_authorization": "if_available"}}
    return sandbox.client.v1.payment_intents.create(
        intent_parameters(capture_method="manual", payment_method_options=options)
    )


def test_an_authorisation_is_raised_and_captured(sandbox: Sandbox) -> None:
    v1, intent = sandbox.client.v1, raisable(sandbox)
    charge = v1.charges.retrieve(str(intent.latest_charge))
    assert charge.payment_method_details.card.incremental_authorization.status == "available"  # type: ignore[union-attr]
    more = v1.payment_intents.increment_authorization(
        intent.id, {"amount": 2500, "description": "two more", "metadata": {"seats": "5"}}
    )
    assert (more.amount, more.amount_capturable, more.description) == (2500, 2500, "two more")
    assert sandbox.events()[-1] == "payment_intent.amount_capturable_updated"
    assert v1.payment_intents.capture(intent.id).amount_received == 2500
    assert v1.charges.retrieve(str(intent.latest_charge)).amount_captured == 2500


def test_an_authorisation_is_only_raised_where_that_was_asked_for(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    with pytest.raises(stripe.InvalidRequestError, match="not eligible for incremental authorization"):
        v1.payment_intents.increment_authorization(authorised(sandbox).id, {"amount": 2500})
    intent = raisable(sandbox)
    for amount, message in (
        (2000, "must be greater than"),
        (1999, "must be greater"),
        (100_000_000, "no more"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=message) as refusal:
            v1.payment_intents.increment_authorization(intent.id, {"amount": amount})
        assert refusal.value.param == "amount"
    v1.payment_intents.capture(intent.id)
    unexpected_state(v1.payment_intents.increment_authorization, intent.id, {"amount": 3000})


def test_an_authorisation_is_raised_ten_times(sandbox: Sandbox) -> None:
    intent = raisable(sandbox)
    raise_to = sandbox.client.v1.payment_intents.increment_authorization
    for step in range(10):
        raise_to(intent.id, {"amount": 2001 + step})
    with pytest.raises(stripe.InvalidRequestError, match="at most 10 incremental"):
        raise_to(intent.id, {"amount": 5000})


def test_a_raised_authorisation_lapses_with_the_first(sandbox: Sandbox) -> None:
    intent = raisable(sandbox)
    sandbox.clock.advance(6 * 86400)
    sandbox.client.v1.payment_intents.increment_authorization(intent.id, {"amount": 2500})
    sandbox.clock.advance(86400)
    ended = sandbox.client.v1.payment_intents.retrieve(intent.id)
    assert (ended.status, ended.cancellation_reason) == ("canceled", "automatic")


def test_the_amount_may_change_until_it_is_paid(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    waiting = v1.payment_intents.create({"amount": 500, "currency": "eur"})
    chosen = v1.payment_intents.create(intent_parameters(confirm=None))
    asked = v1.payment_intents.create(intent_parameters(payment_method="pm_card_authenticationRequired"))
    for intent in (waiting, chosen, asked):
        changed = v1.payment_intents.update(intent.id, {"amount": 700})
        assert (changed.amount, changed.status) == (700, intent.status)
    assert v1.payment_intents.confirm(chosen.id).amount_received == 700
    unexpected_state(v1.payment_intents.update, authorised(sandbox).id, {"amount": 100})
