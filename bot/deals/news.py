"""What time does to groups, and who hears of what: each group has a lane of its own, `system:group:…`.

Whatever happened to groups in a turn was written into their history (`shop.deals.groups`); `plan` has their lanes
read it. Each line is told once: the group remembers the last one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from bot.deals import cards, endings
from bot.delivery import timers
from bot.delivery.turn import Turn
from bot.events import TimerFired
from payments import seating
from shop.deals import groups
from shop.deals.model import DealGroup, GroupEvent, GroupHappening, GroupStatus, Seat, SeatStatus
from shop.orders.model import Order
from shop.profile import ShopProfile

NEWS: Final = "group_news"
DEADLINE: Final = "group_deadline"
HALF_TIME: Final = "group_half_time"
LAST_HOURS: Final = "group_last_hours"
NOTICE: Final = "group_notice"
TWO_HOURS: Final = timedelta(hours=2)
CAN_WAIT: Final = frozenset({"joined", "one_left", "half_time", "last_hours"})
"""News that can wait until the morning."""


def lane(group_id: UUID) -> str:
    """The lane in which a group's own events are worked on."""
    return f"system:group:{group_id}"


def plan(session: Session, *, at: datetime) -> None:
    """Have the news told of whatever groups changed in this transaction."""
    for group_id in sorted(groups.changed(session)):
        _set(session, NEWS, group_id, at)


def on_event(turn: Turn, profile: ShopProfile) -> bool:
    """Work on an event of a group. False when it is something else."""
    event = turn.event
    if not (isinstance(event, TimerFired) and event.timer in {NEWS, DEADLINE, HALF_TIME, LAST_HOURS}):
        return False
    group = groups.lock(turn.session, UUID(event.arguments["group"]))
    match event.timer:
        case "group_news":
            _tell_news(turn, group, profile)
        case "group_deadline":
            _close(turn, group)
        case "group_half_time":
            _tell_members(turn, group, "half_time", event.timer, profile)
        case _:
            _tell_members(turn, group, "last_hours", event.timer, profile)
    plan(turn.session, at=turn.now)
    return True


def _close(turn: Turn, group: DealGroup) -> None:
    """Its time is over: it fails once nobody is inside a payment any more."""
    if group.status not in groups.OPEN:
        return
    until = groups.wait_for_payers(turn.session, group, at=turn.now)
    if until is not None:
        _set(turn.session, DEADLINE, group.id, until)
        return
    why = "the group was not full in time"
    ended = seating.fail(turn.session, group, GroupStatus.FAILED, at=turn.now, by="timer", why=why)
    endings.give_back(turn.session, ended, reason="group_failed", at=turn.now)


def _tell_news(turn: Turn, group: DealGroup, profile: ShopProfile) -> None:
    for line in groups.history(turn.session, group, after=group.told_event):
        if line.what is GroupHappening.OPENED:
            _watch_the_time(turn.session, group, since=line.at)
        for seat, what in _readers(turn.session, group, line):
            _tell(turn, seat, what, cause=str(line.id), profile=profile)
        group.told_event = line.id
    cards.change(turn.session, group, at=turn.now)


def _watch_the_time(session: Session, group: DealGroup, *, since: datetime) -> None:
    assert group.closes_at is not None, "it has its leader"
    _set(session, DEADLINE, group.id, group.closes_at)
    _set(session, HALF_TIME, group.id, since + (group.closes_at - since) / 2)
    if group.closes_at - since > 2 * TWO_HOURS:
        _set(session, LAST_HOURS, group.id, group.closes_at - TWO_HOURS)


def _readers(session: Session, group: DealGroup, line: GroupEvent) -> Iterator[tuple[Seat, str]]:
    """Who is told of a line of history, and as what."""
    match line.what:
        case GroupHappening.NEW_LEADER:
            yield session.get_one(Seat, line.seat_id), "new_leader"
        case GroupHappening.JOINED:
            paid = groups.seats_of(session, group, SeatStatus.PAID)
            what = "one_left" if len(paid) + group.filled_by_shop == group.size - 1 else "joined"
            yield from ((seat, what) for seat in paid if seat.id != line.seat_id)
        case GroupHappening.SUCCEEDED:
            yield from ((seat, "succeeded") for seat in groups.seats_of(session, group, SeatStatus.CONFIRMED))
        case GroupHappening.FAILED | GroupHappening.CANCELLED:
            gone = groups.seats_of(session, group, *groups.GIVEN_BACK)
            yield from ((seat, line.what.value) for seat in gone if _stayed(session, seat, line))
        case _:
            return


def _stayed(session: Session, seat: Seat, end: GroupEvent) -> bool:
    """Whether the seat was given back because the group ended, and not before by its own buyer."""
    left = [
        line
        for line in groups.history(session, session.get_one(DealGroup, seat.group_id))
        if line.seat_id == seat.id
    ]
    return bool(left) and left[-1].id > end.id


def _tell_members(turn: Turn, group: DealGroup, what: str, cause: str, profile: ShopProfile) -> None:
    if group.status is GroupStatus.FORMING:
        for seat in groups.seats_of(turn.session, group, SeatStatus.PAID):
            _tell(turn, seat, what, cause=cause, profile=profile)


def _tell(turn: Turn, seat: Seat, what: str, *, cause: str, profile: ShopProfile) -> None:
    """Have it said in the member's own conversation."""
    order = turn.session.get_one(Order, seat.order_id)
    can_wait = what in CAN_WAIT
    timers.set_timer(
        turn.session,
        NOTICE,
        f"{NOTICE}:{seat.id}:{cause}",
        conversation=order.conversation,
        due_at=profile.waking_hour(turn.now) if can_wait else turn.now,
        arguments={"seat": str(seat.id), "what": what},
    )


def _set(session: Session, kind: str, group_id: UUID, due_at: datetime) -> None:
    told = {"group": str(group_id)}
    timers.set_timer(
        session, kind, f"{kind}:{group_id}", conversation=lane(group_id), due_at=due_at, arguments=told
    )
