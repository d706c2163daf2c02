"""Disputes with the real library: opened by test cards, answered, decided by the bank or the calendar."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.emulators.stripe_sandbox import Sandbox, intent_parameters, plain

FRAUDULENT = "pm_card_createDispute"
INQUIRY = "pm_card_createDisputeInquiry"
DAY = 86_400
FEE = 2000


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def disputed(sandbox: Sandbox, card: str = FRAUDULENT, **changes: Any) -> stripe.Dispute:
    """The dispute that comes of a payment with that card."""
    intent = sandbox.client.v1.payment_intents.create(intent_parameters(payment_method=card, **changes))
    (dispute,) = sandbox.client.v1.disputes.list({"payment_intent": intent.id}).data
    return dispute


def answer(sandbox: Sandbox, dispute: stripe.Dispute, text: str, **more: Any) -> stripe.Dispute:
    return sandbox.client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}, **more})


def wait(sandbox: Sandbox, seconds: int) -> None:
    sandbox.clock.advance(seconds)
    sandbox.tick()


def now(sandbox: Sandbox, dispute: stripe.Dispute) -> stripe.Dispute:
    return sandbox.client.v1.disputes.retrieve(dispute.id)


def net(sandbox: Sandbox) -> int:
    return sum(entry.net for entry in sandbox.client.v1.balance_transactions.list({"limit": 100}).data)


@pytest.mark.parametrize(
    ("card", "reason", "status", "case"),
    [
        (FRAUDULENT, "fraudulent", "needs_response", "chargeback"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "needs_response", "chargeback"),
        (INQUIRY, "general", "warning_needs_response", "inquiry"),
    ],
)
def test_some_cards_pay_and_then_dispute(
    sandbox: Sandbox, card: str, reason: str, status: str, case: str
) -> None:
    dispute = disputed(sandbox, card)
    assert (dispute.amount, dispute.reason, dispute.status) == (2000, reason, status)
    assert dispute.payment_method_details is not None
    assert dispute.payment_method_details.card is not None
    assert dispute.payment_method_details.card.case_type == case
    assert sandbox.client.v1.charges.retrieve(str(dispute.charge)).disputed
    assert sandbox.client.v1.payment_intents.retrieve(str(dispute.payment_intent)).status == "succeeded"


def test_a_chargeback_takes_the_money_and_a_fee_at_once(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    (withdrawal,) = dispute.balance_transactions
    assert (withdrawal.type, withdrawal.reporting_category) == ("adjustment", "dispute")
    assert (withdrawal.amount, withdrawal.fee, withdrawal.net) == (-2000, FEE, -4000)
    assert withdrawal.source == dispute.id
    assert [detail.description for detail in withdrawal.fee_details] == ["Dispute fee"]
    assert sandbox.events()[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert net(sandbox) == 2000 - 55 - 4000


def test_an_inquiry_takes_nothing_yet(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox, INQUIRY)
    assert dispute.balance_transactions == []
    assert dispute.is_charge_refundable
    assert sandbox.events()[-1] == "charge.dispute.created"


def test_winning_evidence_brings_the_money_back_and_not_the_fee(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    sent = answer(sandbox, dispute, "winning_evidence")
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert sent.evidence_details.has_evidence
    wait(sandbox, 60)
    won = now(sandbox, dispute)
    assert (won.status, won.is_charge_refundable) == ("won", True)
    assert [entry.reporting_category for entry in won.balance_transactions] == ["dispute", "dispute_reversal"]
    assert sandbox.events()[-3:] == [
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]
    assert net(sandbox) == 2000 - 55 - FEE
    refund = sandbox.client.v1.refunds.create({"charge": str(dispute.charge)})
    assert refund.amount == 2000
    assert sandbox.client.v1.charges.retrieve(str(dispute.charge)).disputed  # it was, whatever came of it


def test_losing_evidence_loses(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    answer(sandbox, dispute, "losing_evidence")
    wait(sandbox, 60)
    lost = now(sandbox, dispute)
    assert (lost.status, lost.is_charge_refundable) == ("lost", False)
    assert sandbox.events()[-2:] == ["charge.dispute.updated", "charge.dispute.closed"]
    assert net(sandbox) == -55 - FEE


def test_other_evidence_stays_under_review(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    sandbox.client.v1.disputes.update(dispute.id, {"evidence": {"product_description": "a pot"}})
    wait(sandbox, 60 * DAY)
    still = now(sandbox, dispute)
    assert (still.status, still.evidence.product_description) == ("under_review", "a pot")
    with pytest.raises(stripe.InvalidRequestError, match="submitted already"):
        answer(sandbox, dispute, "winning_evidence")


def test_evidence_may_be_staged_before_it_is_sent(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    staged = answer(sandbox, dispute, "winning_evidence", submit=False)
    assert (staged.status, staged.evidence_details.submission_count) == ("needs_response", 0)
    wait(sandbox, DAY)
    sandbox.client.v1.disputes.update(dispute.id, {"evidence": {"product_description": "a pot"}})
    wait(sandbox, 60)
    assert now(sandbox, dispute).status == "won"


def test_an_unanswered_chargeback_is_lost_at_the_end_of_its_day(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    due = dispute.evidence_details.due_by
    assert due is not None
    assert (due + 1) % DAY == 0
    wait(sandbox, due - sandbox.now() - 1)
    assert now(sandbox, dispute).status == "needs_response"
    wait(sandbox, 1)
    lost = now(sandbox, dispute)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", True)


def test_a_dispute_that_is_given_up_is_lost_for_good(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    assert sandbox.client.v1.disputes.close(dispute.id).status == "lost"
    assert sandbox.events()[-1] == "charge.dispute.closed"
    for again in (
        lambda: sandbox.client.v1.disputes.close(dispute.id),
        lambda: answer(sandbox, dispute, "winning_evidence"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="This dispute is already closed"):
            again()


@pytest.mark.parametrize("answered", [None, "losing_evidence"])
def test_a_disputed_charge_cannot_be_refunded(sandbox: Sandbox, answered: str | None) -> None:
    dispute = disputed(sandbox)
    if answered:
        answer(sandbox, dispute, answered)
        wait(sandbox, 60)
    with pytest.raises(stripe.InvalidRequestError, match="has been charged back") as refusal:
        sandbox.client.v1.refunds.create({"charge": str(dispute.charge)})
    assert (refusal.value.http_status, refusal.value.code) == (400, "charge_disputed")


def test_a_refund_in_full_answers_an_inquiry(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox, INQUIRY)
    sandbox.client.v1.refunds.create({"charge": str(dispute.charge), "amount": 500})
    assert now(sandbox, dispute).status == "warning_needs_response"
    sandbox.client.v1.refunds.create({"charge": str(dispute.charge)})
    assert now(sandbox, dispute).status == "warning_closed"
    assert sandbox.events()[-1] == "charge.dispute.closed"


def test_an_inquiry_may_become_a_chargeback_over_what_was_not_refunded(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox, INQUIRY)
    sandbox.client.v1.refunds.create({"charge": str(dispute.charge), "amount": 500})
    assert answer(sandbox, dispute, "escalate_inquiry_evidence").status == "warning_under_review"
    wait(sandbox, 60)
    escalated = now(sandbox, dispute)
    assert (escalated.status, escalated.amount) == ("needs_response", 1500)
    assert sandbox.events()[-2:] == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    answer(sandbox, dispute, "winning_evidence")
    wait(sandbox, 60)
    assert now(sandbox, dispute).status == "won"


def test_an_inquiry_that_nobody_pursues_is_closed(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox, INQUIRY)
    wait(sandbox, 10 * DAY)
    waiting = now(sandbox, dispute)
    assert (waiting.status, waiting.evidence_details.past_due) == ("warning_needs_response", True)
    wait(sandbox, 110 * DAY)
    assert now(sandbox, dispute).status == "warning_closed"


def test_what_was_refunded_before_is_not_disputed() -> None:
    with Sandbox(webhooks=False) as sandbox:
        account = sandbox.world.account
        account.settings = replace(account.settings, dispute_opens_after_seconds=DAY)
        v1 = sandbox.client.v1
        whole, part = (v1.payment_intents.create(intent_parameters(payment_method=FRAUDULENT)) for _ in "12")
        v1.refunds.create({"payment_intent": whole.id})
        v1.refunds.create({"payment_intent": part.id, "amount": 500})
        wait(sandbox, DAY)
        (dispute,) = v1.disputes.list().data
        assert (dispute.payment_intent, dispute.amount) == (part.id, 1500)


def test_an_authorisation_is_disputed_only_once_it_is_captured(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(intent_parameters(payment_method=FRAUDULENT, capture_method="manual"))
    assert not v1.disputes.list().data
    v1.payment_intents.capture(intent.id, {"amount_to_capture": 1200})
    (dispute,) = v1.disputes.list({"charge": str(intent.latest_charge)}).data
    assert dispute.amount == 1200


def test_notes_on_a_dispute_do_not_answer_it(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    noted = sandbox.client.v1.disputes.update(dispute.id, {"metadata": {"ticket": "9"}})
    assert (noted.status, noted.metadata.to_dict()) == ("needs_response", {"ticket": "9"})


LONG = [
    "access_activity_log",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "duplicate_charge_explanation",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "uncategorized_text",
]


def test_evidence_has_a_length(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    stage = sandbox.client.v1.disputes.update
    for name in LONG[:7]:
        stage(dispute.id, {"evidence": {name: "x" * 20_000}, "submit": False})  # type: ignore[misc]
    with pytest.raises(stripe.InvalidRequestError, match="at most 150000 characters in all"):
        stage(dispute.id, {"evidence": {LONG[7]: "x" * 10_001}, "submit": False})  # type: ignore[misc]
    with pytest.raises(stripe.InvalidRequestError, match="must be at most 20000 characters"):
        stage(dispute.id, {"evidence": {LONG[0]: "x" * 20_001}})  # type: ignore[misc]
    with pytest.raises(stripe.InvalidRequestError, match="must be at most 5000 characters"):
        stage(dispute.id, {"evidence": {"shipping_carrier": "x" * 5001}})


def test_evidence_in_files_is_not_taken(sandbox: Sandbox) -> None:
    dispute = disputed(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="does not emulate"):
        sandbox.client.v1.disputes.update(dispute.id, {"evidence": {"receipt": "file_1"}})
    assert plain(now(sandbox, dispute))["evidence"]["receipt"] is None


def test_disputes_outlive_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "stripe.db"
    with Sandbox(store=store, webhooks=False) as sandbox:
        unanswered, answered = disputed(sandbox), disputed(sandbox)
        inquiry = disputed(sandbox, INQUIRY)
        answer(sandbox, answered, "winning_evidence")
    with Sandbox(store=store, webhooks=False) as sandbox:
        wait(sandbox, 121 * DAY)
        found = [now(sandbox, dispute).status for dispute in (unanswered, answered, inquiry)]
        assert found == ["lost", "won", "warning_closed"]
