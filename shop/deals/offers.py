"""Deals as customers meet them: which are on now, at what price, and for whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from shop.customers.model import Customer
from shop.deals.model import (
    TAKEN,
    Audience,
    Deal,
    DealGroup,
    DealRefused,
    DealStatus,
    GroupStatus,
    Seat,
    SeatStatus,
)
from shop.money import Money
from shop.orders.model import PAID_FOR, Order
from shop.watches.model import StockWatch
from storage.sums import total

_RUNS = (DealStatus.SCHEDULED, DealStatus.LIVE)


def status_at(deal: Deal, at: datetime) -> DealStatus:
    """What it is at that moment: a scheduled deal goes live, and any that runs ends, by the clock alone."""
    if deal.status in {*_RUNS, DealStatus.PAUSED} and deal.ends_at is not None and deal.ends_at <= at:
        return DealStatus.ENDED
    if deal.status in _RUNS:
        return DealStatus.LIVE if deal.starts_at <= at else DealStatus.SCHEDULED
    return deal.status


def get(session: Session, deal_id: UUID) -> Deal:
    """A deal with its prices. Raises LookupError."""
    found = session.scalars(_with_prices().where(Deal.id == deal_id)).one_or_none()
    if found is None:
        raise LookupError(f"there is no deal {deal_id}")
    return found


def find(session: Session, code: str) -> Deal | None:
    """By its code, as in honey-for-three."""
    return session.scalars(_with_prices().where(Deal.code == code)).one_or_none()


def every(session: Session) -> list[Deal]:
    """All deals there ever were, with their prices; the newest first."""
    return list(session.scalars(_with_prices().order_by(Deal.created_at.desc(), Deal.code)))


def live(session: Session, *, at: datetime) -> list[Deal]:
    """The deals that are on; those that end first come first."""
    statement = _with_prices().where(Deal.status.in_(_RUNS), Deal.starts_at <= at)
    found = [deal for deal in session.scalars(statement) if status_at(deal, at) is DealStatus.LIVE]
    return sorted(found, key=lambda deal: (deal.ends_at is None, deal.ends_at or at, deal.code))


def prices_of(deal: Deal, group: DealGroup | None = None) -> dict[UUID, Money]:
    """What a unit of each variant costs together: in that group, or in one that is started now."""
    minor = (
        {each.variant_id: each.price_minor for each in deal.prices}
        if group is None
        else {UUID(variant): int(price) for variant, price in group.prices.items()}
    )
    return {variant: Money(price, deal.currency) for variant, price in minor.items()}


def price_of(deal: Deal, variant_id: UUID, group: DealGroup | None = None) -> Money | None:
    """What a unit costs together; None where the deal is not about that variant."""
    return prices_of(deal, group).get(variant_id)


def check_may_take(session: Session, deal: Deal, customer: Customer, *, units: int) -> None:
    """Raise DealRefused where this customer may not have (another) seat of the deal, or not so many units."""
    if units > deal.units_per_order_max:
        raise DealRefused(why="units", most=deal.units_per_order_max)
    mine = list(
        session.execute(
            select(Seat.status, Seat.units)
            .join(DealGroup, DealGroup.id == Seat.group_id)
            .where(Seat.customer_id == customer.id, DealGroup.deal_id == deal.id, Seat.status.in_(TAKEN))
        )
    )
    unconfirmed = [status for status, _ in mine if status is not SeatStatus.CONFIRMED]
    if SeatStatus.HELD in unconfirmed:
        raise DealRefused(why="unpaid_seat")
    if len(unconfirmed) >= deal.seats_per_customer_max:
        raise DealRefused(why="seat_elsewhere")
    taken = sum(count for _, count in mine)
    if taken + units > deal.units_per_customer_max:
        raise DealRefused(why="units_in_all", most=deal.units_per_customer_max, taken=taken)
    if not _is_for(session, deal.audience, customer):
        raise DealRefused(why=deal.audience.value)


def held_seat(session: Session, deal: Deal, customer: Customer) -> Seat | None:
    """Their seat in the deal that waits for its payment."""
    return session.scalars(
        _seats_of(customer).where(DealGroup.deal_id == deal.id, Seat.status == SeatStatus.HELD)
    ).first()


def newest_seat(session: Session, customer: Customer) -> Seat | None:
    """Their seat in a group that still forms; else the newest that is confirmed."""
    mine = session.scalars(_seats_of(customer).where(Seat.status.in_(TAKEN))).all()
    return min(mine, key=lambda seat: seat.status is SeatStatus.CONFIRMED, default=None)


def open_groups(session: Session, customer: Customer) -> list[DealGroup]:
    """The groups in which they have paid for a seat, and that still form; the one that ends first comes first."""
    joined = select(DealGroup).join(Seat, Seat.group_id == DealGroup.id)
    mine = joined.where(
        Seat.customer_id == customer.id,
        Seat.status == SeatStatus.PAID,
        DealGroup.status == GroupStatus.FORMING,
    )
    return list(session.scalars(mine.order_by(DealGroup.closes_at, DealGroup.id)))


def _seats_of(customer: Customer) -> Select[Seat]:
    joined = select(Seat).join(DealGroup, DealGroup.id == Seat.group_id)
    return joined.where(Seat.customer_id == customer.id).order_by(Seat.held_at.desc(), Seat.id)


def _is_for(session: Session, audience: Audience, customer: Customer) -> bool:
    if audience is Audience.EVERYONE:
        return True
    bought = select(func.count()).where(Order.customer_id == customer.id, Order.status.in_(PAID_FOR))
    has_bought = bool(session.scalar(bought))
    if audience is Audience.NEW_CUSTOMERS:
        return not has_bought
    watches = select(func.count()).where(StockWatch.customer_id == customer.id)
    return has_bought or bool(session.scalar(watches))


def units_left(session: Session, deal: Deal) -> int | None:
    """Of its quota; None where it has none."""
    taken = session.scalar(select(total(Deal.units_taken)).where(Deal.id == deal.id)) or 0
    return None if deal.quota is None else deal.quota - taken


def _with_prices() -> Select[Deal]:
    return select(Deal).options(selectinload(Deal.prices)).execution_options(populate_existing=True)
