"""Goods against each other: which is the lighter, the cheaper, the one that holds more; and a table, field by field.

The table is lines below each other, with the goods' numbers before their values: a chat's letters are of unequal width, Messenger
has no markup at all, and of a phone's 34 letters a line a column for each of three goods would get nine.
"""

from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from typing import Any, Final

from bot.actions.cards import LOW_STOCK, look_at, remember_page
from bot.actions.compared_goods import by_kind, goods_meant
from bot.actions.knowledge import date_in_words, keep_question
from bot.actions.reference import comparison_said
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.tokens import pack_id, payload
from bot.messages import Button
from knowledge_base.comparison import WANTED, Aspect, Good, Row, Verdict, Wanted, compare, rows
from shop.money import Money

TABLE_GOODS_MAX: Final = 3
RANKED_GOODS_MAX: Final = 6
KINDS_MAX: Final = 10
ROWS_MAX: Final = 14  # more is for a closer look at each
VALUE_LETTERS_MAX: Final = 90


@action("shown", "decided", "not_given", "too_many", "unclear")
def compare_products(dialogue: Dialogue) -> Outcome:
    """Two or three goods side by side; or, where that is asked, which of them has the most or least of something."""
    heard = dialogue.heard
    wanted = WANTED.get(comparison_said(heard) or "") if heard is not None else None
    goods = goods_meant(dialogue)
    if len(goods) < 2:
        return Outcome("unclear")
    if wanted is not None and len(goods) <= RANKED_GOODS_MAX:
        return _decide(dialogue, goods, wanted)
    if len(goods) > TABLE_GOODS_MAX:
        return Outcome("too_many", {"count": len(goods), "most": TABLE_GOODS_MAX})
    _remember(dialogue, goods)
    _show_table(dialogue, goods)
    return Outcome("shown")


# ---------------------------------------------------------------------- which of them


def _decide(dialogue: Dialogue, goods: Sequence[Good], wanted: Wanted) -> Outcome:
    verdict = compare(goods, wanted, language=dialogue.language, money=_money(dialogue))
    if (
        verdict.kind == "unclear"
    ):  # where the sizes of one reach over another, one size of it may still be the one
        apart = by_kind(goods)
        of_kinds = compare(apart, wanted, language=dialogue.language, money=_money(dialogue))
        if of_kinds.kind == "winner" and len(apart) <= KINDS_MAX:
            goods, verdict = apart, of_kinds
    _remember(dialogue, goods)
    facts = _verdict_facts(dialogue, goods, wanted, verdict)
    if verdict.kind == "unknown":
        keep_question(dialogue)
        return Outcome("not_given", facts)
    if len(verdict.winners) == 1:
        winner = goods[verdict.winners[0]]
        look_at(dialogue, winner.product, winner.variants[0] if len(winner.variants) == 1 else None)
    return Outcome("decided", facts)


def _verdict_facts(
    dialogue: Dialogue, goods: Sequence[Good], wanted: Wanted, verdict: Verdict
) -> dict[str, Any]:
    """Each good with what is written of it; `winners` by label, and what the oldest of it is as of."""
    told = [
        {"label": good.label, "text": reading.text if reading is not None else ""}
        for good, reading in zip(goods, verdict.readings, strict=True)
    ]
    winner = goods[verdict.winners[0]].product if len(verdict.winners) == 1 else None
    return {
        "aspect": wanted.aspect.value,
        "wants_most": wanted.most,
        "verdict": verdict.kind,
        "winners": [goods[place].label for place in verdict.winners],
        "goods": told,
        "fields": _fields(dialogue, wanted, verdict),
        "missing": [goods[place].label for place in verdict.missing],
        "product": pack_id(winner.id) if winner is not None else "",
        "table": len(goods) <= TABLE_GOODS_MAX and _all_products(goods),
        "as_of": date_in_words(dialogue, min(good.product.updated_at for good in goods)),
    }


