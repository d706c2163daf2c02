"""Comparing our books with the provider's: every night, or when asked. What is safe is mended, the rest reaches staff."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.delivery import inbox, outbox, timers
from bot.delivery.turn import Turn
from bot.events import CallReturned, Inbound, ProviderNotified, TimerFired
from payments import reconciliation, refunds
from payments.disputes import lane_of
from payments.model import Payment, Reconciliation, Refund
from payments.reconciliation import Difference
from shop.tasks import service as tasks
from shop.tasks.model import TaskKind
from storage.types import JsonObject

LANE: Final = "system:payments"
TIMER: Final = "reconcile"
CALL: Final = "list_account"
AT: Final = time(3, 30)  # of the shop's own day
DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of one comparison."""

    kept: Reconciliation
    fees_posted: int
    mended: list[Difference]
    left: list[Difference]


def schedule(session: Session, *, zone: ZoneInfo, at: datetime) -> None:
    """Have the books compared the next night; a night that is planned, or was slept through, stays as it is."""
    timers.set_if_none(session, TIMER, conversation=LANE, due_at=next_night(at, zone))


def next_night(at: datetime, zone: ZoneInfo) -> datetime:
    """The next half past three in the shop's time zone."""
    local = at.astimezone(zone)
    today = datetime.combine(local.date(), AT, zone)
    return today if local < today else datetime.combine(local.date() + timedelta(days=1), AT, zone)


def on_event(turn: Turn, zone: ZoneInfo) -> bool:
    """Ask for the account at night, and compare when it is here. False when the event is something else."""
    match turn.event:
        case TimerFired(timer=timer) if timer == TIMER:
            since = turn.now - timedelta(days=DAYS)
            arguments = reconciliation.window(since) | {"compare_since": since.isoformat()}
            turn.call(CALL, arguments, dedupe=f"reconcile:{turn.now.isoformat()}")
            schedule(turn.session, zone=zone, at=turn.now)
        case CallReturned(call=call, arguments=arguments, result=result) if call == CALL:
            if result is not None:
                since = datetime.fromisoformat(arguments["compare_since"])
                reconcile(turn.session, result, since=since, at=turn.now)
        case _:
            return False
    return True


def reconcile(session: Session, account: JsonObject, *, since: datetime, at: datetime) -> Reconciled:
    """Compare, post fees, mend what is safe, open a task for what is left and close those of what is not."""
    fees = reconciliation.post_fees(session, account)
    found = reconciliation.compare(session, account, since=since, at=at)
    mended = [each for each in found if each.is_mendable and _mend(session, each, at=at)]
    left = [each for each in found if each not in mended]
    _note(session, left, at=at)
    kept = Reconciliation(
        at=at,
        since=since,
        checked=sum(len(things) for things in account.values()),
        found=[{"kind": each.kind.value, "what": each.what, "is_mended": each in mended} for each in found],
    )
    session.add(kept)
    session.flush()
    return Reconciled(kept, fees, mended, left)


def _mend(session: Session, difference: Difference, *, at: datetime) -> bool:
    """Bring what the lost notice would have brought, or send what was never sent. False when that was tried before."""
    if difference.refund_id is not None:
        return send_refund(session, session.get_one(Refund, difference.refund_id), at=at)
    assert difference.notice is not None, "only what is mendable comes here"
    type_, about = difference.notice
    metadata: dict[str, str] = about.get("metadata") or {}
    state = about.get("status") or about.get("payment_status")
    inbound = Inbound(
        source="reconcile",
        external_id=f"{type_}:{difference.subject}:{state}",
        conversation=metadata.get("conversation") or lane_of(session, about) or LANE,
        sequence=about["created"],
        event=ProviderNotified(type=type_, object=about),
    )
    return inbox.put(session, [inbound], at=at) > 0


def send_refund(session: Session, refund: Refund, *, at: datetime) -> bool:
    """Queue its call outside of any turn, under the refund's own key; False when that is under way or was done."""
    payment = session.get_one(Payment, refund.payment_id)
    lane = lane_of(session, {"charge": payment.reference}) or LANE
    call = refunds.call_of(session, refund, conversation=lane)
    is_new = outbox.queue_call(session, lane, call.name, call.arguments, dedupe=call.key, at=at)
    return is_new or outbox.requeue_call(session, call.key, at=at)


def _note(session: Session, left: list[Difference], *, at: datetime) -> None:
    causes = {f"reconcile:{each.kind.value}:{each.subject}": each for each in left}
    for cause, each in causes.items():
        facts = {"kind": each.kind.value, "what": each.what}
        tasks.open_task(session, TaskKind.RECONCILIATION, cause=cause, at=at, facts=facts)
    for task in tasks.open_tasks(session, {TaskKind.RECONCILIATION}):
        if task.cause not in causes:
            tasks.close(session, task.id, by="reconcile", resolution="the difference is gone", at=at)
