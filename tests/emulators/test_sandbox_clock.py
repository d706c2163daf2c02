"""The simulated clock: time passes when it is told to, and for everyone in order."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.clock import SimulatedClock, TurnableClock

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


async def test_a_turnable_clock_runs_with_the_machines_own_and_ahead_of_it() -> None:
    real = SimulatedClock(START)
    clock = TurnableClock(real=real)
    clock.advance(3600)
    real.advance(5)
    assert clock.now() == START + timedelta(seconds=3605)
    assert clock.ahead == timedelta(hours=1)


async def test_turning_the_hands_wakes_who_is_due_and_nobody_else() -> None:
    clock = TurnableClock(real=SimulatedClock(START))
    soon, late = asyncio.create_task(clock.sleep(60)), asyncio.create_task(clock.sleep(7200))
    await settle()
    clock.advance(3600)
    await soon
    await settle()
    assert not late.done()
    clock.advance(3600)
    await late


async def test_who_sleeps_on_a_turnable_clock_is_woken_by_passing_time_too() -> None:
    real = SimulatedClock(START)
    clock = TurnableClock(real=real)
    clock.advance(86_400)
    sleeper = asyncio.create_task(clock.sleep(10))
    await real.somebody_sleeps()
    real.advance(9)
    await settle()
    assert not sleeper.done()
    real.advance(1)
    await sleeper


async def test_a_sleeper_who_is_called_off_leaves_nothing_behind() -> None:
    real = SimulatedClock(START)
    clock = TurnableClock(real=real)
    sleeper = asyncio.create_task(clock.sleep(10))
    await real.somebody_sleeps()
    sleeper.cancel()
    await asyncio.gather(sleeper, return_exceptions=True)
    await settle()
    assert real.sleepers == 0


def test_after_a_restart_a_turnable_clock_is_where_it_was(tmp_path: Path) -> None:
    store, real = tmp_path / "clock.json", SimulatedClock(START)
    first = TurnableClock(store, real=real)
    assert first.now() == START
    first.advance(86_400)
    first.advance(0.5)
    assert TurnableClock(store, real=real).now() == START + timedelta(days=1, seconds=0.5)
    assert [path.name for path in tmp_path.iterdir()] == ["clock.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"ahead_seconds": -1}', '{"ahead_seconds": NaN}'])
def test_a_file_that_is_no_clocks_is_named(tmp_path: Path, content: str) -> None:
    store = tmp_path / "clock.json"
    store.write_text(content)
    with pytest.raises(ValueError, match=r"clock\.json does not say"):
        TurnableClock(store)


def test_a_turnable_clock_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        TurnableClock().advance(-1)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
