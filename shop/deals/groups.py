"""A group's life: seats are held, paid, given up and confirmed. The group's row is locked by whoever calls.

Nothing here moves money or goods: a seat's order does. Every change leaves a line of history (`GroupEvent`), from
which members and cards are told; `changed` says which groups have new ones.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from shop.deals.model import (
    SEAT_HOLD,
    SEAT_MOVES,
    TAKEN,
    Deal,
    DealGroup,
    DealRefused,
    DealStatus,
    GroupEvent,
    GroupHappening,
    GroupStatus,
    Seat,
    SeatStatus,
)
from shop.orders.model import Order
from storage.ids import new_token

TOKEN_BYTES: Final = 12  # 16 letters of [A-Za-z0-9_-], as a Telegram start parameter takes them
OPEN: Final = frozenset({GroupStatus.FORMING, GroupStatus.CLOSING})
GIVEN_BACK: Final = frozenset({SeatStatus.REFUND_PENDING, SeatStatus.REFUND_FAILED, SeatStatus.REFUNDED})
_CHANGED: Final = "groups_changed"


# ---------------------------------------------------------------------- finding


def lock(session: Session, group_id: UUID) -> DealGroup:
    """The group as it is once its lock is held. Raises LookupError."""
    found = session.scalars(_locked().where(DealGroup.id == group_id)).one_or_none()
    if found is None:
        raise LookupError(f"there is no group {group_id}")
    return found


def lock_for(session: Session, order_id: UUID) -> DealGroup | None:
    """The group in which that order is a seat, locked; None for any other order.

    It is locked before the order: whoever ends a group goes from it to its orders, too.
    """
    while True:
        group_id = session.scalar(select(Order.group_id).where(Order.id == order_id))
        if group_id is None:
            return None
        group = lock(session, group_id)
        if session.scalar(select(Order.group_id).where(Order.id == order_id)) == group_id:
            return group  # else its late money took it to another group while we waited


def find(session: Session, token: str) -> DealGroup | None:
    """By the token of its link."""
    return session.scalars(select(DealGroup).where(DealGroup.token == token)).one_or_none()


def seat_of(session: Session, order_id: UUID) -> Seat | None:
    """The seat that an order is."""
    return session.scalars(select(Seat).where(Seat.order_id == order_id)).one_or_none()


def seats_of(session: Session, group: DealGroup, *statuses: SeatStatus) -> list[Seat]:
    """Its seats in one of these states, or all that are somebody's: paid ones first, in the order of their payment."""
    found = session.scalars(
        select(Seat).where(Seat.group_id == group.id, Seat.status.in_(statuses or tuple(TAKEN)))
    )
    return sorted(
        found, key=lambda seat: (seat.paid_at is None, seat.paid_at or seat.held_at, seat.held_at, seat.id)
    )


def history(session: Session, group: DealGroup, *, after: int = 0) -> list[GroupEvent]:
    """What happened to it since the line `after`."""
    lines = select(GroupEvent).where(GroupEvent.group_id == group.id, GroupEvent.id > after)
    return list(session.scalars(lines.order_by(GroupEvent.id)))


def oldest_open(
    session: Session,
    deal_id: UUID,
    *,
    but: UUID,
    customer_id: UUID,
    prices: Mapping[str, int],
    at: datetime,
) -> DealGroup | None:
    """Another group of the deal with a seat for that customer at these prices (variant id → minor units), locked.

    One that somebody else holds is passed over.
    """
    forming = (
        _locked(skip_locked=True)
        .where(
            DealGroup.deal_id == deal_id,
            DealGroup.id != but,
            DealGroup.status == GroupStatus.FORMING,
            DealGroup.closes_at > at,
        )
        .order_by(DealGroup.closes_at, DealGroup.id)
    )
    for group in session.scalars(forming):
        taken = seats_of(session, group)
        is_in = any(seat.customer_id == customer_id for seat in taken)
        if has_room(group, taken) and not is_in and prices.items() <= group.prices.items():
            return group
    return None


def changed(session: Session) -> set[UUID]:
    """The groups that got new lines of history in this transaction, once."""
    return session.info.pop(_CHANGED, set())


def is_open(group: DealGroup, *, at: datetime) -> bool:
    """Whether somebody may still join: its deal may have ended since it began (rule 2)."""
    return group.status is GroupStatus.FORMING and (group.closes_at is None or at < group.closes_at)


def has_room(group: DealGroup, taken: list[Seat]) -> bool:
    """Whether a seat is neither somebody's nor the shop's."""
    return len(taken) + group.filled_by_shop < group.size


# ---------------------------------------------------------------------- seats


