"""Refunds with the real library: in part, in full, too much, and those that the bank answers later."""

from collections.abc import Iterator

import pytest
import stripe

from sandbox.stripe.errors import StripeError
from tests.emulators.stripe_sandbox import Sandbox, intent_parameters


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def paid(sandbox: Sandbox, card: str = "pm_card_visa") -> stripe.PaymentIntent:
    return sandbox.client.v1.payment_intents.create(intent_parameters(payment_method=card))


def test_parts_are_refunded_until_nothing_is_left(sandbox: Sandbox) -> None:
    v1, intent = sandbox.client.v1, paid(sandbox)
    first = v1.refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 500,
            "reason": "requested_by_customer",
            "metadata": {"order": "7"},
        }
    )
    assert (first.status, first.amount, first.charge) == ("succeeded", 500, intent.latest_charge)
    assert (first.reason, first.metadata.to_dict()) == ("requested_by_customer", {"order": "7"})  # type: ignore[union-attr]
    charge = v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.amount_refunded, charge.refunded) == (500, False)
    rest = v1.refunds.create({"charge": charge.id})
    assert rest.amount == 1500
    assert v1.charges.retrieve(charge.id).refunded
    assert sandbox.events()[3:] == ["refund.created", "charge.refunded"] * 2
    assert [each.id for each in v1.refunds.list({"charge": charge.id}).data] == [rest.id, first.id]
    assert sum(entry.net for entry in v1.balance_transactions.list().data) == -55  # the fee is not given back


def test_more_than_is_left_is_refused(sandbox: Sandbox) -> None:
    v1, intent = sandbox.client.v1, paid(sandbox)
    v1.refunds.create({"payment_intent": intent.id, "amount": 1300})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.refunds.create({"payment_intent": intent.id, "amount": 701})
    assert refusal.value.user_message == (
        "Refund amount (€7.01) is greater than unrefunded amount on charge (€7.00)"
    )
    assert (refusal.value.http_status, refusal.value.param, refusal.value.code) == (400, "amount", None)


def test_a_second_full_refund_is_refused(sandbox: Sandbox) -> None:
    v1, intent = sandbox.client.v1, paid(sandbox)
    v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.refunds.create({"payment_intent": intent.id})
    assert refusal.value.user_message == f"Charge {intent.latest_charge} has already been refunded."
    assert (refusal.value.http_status, refusal.value.code) == (400, "charge_already_refunded")


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_cannot_be_refunded(sandbox: Sandbox, amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="greater than or equal to 1") as refusal:
        sandbox.client.v1.refunds.create({"payment_intent": paid(sandbox).id, "amount": amount})
    assert (refusal.value.param, refusal.value.code) == ("amount", "parameter_invalid_integer")


