"""Times and money as the shop writes them: in its language, its country's way, its own time zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.localedata import locale_identifiers

from shop.money import Money
from shop.profile import ShopProfile


@dataclass(frozen=True, slots=True)
class Notation:
    """Writes aware times and amounts for people."""

    zone: ZoneInfo
    dates: Locale  # English in Belgium says 14:05, in the USA 2:05 PM
    language: str

    def money(self, amount: Money) -> str:
        """As in €12.50, the same as in the chat."""
        return amount.format(self.language)

    def time(self, at: datetime) -> str:
        """As in 14:05."""
        return format_time(at, "short", tzinfo=self.zone, locale=self.dates)

    def moment(self, at: datetime) -> str:
        """As in 21 Nov 2026, 14:05."""
        return f"{format_date(self.date(at), 'medium', locale=self.dates)}, {self.time(at)}"

    def day(self, at: datetime, *, now: datetime) -> str:
        """Today and yesterday by name, other days by date."""
        day, today = self.date(at), self.date(now)
        if day == today:
            return "Today"
        if day == today - timedelta(days=1):
            return "Yesterday"
        return format_date(day, "long", locale=self.dates)

    def brief(self, at: datetime, *, now: datetime) -> str:
        """For lists: the time for today, the day for others."""
        if self.date(at) == self.date(now):
            return self.time(at)
        return format_date(self.date(at), "medium", locale=self.dates)

    def date(self, at: datetime) -> date:
        """The day it is there at that moment."""
        return at.astimezone(self.zone).date()


def notation_of(profile: ShopProfile) -> Notation:
    language = Locale.parse(profile.locale.replace("-", "_"))
    local = f"{language.language}_{profile.country}"
    known = language.territory is None and local in locale_identifiers()
    dates = Locale.parse(local) if known else language
    return Notation(ZoneInfo(profile.time_zone), dates, profile.locale)
