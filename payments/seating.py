"""Money for a seat of a group deal: it waits while the group forms, and is earned by all its orders at once.

Until then it stays in `customer money`: a group that fails gives back what was never ours.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from payments import funds
from payments.ledger import posting
from payments.model import Payment
from shop.catalogue.model import OutOfStock
from shop.deals import groups, offers
from shop.deals.model import DealGroup, DealRefused, DealStatus, GroupStatus, Seat, SeatStatus
from shop.orders import service as orders
from shop.orders.model import Order, OrderStatus
from shop.papers import service as invoices
from shop.promotions.service import CouponRefused


@dataclass(frozen=True, slots=True)
class Seated:
    """Where the money took its seat; `confirmed` are the orders of the whole group when it became full by it."""

    group: DealGroup
    elsewhere: bool = False
    confirmed: tuple[Order, ...] = ()


def take_seat(session: Session, order: Order, *, at: datetime, by: str, low_stock_units: int = 0) -> Seated:
    """The order's money is in, or held by the bank. It and its group are locked.

    A hold that lapsed is taken again where seat and stock are still free; else, where the buyer agreed to that, the
    oldest open group of the deal or a new one takes it. Raises DealRefused, OutOfStock or CouponRefused where no group
    does: then the money goes back.
    """
    assert order.group_id is not None, "a seat"
    seat, group = groups.seat_of(session, order.id), groups.lock(session, order.group_id)
    assert seat is not None, "a seat was held when the order was placed"
    try:
        with session.begin_nested():
            is_full = groups.pay(session, group, seat, at=at)
            orders.wait(session, order, at=at, by=by, low_stock_units=low_stock_units)
    except DealRefused:
        if not seat.goes_elsewhere:
            raise
        group, is_full = _go_elsewhere(session, group, seat, order, at=at)
        orders.wait(session, order, at=at, by=by, low_stock_units=low_stock_units)
        return Seated(
            group, elsewhere=True, confirmed=confirm(session, group, at=at, by=by) if is_full else ()
        )
    return Seated(group, confirmed=confirm(session, group, at=at, by=by) if is_full else ())


def _go_elsewhere(
    session: Session, group: DealGroup, seat: Seat, order: Order, *, at: datetime
) -> tuple[DealGroup, bool]:
    """Another group of the deal at the same price. Raises DealRefused where there is none."""
    prices = {str(line.variant_id): line.unit_price_minor for line in order.lines}
    other = groups.oldest_open(
        session, group.deal_id, but=group.id, customer_id=seat.customer_id, prices=prices, at=at
    )
    if other is None:
        deal = offers.get(session, group.deal_id)
        current = {str(each.variant_id): each.price_minor for each in deal.prices}
        if offers.status_at(deal, at) is not DealStatus.LIVE or not prices.items() <= current.items():
            raise DealRefused(why="over")
        other = groups.begin(session, deal, at=at)
    return other, groups.move_to(session, other, seat, order, at=at)


def confirm(session: Session, group: DealGroup, *, at: datetime, by: str) -> tuple[Order, ...]:
    """The group is full: its orders are released, all in this transaction.

    What was charged is earned and gets its invoice; what a bank still holds is `authorised`, for the caller to charge.
    """
    seats = groups.seats_of(session, group, SeatStatus.CONFIRMED)
    confirmed = tuple(orders.get(session, order_id) for order_id in sorted(seat.order_id for seat in seats))
    for order in confirmed:
        if order.status is not OrderStatus.WAITING:  # it was called off since, which changes nothing here
            continue
        shares = _shares(session, order)
        if not shares:
            session.add(order.move(OrderStatus.AUTHORISED, at=at, by=by))
            continue
        session.add(order.move(OrderStatus.PAID, at=at, by=by))
        invoices.issue(session, order.id, at=at)
        posting.earned(session, order, shares, at=at)
    return confirmed


def fail(
    session: Session, group: DealGroup, status: GroupStatus, *, at: datetime, by: str, why: str
) -> tuple[Order, ...]:
    """The group is over: its orders end, their goods and coupons are free. They are returned, unpaid ones too.

    Giving back each one's money by its own payment is the caller's next step, one by one (rule 6).
    """
    seats = groups.seats_of(session, group, SeatStatus.PAID, SeatStatus.HELD)
    groups.end(session, group, status, at=at, by=by, why=why)
    ended = tuple(orders.get(session, order_id) for order_id in sorted(seat.order_id for seat in seats))
    for order in ended:
        if order.status is OrderStatus.WAITING:
            orders.cancel(session, order, at=at, by=by, why=why)
        else:  # unpaid: should its money still come, it may take a seat elsewhere
            orders.expire(session, order, at=at)
    return ended


def _shares(session: Session, order: Order) -> list[tuple[Payment, int]]:
    """What it was paid with, cut to what is due; nothing when a bank only holds it."""
    due, shares = order.due.minor, list[tuple[Payment, int]]()
    for fund in funds.of_order(session, order.id):
        part = min(fund.left_minor, due)
        if part > 0 and fund.payment.currency == order.currency:
            shares.append((fund.payment, part))
            due -= part
    return shares if not due else []


REFUSALS = (DealRefused, OutOfStock, CouponRefused)
"""What `take_seat` may raise: nothing was kept, and the money is to go back."""