def test_a_reason_is_one_of_stripes(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.refunds.create({"payment_intent": paid(sandbox).id, "reason": "too_late"})
    assert refusal.value.user_message == (
        "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer"
    )
    assert refusal.value.param == "reason"


def test_a_refund_is_of_one_thing(sandbox: Sandbox) -> None:
    intent = paid(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="One of the following params should be provided"):
        sandbox.client.v1.refunds.create({})
    with pytest.raises(stripe.InvalidRequestError, match="You may only specify one of these"):
        sandbox.client.v1.refunds.create({"payment_intent": intent.id, "charge": str(intent.latest_charge)})


def test_an_uncaptured_payment_must_be_cancelled_instead(sandbox: Sandbox) -> None:
    intent = sandbox.client.v1.payment_intents.create(intent_parameters(capture_method="manual"))
    with pytest.raises(stripe.InvalidRequestError, match="You must cancel the PaymentIntent"):
        sandbox.client.v1.refunds.create({"payment_intent": intent.id})


def test_a_payment_that_never_went_through_has_nothing_to_refund(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    unpaid = v1.payment_intents.create({"amount": 500, "currency": "eur"})
    with pytest.raises(stripe.CardError) as declined:
        v1.payment_intents.create(intent_parameters(payment_method="pm_card_visa_chargeDeclined"))
    error = declined.value.error
    assert error is not None
    for wanted in (
        {"payment_intent": unpaid.id},
        {"payment_intent": error.payment_intent.id},  # type: ignore[union-attr]
        {"charge": str(error.charge)},
    ):
        with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
            v1.refunds.create(wanted)  # type: ignore[arg-type]


def test_a_pending_refund_succeeds_when_the_bank_answers(sandbox: Sandbox) -> None:
    v1, intent = sandbox.client.v1, paid(sandbox, "pm_card_pendingRefund")
    refund = v1.refunds.create({"payment_intent": intent.id, "amount": 1500})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 1500
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        v1.refunds.create({"payment_intent": intent.id, "amount": 501})
    sandbox.clock.advance(60)
    sandbox.tick()
    assert v1.refunds.retrieve(refund.id).status == "succeeded"
    assert sandbox.events()[-2:] == ["refund.updated", "charge.refund.updated"]


def test_a_refund_that_the_bank_sends_back_is_the_merchants_money_again(sandbox: Sandbox) -> None:
    v1, intent = sandbox.client.v1, paid(sandbox, "pm_card_refundFail")
    refund = v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    sandbox.clock.advance(60)
    sandbox.tick()
    failed = v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert failed.failure_balance_transaction.amount == 2000  # type: ignore[union-attr]
    charge = v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert sandbox.events()[-2:] == ["refund.failed", "charge.refund.updated"]
    sandbox.clock.advance(3600)
    assert sandbox.tick() == 0
    assert sandbox.events().count("refund.failed") == 1


def test_notes_on_a_refund_may_change(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    refund = v1.refunds.create({"payment_intent": paid(sandbox).id})
    assert v1.refunds.update(refund.id, {"metadata": {"ticket": "9"}}).metadata.to_dict() == {"ticket": "9"}  # type: ignore[union-attr]
    assert sandbox.events()[-1] == "refund.updated"


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_pendingRefund"])
def test_the_api_cancels_no_refund_to_a_card(sandbox: Sandbox, card: str) -> None:
    v1 = sandbox.client.v1
    refund = v1.refunds.create({"payment_intent": paid(sandbox, card).id})
    with pytest.raises(stripe.InvalidRequestError, match="Only refunds with a status of `requires_action`"):
        v1.refunds.cancel(refund.id)
    assert v1.refunds.retrieve(refund.id).status == refund.status


def test_staff_call_off_a_refund_while_it_is_pending(sandbox: Sandbox) -> None:
    v1, intent = sandbox.client.v1, paid(sandbox, "pm_card_pendingRefund")
    refund = v1.refunds.create({"payment_intent": intent.id, "amount": 1500})
    sandbox.run(call_off(sandbox, refund.id))
    ended = v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (ended.status, ended.failure_reason, ended.pending_reason) == (
        "canceled",
        "merchant_request",
        None,
    )
    assert ended.failure_balance_transaction.amount == 1500  # type: ignore[union-attr]
    assert v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 0
    assert sandbox.events()[-2:] == ["refund.updated", "charge.refund.updated"]
    sandbox.clock.advance(3600)
    sandbox.tick()
    assert v1.refunds.retrieve(refund.id).status == "canceled"  # the bank's answer does not come any more
    with pytest.raises(StripeError, match="cannot be canceled any more"):
        sandbox.run(call_off(sandbox, refund.id))
    assert v1.refunds.create({"payment_intent": intent.id}).amount == 2000


async def call_off(sandbox: Sandbox, refund: str) -> None:
    sandbox.world.cancel_refund(refund)


def test_a_held_payment_is_refunded_once_it_is_captured(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(intent_parameters(capture_method="manual"))
    v1.payment_intents.capture(intent.id, {"amount_to_capture": 1500})
    with pytest.raises(
        stripe.InvalidRequestError, match=r"greater than unrefunded amount on charge \(€15\.00"
    ):
        v1.refunds.create({"payment_intent": intent.id, "amount": 1501})
    assert v1.refunds.create({"payment_intent": intent.id}).amount == 1500
