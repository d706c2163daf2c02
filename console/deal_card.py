"""A deal's card as customers meet it, for staff to look at before they publish."""

from typing import Final

from console.deal_words import hours, side_by_side
from console.elements import box, picture, text
from console.notation import Notation
from console.reads.deals import Goods, PriceRow
from shop.deals.drafts import Draft
from shop.money import Money

CIRCLES_MAX: Final = 10  # more seats than that are told in words alone


def show_card(draft: Draft, goods: Goods, notation: Notation) -> None:
    """Title, both prices side by side, seats and time."""
    prices = prices_of(draft, goods)
    with box("card deal-card", tag="article", aria_label="Preview"):
        if goods.picture is not None:
            picture(goods.picture, "card-picture")
        with box("card-words"):
            text(draft.title or "The deal’s title", "card-title", tag="h3", dir="auto")
            if prices:
                text(side_by_side(prices[0], draft.size, notation), "deal-prices", tag="p")
            if len({price.together.minor for price in prices}) > 1:
                text(f"{len(prices)} kinds, at prices of their own", "facts-note", tag="p")
            _show_seats(draft.size)
            text(f"{hours(draft.window_hours)} to fill a group, from its first payment", "card-text", tag="p")
            for line in _conditions(draft, prices, notation):
                text(line, "card-text", tag="p")


def prices_of(draft: Draft, goods: Goods) -> list[PriceRow]:
    """What each kind that has a group price costs alone and together, the lowest first."""
    rows = [
        PriceRow(kind, Money.from_decimal(draft.prices[kind.sku], kind.single.currency))
        for kind in goods.kinds
        if kind.sku in draft.prices
    ]
    return sorted(rows, key=lambda row: row.together.minor)


def _show_seats(size: int) -> None:
    with box("seats"):
        if size <= CIRCLES_MAX:
            for place in range(size):
                box("seat taken" if place == 0 else "seat", aria_hidden="true")
        text(f"{size} seats", "facts-note")


def _conditions(draft: Draft, prices: list[PriceRow], notation: Notation) -> list[str]:
    lines: list[str] = []
    if draft.ends_at is not None:
        lines.append(f"Until {notation.moment(draft.ends_at)}")
    if draft.leader_bonus and prices:
        bonus = Money.from_decimal(draft.leader_bonus, prices[0].together.currency)
        lines.append(f"Whoever starts a group pays {notation.money(bonus)} less")
    if draft.quota is not None:
        lines.append(f"As long as {draft.quota} units last")
    return lines