def begin(session: Session, deal: Deal, *, at: datetime) -> DealGroup:
    """A new group with a snapshot of its deal: later changes of that do not touch it (rule 11).

    `deal` is loaded with its prices; that it is live is the caller's to know.
    """
    group = DealGroup(
        token=new_token(TOKEN_BYTES),
        deal_id=deal.id,
        status=GroupStatus.FORMING,
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


def hold(
    session: Session, group: DealGroup, order: Order, *, units: int, at: datetime, elsewhere: bool
) -> Seat:
    """A seat while its buyer pays; its order holds the stock. Raises DealRefused: over, full, theirs already, quota."""
    if not is_open(group, at=at):
        raise DealRefused(why="over")
    taken = seats_of(session, group)
    if any(seat.customer_id == order.customer_id for seat in taken):
        raise DealRefused(why="already_in")
    if not has_room(group, taken):
        raise DealRefused(why="full")
    take_units(session, group.deal_id, units)
    seat = Seat(
        group_id=group.id,
        customer_id=order.customer_id,
        order_id=order.id,
        status=SeatStatus.HELD,
        units=units,
        held_at=at,
        hold_until=at + SEAT_HOLD,
        goes_elsewhere=elsewhere,
    )
    session.add(seat)
    session.flush()
    _note(session, group, GroupHappening.HELD, at=at, by="customer", seat=seat)
    return seat


def pay(session: Session, group: DealGroup, seat: Seat, *, at: datetime) -> bool:
    """Its money is in, or held by the bank. True when that was the last one: then all its seats are confirmed.

    The first one leads, and the group's time runs from then. Raises DealRefused where a hold that lapsed cannot be
    taken again: over, full, theirs already, or quota. A group whose time is over takes whoever still held a seat.
    """
    if group.status not in OPEN:
        raise DealRefused(why="over")
    if seat.status is SeatStatus.RELEASED:
        _take_again(session, group, seat, at=at)
    _move(seat, SeatStatus.PAID)
    seat.paid_at = at
    opens = group.closes_at is None
    if opens:
        group.closes_at = at + timedelta(hours=group.window_hours)
    if group.leader_id is None:
        group.leader_id = seat.customer_id
    happening = GroupHappening.OPENED if opens else GroupHappening.JOINED
    _note(session, group, happening, at=at, by="payment", seat=seat)
    return confirm_if_full(session, group, at=at, by="payment")


def move_to(session: Session, group: DealGroup, seat: Seat, order: Order, *, at: datetime) -> bool:
    """A seat that lapsed goes on in another group with the money that came too late (rule 9). As `pay`."""
    assert seat.status is SeatStatus.RELEASED, "its hold lapsed"
    seat.group_id = order.group_id = group.id
    session.flush()
    return pay(session, group, seat, at=at)


def give_up(session: Session, order: Order, *, at: datetime, by: str, why: str) -> None:
    """The seat's order has ended: the seat is free again; a paid one is owed its money.

    While the group forms, the earliest paid member leads on where the leader goes, with the same deadline, and the
    last one's going ends it (rule 7). A confirmed seat stays: a return changes nobody else's price (rule 8).
    """
    seat = seat_of(session, order.id)
    if seat is None or seat.status not in {SeatStatus.HELD, SeatStatus.PAID}:
        return
    group = lock(session, seat.group_id)
    was_paid = seat.status is SeatStatus.PAID
    _move(seat, SeatStatus.REFUND_PENDING if was_paid else SeatStatus.RELEASED)
    give_units_back(session, group.deal_id, seat.units)
    happening = GroupHappening.LEFT if was_paid else GroupHappening.RELEASED
    _note(session, group, happening, at=at, by=by, seat=seat, why=why)
    if was_paid and group.status in OPEN:
        _go_on_without(session, group, seat, at=at, by=by)


def _go_on_without(session: Session, group: DealGroup, gone: Seat, *, at: datetime, by: str) -> None:
    left = seats_of(session, group, SeatStatus.PAID, SeatStatus.HELD)
    paid = [seat for seat in left if seat.status is SeatStatus.PAID]
    if not left:
        end(session, group, GroupStatus.CANCELLED, at=at, by=by, why="the last member left")
    elif group.leader_id == gone.customer_id:
        group.leader_id = paid[0].customer_id if paid else None  # else: whoever is paying now leads
        if paid:
            _note(session, group, GroupHappening.NEW_LEADER, at=at, by=by, seat=paid[0])


def confirm_if_full(session: Session, group: DealGroup, *, at: datetime, by: str) -> bool:
    """Confirm all its seats if none is missing. What that means for their orders is the caller's next step."""
    paid = seats_of(session, group, SeatStatus.PAID)
    if len(paid) + group.filled_by_shop < group.size:
        return False
    for seat in paid:
        _move(seat, SeatStatus.CONFIRMED)
    end(session, group, GroupStatus.SUCCEEDED, at=at, by=by)
    return True


def wait_for_payers(session: Session, group: DealGroup, *, at: datetime) -> datetime | None:
    """Its time is over: until when it waits for those who are inside a payment; None when it need not (rule 10)."""
    until = [seat.hold_until for seat in seats_of(session, group, SeatStatus.HELD) if seat.hold_until > at]
    if not until:
        return None
    if group.status is GroupStatus.FORMING:
        group.status = GroupStatus.CLOSING
        _note(session, group, GroupHappening.CLOSING, at=at, by="timer")
    return max(until)


def fill_by_shop(session: Session, group: DealGroup, deal: Deal, *, at: datetime, by: str) -> bool:
    """The shop takes the seats that nobody has, and its card says so (rule 12). True when that made it full.

    Raises DealRefused below the share that the deal sets.
    """
    taken = seats_of(session, group)
    paid = [seat for seat in taken if seat.status is SeatStatus.PAID]
    if group.status not in OPEN or deal.completes_from is None or len(paid) < deal.completes_from:
        raise DealRefused(why="too_few")
    group.filled_by_shop = group.size - len(taken)
    _note(session, group, GroupHappening.FILLED_BY_SHOP, at=at, by=by)
    return confirm_if_full(session, group, at=at, by=by)


def end(
    session: Session, group: DealGroup, status: GroupStatus, *, at: datetime, by: str, why: str = ""
) -> None:
    """Nobody joins it any more."""
    group.status, group.ended_at = status, at
    _note(session, group, GroupHappening(status.value), at=at, by=by, why=why)


def refund_moved(session: Session, order_id: UUID | None, status: SeatStatus) -> None:
    """Where the money of a seat that was given up is; other orders and seats are left alone."""
    seat = seat_of(session, order_id) if order_id is not None else None
    if seat is not None and seat.status in GIVEN_BACK and status in SEAT_MOVES[seat.status]:
        _move(seat, status)


def _take_again(session: Session, group: DealGroup, seat: Seat, *, at: datetime) -> None:
    """The hold had lapsed; the money came all the same (rule 9)."""
    taken = seats_of(session, group)
    if not is_open(group, at=at):
        raise DealRefused(why="over")
    if any(other.customer_id == seat.customer_id for other in taken):
        raise DealRefused(why="already_in")
    if not has_room(group, taken):
        raise DealRefused(why="full")
    take_units(session, group.deal_id, seat.units)
    seat.status = SeatStatus.HELD


def _move(seat: Seat, status: SeatStatus) -> None:
    if status not in SEAT_MOVES[seat.status]:
        raise ValueError(f"a seat that is {seat.status.value} cannot become {status.value}")
    seat.status = status


def _note(
    session: Session,
    group: DealGroup,
    what: GroupHappening,
    *,
    at: datetime,
    by: str,
    seat: Seat | None = None,
    why: str = "",
) -> None:
    line = GroupEvent(group_id=group.id, seat_id=seat.id if seat else None, what=what, at=at, by=by, why=why)
    session.add(line)
    session.flush()
    session.info.setdefault(_CHANGED, set()).add(group.id)


def _locked(*, skip_locked: bool = False) -> Select[DealGroup]:
    return (
        select(DealGroup)
        .with_for_update(skip_locked=skip_locked, key_share=True)
        .execution_options(populate_existing=True)
    )


# ---------------------------------------------------------------------- the deal's quota


def take_units(session: Session, deal_id: UUID, units: int) -> None:
    """Count them towards the quota, as one statement. Raises DealRefused where so many are not left."""
    fits = (Deal.quota.is_(None)) | (Deal.units_taken + units <= Deal.quota)
    goes_on = Deal.status != DealStatus.CANCELLED  # asked with the row locked: it may be called off just now
    counted = (
        update(Deal).where(Deal.id == deal_id, fits, goes_on).values(units_taken=Deal.units_taken + units)
    )
    if session.scalar(counted.returning(Deal.id)) is None:
        is_off = session.scalar(select(Deal.status).where(Deal.id == deal_id)) is DealStatus.CANCELLED
        raise DealRefused(why="deal_over" if is_off else "quota")


def give_units_back(session: Session, deal_id: UUID, units: int) -> None:
    """They are free for others again."""
    session.execute(update(Deal).where(Deal.id == deal_id).values(units_taken=Deal.units_taken - units))
