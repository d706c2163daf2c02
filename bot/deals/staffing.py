"""What staff do to groups: take one to its end as the shop, or call a deal off. Each is one transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.deals import endings, news
from payments import seating
from shop.deals import groups, offers
from shop.deals.model import DEAL_MOVES, DealGroup, DealRefused, DealStatus, GroupStatus


def fill(session: Session, group_id: UUID, *, by: str, at: datetime) -> bool:
    """The shop takes the seats that nobody has (rule 12). False when it waits for somebody who is paying.

    Raises DealRefused below the share that the deal sets.
    """
    group = groups.lock(session, group_id)
    deal = offers.get(session, group.deal_id)
    is_full = groups.fill_by_shop(session, group, deal, at=at, by=by)
    if is_full:
        endings.charge(session, seating.confirm(session, group, at=at, by=by), at=at)
    news.plan(session, at=at)
    return is_full


def cancel(session: Session, deal_id: UUID, *, by: str, why: str, at: datetime) -> int:
    """Call a deal off: its groups that still form end, and everybody has their money back (rule 11). How many ended.

    Raises DealRefused where it is over already.
    """
    deal = offers.get(session, deal_id)
    if DealStatus.CANCELLED not in DEAL_MOVES[deal.status]:
        raise DealRefused(why="deal_over")
    deal.status = DealStatus.CANCELLED
    session.flush()  # nobody starts a group any more; those that are being filled are locked one by one
    open_ones = select(DealGroup.id).where(DealGroup.deal_id == deal_id, DealGroup.status.in_(groups.OPEN))
    ended = 0
    for group_id in session.scalars(open_ones.order_by(DealGroup.id)).all():
        group = groups.lock(session, group_id)
        if group.status not in groups.OPEN:  # it was filled while we waited for it
            continue
        orders = seating.fail(session, group, GroupStatus.CANCELLED, at=at, by=by, why=why)
        endings.give_back(session, orders, reason="deal_cancelled", at=at)
        ended += 1
    news.plan(session, at=at)
    return ended
