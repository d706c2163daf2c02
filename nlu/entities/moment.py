"""Dates and times of day: "on Friday", "the day after tomorrow", "12/12/2026", "3 December", "at 5pm"."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, cast

from babel import Locale

from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity

Now = Callable[[], datetime]
"""The present moment, at the shop's own time of day."""

MONTH_FIRST: Final = frozenset({"US", "PH"})  # countries that write 12/24 for Christmas Eve (CLDR)
FAR_DAYS: Final = 3660  # what is further away is no date that anybody speaks of in a shop

_TIME: Final = re.compile(
    r"(?<![\d:.,/-])(?:(?P<hour>1[0-2]|0?[1-9])(?::(?P<minute>[0-5]\d))?\s*(?P<half>[ap])\.?m\b\.?"
    r"|(?P<hour24>[01]?\d|2[0-3]):(?P<minute24>[0-5]\d)(?:\s?h\b)?(?![\d:]))",
    re.IGNORECASE,
)


class MomentExtractor:
    """`date`: as in "2026-12-03", the next such day where no year is said; `time`: as in "17:00".

    Which words are one is found here; what day they mean is for dateparser.
    """

    def __init__(self, known: Words, region: str, now: Now) -> None:
        self._now = now
        self._language = known.language
        self._order = "MDY" if region in MONTH_FIRST else "DMY"
        self._relative, self._of_day = known.moments.relative, known.moments.of_day
        self._days_named = compiled(any_of(tuple(self._relative)))
        self._is_another_word = compiled(any_of(known.moments.not_after), r"\s+$")
        self._times_named = compiled(any_of(tuple(self._of_day)))
        self._dates = _dates(known)
        self._before_a_date = compiled(any_of(known.moments.before), r"\s+$")

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        for match in _TIME.finditer(text):
            yield from _claimed("time", _time_of(match), text, match, taken)
        for match in self._times_named.finditer(text):
            yield from _claimed("time", self._of_day[_plain(match)], text, match, taken)
        for match in self._days_named.finditer(text):
            if self._is_another_word.search(text[: match.start()]):
                continue
            day = self._now().date() + timedelta(days=self._relative[_plain(match)])
            yield from _claimed("date", day.isoformat(), text, match, taken)
        for match in self._dates.finditer(text):
            if taken.free(*match.span()) and not self._is_fraction(text, match):
                yield from _claimed("date", self._day(match.group()), text, match, taken)

    def _is_fraction(self, text: str, match: re.Match[str]) -> bool:
        """A bare "1/2" is a half, unless a word before it says that a day is meant."""
        bare = re.fullmatch(r"\d{1,2}/\d{1,2}", match.group()) is not None
        return bare and self._before_a_date.search(text[: match.start()]) is None

    def _day(self, words: str) -> str | None:
        import dateparser  # noqa: PLC0415 - a fifth of a second, for what few messages hold

        now = self._now().replace(tzinfo=None)
        settings: Any = {"PREFER_DATES_FROM": "future", "RELATIVE_BASE": now, "DATE_ORDER": self._order}
        found = dateparser.parse(words, languages=[self._language], settings=settings)
        if found is None or abs((found.date() - now.date()).days) > FAR_DAYS:
            return None
        return found.date().isoformat()


def _claimed(name: str, value: str | None, text: str, match: re.Match[str], taken: Taken) -> Iterator[Entity]:
    if value is not None and taken.free(*match.span()):
        taken.claim(*match.span())
        yield entity(name, value, text, match.span())


def _plain(match: re.Match[str]) -> str:
    return " ".join(match.group().casefold().split())


def _time_of(match: re.Match[str]) -> str:
    if match["half"] is None:
        return f"{int(match['hour24']):02}:{match['minute24']}"
    hour = int(match["hour"]) % 12 + 12 * (match["half"].lower() == "p")
    return f"{hour:02}:{match['minute'] or '00'}"


def _dates(known: Words) -> re.Pattern[str]:
    """What may be a date: days of the week, months with their day, days ahead, and dates in figures."""
    moments, (months, days) = known.moments, _names(known.language)
    month, of = any_of(months), rf"(?:\s+{any_of(moments.of)})?\s+"
    ends = "|".join(map(re.escape, moments.ordinal_ends))
    day = rf"(?<![\w.,])\d{{1,2}}(?:\.|(?:{ends})\b)?"
    year = rf"(?:,?(?:\s+{any_of(moments.of)})?\s+\d{{4}}(?!\d))?"
    return compiled(
        "(?:",
        "|".join((
            rf"{day}{of}{month}{year}",
            rf"{month}\s+{day}(?![\w:]){year}",
            rf"{any_of(moments.ahead)}\s+\d{{1,2}}\s+{any_of(moments.units)}",
            r"(?<![\d./-])\d{4}-\d{2}-\d{2}(?![\d./-])",
            r"(?<![\d./-])\d{1,2}(?P<sign>[./-])\d{1,2}(?P=sign)(?:\d{4}|\d{2})(?![\d./-])",
            r"(?<![\d./-])\d{1,2}/\d{1,2}(?![\d./])",
            any_of(days),
        )),
        ")",
    )  # fmt: skip


@cache
def _names(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The months' names, long and short, and the days' long ones (CLDR): "sat" and "sun" are other words, too."""
    locale = cast("Any", Locale.parse(language))
    widths = [locale.months["format"][width] for width in ("wide", "abbreviated")]
    months = {str(name).rstrip(".") for names in widths for name in names.values()}
    days = {str(name) for name in locale.days["format"]["wide"].values()}
    return tuple(sorted(months)), tuple(sorted(days))
