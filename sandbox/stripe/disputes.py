"""Disputes: a customer's bank takes the money back, the merchant answers, the bank decides.

https://docs.stripe.com/disputes/how-disputes-work; model.disputes.DISPUTE_MOVES is the table of its life. Which test
cards open one, and which texts win or lose it: https://docs.stripe.com/testing#disputes.
"""

from typing import Any, Final

from sandbox.stripe import balance, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.cards import DisputeCourse
from sandbox.stripe.errors import invalid, not_emulated
from sandbox.stripe.model import DAY_SECONDS, Charge, Dispute, DisputeStatus

# "usually 7 to 21 days" to answer (https://docs.stripe.com/disputes/responding): the end of the eighth day, UTC.
ANSWER_DAYS: Final = 8
INQUIRY_DAYS: Final = 120  # then an inquiry that did not become a chargeback is closed
EVIDENCE_LENGTH_MAX: Final = 150_000  # https://docs.stripe.com/api/disputes/update, all fields together

WINNING: Final = "winning_evidence"
LOSING: Final = "losing_evidence"
ESCALATING: Final = "escalate_inquiry_evidence"

# What the bank makes of `evidence[uncategorized_text]`; any other evidence it ponders for ever, as in test mode.
_VERDICTS: Final = {
    (False, WINNING): DisputeStatus.WON,
    (False, LOSING): DisputeStatus.LOST,
    (True, WINNING): DisputeStatus.WARNING_CLOSED,
    (True, ESCALATING): DisputeStatus.NEEDS_RESPONSE,
}


def expect(account: Account, charge: Charge) -> None:
    """A charge was captured: if its card is one that disputes, the dispute is on its way."""
    if account.payment_methods[charge.payment_method].test_card.dispute is None:
        return
    charge.dispute_opens_at = account.now() + account.settings.dispute_opens_after_seconds
    account.charges.save(charge)
    account.agenda.add(charge.dispute_opens_at, "dispute", charge.id)


def open_for(account: Account, charge: Charge) -> None:
    """The customer disputes what was not refunded; what was refunded in full cannot be disputed any more."""
    charge.dispute_opens_at = None
    account.charges.save(charge)
    course = account.payment_methods[charge.payment_method].test_card.dispute
    if course is None or not charge.unrefunded:
        return
    now, inquiry = account.now(), course == DisputeCourse.INQUIRY
    dispute = Dispute(
        id=account.new_id("du_"),
        created=now,
        amount=charge.unrefunded,
        currency=charge.currency,
        charge=charge.id,
        payment_intent=charge.payment_intent,
        course=course,
        case_type="inquiry" if inquiry else "chargeback",
        status=DisputeStatus.WARNING_NEEDS_RESPONSE if inquiry else DisputeStatus.NEEDS_RESPONSE,
        due_by=_end_of_day(now + ANSWER_DAYS * DAY_SECONDS),
        closes_at=now + INQUIRY_DAYS * DAY_SECONDS if inquiry else None,
    )
    charge.disputed = True
    account.charges.save(charge)
    account.disputes.save(dispute)
    if not inquiry:
        _book_withdrawal(account, dispute)
    put_on_agenda(account, dispute)
    _tell(account, dispute, "created")
    if not inquiry:
        _tell(account, dispute, "funds_withdrawn")


def put_on_agenda(account: Account, dispute: Dispute) -> None:
    """Everything that the clock has in store for it."""
    if dispute.over:
        return
    account.agenda.add(dispute.due_by, "dispute_due", dispute.id)
    if dispute.decided_at is not None:
        account.agenda.add(dispute.decided_at, "verdict", dispute.id)
    if dispute.closes_at is not None:
        account.agenda.add(dispute.closes_at, "inquiry_over", dispute.id)


def _end_of_day(moment: int) -> int:
    return moment // DAY_SECONDS * DAY_SECONDS + DAY_SECONDS - 1


def update(
    account: Account,
    dispute: Dispute,
    *,
    evidence: dict[str, Any],
    submit: bool,
    metadata: dict[str, str],
) -> None:
    """Add evidence, and send it to the bank unless it is only staged. Raises once the dispute is over."""
    _check_open(dispute)
    merged = {**dispute.evidence, **{name: text or None for name, text in evidence.items()}}
    _check_length(merged)
    if evidence and submit:
        _check_submittable(dispute)
    dispute.evidence, dispute.metadata = merged, metadata
    if evidence and submit:
        _submit(account, dispute)
    account.disputes.save(dispute)
    _tell(account, dispute, "updated")


def _check_length(evidence: dict[str, Any]) -> None:
    length = sum(len(text) for text in evidence.values() if isinstance(text, str))
    if length > EVIDENCE_LENGTH_MAX:
        raise invalid(
            f"The evidence may have at most {EVIDENCE_LENGTH_MAX} characters in all; this has {length}.",
            param="evidence",
        )


