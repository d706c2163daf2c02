"""Telling people when what was sold out is back: asked for in the chat, looked for every few minutes, told once."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from bot.actions.cards import products_by_id
from bot.actions.reference import Looks, meant, on_sale
from bot.delivery import timers
from bot.delivery.turn import Turn
from bot.dialogue.dialogue import Dialogue, Outcome, action
from bot.dialogue.tokens import pack_id
from bot.events import TimerFired
from shop.catalogue.model import Product, Variant
from shop.watches import service as watches

LANE: Final = "system:stock"
LOOK: Final = "stock_look"
EVERY: Final = timedelta(minutes=5)


@action("watching", "already", "in_stock", "unclear")
def watch_stock(dialogue: Dialogue) -> Outcome:
    """Remember that they want to hear when the thing they mean can be had again."""
    products = meant(dialogue).products
    if len(products) != 1:
        return Outcome("unclear")
    (product,) = products
    variant = _variant(dialogue, product)
    facts = _facts(product, variant)
    wanted = [variant] if variant is not None else on_sale(product)
    if any(each.free_units() != 0 for each in wanted):
        return Outcome("in_stock", facts)
    new = watches.watch(
        dialogue.session,
        dialogue.customer,
        product,
        variant,
        conversation=dialogue.conversation,
        at=dialogue.now,
    )
    _look_later(dialogue.session, at=dialogue.now)
    return Outcome("watching" if new else "already", facts)


def on_event(turn: Turn) -> bool:
    """Look what is back, and have those told who wait for it. False when the event is something else."""
    if not (isinstance(turn.event, TimerFired) and turn.event.timer == LOOK):
        return False
    for watch in watches.fulfilled(turn.session):
        timers.set_timer(
            turn.session,
            "stock_back",
            f"stock_back:{watch.id}",
            conversation=watch.conversation,
            due_at=turn.now,
            arguments={"watch": str(watch.id)},
        )
    if watches.are_any_open(turn.session):
        _look_later(turn.session, at=turn.now)
    return True


def on_stock_back(dialogue: Dialogue, event: TimerFired) -> None:
    """It is back, unless somebody was quicker: then they go on waiting."""
    watch = watches.find(dialogue.session, UUID(event.arguments["watch"]))
    if watch is None or watch.told_at is not None:
        return
    product = products_by_id(dialogue, [watch.product_id]).get(watch.product_id)
    if product is None or not product.published:
        return
    variants = [each for each in on_sale(product) if watch.variant_id in {None, each.id}]
    if not any(each.free_units() != 0 for each in variants):
        return
    watch.told_at = dialogue.now
    variant = variants[0] if watch.variant_id is not None else None
    dialogue.say("utter_back_in_stock", **_facts(product, variant))


def _variant(dialogue: Dialogue, product: Product) -> Variant | None:
    """The only kind that the words describe, or that was looked at; None where any will do."""
    looks, variants = Looks.said(dialogue.heard), on_sale(product)
    fitting = looks.fitting(product) if looks else []
    if len(fitting) == 1:
        return fitting[0]
    focus = dialogue.state.focus
    looked_at = focus.variant if focus is not None and focus.product == product.id else None
    return next((each for each in variants if each.id == looked_at), None)


def _facts(product: Product, variant: Variant | None) -> dict[str, Any]:
    return {
        "title": product.title,
        "label": variant.label if variant is not None else "",
        "product": pack_id(product.id),
    }


def _look_later(session: Session, *, at: datetime) -> None:
    timers.set_if_none(session, LOOK, conversation=LANE, due_at=at + EVERY)
