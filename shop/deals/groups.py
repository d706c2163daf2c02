"""A group's life: seats are held, paid, left and confirmed. The group's row is locked by whoever calls.

Nothing here moves money or goods: a seat's order does, and the caller moves that. What a function answers says to
which orders something must happen now.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shop.deals.model import (
    SEAT_HOLD,
    SEAT_MOVES,
    TAKEN,
    Deal,
    DealGroup,
    DealRefused,
    DealStatus,
    GroupStatus,
    Seat,
    SeatMove,
    SeatStatus,
)

TOKEN_BYTES: Final = 12  # 16 letters of [A-Za-z0-9_-], as a Telegram start parameter takes them
OPEN: Final = frozenset({GroupStatus.FORMING, GroupStatus.CLOSING})


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a group: seats that are confirmed now, or whose money goes back; who leads since."""

    confirmed: tuple[Seat, ...] = ()
    ended: tuple[Seat, ...] = ()  # paid ones, whose money goes back
    let_go: tuple[Seat, ...] = ()  # held ones, whose goods are free again
    leader: UUID | None = None  # a new one
    status: GroupStatus | None = None  # if the group itself moved


def lock(session: Session, group_id: UUID) -> DealGroup:
    """The group as it is once its lock is held. Raises LookupError."""
    found = session.scalars(
        select(DealGroup)
        .where(DealGroup.id == group_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise LookupError(f"there is no group {group_id}")
    return found


def begin(session: Session, deal: Deal, *, at: datetime) -> DealGroup:
    """A new group of a live deal, with a snapshot of it: later changes of the deal do not touch it (rule 11).

    `deal` is loaded with its prices. Raises DealRefused.
    """
    if deal.status is not DealStatus.LIVE:
        raise DealRefused(why=f"deal_{deal.status.value}")
    group = DealGroup(
        token=secrets.token_urlsafe(TOKEN_BYTES),
        deal_id=deal.id,
        size=deal.size,
        window_hours=deal.window_hours,
        payment=deal.payment,
        prices={str(each.variant_id): each.price_minor for each in deal.prices},
        leader_bonus_minor=deal.leader_bonus_minor,
        began_at=at,
    )
    session.add(group)
    session.flush()
    return group


def seats_of(session: Session, group: DealGroup, *statuses: SeatStatus) -> list[Seat]:
    """Its seats in one of these states, or all that are somebody's, in the order they were paid and held."""
    wanted = statuses or tuple(TAKEN)
    found = session.scalars(select(Seat).where(Seat.group_id == group.id, Seat.status.in_(wanted)))
    return sorted(found, key=lambda seat: (seat.paid_at or seat.hold_until, seat.held_at, seat.id))


def hold(
    session: Session,
    group: DealGroup,
    *,
    customer_id: UUID,
    order_id: UUID,
    units: int,
    at: datetime,
    elsewhere: bool,
) -> Seat:
    """A seat while its buyer pays; its order holds the stock. Raises DealRefused: over, full, or theirs already."""
    if not is_open(group, at=at):
        raise DealRefused(why="over")
    taken = seats_of(session, group)
    if any(seat.customer_id == customer_id for seat in taken):
        raise DealRefused(why="already_in")
    if len(taken) + group.filled_by_shop >= group.size:
        raise DealRefused(why="full")
    take_units(session, group.deal_id, units)
    seat = Seat(
        group_id=group.id,
        customer_id=customer_id,
        order_id=order_id,
        units=units,
        held_at=at,
        hold_until=at + SEAT_HOLD,
        goes_elsewhere=elsewhere,
    )
    session.add(seat)
    session.flush()
    return seat


def is_open(group: DealGroup, *, at: datetime) -> bool:
    """Whether somebody may still join: its deal may have ended since it began (rule 2)."""
    return group.status is GroupStatus.FORMING and (group.closes_at is None or at < group.closes_at)


def pay(session: Session, group: DealGroup, seat: Seat, *, at: datetime) -> Change:
    """Its money is in (or held by the bank) while its hold is good, or its group still has the seat.

    The first one leads, and the group's time runs from then. The last one confirms everybody. Raises DealRefused where
    the seat is gone: over, or full.
    """
    if group.status not in OPEN:
        raise DealRefused(why="over")
    if seat.status is SeatStatus.RELEASED:
        _take_again(session, group, seat, at=at)
    move(session, seat, SeatStatus.PAID, at=at, by="payment")
    seat.paid_at = at
    leader = None
    if group.leader_id is None:
        leader = group.leader_id = seat.customer_id
        group.closes_at = group.closes_at or at + timedelta(hours=group.window_hours)
    session.flush()
    full = _confirm_if_full(session, group, at=at, by="payment")
    return full or Change(leader=leader)


def _take_again(session: Session, group: DealGroup, seat: Seat, *, at: datetime) -> None:
    """The hold had lapsed; the money came all the same (rule 9)."""
    if not is_open(group, at=at):
        raise DealRefused(why="over")
    if len(seats_of(session, group)) + group.filled_by_shop >= group.size:
        raise DealRefused(why="full")
    take_units(session, group.deal_id, seat.units)
    seat.status = SeatStatus.HELD


def _confirm_if_full(session: Session, group: DealGroup, *, at: datetime, by: str) -> Change | None:
    paid = seats_of(session, group, SeatStatus.PAID)
    if len(paid) + group.filled_by_shop < group.size:
        return None
    for seat in paid:
        move(session, seat, SeatStatus.CONFIRMED, at=at, by=by)
    _end(group, GroupStatus.SUCCEEDED, at=at)
    return Change(confirmed=tuple(paid), status=GroupStatus.SUCCEEDED)


def release(session: Session, group: DealGroup, seat: Seat, *, at: datetime, why: str) -> Change:
    """Somebody did not pay: the seat is free again. A group whose time is over and that waited for them ends now."""
    move(session, seat, SeatStatus.RELEASED, at=at, by="timer", why=why)
    give_units_back(session, group.deal_id, seat.units)
    if group.status is GroupStatus.CLOSING:
        return close(session, group, at=at)
    return Change()


def leave(session: Session, group: DealGroup, seat: Seat, *, at: datetime) -> Change:
    """A member goes while the group is forming, with all their money (rule 7). Raises DealRefused."""
    if group.status is not GroupStatus.FORMING:
        raise DealRefused(why="over")
    was_paid = seat.status is SeatStatus.PAID
    after = SeatStatus.REFUND_PENDING if was_paid else SeatStatus.RELEASED
    move(session, seat, after, at=at, by="customer", why="left")
    give_units_back(session, group.deal_id, seat.units)
    gone = {"ended": (seat,)} if was_paid else {"let_go": (seat,)}
    session.flush()
    if group.leader_id != seat.customer_id:
        return Change(**gone)
    paid = seats_of(session, group, SeatStatus.PAID)
    if paid:
        group.leader_id = paid[0].customer_id
        return Change(**gone, leader=group.leader_id)
    group.leader_id = None
    return _after_the_last(session, group, gone, at=at)


def _after_the_last(
    session: Session, group: DealGroup, gone: dict[str, tuple[Seat, ...]], *, at: datetime
) -> Change:
    """Nobody who paid is left. Who is just paying may still lead; without them the group is over."""
    if seats_of(session, group, SeatStatus.HELD):
        return Change(**gone)
    _end(group, GroupStatus.CANCELLED, at=at)
    return Change(**gone, status=GroupStatus.CANCELLED)


def close(session: Session, group: DealGroup, *, at: datetime) -> Change:
    """Its time is over: it waits for who is inside a payment, never longer than a hold, then fails (rule 10)."""
    if group.status not in OPEN:
        return Change()
    paying = [seat for seat in seats_of(session, group, SeatStatus.HELD) if seat.hold_until > at]
    if paying:
        moved = group.status is GroupStatus.FORMING
        group.status = GroupStatus.CLOSING
        return Change(status=GroupStatus.CLOSING) if moved else Change()
    return fail(session, group, GroupStatus.FAILED, at=at, by="timer", why="not full in time")


def fail(
    session: Session, group: DealGroup, status: GroupStatus, *, at: datetime, by: str, why: str
) -> Change:
    """Each paid seat is owed its own refund, each held one is let go (rule 6)."""
    paid, held = (seats_of(session, group, each) for each in (SeatStatus.PAID, SeatStatus.HELD))
    for seat in paid:
        move(session, seat, SeatStatus.REFUND_PENDING, at=at, by=by, why=why)
    for seat in held:
        move(session, seat, SeatStatus.RELEASED, at=at, by=by, why=why)
    give_units_back(session, group.deal_id, sum(seat.units for seat in (*paid, *held)))
    _end(group, status, at=at)
    return Change(ended=tuple(paid), let_go=tuple(held), status=status)


def fill_by_shop(session: Session, group: DealGroup, deal: Deal, *, at: datetime, by: str) -> Change:
    """The shop takes the seats that are left, which the card says (rule 12). Raises DealRefused below its share."""
    taken = seats_of(session, group)
    paid = [seat for seat in taken if seat.status is SeatStatus.PAID]
    if group.status not in OPEN or deal.completes_from is None or len(paid) < deal.completes_from:
        raise DealRefused(why="too_few")
    group.filled_by_shop = group.size - len(taken)
    return _confirm_if_full(session, group, at=at, by=by) or Change()


def move(session: Session, seat: Seat, status: SeatStatus, *, at: datetime, by: str, why: str = "") -> None:
    """Go there and leave a line of history. Raises ValueError when the table does not allow it."""
    if status not in SEAT_MOVES[seat.status]:
        raise ValueError(f"a seat that is {seat.status.value} cannot become {status.value}")
    session.add(SeatMove(seat_id=seat.id, before=seat.status, after=status, at=at, by=by, why=why))
    seat.status = status


def _end(group: DealGroup, status: GroupStatus, *, at: datetime) -> None:
    group.status, group.ended_at = status, at


# ---------------------------------------------------------------------- the deal's quota


def take_units(session: Session, deal_id: UUID, units: int) -> None:
    """Count them towards the quota, as one statement. Raises DealRefused where so many are not left."""
    fits = (Deal.quota.is_(None)) | (Deal.units_taken + units <= Deal.quota)
    taken = session.execute(
        update(Deal).where(Deal.id == deal_id, fits).values(units_taken=Deal.units_taken + units)
    )
    if not taken.rowcount:
        raise DealRefused(why="quota")


def give_units_back(session: Session, deal_id: UUID, units: int) -> None:
    """They are free for others again."""
    session.execute(update(Deal).where(Deal.id == deal_id).values(units_taken=Deal.units_taken - units))
