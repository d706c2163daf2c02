"""The checkout of a seat in a group deal, where it differs from a cart's."""

from datetime import datetime
from typing import Any, TypedDict

from bot.actions.purchase import Joining
from bot.deals import cards
from bot.dialogue.dialogue import Dialogue
from shop.deals import groups
from shop.deals import offers as deals
from shop.deals.model import DealGroup, DealPayment, DealRefused, DealStatus
from shop.orders import service as orders
from shop.orders.model import Order
from shop.orders.service import IN_FORM, DeliveryChoice, SeatWanted, Terms
from storage.types import JsonObject


class Where(TypedDict):
    """How an order is placed, be it of a cart or a seat."""

    conversation: str
    delivery: DeliveryChoice
    address: JsonObject | None
    at: datetime
    terms: Terms


def deliver_as_before(dialogue: Dialogue) -> None:
    """A seat is taken in a few taps: what their last order chose is chosen, as far as it is still offered."""
    if dialogue.slot("address") == IN_FORM:  # a seat's price is agreed before the invoice comes
        dialogue.state.slots.pop("address")
    last = orders.find(dialogue.session, dialogue.customer)
    if last is None or dialogue.slot("delivery") or last.delivery == IN_FORM:
        return
    dialogue.set_slot("delivery", last.delivery)
    if last.pickup_point is not None and not dialogue.slot("pickup_point"):
        dialogue.set_slot("pickup_point", last.pickup_point)


def seat_facts(dialogue: Dialogue, joining: Joining) -> dict[str, Any]:
    """What the summary of a seat says beside its price: of how many people, how long, and what happens otherwise."""
    group = joining.group
    return {
        "size": group.size if group else joining.deal.size,
        "hours": group.window_hours if group else joining.deal.window_hours,
        "starts": group is None,
        "single": joining.item.variant.price * joining.item.units,
        "is_held": (group or joining.deal).payment is DealPayment.AUTHORISE,
        "elsewhere": bool(dialogue.slot("goes_elsewhere")),
    }


def take_seat(dialogue: Dialogue, joining: Joining, where: Where) -> Order:
    """Hold a seat in the group, or in a new one. Raises what `orders.place_seat` does."""
    session, customer = dialogue.session, dialogue.customer
    with session.begin_nested():  # no group is left behind by a start that was refused
        group = joining.group and groups.lock(session, joining.group.id)
        if group is None:
            if deals.status_at(joining.deal, dialogue.now) is not DealStatus.LIVE:
                raise DealRefused(why="deal_over")
            group = groups.begin(session, joining.deal, at=dialogue.now)
            _show_where_wished(dialogue, group)
        deals.check_may_take(session, joining.deal, customer, units=joining.item.units)
        seat = SeatWanted(group, joining.item, elsewhere=bool(dialogue.slot("goes_elsewhere")))
        return orders.place_seat(session, customer, seat, **where)


def _show_where_wished(dialogue: Dialogue, group: DealGroup) -> None:
    """Who wished for a group in a chat with others finds its card there."""
    chat = dialogue.slot("shown_in")
    if chat:
        cards.show(dialogue.session, group, chat, language=dialogue.language, at=dialogue.now)


def refusal_facts(dialogue: Dialogue, refused: DealRefused) -> dict[str, Any]:
    """Why there is no seat, in words."""
    return {"why": dialogue.words(f"words_deal_refused_{refused.facts['why']}", **refused.facts)}
