"""Disputes: customers who asked their bank for their money back."""

from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from sandbox.stripe.cards import DisputeCourse
from sandbox.stripe.model.entity import Entity


class DisputeStatus(StrEnum):
    WARNING_NEEDS_RESPONSE = "warning_needs_response"
    WARNING_UNDER_REVIEW = "warning_under_review"
    WARNING_CLOSED = "warning_closed"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


_ASKED = DisputeStatus.WARNING_NEEDS_RESPONSE
_ASKED_AND_ANSWERED = DisputeStatus.WARNING_UNDER_REVIEW
_CLOSED = DisputeStatus.WARNING_CLOSED
_NEEDS_RESPONSE = DisputeStatus.NEEDS_RESPONSE
_UNDER_REVIEW = DisputeStatus.UNDER_REVIEW
_WON = DisputeStatus.WON
_LOST = DisputeStatus.LOST

# https://docs.stripe.com/disputes/how-disputes-work: an inquiry is a question, which may become a chargeback.
DISPUTE_MOVES: Final = {
    _ASKED: {_ASKED_AND_ANSWERED, _CLOSED, _NEEDS_RESPONSE},
    _ASKED_AND_ANSWERED: {_CLOSED, _NEEDS_RESPONSE},
    _CLOSED: set[DisputeStatus](),
    _NEEDS_RESPONSE: {_UNDER_REVIEW, _LOST},
    _UNDER_REVIEW: {_WON, _LOST},
    _WON: set[DisputeStatus](),
    _LOST: set[DisputeStatus](),
}


class Dispute(Entity):
    """One claim of a customer's bank against one charge."""

    amount: int
    currency: str
    charge: str
    payment_intent: str
    course: DisputeCourse
    case_type: str  # inquiry, chargeback
    status: DisputeStatus
    due_by: int
    past_due: bool = False
    evidence: dict[str, Any] = Field(default_factory=dict)
    submissions: int = 0
    balance_transactions: list[str] = Field(default_factory=list)
    decided_at: int | None = None  # when the bank will say what it makes of the evidence
    verdict: DisputeStatus | None = None
    closes_at: int | None = None  # when an inquiry that came to nothing is closed
    metadata: dict[str, str] = Field(default_factory=dict)

    @property
    def is_inquiry(self) -> bool:
        return self.status in (_ASKED, _ASKED_AND_ANSWERED)

    @property
    def over(self) -> bool:
        return not DISPUTE_MOVES[self.status]

    @property
    def blocks_refunds(self) -> bool:
        """The bank has taken the money, or is about to keep it."""
        return self.status in (_NEEDS_RESPONSE, _UNDER_REVIEW, _LOST)

    def move(self, status: DisputeStatus) -> None:
        assert status in DISPUTE_MOVES[self.status], f"{self.status} → {status}"
        self.status = status
