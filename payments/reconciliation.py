"""Our books beside the provider's: each difference by name, and what would mend it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import authorisations, refunds
from payments.currencies import from_provider
from payments.disputes import STATUSES as DISPUTE_STATUSES
from payments.disputes import payment_of
from payments.ledger import posting
from payments.ledger.audit import audit
from payments.ledger.model import Account
from payments.model import Dispute, Payment, Refund, RefundStatus
from storage.types import JsonObject

MARGIN: Final = timedelta(days=7)  # a payment may be known to us so long after its charge was made
SENT_WITHIN: Final = timedelta(hours=2)  # the outbox has given up or succeeded by then

HEARD_WITHIN: Final = timedelta(minutes=10)  # what was paid just now is on its way to us


class DifferenceKind(StrEnum):
    SESSION_PAID = "session_paid"  # a paid session of which we have not heard
    HOLD_UNKNOWN = "hold_unknown"  # a bank holds money for us of which we have not heard
    UNKNOWN_PAYMENT = "unknown_payment"  # money that came without a session of ours
    MISSING_AT_PROVIDER = "missing_at_provider"
    AMOUNT_DIFFERS = "amount_differs"
    REFUND_STATUS_DIFFERS = "refund_status_differs"
    REFUND_UNKNOWN = "refund_unknown"  # made in the provider's dashboard, perhaps
    REFUND_NEVER_SENT = "refund_never_sent"
    DISPUTE_DIFFERS = "dispute_differs"
    FEE_DIFFERS = "fee_differs"
    LEDGER = "ledger"  # our own books disagree with each other


@dataclass(frozen=True, slots=True)
class Difference:
    """`subject` is the id it is about. `notice` (type, object) is what the provider's notice would have said, where
    hearing it mends the difference; `refund_id` is a refund to be sent.
    """

    kind: DifferenceKind
    subject: str
    what: str
    notice: tuple[str, JsonObject] | None = None
    refund_id: UUID | None = None

    @property
    def is_mendable(self) -> bool:
        """Whether what is safe to do mends it."""
        return self.notice is not None or self.refund_id is not None


def window(since: datetime) -> JsonObject:
    """The arguments of the call `list_account` that compares payments from `since` on."""
    return {"since": int((since - MARGIN).timestamp())}


def compare(session: Session, account: JsonObject, *, since: datetime, at: datetime) -> list[Difference]:
    """Every difference between what the account says (`account_view`) and our rows and ledger."""
    return [
        *_charges(session, account, at=at),
        *_holds(session, account),
        *_missing(session, account, since=since),
        *_refunds(session, account),
        *_never_sent(session, account, since=since, at=at),
        *_disputes(session, account),
        *(Difference(DifferenceKind.LEDGER, each.what, str(each)) for each in audit(session)),
    ]


def post_fees(session: Session, account: JsonObject) -> int:
    """Post what the provider kept of each charge of ours, once; how many that were now."""
    posted = 0
    for charge in account["charges"]:
        payment, booking = _payment_of_charge(session, charge), charge["booking"]
        if payment is None or not booking or not booking["fee"] or booking["currency"] != charge["currency"]:
            continue  # a booking in another currency is not comparable with ours
        at = datetime.fromtimestamp(charge["created"], UTC)
        kept = from_provider(booking["fee"], booking["currency"]).minor
        posted += posting.fee(session, payment, reference=booking["id"], amount_minor=kept, at=at)
    return posted


def _payment_of_charge(session: Session, charge: JsonObject) -> Payment | None:
    return payment_of(session, {"charge": charge["id"], "payment_intent": charge["payment_intent"]})


def _charges(session: Session, account: JsonObject, *, at: datetime) -> Iterator[Difference]:
    sessions = {each["payment_intent"]: each for each in account["sessions"]}
    for charge in account["charges"]:
        if not (charge["paid"] and charge["captured"]):
            continue
        payment = _payment_of_charge(session, charge)
        captured = from_provider(charge["amount_captured"], charge["currency"])
        amount = f"{captured.decimal} {captured.currency}"
        if payment is None:
            paid = sessions.get(charge["payment_intent"])
            if paid is not None:
                what = f"session {paid['id']} was paid with {amount}, and we have not heard of it"
                notice = ("checkout.session.completed", paid)
                yield Difference(DifferenceKind.SESSION_PAID, paid["id"], what, notice)
            elif charge["created"] <= (at - HEARD_WITHIN).timestamp():
                what = f"charge {charge['id']} of {amount} belongs to nothing of ours"
                yield Difference(DifferenceKind.UNKNOWN_PAYMENT, charge["id"], what)
            continue
        if payment.amount != captured:
            ours = f"{payment.amount.decimal} {payment.currency}"
            what = f"payment {payment.reference} is {ours} here and {amount} at the provider"
            yield Difference(DifferenceKind.AMOUNT_DIFFERS, payment.reference, what)
        yield from _fee(session, payment, charge)


def _holds(session: Session, account: JsonObject) -> Iterator[Difference]:
    """Authorised with us as the payee, and not in our rows: the notice got lost."""
    sessions = {each["payment_intent"]: each for each in account["sessions"]}
    for charge in account["charges"]:
        paid = sessions.get(charge["payment_intent"])
        is_held = charge["paid"] and not charge["captured"] and charge["status"] == "succeeded"
        is_free = charge["amount_refunded"] == charge["amount"]  # let go, as Stripe counts it
        if paid is None or not is_held or is_free:
            continue
        if authorisations.find(session, charge["payment_intent"]) is None:
            held = from_provider(charge["amount"], charge["currency"])
            what = f"a bank holds {held.decimal} {held.currency} ({charge['payment_intent']}), and we have not heard of it"
            notice = ("payment_intent.amount_capturable_updated", _intent_of(charge, paid))
            yield Difference(DifferenceKind.HOLD_UNKNOWN, charge["payment_intent"], what, notice)


def _intent_of(charge: JsonObject, paid: JsonObject) -> JsonObject:
    """What the notice would have said of the payment (https://docs.stripe.com/api/payment_intents/object)."""
    return {
        "id": charge["payment_intent"],
        "status": "requires_capture",
        "capture_method": "manual",
        "amount_capturable": charge["amount"],
        "amount_received": 0,
        "currency": charge["currency"],
        "created": charge["created"],
        "metadata": paid["metadata"],
    }


def _fee(session: Session, payment: Payment, charge: JsonObject) -> Iterator[Difference]:
    booking = charge["booking"]
    if not booking or booking["currency"] != charge["currency"]:
        return
    posted = session.scalar(
        select(posting.Posting.amount_minor).where(
            posting.Posting.cause == f"fee:{booking['id']}", posting.Posting.debit == Account.FEES
        )
    )
    there = from_provider(booking["fee"], booking["currency"]).minor
    if posted is not None and posted != there:
        what = f"the fee of {payment.reference} is {posted} here and {there} at the provider"
        yield Difference(DifferenceKind.FEE_DIFFERS, booking["id"], what)


def _missing(session: Session, account: JsonObject, *, since: datetime) -> Iterator[Difference]:
    real = {name for charge in account["charges"] for name in (charge["id"], charge["payment_intent"])}
    at_stripe = [name for name, held in posting.PROVIDER_ACCOUNTS.items() if held is Account.STRIPE]
    ours = select(Payment).where(Payment.received_at >= since, Payment.provider.in_(at_stripe))
    for payment in session.scalars(ours):
        if payment.reference not in real:
            what = f"payment {payment.reference} is in our books, and the provider knows no charge of it"
            yield Difference(DifferenceKind.MISSING_AT_PROVIDER, payment.reference, what)


def _refunds(session: Session, account: JsonObject) -> Iterator[Difference]:
    charges = {charge["id"]: charge for charge in account["charges"]}
    for each in account["refunds"]:
        ours = _refund_of(session, each)
        if ours is None and _is_release(each, charges.get(each["charge"])):
            continue
        if ours is None:
            if payment_of(session, each) is not None:
                what = f"refund {each['id']} of {each['amount']} {each['currency'].upper()} is none of ours"
                yield Difference(DifferenceKind.REFUND_UNKNOWN, each["id"], what)
            continue
        theirs = refunds.status_of(each)
        final = {RefundStatus.OTHERWISE, theirs}
        if refunds.attempt_of(each) == ours.attempt and ours.status not in final:
            what = f"refund {each['id']} is {ours.status.value} here and {each['status']} at the provider"
            is_safe = theirs is not RefundStatus.PENDING
            notice = ("refund.updated", each) if is_safe else None
            yield Difference(DifferenceKind.REFUND_STATUS_DIFFERS, each["id"], what, notice)


def _is_release(refund: JsonObject, charge: JsonObject | None) -> bool:
    """Whether it is how the provider shows that a held amount, or the rest of it, was let go rather than captured."""
    return charge is not None and refund["amount"] == charge["amount"] - charge["amount_captured"]


def _refund_of(session: Session, provider: JsonObject) -> Refund | None:
    metadata: dict[str, str] = provider.get("metadata") or {}
    try:
        return session.get(Refund, UUID(metadata.get("refund", "")))
    except ValueError:
        return None


def _never_sent(
    session: Session, account: JsonObject, *, since: datetime, at: datetime
) -> Iterator[Difference]:
    metadata: list[dict[str, str]] = [each["metadata"] or {} for each in account["refunds"]]
    sent = {each.get("refund") for each in metadata}
    waiting = select(Refund).where(
        Refund.status == RefundStatus.PENDING,
        Refund.reference.is_(None),
        Refund.asked_at.between(since, at - SENT_WITHIN),
    )
    for refund in session.scalars(waiting):
        if str(refund.id) not in sent:
            what = (
                f"refund {refund.id} of {refund.amount_minor} {refund.currency} was promised and never sent"
            )
            yield Difference(DifferenceKind.REFUND_NEVER_SENT, str(refund.id), what, refund_id=refund.id)


def _disputes(session: Session, account: JsonObject) -> Iterator[Difference]:
    for each in account["disputes"]:
        known = session.scalars(select(Dispute).where(Dispute.reference == each["id"])).one_or_none()
        here = known.status.value if known else "unknown"
        there = DISPUTE_STATUSES[each["status"]].value
        if here != there:
            what = f"dispute {each['id']} is {here} here and {there} at the provider"
            is_ours = payment_of(session, each) is not None
            notice: Any = ("charge.dispute.updated", each) if is_ours else None
            yield Difference(DifferenceKind.DISPUTE_DIFFERS, each["id"], what, notice)
