"""A flash deal: a crowd on some hundred groups at once, on each database, beside a bare counter in the same run.

In the path: the web chat's channel, the inbox, lanes, flows and the dialogue, groups, orders, stock, timers, the
outbox, and Stripe's payment pages and notices over HTTP (the sandbox's).
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.benchmarks import bare_counter
from app.benchmarks.rush import AT_ONCE, Rush
from app.scratch_databases import Scratch
from app.settings import Settings
from app.simulation import without_pages
from app.stage import Stage, Template, copy_home, open_stage
from payments.model import Payment
from sandbox.stories.invariants import Invariants
from shop.catalogue.model import Product, Variant
from shop.deals import groups
from shop.deals.model import TAKEN, Deal, DealGroup, DealPrice, DealStatus, GroupStatus, Seat
from shop.orders.model import Order
from storage.sums import total

SECONDS: Final = 10.0  # of the shop's time, in which everybody taps
SIZE: Final = 3
STOCKED_SHARE: Final = 0.9  # of the seats have goods, so that both run out
SEED: Final = 1

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many people, on how many groups of three."""

    people: int = 2000
    groups: int = 300

    @property
    def units(self) -> int:
        """In stock."""
        return max(1, int(self.groups * SIZE * STOCKED_SHARE))


@dataclass(frozen=True, slots=True)
class FlashDeal:
    """What one database came to. A tap's time is from the tap to its answer in the chat."""

    database: str
    people: int
    groups: int
    units: int
    taps: int  # that had to be answered
    repeats: int  # planted
    real_seconds: float
    taps_per_second: float
    join_p50_ms: float
    join_p99_ms: float
    pay_p50_ms: float  # the tap that takes seat and stock
    pay_p99_ms: float
    counter_taps_per_second: float
    counter_p50_ms: float
    counter_p99_ms: float
    payments: int
    payments_real_seconds: float
    full_groups: int
    groups_over_size: int
    units_over_stock: int
    charged_twice: int
    breaches: tuple[str, ...]  # of the rules that every rehearsal is held to

    @property
    def times_the_counter(self) -> float:
        return self.pay_p99_ms / self.counter_p99_ms

    @property
    def holds(self) -> bool:
        return not (self.groups_over_size or self.units_over_stock or self.charged_twice or self.breaches)


def measure(
    settings: Settings, template: Template, databases: Sequence[Scratch], plan: Plan, tell: Progress
) -> Iterator[FlashDeal]:
    """The same crowd on each of the databases."""
    for each in databases:
        tell(f"Deals: {plan.people} people on {plan.groups} groups, on {each.name}")
        yield asyncio.run(_measure(without_pages(settings), template, each, plan))


async def _measure(settings: Settings, template: Template, scratch: Scratch, plan: Plan) -> FlashDeal:
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        home = copy_home(template, Path(folder) / "home")
        with scratch.fresh(home) as url:
            async with open_stage(settings, template, home, database_url=url, seed=SEED) as stage:
                with Invariants(stage) as rules:
                    found = await _play(stage, scratch.name, plan)
                    return replace(found, breaches=tuple(rules.check()))


async def _play(stage: Stage, database: str, plan: Plan) -> FlashDeal:
    tokens = await stage.database.run(lambda session: _open_deal(session, stage, plan))
    chance = Random(SEED)  # noqa: S311 - a rehearsal's
    rush = Rush(stage, tokens, plan.people, SECONDS, chance)
    await rush.come()
    seconds = await rush.tap()
    await stage.settle()
    paying = await rush.pay()
    counting, counted_ms = await bare_counter.tap_all(stage.database, rush.tapped, size=SIZE, at_once=AT_ONCE)
    taps = len(rush.join_ms) + len(rush.pay_ms)
    over = stage.database.read(_checked)
    return FlashDeal(
        database=database,
        people=plan.people,
        groups=plan.groups,
        units=plan.units,
        taps=taps,
        repeats=rush.repeats,
        real_seconds=seconds,
        taps_per_second=taps / seconds,
        join_p50_ms=_percentile(rush.join_ms, 50),
        join_p99_ms=_percentile(rush.join_ms, 99),
        pay_p50_ms=_percentile(rush.pay_ms, 50),
        pay_p99_ms=_percentile(rush.pay_ms, 99),
        counter_taps_per_second=len(counted_ms) / counting,
        counter_p50_ms=_percentile(counted_ms, 50),
        counter_p99_ms=_percentile(counted_ms, 99),
        payments_real_seconds=paying,
        breaches=(),
        **over,
    )


def _open_deal(session: Session, stage: Stage, plan: Plan) -> list[str]:
    """The deal, its stock, and groups that nobody is in yet; their tokens."""
    now = stage.clock.now()
    product = session.scalars(select(Product).where(Product.handle == "black-mug")).one()
    variant = session.scalars(select(Variant).where(Variant.product_id == product.id)).first()
    assert variant is not None, "every product has one"
    variant.on_hand, variant.tracked, variant.oversell = plan.units, True, False
    deal = Deal(
        code="flash",
        title="Mug, three together",
        product_id=product.id,
        status=DealStatus.SCHEDULED,
        currency=stage.settings.shop.currency,
        size=SIZE,
        starts_at=now - timedelta(days=1),
        created_at=now,
        prices=[DealPrice(variant_id=variant.id, price_minor=900)],
    )
    session.add(deal)
    session.flush()
    return [groups.begin(session, deal, at=now).token for _ in range(plan.groups)]


def _checked(session: Session) -> dict[str, int]:
    """What the database says in the end, by the names of the figures."""
    deal = session.scalars(select(Deal).where(Deal.code == "flash")).one()
    variant_id = session.scalars(select(DealPrice.variant_id).where(DealPrice.deal_id == deal.id)).one()
    variant = session.get_one(Variant, variant_id)
    taken = (
        select(func.count(Seat.id))
        .where(Seat.group_id == DealGroup.id, Seat.status.in_(TAKEN))
        .correlate(DealGroup)
        .scalar_subquery()
    )
    crowded = select(func.count(DealGroup.id)).where(taken > DealGroup.size)
    full = select(func.count(DealGroup.id)).where(DealGroup.status == GroupStatus.SUCCEEDED)
    sold = (
        select(total(Seat.units))
        .join(DealGroup, DealGroup.id == Seat.group_id)
        .where(DealGroup.deal_id == deal.id, Seat.status.in_(TAKEN))
    )
    charged = (
        select(Order.customer_id)
        .join(Payment, Payment.order_id == Order.id)
        .group_by(Order.customer_id)
        .having(func.count(Payment.id) > 1)
    )
    return {
        "payments": session.scalars(select(func.count(Payment.id))).one(),
        "full_groups": session.scalars(full).one(),
        "groups_over_size": session.scalars(crowded).one(),
        "units_over_stock": max(0, session.scalars(sold).one() - variant.on_hand),
        "charged_twice": len(session.scalars(charged).all()),
    }


def _percentile(milliseconds: Sequence[float], share: int) -> float:
    return float(np.percentile(milliseconds, share)) if milliseconds else 0.0
