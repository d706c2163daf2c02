"""The simulated clock: time passes when it is told to, and for everyone in order."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import SimulatedClock

pytestmark = pytest.mark.anyio
START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def elapsed(clock: SimulatedClock) -> float:
    return (clock.now() - START).total_seconds()


async def test_time_stands_still_until_it_is_moved() -> None:
    clock = SimulatedClock(START)
    clock.advance(90)
    assert clock.now() == START + timedelta(seconds=90)


async def test_sleepers_wake_in_the_order_in_which_they_are_due() -> None:
    clock = SimulatedClock(START)
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    tasks = [
        asyncio.create_task(sleep(name, seconds))
        for name, seconds in (("late", 5), ("early", 1), ("never", 60))
    ]
    await clock.somebody_sleeps()
    await asyncio.sleep(0)
    clock.advance(10)
    await asyncio.gather(*tasks[:2])
    assert woken == ["early", "late"]
    assert clock.sleepers == 1
    tasks[2].cancel()


async def test_run_lets_everyone_act_at_their_own_time_and_sleep_again() -> None:
    clock = SimulatedClock(START)
    acted: list[float] = []

    async def every_two_seconds() -> None:
        while True:
            await clock.sleep(2)
            acted.append(elapsed(clock))

    task = asyncio.create_task(every_two_seconds())
    await clock.run(7)
    assert acted == [2, 4, 6]
    assert elapsed(clock) == 7
    task.cancel()


async def test_a_cancelled_sleeper_does_not_disturb_the_others() -> None:
    clock = SimulatedClock(START)
    cancelled, kept = asyncio.create_task(clock.sleep(1)), asyncio.create_task(clock.sleep(2))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.sleep(0)
    clock.advance(2)
    await kept
    assert clock.sleepers == 0


def test_time_does_not_run_backwards_and_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="backwards"):
        SimulatedClock(START).advance(-1)
    with pytest.raises(ValueError, match="aware"):
        SimulatedClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test
