"""Whether goods come in time for a day: by the delivery options' own times, counted in working days."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from bot.actions.purchase import destination
from bot.actions.reference import in_sight, on_sale
from bot.dialogue.dialogue import Dialogue, Outcome, action
from nlu.entities.spans import any_of, compiled
from nlu.entities.words import words
from nlu.understanding import Entity, Understanding
from shop.arrival import Arrival, expected_arrival
from shop.delivery.options import DeliveryOption


@action("told", "abroad", "not_counted")
def tell_arrival(dialogue: Dialogue) -> Outcome:
    """For each way of delivery the days on which an order of this moment is expected, and whether that is in time."""
    heard = dialogue.heard
    if heard is not None and heard.value("country") is not None:
        return Outcome("abroad")
    wished = next((each for each in heard.entities if each.name == "date"), None) if heard else None
    if heard is None or wished is None:
        return Outcome("not_counted")
    day, strictly = date.fromisoformat(str(wished.value)), _is_too_late_itself(heard, wished)
    options = [
        _told(dialogue, option, day, strictly=strictly)
        for option in dialogue.profile.ways_to(destination(dialogue))
    ]
    if not any(each["verdict"] for each in options):
        return Outcome("not_counted")
    return Outcome(
        "told",
        {
            "day": _in_words(dialogue, day),
            "strictly": strictly,
            "options": options,
            "sold_out": _sold_out(dialogue),
        },
    )


def _told(dialogue: Dialogue, option: DeliveryOption, day: date, *, strictly: bool) -> dict[str, Any]:
    """The option with its days; `verdict` is empty where it tells no number of days."""
    arrival = expected_arrival(option, dialogue.profile, ordered_at=dialogue.now)
    told = {"label": option.label, "time": option.time, "verdict": "", "first": "", "last": "", "since": ""}
    if arrival is None:
        return told
    today = dialogue.now.astimezone(ZoneInfo(dialogue.profile.time_zone)).date()
    return told | {
        "verdict": _verdict(arrival, day, strictly=strictly),
        "first": _in_words(dialogue, arrival.first),
        "last": _in_words(dialogue, arrival.last) if arrival.last != arrival.first else "",
        "since": _in_words(dialogue, arrival.counted_from) if arrival.counted_from != today else "",
    }


def _verdict(arrival: Arrival, day: date, *, strictly: bool) -> str:
    """In time when even the last expected day is; perhaps when the first one is."""
    in_time = [each < day if strictly else each <= day for each in (arrival.first, arrival.last)]
    if all(in_time):
        return "in_time"
    return "perhaps" if any(in_time) else "late"


def _is_too_late_itself(heard: Understanding, day: Entity) -> bool:
    """Whether it shall be there before that day, not on it."""
    before = compiled(any_of(words(heard.language).moments.strictly), r"\W+(?:\w{1,3}\W+)?$")
    return before.search(heard.text[: day.start]) is not None


def _sold_out(dialogue: Dialogue) -> str:
    """The title of the product looked at, where there is none of it."""
    seen = in_sight(dialogue)
    return seen[0].title if len(seen) == 1 and _is_gone([v.free_units() for v in on_sale(seen[0])]) else ""


def _is_gone(free: Sequence[int | None]) -> bool:
    return all(units == 0 for units in free)


def _in_words(dialogue: Dialogue, day: date) -> str:
    return format_date(day, format="EEEE d MMM", locale=dialogue.language)
