"""What simulated people found in group deals, each as the shortest way to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.stage import Stage, Template, copy_home, open_stage
from sandbox.stories.invariants import Invariants
from tests.group_deals import (
    asked_to_pay,
    crowd,
    followed,
    offered,
    seated,
    seats,
    tapped,
    to_the_summary,
    token,
    told,
)
from tests.open_shop import settings_for_tests

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(
    shop_template: Template, shop_database_url: str | None, tmp_path: Path
) -> AsyncIterator[Stage]:
    home = copy_home(shop_template, tmp_path / "home")
    opening = open_stage(settings_for_tests(), shop_template, home, database_url=shop_database_url)
    async with opening as opened:
        yield opened


@pytest.fixture(autouse=True)
async def all_holds(stage: Stage) -> AsyncIterator[None]:
    """Whatever a test does, in the end nothing is broken."""
    with Invariants(stage) as rules:
        yield
        await stage.settle()
        assert rules.check() == []


async def test_who_chooses_a_variant_goes_on_with_the_deal_that_they_named(stage: Stage) -> None:
    (ana,) = crowd(stage, 1)
    assert "which one" in await told(stage, ana, "start a group for the picnic blanket")
    assert "Who is it for" in await tapped(stage, ana, "Meadow")


async def test_that_another_group_is_fine_can_be_said_with_the_button_for_it(stage: Stage) -> None:
    await offered(stage)
    (ana,) = crowd(stage, 1)
    await told(stage, ana, "start a group for the black mug")
    assert "Another group is fine" in await to_the_summary(stage, ana)
    said = await tapped(stage, ana, "Another group is fine")
    assert "another one is fine" in said
    assert "earlier" not in said


@pytest.mark.parametrize("channel", ["telegram", "messenger"])
async def test_who_holds_a_seat_is_told_how_long_it_is_held(stage: Stage, channel: str) -> None:
    await offered(stage)
    said = await asked_to_pay(stage, stage.person("Ana", channel))
    assert "for you for 10 minutes" in said


async def test_the_time_of_a_group_stands_on_a_line_of_its_own(stage: Stage) -> None:
    await offered(stage)
    ana, bo = crowd(stage, 2, ("telegram",))
    await seated(stage, ana)
    assert "1 of 3\nOpen until" in await followed(stage, bo, f"deal_{token(stage)}")
    assert seats(stage) == ["paid"]