def _fields(dialogue: Dialogue, wanted: Wanted, verdict: Verdict) -> list[str]:
    """The names of the fields that were compared."""
    if wanted.aspect is Aspect.PRICE:
        return [_label(dialogue, "words_field_price")]
    return list(dict.fromkeys(name for each in verdict.readings if each for name in each.fields))


def _all_products(goods: Sequence[Good]) -> bool:
    return len({good.product.id for good in goods}) == len(goods)


# ---------------------------------------------------------------------- side by side


def _show_table(dialogue: Dialogue, goods: Sequence[Good]) -> None:
    """What differs, then what they share, and below it what may be done with each."""
    found = [
        _price_row(dialogue, goods),
        _stock_row(dialogue, goods),
        *rows(goods, language=dialogue.language),
    ]
    table = [_short(row) for row in found][:ROWS_MAX]
    text = dialogue.words(
        "words_side_by_side",
        goods=[good.label for good in goods],
        differing=[row for row in table if not row.is_shared],
        shared=[row for row in table if row.is_shared],
        as_of=date_in_words(dialogue, min(good.product.updated_at for good in goods)),
    )
    buttons = [
        button for place, good in enumerate(goods, start=1) for button in _buttons(dialogue, good, place)
    ]
    dialogue.say_with(text, buttons, reply="words_side_by_side")


def _buttons(dialogue: Dialogue, good: Good, place: int) -> list[Button]:
    """Add this one, or choose a kind of it; and a closer look."""
    sellable = [each for each in good.variants if each.free_units() != 0]
    found: list[Button] = []
    if len(good.variants) == 1 and sellable:
        add = payload("add_to_cart", variant=good.variants[0].id)
        found.append(dialogue.button(f"{place}: {dialogue.words('words_add')}", add))
    elif sellable:
        choose = payload("add_to_cart", product=good.product.id)
        found.append(dialogue.button(f"{place}: {dialogue.words('words_choose')}", choose))
    details = payload("product_details", product=good.product.id)
    return [*found, dialogue.button(f"{place}: {dialogue.words('words_details')}", details)]


def _price_row(dialogue: Dialogue, goods: Sequence[Good]) -> Row:
    values = [
        unescape(dialogue.words("words_price_from", price=low, dearer=high != low))
        for low, high in (good.prices for good in goods)
    ]
    return Row(_label(dialogue, "words_field_price"), tuple(values))


def _stock_row(dialogue: Dialogue, goods: Sequence[Good]) -> Row:
    values = [unescape(dialogue.words("words_stock", free=_free(good), low=LOW_STOCK)) for good in goods]
    return Row(_label(dialogue, "words_field_stock"), tuple(values))


def _free(good: Good) -> int | None:
    """Of the kind of which there is most; None where one never runs out."""
    free = [each.free_units() for each in good.variants]
    return None if None in free else max(units for units in free if units is not None)


def _label(dialogue: Dialogue, reply: str) -> str:
    return unescape(dialogue.words(reply))


def _short(row: Row) -> Row:
    def cut(value: str) -> str:
        return value if len(value) <= VALUE_LETTERS_MAX else value[: VALUE_LETTERS_MAX - 1].rstrip() + "…"

    return replace(row, values=tuple(map(cut, row.values)))


# ---------------------------------------------------------------------- both


def _money(dialogue: Dialogue) -> Any:
    def money(amount: Money) -> str:
        return amount.format(dialogue.language)

    return money


def _remember(dialogue: Dialogue, goods: Sequence[Good]) -> None:
    """So that "the second one" means the one numbered so; the list that they came from stays when all of it is compared."""
    products = list({good.product.id: good.product for good in goods}.values())
    if [each.product for each in dialogue.state.newest] != [product.id for product in products]:
        remember_page(dialogue, products, first=True)
    elif len(products) > 1:
        dialogue.state.focus = None
