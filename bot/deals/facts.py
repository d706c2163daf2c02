"""What sentences about a group may say, whoever says them and wherever."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from sqlalchemy.orm import Session

from bot.deals import links
from shop.catalogue.model import Variant
from shop.deals import groups, offers
from shop.deals.model import Deal, DealGroup, SeatStatus
from shop.money import Money
from shop.profile import ShopProfile


def group_facts(session: Session, group: DealGroup, profile: ShopProfile, language: str) -> dict[str, Any]:
    """How many there are, how many are missing, and until when. Only who has paid is there (rule 3)."""
    taken = groups.seats_of(session, group)
    paid = [seat for seat in taken if seat.status is not SeatStatus.HELD]
    there = len(paid) + group.filled_by_shop
    return {
        "deal": offers.get(session, group.deal_id).title,
        "group": group.token,
        "invite": links.start_payload(group),
        "size": group.size,
        "there": there,
        "missing": group.size - there,
        "paying": len(taken) - len(paid),
        "until": moment(group.closes_at, profile, language),
        "state": group.status.value,
        "by_shop": group.filled_by_shop,
    }


def price_facts(
    session: Session, deal: Deal, variant: Variant, group: DealGroup | None = None
) -> dict[str, Any]:
    """Single price and group price, of how many people, in how many hours."""
    return {
        "single": variant.price,
        "together": offers.price_of(deal, variant.id, group),
        "size": group.size if group else deal.size,
        "hours": group.window_hours if group else deal.window_hours,
        "bonus": Money(deal.leader_bonus_minor, deal.currency),
        "left": offers.units_left(session, deal),
    }


def moment(at: datetime | None, profile: ShopProfile, language: str) -> str:
    """In the shop's time, as "Tue 24 Nov, 18:00"; empty for none, as before a group's leader has paid."""
    if at is None:
        return ""
    return format_datetime(at.astimezone(ZoneInfo(profile.time_zone)), "EEE d MMM, HH:mm", locale=language)
