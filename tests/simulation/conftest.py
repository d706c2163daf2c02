"""Simulations on the tests' own template of the demo shop."""

import asyncio
from collections.abc import Callable

import pytest

from app.scratch_databases import ON_SQLITE, Scratch
from app.simulation import Chosen, Simulation, StageChanger
from app.stage import Template
from sandbox.simulation.run import Outcomes
from tests.open_shop import settings_for_tests

Simulate = Callable[..., Simulation]


@pytest.fixture
def simulation(shop_template: Template) -> Simulate:
    """Makes one: how many people, for how long, by which seed, with which faults, on which database, in which shop."""

    def make(
        *,
        people: int = 6,
        days: int = 3,
        seed: int = 1,
        faults: frozenset[str] = frozenset(),
        databases: Scratch = ON_SQLITE,
        change: StageChanger = lambda _: None,
    ) -> Simulation:
        chosen = Chosen(people, days, seed, faults)
        return Simulation(settings_for_tests(), shop_template, chosen, databases=databases, change=change)

    return make


def run(simulation: Simulation) -> Outcomes:
    return asyncio.run(simulation.run())
