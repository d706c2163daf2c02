"""What was looked at on another day, so that "the one from yesterday" means something."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.actions.cards import live_deals, product_card, products_by_id, remember_page
from bot.actions.reference import best_named, on_sale
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.state import Seen
from nlu.understanding import Understanding
from shop.catalogue.model import Product, Variant

WEEK = timedelta(days=7)


@action("one", "several", "nothing")
def show_seen(dialogue: Dialogue) -> Outcome:
    """What they looked at that day, else what they were shown; of the last day before today where they name none."""
    seen = _on_the_day(dialogue)
    products = _named(dialogue, list(products_by_id(dialogue, [each.product for each in seen]).values()))
    looked = {each.product for each in seen if each.looked}
    found = [product for product in products if product.id in looked] or products
    found = found[: dialogue.cards_max]
    if not found:
        return Outcome("nothing")
    dialogue.say("utter_seen_then", count=len(found))
    live = live_deals(dialogue)
    dialogue.show([product_card(dialogue, product, _only_variant(product), live=live) for product in found])
    dialogue.state.search = None
    remember_page(dialogue, found, first=True)
    return Outcome("one" if len(found) == 1 else "several")


def _on_the_day(dialogue: Dialogue) -> Sequence[Seen]:
    """The newest first."""
    zone = ZoneInfo(dialogue.profile.time_zone)
    today = dialogue.now.astimezone(zone).date()
    by_day: dict[date, list[Seen]] = {}
    for each in reversed(dialogue.state.seen):
        by_day.setdefault(each.at.astimezone(zone).date(), []).append(each)
    told = dialogue.heard.value("date") if dialogue.heard else None
    if told is not None:
        return by_day.get(_past(date.fromisoformat(str(told)), today), [])
    earlier = [day for day in by_day if day < today]
    return by_day[earlier[0]] if earlier else []


def _past(day: date, today: date) -> date:
    """Days are read as those to come: what was seen on Monday was seen on the last one."""
    while day > today:
        day -= WEEK
    return day


def _named(dialogue: Dialogue, products: list[Product]) -> list[Product]:
    """Those that the words name; all of them where they name no kind of thing."""
    heard = dialogue.heard
    if heard is None:
        return products
    named = best_named(heard, products, dialogue.heard_language)
    if named or not _names_a_kind(heard):
        return named or products
    kind = str(heard.value("category") or "")
    return [product for product in products if product.category == kind]


def _names_a_kind(heard: Understanding) -> bool:
    return bool(heard.value("product") or heard.value("category"))


def _only_variant(product: Product) -> Variant | None:
    variants = on_sale(product)
    return variants[0] if len(variants) == 1 else None
