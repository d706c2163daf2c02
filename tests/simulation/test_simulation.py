"""Small simulations: nothing breaks, the same seed is the same run, and a planted bug is found and made short."""

import asyncio

import pytest

from app.stage import Stage
from sandbox.simulation.faults import FAULTS
from shop.orders import service as orders
from tests.simulation.conftest import Simulate, run


def test_the_same_seed_is_the_same_run_and_another_seed_another(simulation: Simulate) -> None:
    first = run(simulation(people=4, days=2, seed=5, faults=frozenset(FAULTS)))
    again = run(simulation(people=4, days=2, seed=5, faults=frozenset(FAULTS)))
    assert (first.digest, first.record, first.orders) == (again.digest, again.record, again.orders)
    assert run(simulation(people=4, days=2, seed=6, faults=frozenset(FAULTS))).digest != first.digest


@pytest.mark.parametrize("seed", [7, 11])
def test_everything_holds_while_everything_goes_wrong(simulation: Simulate, seed: int) -> None:
    outcomes = run(simulation(people=8, days=3, seed=seed, faults=frozenset(FAULTS)))
    assert outcomes.breaches == []
    assert outcomes.steps > 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_everything_holds_for_a_month(simulation: Simulate, seed: int) -> None:
    outcomes = run(simulation(people=120, days=30, seed=seed, faults=frozenset(FAULTS)))
    assert outcomes.breaches == []


def test_an_order_that_keeps_its_stock_when_it_ends_is_found_and_made_short(
    simulation: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "_release", lambda session, order: None)
    broken = simulation(people=10, days=3, seed=3)
    outcomes = run(broken)
    assert any("allocated" in breach or "stock" in breach for breach in outcomes.breaches), outcomes.breaches
    shortest = asyncio.run(broken.shortest(outcomes, seconds_max=15.0))
    assert len({step.person for moment in shortest for step in moment.steps}) == 1
    assert len(shortest) < len(outcomes.record)
    assert asyncio.run(broken.play_again(shortest)).breaches


def test_a_shop_that_never_comes_to_rest_is_a_breach_and_no_traceback(
    simulation: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> None:
        raise TimeoutError

    def restless(stage: Stage) -> None:
        monkeypatch.setattr(stage, "settle", never)

    outcomes = run(simulation(people=2, days=1, seed=1, change=restless))
    assert outcomes.breaches == ["the shop never came to rest: something of it moves, or waits, for ever"]
