"""Group deals as staff see them: the list, one deal with its prices, and its groups with their history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from bot.messages import Picture
from console.reads.listing import Listed, contains, count_and_cut
from shop.catalogue import queries
from shop.catalogue.model import Product
from shop.customers.model import Customer
from shop.deals import editing, groups, offers
from shop.deals.drafts import Draft, Problem, problems_of
from shop.deals.model import (
    Deal,
    DealGroup,
    DealStatus,
    GroupHappening,
    GroupStatus,
    Seat,
    SeatStatus,
)
from shop.money import Money


@dataclass(frozen=True, slots=True)
class Goods:
    """What a deal is about: a product and what each kind of it costs alone, by SKU, in the shop's order."""

    handle: str
    title: str
    picture: Picture | None
    kinds: tuple["Kind", ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One variant that can be bought; `label` is empty for a product's only one."""

    sku: str
    label: str
    single: Money


@dataclass(frozen=True, slots=True)
class PriceRow:
    kind: Kind
    together: Money


@dataclass(frozen=True, slots=True)
class DealRow:
    """One deal in the list: `prices` by what they are together, the lowest first."""

    code: str
    title: str
    status: DealStatus
    product: str
    picture: Picture | None
    prices: tuple[PriceRow, ...]
    size: int
    window_hours: int
    quota: int | None
    units_taken: int
    open_groups: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """A line of a group's history; `who` is empty where it is about the whole group."""

    what: GroupHappening
    who: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group. `paying` seats are held while their buyers pay; `closes_at` is None until its leader has paid."""

    id: UUID
    status: GroupStatus
    size: int
    paid: int
    paying: int
    filled_by_shop: int
    leader: str
    began_at: datetime
    closes_at: datetime | None
    history: tuple[EventRow, ...]


@dataclass(frozen=True, slots=True)
class DealFacts:
    """Everything about one deal. `problems` are what keeps a draft from being published."""

    id: UUID
    row: DealRow
    draft: Draft
    goods: Goods
    problems: tuple[Problem, ...]
    groups: Listed[GroupRow]


def listed(session: Session, *, page: int, search: str, at: datetime) -> Listed[DealRow]:
    """Deals, the newest first. `search` looks at title, code and product."""
    statement = select(Deal).options(selectinload(Deal.prices)).order_by(Deal.created_at.desc(), Deal.code)
    if search:
        named = select(Product.id).where(contains(Product.title, search))
        columns = (Deal.title, Deal.code)
        found = (contains(column, search) for column in columns)
        statement = statement.where(or_(Deal.product_id.in_(named), *found))
    total, shown, cut = count_and_cut(session, statement, page)
    return Listed([_row(session, deal, at=at) for deal in session.scalars(cut)], shown, total)


def facts_of(session: Session, code: str, *, page: int, at: datetime) -> DealFacts | None:
    """One deal with a page of its groups; None where there is none of that code."""
    deal = offers.find(session, code)
    if deal is None:
        return None
    draft = editing.draft_of(session, deal)
    is_draft = deal.status is DealStatus.DRAFT
    return DealFacts(
        id=deal.id,
        row=_row(session, deal, at=at),
        draft=draft,
        goods=_goods(_product(session, deal)),
        problems=tuple(problems_of(session, draft, at=at, deal=deal)) if is_draft else (),
        groups=_groups(session, deal, page=page),
    )


def goods_of(session: Session, handle: str) -> Goods | None:
    """What may be offered of a product; None where there is no such product."""
    product = queries.by_handle(session, handle)
    return _goods(product) if product is not None else None


def offerable(session: Session, *, page: int, search: str) -> Listed[Goods]:
    """Products that are for sale, by title; `search` looks at title, maker and category."""
    statement = (
        select(Product)
        .where(Product.published)
        .options(selectinload(Product.variants), selectinload(Product.pictures))
        .order_by(Product.title, Product.id)
    )
    if search:
        columns = (Product.title, Product.vendor, Product.category)
        statement = statement.where(or_(*(contains(column, search) for column in columns)))
    total, shown, cut = count_and_cut(session, statement, page)
    return Listed([_goods(product) for product in session.scalars(cut)], shown, total)


def _product(session: Session, deal: Deal) -> Product:
    product = queries.by_id(session, deal.product_id)
    assert product is not None, "a deal's product is never deleted"
    return product


def _goods(product: Product) -> Goods:
    first = next(iter(product.pictures), None)
    return Goods(
        handle=product.handle,
        title=product.title,
        picture=Picture(path=first.path, url=first.url) if first else None,
        kinds=tuple(
            Kind(variant.sku, variant.label, variant.price)
            for variant in product.variants
            if variant.published and variant.sku
        ),
    )


_WAS_TAKEN_UP: Final = or_(
    DealGroup.closes_at.is_not(None),
    exists().where(Seat.group_id == DealGroup.id, Seat.status == SeatStatus.HELD),
)
"""Not by somebody who began to pay and let it be: such a group has nobody, and its link still takes a leader."""


def _row(session: Session, deal: Deal, *, at: datetime) -> DealRow:
    product = _product(session, deal)
    together = {price.variant_id: Money(price.price_minor, deal.currency) for price in deal.prices}
    prices = [
        PriceRow(Kind(variant.sku or "", variant.label, variant.price), together[variant.id])
        for variant in product.variants
        if variant.id in together
    ]
    forming = select(func.count()).where(
        DealGroup.deal_id == deal.id, DealGroup.status.in_(groups.OPEN), _WAS_TAKEN_UP
    )
    return DealRow(
        code=deal.code,
        title=deal.title,
        status=offers.status_at(deal, at),
        product=product.title,
        picture=_goods(product).picture,
        prices=tuple(sorted(prices, key=lambda price: price.together.minor)),
        size=deal.size,
        window_hours=deal.window_hours,
        quota=deal.quota,
        units_taken=deal.units_taken,
        open_groups=session.scalar(forming) or 0,
    )


def _groups(session: Session, deal: Deal, *, page: int) -> Listed[GroupRow]:
    """Those that still form come first, then the newest."""
    is_over = case((DealGroup.status.in_(groups.OPEN), 0), else_=1)
    statement = (
        select(DealGroup)
        .where(DealGroup.deal_id == deal.id, _WAS_TAKEN_UP)
        .order_by(is_over, DealGroup.began_at.desc(), DealGroup.id)
    )
    total, shown, cut = count_and_cut(session, statement, page)
    return Listed([_group(session, group) for group in session.scalars(cut)], shown, total)


def _group(session: Session, group: DealGroup) -> GroupRow:
    seats = list(session.scalars(select(Seat).where(Seat.group_id == group.id)))
    names = _names(session, [seat.customer_id for seat in seats] + [group.leader_id])
    buyers = {seat.id: names[seat.customer_id] for seat in seats}
    statuses = [seat.status for seat in seats]
    history = [
        EventRow(line.what, buyers.get(line.seat_id, "") if line.seat_id else "", line.at, line.why)
        for line in groups.history(session, group)
    ]
    return GroupRow(
        id=group.id,
        status=group.status,
        size=group.size,
        paid=statuses.count(SeatStatus.PAID) + statuses.count(SeatStatus.CONFIRMED),
        paying=statuses.count(SeatStatus.HELD),
        filled_by_shop=group.filled_by_shop,
        leader=names[group.leader_id] if group.leader_id else "",
        began_at=group.began_at,
        closes_at=group.closes_at,
        history=tuple(history),
    )


def _names(session: Session, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """What they are called; who told no name, or had it deleted, is a customer."""
    people = session.scalars(select(Customer).where(Customer.id.in_({each for each in ids if each})))
    return {person.id: person.name or "A customer" for person in people}
