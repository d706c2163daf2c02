"""Everybody at once: who does what next, in order of time."""

import heapq
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final, Protocol

from sandbox.simulation.acts import Moment, Step
from sandbox.simulation.faults import Fault, Weather
from sandbox.simulation.shoppers import Doing, View, Visit
from sandbox.simulation.timetable import Timetable

_THINKING_SECONDS: Final = (10, 20, 30, 60, 120)
_FRIENDS_MAX: Final = 4  # to whom somebody passes a link on
_MINUTES_TO_COME: Final = (
    1,
    5,
    20,
    60,
    5 * 60,
    20 * 60,
    26 * 60,
)  # of a friend; the last may find a group over


class Source(Protocol):
    """Where moments come from: a crowd, or the record of one."""

    def next(self) -> Moment | None:
        """What happens next; None when nobody does anything any more."""
        ...

    def saw(self, person: str, visit: int, view: View) -> None:
        """What that person's screen shows after the moment."""
        ...


@dataclass
class _Going:
    """A visit under way."""

    person: str
    visit: int
    steps: Visit
    random: Random
    number: int = 0
    next: Doing | None = None


class Crowd:
    """The visits of a timetable. Who acts at the same instant does so in an order of the seed's."""

    def __init__(self, timetable: Timetable, seed: int, weather: Weather) -> None:
        self._timetable = timetable
        self._seed = seed
        self._weather = weather
        self._busy: dict[str, _Going] = {}
        self._waiting: list[tuple[datetime, int, str, int]] = []  # time, tie-breaker, person, visit
        self._now: datetime | None = None
        self._visits = Counter(each.person for each in timetable.appointments)
        self._inviters: dict[tuple[str, int], str] = {}  # of visits to which a link led
        for each in timetable.appointments:
            self._put(each.at, each.person, each.visit)

    def _put(self, at: datetime, person: str, visit: int) -> None:
        heapq.heappush(self._waiting, (at, int(person[1:]), person, visit))

    def next(self) -> Moment | None:
        going = list[_Going]()
        while self._waiting and (not going or self._waiting[0][0] == self._now):
            at, _, person, visit = heapq.heappop(self._waiting)
            if (one := self._at_work(at, person, visit)) is not None:
                self._now = at
                going.append(one)
        if not going:
            return None
        assert self._now is not None, "somebody does something now"
        Random(f"{self._seed}:order:{self._now}").shuffle(going)  # noqa: S311 - a rehearsal's chance
        steps, faults = list[Step](), list[Fault]()
        for one in going:
            assert one.next is not None, "only who does something is at work"
            steps += [Step(one.person, one.visit, act) for act in one.next.acts]
            faults += self._weather.at(one.person, one.visit, one.number)
            one.number += 1
        return Moment(self._now, tuple(steps), tuple(faults))

    def _at_work(self, at: datetime, person: str, visit: int) -> _Going | None:
        """The visit that goes on or begins now; one that begins during another waits for its end."""
        going = self._busy.get(person)
        if going is not None and going.visit != visit:
            self._put(at + timedelta(minutes=30), person, visit)
            return None
        return going or self._begin(person, visit)

    def _begin(self, person: str, visit: int) -> _Going | None:
        random = Random(f"{self._seed}:visit:{person}:{visit}")  # noqa: S311 - a rehearsal's chance
        shopper, inviter = self._timetable.shoppers[person], self._inviters.get((person, visit))
        steps = shopper.visit(visit, random) if inviter is None else shopper.follow(inviter, random)
        going = _Going(person, visit, steps, random)
        going.next = next(going.steps, None)
        if going.next is None:
            return None
        self._busy[person] = going
        return going

    def saw(self, person: str, visit: int, view: View) -> None:
        going = self._busy[person]
        assert self._now is not None, "they did something"
        if view.has_seat:
            self._pass_on(going)
        try:
            going.next = going.steps.send(view)
        except StopIteration:
            del self._busy[person]
            return
        pause = going.next.after_seconds or going.random.choice(_THINKING_SECONDS)
        self._put(self._now + timedelta(seconds=pause), person, visit)

    def _pass_on(self, going: _Going) -> None:
        """Friends get the link of somebody who took a seat, and come by it sooner or later."""
        assert self._now is not None, "they did something"
        others = [key for key in self._timetable.shoppers if key != going.person]
        for friend in going.random.sample(others, min(going.random.randint(1, _FRIENDS_MAX), len(others))):
            visit = self._visits[friend]
            self._visits[friend] += 1
            self._inviters[friend, visit] = going.person
            minutes = going.random.choice(_MINUTES_TO_COME)
            self._put(self._now + timedelta(minutes=minutes), friend, visit)


class Record:
    """Moments that were written down, to be gone through again; nobody reacts to anything."""

    def __init__(self, moments: tuple[Moment, ...]) -> None:
        self._moments = iter(moments)

    def next(self) -> Moment | None:
        return next(self._moments, None)

    def saw(self, person: str, visit: int, view: View) -> None:
        """They do what they did."""
