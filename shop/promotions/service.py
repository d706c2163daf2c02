"""Whether a coupon holds for a purchase, and its use by an order: taken under a lock, given back with the order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from shop.customers.model import Customer
from shop.errors import Refused
from shop.money import total
from shop.orders.model import Order, OrderStatus
from shop.pricing.quote import Goods
from shop.promotions.model import Coupon, CouponGuess, CouponUse

GUESSES_MAX: Final = 5
GUESSES_WITHIN: Final = timedelta(hours=1)
NEVER_BOUGHT: Final = (OrderStatus.AWAITING_PAYMENT, OrderStatus.CANCELLED, OrderStatus.EXPIRED)

Reason = Literal[
    "unknown", "too_many_tries", "not_yet", "over", "used_up", "used_by_you", "not_first", "not_these", "too_little"
]  # fmt: skip


class CouponRefused(Refused):
    """A coupon does not hold; `reason` says why, and `utter_coupon_<reason>` tells it."""

    def __init__(self, reason: Reason, **facts: Any) -> None:
        self.reason: Reason = reason
        self.reply = f"utter_coupon_{reason}"
        super().__init__(**facts)


class CouponTaken(ValueError):  # noqa: N818 - reads as what happened
    """A coupon of that code is there already."""


def add(session: Session, coupon: Coupon) -> Coupon:
    """Offer a new coupon. Raises CouponTaken; a code that has ended may not come again, for old orders name it."""
    if find(session, coupon.code) is not None:
        raise CouponTaken(coupon.code)
    session.add(coupon)
    session.flush()
    return coupon


def find(session: Session, code: str) -> Coupon | None:
    """The coupon of that code, however it is written."""
    return session.scalars(select(Coupon).where(Coupon.code == code.strip().upper())).one_or_none()


def listed(session: Session) -> list[tuple[Coupon, int]]:
    """Every coupon with how often it is in use, the newest first."""
    uses = (
        select(CouponUse.coupon_id, func.count().label("uses"))
        .where(CouponUse.given_back_at.is_(None))
        .group_by(CouponUse.coupon_id)
        .subquery()
    )
    rows = session.execute(
        select(Coupon, func.coalesce(uses.c.uses, 0))
        .outerjoin(uses, uses.c.coupon_id == Coupon.id)
        .order_by(Coupon.created_at.desc(), Coupon.code)
    )
    return [(coupon, int(count)) for coupon, count in rows]


def end(session: Session, coupon: Coupon, *, at: datetime) -> None:
    """From now on nobody gets it; orders that have it keep it."""
    coupon.ends_at = at
    session.flush()


def look_up(session: Session, code: str, customer: Customer, *, at: datetime) -> Coupon:
    """The coupon that a customer names. Raises CouponRefused for a code that is none, or after too many of those.

    Who has guessed too often hears the same of a real code: it says nothing about which ones there are.
    """
    recent = (
        select(func.count())
        .select_from(CouponGuess)
        .where(CouponGuess.customer_id == customer.id, CouponGuess.at > at - GUESSES_WITHIN)
    )
    if session.scalars(recent).one() >= GUESSES_MAX:
        raise CouponRefused("too_many_tries")
    coupon = find(session, code)
    if coupon is None:
        session.execute(
            delete(CouponGuess).where(
                CouponGuess.customer_id == customer.id, CouponGuess.at <= at - GUESSES_WITHIN
            )
        )
        session.add(CouponGuess(customer_id=customer.id, at=at))
        session.flush()
        raise CouponRefused("unknown", code=code.strip().upper())
    return coupon


def check(
    session: Session, coupon: Coupon, customer: Customer, goods: Sequence[Goods], *, at: datetime
) -> None:
    """Whether the coupon holds for this purchase now. Raises CouponRefused with the reason."""
    _check_time(coupon, at)
    _check_uses(session, coupon, customer.id)
    if coupon.first_order_only and _bought_before(session, customer.id):
        raise CouponRefused("not_first", code=coupon.code)
    if not goods:  # a cart that is still to be filled
        return
    covered = [each for each in goods if coupon.rebate.covers(each)]
    if not covered:
        raise CouponRefused("not_these", code=coupon.code, kinds=", ".join(coupon.categories))
    worth = total((each.price for each in covered), coupon.currency)
    if worth < coupon.minimum:
        raise CouponRefused(
            "too_little", code=coupon.code, minimum=coupon.minimum, missing=coupon.minimum - worth
        )


def take(session: Session, order: Order, *, at: datetime) -> None:
    """The order uses its coupon. Locks the coupon, so that the last use goes to one. Raises CouponRefused."""
    if order.coupon_code is None:
        return
    coupon = session.scalars(
        select(Coupon)
        .where(Coupon.code == order.coupon_code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    _check_uses(session, coupon, order.customer_id)
    use = session.get(CouponUse, order.id)
    if use is None:
        use = CouponUse(order_id=order.id, coupon_id=coupon.id, customer_id=order.customer_id)
        session.add(use)
    use.taken_at, use.given_back_at = at, None
    session.flush()


def give_back(session: Session, order_id: UUID, *, at: datetime) -> None:
    """The order came to nothing: its coupon may be used again. Repeating it changes nothing."""
    use = session.get(CouponUse, order_id)
    if use is not None and use.given_back_at is None:
        use.given_back_at = at


def _check_time(coupon: Coupon, at: datetime) -> None:
    if coupon.starts_at is not None and at < coupon.starts_at:
        raise CouponRefused("not_yet", code=coupon.code, day=coupon.starts_at)
    if coupon.ends_at is not None and at >= coupon.ends_at:
        raise CouponRefused("over", code=coupon.code, day=coupon.ends_at)


def _check_uses(session: Session, coupon: Coupon, customer_id: UUID) -> None:
    if coupon.uses_max is not None and _uses(session, coupon) >= coupon.uses_max:
        raise CouponRefused("used_up", code=coupon.code)
    per_customer = 1 if coupon.first_order_only else coupon.uses_per_customer_max
    theirs = CouponUse.customer_id == customer_id
    if per_customer is not None and _uses(session, coupon, theirs) >= per_customer:
        raise CouponRefused("used_by_you", code=coupon.code)


def _uses(session: Session, coupon: Coupon, *conditions: ColumnElement[bool]) -> int:
    counted = (
        select(func.count())
        .select_from(CouponUse)
        .where(CouponUse.coupon_id == coupon.id, CouponUse.given_back_at.is_(None), *conditions)
    )
    return session.scalars(counted).one()


def _bought_before(session: Session, customer_id: UUID) -> bool:
    bought = select(Order.id).where(Order.customer_id == customer_id, Order.status.not_in(NEVER_BOUGHT))
    return session.scalars(bought.limit(1)).one_or_none() is not None
