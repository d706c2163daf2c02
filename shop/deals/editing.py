"""What staff do with a deal: draft it, change it, publish, pause, resume and end it.

Times are turned into states by `offers.status_at` alone; what is stored moves along DEAL_MOVES, and is LIVE only where
a paused deal was resumed.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from shop.catalogue.model import Product, Variant
from shop.deals import offers
from shop.deals.drafts import Draft, Problem, problems_of, product_of, variants_of
from shop.deals.model import DEAL_MOVES, Deal, DealPrice, DealStatus
from shop.errors import Refused
from shop.money import Money

OVER: Final = frozenset({DealStatus.ENDED, DealStatus.CANCELLED})
_SAME: Final = frozenset(Draft.model_fields) - {"product", "prices", "leader_bonus"}
"""The fields that a draft and a deal both have."""


class Mistaken(Refused):
    """The deal has mistakes: please mend what is listed beside it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems=[str(problem) for problem in problems])
        self.problems = tuple(problems)


class NotADraft(Refused):
    """This deal is published already."""


class NotRunning(Refused):
    """Only a deal that is live can be paused, and only a live or paused one ended."""


class NotPaused(Refused):
    """Only a paused deal can be resumed."""


class IsOver(Refused):
    """This deal is over: make a new one."""


# ---------------------------------------------------------------------- writing


def create(session: Session, draft: Draft, *, at: datetime) -> Deal:
    """A new deal that nobody sees before it is published. Raises Mistaken."""
    _check(problems_of(session, draft, at=at))
    deal = Deal(status=DealStatus.DRAFT, created_at=at, starts_at=at, prices=[])
    _fill(session, deal, draft)
    session.add(deal)
    session.flush()
    return deal


def change(session: Session, deal: Deal, draft: Draft, *, at: datetime) -> None:
    """Write the draft over a deal that `take` gave. Groups keep what they began with (rule 11). Raises Mistaken, IsOver."""
    if offers.status_at(deal, at) in OVER:
        raise IsOver
    _check(problems_of(session, draft, at=at, deal=deal))
    _fill(session, deal, draft)
    session.flush()


def take(session: Session, code: str) -> Deal:
    """A deal with its prices, locked. Raises LookupError."""
    locked = select(Deal).where(Deal.code == code).with_for_update(key_share=True)
    loaded = locked.options(selectinload(Deal.prices)).execution_options(populate_existing=True)
    found = session.scalars(loaded).one_or_none()
    if found is None:
        raise LookupError(f"there is no deal {code}")
    return found


def draft_of(session: Session, deal: Deal) -> Draft:
    """The deal as its merchant would write it. `deal` is loaded with its prices."""
    found = session.execute(select(Variant.id, Variant.sku).where(Variant.product_id == deal.product_id))
    skus = {variant_id: sku or "" for variant_id, sku in found}
    prices = {skus[each.variant_id]: Money(each.price_minor, deal.currency).decimal for each in deal.prices}
    same = {name: getattr(deal, name) for name in _SAME}
    return Draft.model_construct(
        **same,
        product=session.get_one(Product, deal.product_id).handle,
        prices=prices,
        leader_bonus=Money(deal.leader_bonus_minor, deal.currency).decimal,
    )


def _fill(session: Session, deal: Deal, draft: Draft) -> None:
    product = product_of(session, draft)
    assert product is not None, "a draft without a product was refused"
    chosen = [(variants_of(product, sku)[0], price) for sku, price in draft.prices.items()]
    for name in _SAME - {"starts_at"}:
        setattr(deal, name, getattr(draft, name))
    deal.starts_at = draft.starts_at or deal.starts_at
    deal.product_id, deal.currency = product.id, chosen[0][0].currency
    deal.leader_bonus_minor = Money.from_decimal(draft.leader_bonus, deal.currency).minor
    known = {price.variant_id: price for price in deal.prices}
    deal.prices = [
        _priced(known.get(each.id) or DealPrice(variant_id=each.id), price, deal) for each, price in chosen
    ]


def _priced(row: DealPrice, price: Decimal, deal: Deal) -> DealPrice:
    row.price_minor = Money.from_decimal(price, deal.currency).minor
    return row


def _check(problems: list[Problem]) -> None:
    if problems:
        raise Mistaken(problems)


# ---------------------------------------------------------------------- its life


def publish(session: Session, deal: Deal, *, at: datetime) -> None:
    """Customers meet it from its start on. Raises NotADraft, and Mistaken where the catalogue has changed since."""
    if deal.status is not DealStatus.DRAFT:
        raise NotADraft
    _check(problems_of(session, draft_of(session, deal), at=at, deal=deal))
    _move(deal, DealStatus.SCHEDULED, at=at)


def pause(deal: Deal, *, at: datetime) -> None:
    """Nobody starts a group, or joins one that began after this. Raises NotRunning. `deal` is locked."""
    if offers.status_at(deal, at) is not DealStatus.LIVE:
        raise NotRunning
    _move(deal, DealStatus.PAUSED, at=at)


def resume(deal: Deal, *, at: datetime) -> None:
    """It is on again. Raises NotPaused, also where its time has run out meanwhile. `deal` is locked."""
    if offers.status_at(deal, at) is not DealStatus.PAUSED:
        raise NotPaused
    _move(deal, DealStatus.LIVE, at=at)


def end_early(deal: Deal, *, at: datetime) -> None:
    """No more groups begin; those that began may fill (rule 2). Raises NotRunning. `deal` is locked."""
    if DealStatus.ENDED not in DEAL_MOVES[offers.status_at(deal, at)]:
        raise NotRunning
    _move(deal, DealStatus.ENDED, at=at)
    deal.ends_at = at


def _move(deal: Deal, status: DealStatus, *, at: datetime) -> None:
    """One step from what it is at that moment: the clock may have begun a scheduled deal meanwhile."""
    now = offers.status_at(deal, at)
    assert status in DEAL_MOVES[now], f"a deal that is {now.value} cannot become {status.value}"
    deal.status = status
