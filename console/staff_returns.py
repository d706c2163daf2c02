"""The returns of an order on its page, with what staff decide about each."""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from console import return_desk
from console.elements import box, text
from console.forms import Fields, field, form
from console.fulfilment import Desk
from console.notation import Notation
from console.reads.orders import ReturnRow
from shop.money import Money
from shop.returns.model import ReturnStatus

Do = Callable[[Callable[[Desk], Any], str], Awaitable[None]]
REASON_WORDS = {
    "damaged": "damaged",
    "wrong": "not what was ordered",
    "unfit": "does not fit",
    "disliked": "not liked",
    "other": "another reason",
}


def show_returns(rows: tuple[ReturnRow, ...], notation: Notation, do: Do) -> None:
    """Each return with its history and its next steps; `do` carries one out and shows the page anew."""
    text("Returns", "facts-title", tag="h2")
    if not rows:
        text("Nothing is to come back", "facts-note", tag="p")
    for each in rows:
        with box("fact-row"), box("fact-words"):
            text(f"Return {each.number}: {each.goods}", dir="auto")
            why = REASON_WORDS.get(each.why, each.why)
            wish = f"{each.wish} for {each.wanted}" if each.wanted else each.wish
            text(f"Asked {notation.moment(each.asked_at)}: {why}; wants: {wish}", "facts-note", dir="auto")
            for move in each.moves:
                text(move, "facts-note", dir="auto")
        _offer(each, do)


def _offer(each: ReturnRow, do: Do) -> None:
    number = each.number
    match each.status:
        case ReturnStatus.ASKED:
            _offer_decision(number, do)
        case ReturnStatus.APPROVED:
            _offer_receiving(number, do)
        case ReturnStatus.RECEIVED:
            if each.wanted:
                _offer_exchange(each, do)
            _offer_refund(each, do)
        case _:
            pass


def _offer_decision(number: int, do: Do) -> None:
    async def approve(_fields: Fields) -> None:
        await do(lambda desk: return_desk.approve(desk, number), f"return {number} is approved")

    async def refuse(fields: Fields) -> None:
        why = fields.get("why", "").strip()
        await do(lambda desk: return_desk.refuse(desk, number, why), f"return {number} is refused")

    with form(f"Approve return {number}", approve):
        pass
    with form(f"Refuse return {number}", refuse, primary=False):
        field("Why it is refused (the customer reads it)", "why")


def _offer_receiving(number: int, do: Do) -> None:
    for words, sellable in (("can be sold again", True), ("cannot be sold again", False)):

        async def receive(_fields: Fields, sellable: bool = sellable) -> None:
            done = f"return {number} is here"
            await do(lambda desk: return_desk.receive(desk, number, sellable=sellable), done)

        with form(f"Return {number} is here, {words}", receive, primary=sellable):
            pass


def _offer_exchange(each: ReturnRow, do: Do) -> None:
    number = each.number

    async def exchange(_fields: Fields) -> None:
        done = f"return {number} is exchanged, or refunded where that is sold out"
        await do(lambda desk: return_desk.exchange(desk, number), done)

    with form(f"Exchange return {number} for {each.wanted}", exchange):
        pass


def _offer_refund(each: ReturnRow, do: Do) -> None:
    number = each.number

    async def refund(fields: Fields) -> None:
        amount = amount_in(fields.get("amount", ""), each.worth.currency)
        await do(lambda desk: return_desk.refund(desk, number, amount), f"return {number} is refunded")

    with form(f"Refund return {number}", refund, primary=not each.wanted):
        field(
            f"Amount in {each.worth.currency}", "amount", inputmode="decimal", value=str(each.worth.decimal)
        )


def amount_in(words: str, currency: str) -> Money:
    """What stands in a field for money; what is none is nothing, which the shop refuses with its reason."""
    try:
        return Money.from_decimal(Decimal(words.strip().replace(",", ".")), currency)
    except (InvalidOperation, ValueError):
        return Money(0, currency)
