"""The passing of time: sessions run out, authorisations lapse, banks answer."""

from sandbox.stripe import checkout, intents, refunds
from sandbox.stripe.account import Account
from sandbox.stripe.model import IntentStatus, SessionStatus


def catch_up(account: Account) -> None:
    """Do what the clock has due. Every request and page does this first, so nobody sees a stale state."""
    for kind, object_id in account.agenda.take_due(account.now()):
        if kind == "session":
            checkout.run_out(account, account.sessions[object_id])
        elif kind == "authorisation":
            intents.lapse(account, account.intents[object_id])
        else:
            refunds.settle(account, account.refunds[object_id])
    account.store.commit()


def restore(account: Account) -> None:
    """What was waiting for its time when the last process ended waits again."""
    for session in account.sessions:
        if session.status == SessionStatus.OPEN:
            account.agenda.add(session.expires_at, "session", session.id)
    for intent in account.intents:
        if intent.status == IntentStatus.REQUIRES_CAPTURE and intent.capture_before is not None:
            account.agenda.add(intent.capture_before, "authorisation", intent.id)
    for refund in account.refunds:
        if refund.settles_at is not None:
            account.agenda.add(refund.settles_at, "refund", refund.id)