def _check_submittable(dispute: Dispute) -> None:
    if dispute.past_due:
        raise invalid("Evidence cannot be submitted any more: its due date has passed.", param="evidence")
    if dispute.submissions:
        # "Typically, you may only submit evidence once" (https://docs.stripe.com/api/disputes/object).
        raise invalid("Evidence was submitted already and is with the bank.", param="evidence")


def _submit(account: Account, dispute: Dispute) -> None:
    dispute.submissions += 1
    text = dispute.evidence.get("uncategorized_text")
    verdict = _VERDICTS.get((dispute.is_inquiry, text)) if isinstance(text, str) else None
    if dispute.status == DisputeStatus.WARNING_NEEDS_RESPONSE:
        dispute.move(DisputeStatus.WARNING_UNDER_REVIEW)
    elif dispute.status == DisputeStatus.NEEDS_RESPONSE:
        dispute.move(DisputeStatus.UNDER_REVIEW)
    if verdict is not None:
        dispute.verdict = verdict
        dispute.decided_at = account.now() + account.settings.dispute_decided_after_seconds
        account.agenda.add(dispute.decided_at, "verdict", dispute.id)


def close(account: Account, dispute: Dispute) -> None:
    """Give it up as lost, for good (https://docs.stripe.com/api/disputes/close)."""
    _check_open(dispute)
    if dispute.is_inquiry:
        raise not_emulated("giving up an inquiry (refund the charge, which ends it)", param="dispute")
    if dispute.status != DisputeStatus.NEEDS_RESPONSE:
        raise invalid("Only disputes that need a response can be closed.", param="dispute")
    _finish(account, dispute, DisputeStatus.LOST)


def _check_open(dispute: Dispute) -> None:
    if dispute.over:
        raise invalid("This dispute is already closed")


def decide(account: Account, dispute: Dispute) -> None:
    """The bank has read the evidence; nothing happens when it has not got any, or has decided."""
    if dispute.verdict is None or dispute.over or account.now() < (dispute.decided_at or 0):
        return
    verdict = dispute.verdict
    dispute.verdict = dispute.decided_at = None
    if verdict == DisputeStatus.NEEDS_RESPONSE:
        _escalate(account, dispute)
    else:
        _finish(account, dispute, verdict)


def _escalate(account: Account, dispute: Dispute) -> None:
    """A question has become a chargeback: now the money goes, and the answering begins anew."""
    dispute.amount = account.charges[dispute.charge].unrefunded  # a part may have been refunded meanwhile
    dispute.move(DisputeStatus.NEEDS_RESPONSE)
    dispute.case_type = "chargeback"
    dispute.closes_at = None
    dispute.evidence, dispute.submissions = {}, 0
    dispute.due_by = _end_of_day(account.now() + ANSWER_DAYS * DAY_SECONDS)
    _book_withdrawal(account, dispute)
    put_on_agenda(account, dispute)
    _tell(account, dispute, "updated")
    _tell(account, dispute, "funds_withdrawn")


def miss(account: Account, dispute: Dispute) -> None:
    """The day to answer by has passed: what is unanswered is lost; an inquiry waits for what the bank does."""
    if account.now() < dispute.due_by or dispute.submissions or dispute.over:
        return
    dispute.past_due = True
    if dispute.status == DisputeStatus.NEEDS_RESPONSE:
        _finish(account, dispute, DisputeStatus.LOST)
    else:
        account.disputes.save(dispute)
        _tell(account, dispute, "updated")


def let_go(account: Account, dispute: Dispute) -> None:
    """Nobody pursued the inquiry."""
    if dispute.is_inquiry:
        _finish(account, dispute, DisputeStatus.WARNING_CLOSED)


def refunded(account: Account, charge: Charge) -> None:
    """A refund in full answers an inquiry (https://docs.stripe.com/disputes/how-disputes-work#inquiries)."""
    if charge.refunded:
        for dispute in _of(account, charge):
            let_go(account, dispute)


def takes_hold_of(account: Account, charge: Charge) -> bool:
    """Whether a dispute has the charge's money, so that it cannot be refunded."""
    return any(dispute.blocks_refunds for dispute in _of(account, charge))


def _of(account: Account, charge: Charge) -> list[Dispute]:
    return [dispute for dispute in account.disputes if dispute.charge == charge.id] if charge.disputed else []


def _finish(account: Account, dispute: Dispute, status: DisputeStatus) -> None:
    dispute.move(status)
    account.disputes.save(dispute)
    if status == DisputeStatus.WON:
        entry = balance.book_dispute_reversal(account, account.charges[dispute.charge], dispute)
        dispute.balance_transactions.append(entry)
        account.disputes.save(dispute)
        _tell(account, dispute, "funds_reinstated")
    _tell(account, dispute, "closed")


def _book_withdrawal(account: Account, dispute: Dispute) -> None:
    entry = balance.book_dispute(account, account.charges[dispute.charge], dispute)
    dispute.balance_transactions.append(entry)
    account.disputes.save(dispute)


def _tell(account: Account, dispute: Dispute, what: str) -> None:
    account.emit(f"charge.dispute.{what}", rendering.dispute(account, dispute))
