"""Times as people of the shop's country write them, in the shop's own time zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time

from shop.profile import ShopProfile


@dataclass(frozen=True, slots=True)
class ShopCalendar:
    """Writes aware times for people."""

    zone: ZoneInfo
    locale: str

    def time(self, at: datetime) -> str:
        """As in 14:05."""
        return format_time(at, "short", tzinfo=self.zone, locale=self.locale)

    def moment(self, at: datetime) -> str:
        """As in Nov 21, 2026, 2:05 PM."""
        return format_datetime(at, "medium", tzinfo=self.zone, locale=self.locale).strip()

    def day(self, at: datetime, *, now: datetime) -> str:
        """Today and yesterday by name, other days by date."""
        day, today = self.date(at), self.date(now)
        if day == today:
            return "Today"
        if day == today - timedelta(days=1):
            return "Yesterday"
        return format_date(day, "long", locale=self.locale)

    def brief(self, at: datetime, *, now: datetime) -> str:
        """For lists: the time for today, the day for others."""
        return (
            self.time(at)
            if self.date(at) == self.date(now)
            else format_date(self.date(at), "medium", locale=self.locale)
        )

    def date(self, at: datetime) -> date:
        """The day it is there at that moment."""
        return at.astimezone(self.zone).date()


def calendar_of(profile: ShopProfile) -> ShopCalendar:
    return ShopCalendar(ZoneInfo(profile.time_zone), profile.locale.replace("-", "_"))
