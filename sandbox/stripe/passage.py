"""The passing of time: sessions run out, authorisations lapse, banks answer, events are forgotten."""

from collections.abc import Callable
from typing import Final

from sandbox.stripe import checkout, disputes, intents, refunds
from sandbox.stripe.account import Account
from sandbox.stripe.model import DAY_SECONDS, IntentStatus, SessionStatus

# https://docs.stripe.com/api/events: "access to events through the Retrieve Event API is guaranteed only for 30 days"
EVENTS_KEPT_SECONDS: Final = 30 * DAY_SECONDS

# What each kind of entry on the agenda means, and the object it is about.
_DUE: Final[dict[str, Callable[[Account, str], None]]] = {
    "session": lambda account, name: checkout.run_out(account, account.sessions[name]),
    "authorisation": lambda account, name: intents.lapse(account, account.intents[name]),
    "refund": lambda account, name: refunds.settle(account, account.refunds[name]),
    "dispute": lambda account, name: disputes.open_for(account, account.charges[name]),
    "dispute_due": lambda account, name: disputes.miss(account, account.disputes[name]),
    "verdict": lambda account, name: disputes.decide(account, account.disputes[name]),
    "inquiry_over": lambda account, name: disputes.let_go(account, account.disputes[name]),
}


def catch_up(account: Account) -> None:
    """Do what the clock has due. Every request and page does this first, so nobody sees a stale state."""
    for kind, object_id in account.agenda.take_due(account.now()):
        _DUE[kind](account, object_id)
    _forget_events(account)
    account.store.commit()


def _forget_events(account: Account) -> None:
    limit = account.now() - EVENTS_KEPT_SECONDS
    while (old := account.events.oldest()) is not None and old.created <= limit:
        account.events.delete(old.id)
        for delivery in account.deliveries:
            if delivery.event == old.id:
                account.deliveries.delete(delivery.id)


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
    for charge in account.charges:
        if charge.dispute_opens_at is not None:
            account.agenda.add(charge.dispute_opens_at, "dispute", charge.id)
    for dispute in account.disputes:
        disputes.put_on_agenda(account, dispute)
