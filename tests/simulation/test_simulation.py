"""Small simulations: nothing breaks, the same seed is the same run, and a planted bug is found and made short."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from app.scratch_databases import POSTGRESQL, Scratch
from app.stage import Stage
from bot.actions.reconciling import Reconciled
from sandbox.simulation.faults import FAULTS, KILL, Fault
from shop.orders import service as orders
from shop.orders.model import Order
from tests.conftest import copied_database
from tests.simulation.conftest import Simulate, run


def _forgets(_session: Session, _order: Order, *, at: datetime) -> None:
    """Instead of giving back the stock of an order that ended."""


def test_the_same_seed_is_the_same_run_and_another_seed_another(simulation: Simulate) -> None:
    first = run(simulation(people=4, days=2, seed=5, faults=frozenset(FAULTS)))
    again = run(simulation(people=4, days=2, seed=5, faults=frozenset(FAULTS)))
    assert (first.digest, first.record, first.orders) == (again.digest, again.record, again.orders)
    assert run(simulation(people=4, days=2, seed=6, faults=frozenset(FAULTS))).digest != first.digest


@pytest.mark.parametrize("seed", [7, 11])
def test_everything_holds_while_everything_goes_wrong(simulation: Simulate, seed: int) -> None:
    outcomes = run(simulation(people=8, days=3, seed=seed, faults=frozenset(FAULTS)))
    assert (outcomes.breaches, outcomes.unreconciled) == ([], 0)
    assert outcomes.steps > 20
    assert outcomes.reconciled > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_everything_holds_for_a_month(simulation: Simulate, seed: int) -> None:
    outcomes = run(simulation(people=120, days=30, seed=seed, faults=frozenset(FAULTS)))
    assert (outcomes.breaches, outcomes.unreconciled) == ([], 0)


def test_an_order_that_keeps_its_stock_when_it_ends_is_found_and_made_short(
    simulation: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "_release", _forgets)
    broken = simulation(people=10, days=3, seed=3)
    outcomes = run(broken)
    assert any("allocated" in breach or "stock" in breach for breach in outcomes.breaches), outcomes.breaches
    shortest = asyncio.run(broken.shortest(outcomes, seconds_max=15.0))
    assert len({step.person for moment in shortest for step in moment.steps}) == 1
    assert len(shortest) < len(outcomes.record)
    assert asyncio.run(broken.play_again(shortest)).breaches


def test_what_the_books_and_the_provider_still_differ_in_at_the_end_is_a_breach(
    simulation: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fees_change_afterwards(stage: Stage) -> None:
        compare, booked = stage.reconcile, stage.sandbox.stripe.account.balance

        async def and_then_they_change() -> Reconciled:
            done = await compare()
            for entry in list(booked):
                booked.save(entry.model_copy(update={"fee": entry.fee + 1}))
            return done

        monkeypatch.setattr(stage, "reconcile", and_then_they_change)

    outcomes = run(simulation(people=8, days=3, seed=7, change=fees_change_afterwards))
    assert outcomes.unreconciled
    assert all(breach.startswith("unreconciled: the fee of") for breach in outcomes.breaches)


def test_a_shop_that_never_comes_to_rest_is_a_breach_and_no_traceback(
    simulation: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> None:
        raise TimeoutError

    def restless(stage: Stage) -> None:
        monkeypatch.setattr(stage, "settle", never)

    outcomes = run(simulation(people=2, days=1, seed=1, change=restless))
    assert outcomes.breaches == ["the shop never came to rest: something of it moves, or waits, for ever"]


# ── on PostgreSQL, where the same seed need not be the same run ─────────────────────────────────────


@pytest.fixture
def on_postgres(postgres_server: str, postgres_shop: str) -> Scratch:
    """Copies of a stocked database of the tests' server."""
    return Scratch(POSTGRESQL, lambda _: copied_database(postgres_server, postgres_shop))


def test_everything_holds_on_postgresql_while_the_shop_dies_again_and_again(
    simulation: Simulate, on_postgres: Scratch
) -> None:
    small = simulation(people=3, days=2, seed=7, faults=frozenset(FAULTS), databases=on_postgres)
    assert not small.repeatable
    outcomes = run(small)
    assert (outcomes.breaches, outcomes.steps > 5) == ([], True)
    killed = tuple(
        replace(moment, faults=(*moment.faults, Fault(KILL, "shop", "0"))) if number % 5 == 0 else moment
        for number, moment in enumerate(outcomes.record)
    )
    again = asyncio.run(small.play_again(killed))
    assert (again.breaches, again.faults[KILL] > 1) == ([], True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_everything_holds_on_postgresql_for_a_week(
    simulation: Simulate, on_postgres: Scratch, seed: int
) -> None:
    outcomes = run(simulation(people=30, days=7, seed=seed, faults=frozenset(FAULTS), databases=on_postgres))
    assert (outcomes.breaches, outcomes.unreconciled) == ([], 0)


def test_on_postgresql_too_a_broken_shop_is_found(
    simulation: Simulate, on_postgres: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "_release", _forgets)
    broken = simulation(people=10, days=3, seed=3, databases=on_postgres)
    outcomes = run(broken)
    assert any("stock" in breach for breach in outcomes.breaches), outcomes.breaches
    assert "--database postgresql" in broken.story(outcomes, tuple(outcomes.record))
