"""The shortest way to what was found: leave out people, then visits, then moments, then faults, and see if it still happens.

This is delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002) on the
record of a run, bounded in time: when that is over, the shortest so far is what there is.
"""

import re
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from sandbox.simulation.acts import Moment

K = TypeVar("K", bound=Hashable)
Replay = Callable[[tuple[Moment, ...]], Awaitable[list[str]]]
"""Plays moments in a shop of their own; the breaches they come to."""


class Shrinker:
    """Makes one record shorter."""

    def __init__(
        self,
        replay: Replay,
        breaches: Iterable[str],
        *,
        seconds_max: float,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """`breaches` is what was found; a shorter record must come to one of the same kind.

        No try begins after `seconds_max`, or once `stopped` says so.
        """
        self._replay = replay
        self._kinds = {kind_of(breach) for breach in breaches}
        self._ends_at = time.monotonic() + seconds_max
        self._stopped = stopped
        self.tries = 0

    async def shrink(self, record: Sequence[Moment]) -> tuple[Moment, ...]:
        """The shortest record found that comes to the same; the whole one if it does not even come to it again."""
        moments = tuple(record)
        last = {step.person for step in moments[-1].steps}
        alone = _only_people(moments, last)
        if len(alone) < len(moments) and await self._still(alone):
            moments = alone
        moments = await self._without(moments, _people, _only_people)
        moments = await self._without(moments, _visits, _only_visits)
        moments = await self._without(moments, lambda each: list(range(len(each))), _only_moments)
        return await self._without(moments, _faulty, _only_faulty)

    async def _without(
        self,
        moments: tuple[Moment, ...],
        parts_of: Callable[[tuple[Moment, ...]], list[K]],
        only: Callable[[tuple[Moment, ...], set[K]], tuple[Moment, ...]],
    ) -> tuple[Moment, ...]:
        """Leave out parts, in ever smaller groups, as long as it still happens."""
        kept = parts_of(moments)
        size = max(1, len(kept) // 2)
        while kept:
            left = list(kept)
            for at in range(0, len(kept), size):
                group = set(kept[at : at + size])
                fewer = [part for part in left if part not in group]
                if len(fewer) < len(left) and await self._still(only(moments, set(fewer))):
                    left = fewer
            if size == 1 and len(left) == len(kept):
                break
            kept, size = left, max(1, min(size, len(left)) // 2)
        return only(moments, set(kept))

    async def _still(self, moments: tuple[Moment, ...]) -> bool:
        if not moments or self._stopped() or time.monotonic() > self._ends_at:
            return False
        self.tries += 1
        return any(kind_of(breach) in self._kinds for breach in await self._replay(moments))


def kind_of(breach: str) -> str:
    """A breach without its numbers, references and ids: two with the same are the same."""
    words = re.sub(r"“.*”", "“…”", breach)
    return " ".join("#" if re.search(r"\d|_|^[0-9A-Z]{6}$", word) else word for word in words.split())


def _people(moments: tuple[Moment, ...]) -> list[str]:
    return list(dict.fromkeys(step.person for moment in moments for step in moment.steps))


def _only_people(moments: tuple[Moment, ...], kept: set[str]) -> tuple[Moment, ...]:
    return _with_steps(moments, lambda person, _visit: person in kept)


def _visits(moments: tuple[Moment, ...]) -> list[tuple[str, int]]:
    return list(dict.fromkeys((step.person, step.visit) for moment in moments for step in moment.steps))


def _only_visits(moments: tuple[Moment, ...], kept: set[tuple[str, int]]) -> tuple[Moment, ...]:
    return _with_steps(moments, lambda person, visit: (person, visit) in kept)


def _with_steps(moments: tuple[Moment, ...], wanted: Callable[[str, int], bool]) -> tuple[Moment, ...]:
    fewer = (
        replace(moment, steps=tuple(step for step in moment.steps if wanted(step.person, step.visit)))
        for moment in moments
    )
    return tuple(moment for moment in fewer if moment.steps)


def _only_moments(moments: tuple[Moment, ...], kept: set[int]) -> tuple[Moment, ...]:
    return tuple(moment for number, moment in enumerate(moments) if number in kept)


def _faulty(moments: tuple[Moment, ...]) -> list[int]:
    return [number for number, moment in enumerate(moments) if moment.faults]


def _only_faulty(moments: tuple[Moment, ...], kept: set[int]) -> tuple[Moment, ...]:
    return tuple(
        moment if number in kept else replace(moment, faults=()) for number, moment in enumerate(moments)
    )
