"""Who comes when: people spread over days and hours, each with their messenger, and some at the same moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sandbox.simulation import words
from sandbox.simulation.shoppers import Shopper

CHANNELS: Final = ("telegram", "messenger", "web")
VISITS_MAX: Final = 4
_SLOT_MINUTES: Final = 10  # visits begin at these; so some begin together
_HOURS: Final = tuple(range(8, 23))
_HOUR_WEIGHTS: Final = (1, 2, 3, 3, 5, 4, 3, 3, 3, 4, 6, 8, 9, 7, 3)  # by hour: lunch and the evening


@dataclass(frozen=True, slots=True)
class Appointment:
    """One visit of one person."""

    at: datetime
    person: str
    visit: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """Everybody who will come, and every visit in order of time."""

    shoppers: dict[str, Shopper]
    appointments: tuple[Appointment, ...]


def timetable(seed: int, *, people: int, days: int, start: datetime) -> Timetable:
    """The visits of `days` days from `start`. Each person is drawn from the seed and their number alone."""
    shoppers, appointments = dict[str, Shopper](), list[Appointment]()
    for number in range(1, people + 1):
        key = f"p{number}"
        random = Random(f"{seed}:person:{key}")  # noqa: S311 - a rehearsal's chance
        shoppers[key] = _shopper(key, random)
        appointments += _visits(key, random, days=days, start=start)
    appointments.sort(key=lambda each: (each.at, int(each.person[1:])))
    return Timetable(shoppers, tuple(appointments))


def _shopper(key: str, random: Random) -> Shopper:
    return Shopper(
        key=key,
        channel=random.choice(CHANNELS),
        first_name=random.choice(words.FIRST_NAMES),
        last_name=random.choice(words.LAST_NAMES),
        address=random.choice(words.ADDRESSES),
        phone=words.phone(random),
        random=random,
    )


def _visits(key: str, random: Random, *, days: int, start: datetime) -> list[Appointment]:
    """One to four visits: the later ones hours or days after the one before, or never if the days are over."""
    found = list[Appointment]()
    day = random.randrange(days)
    for visit in range(random.choices(range(1, VISITS_MAX + 1), (50, 30, 15, 5))[0]):
        if day >= days:
            break
        hour = random.choices(_HOURS, _HOUR_WEIGHTS)[0]
        slot = random.randrange(60 // _SLOT_MINUTES) * _SLOT_MINUTES
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight + timedelta(days=day + 1, hours=hour, minutes=slot)
        found.append(Appointment(at, key, visit))
        day += random.choice((1, 1, 2, 3, 7))
    return found
