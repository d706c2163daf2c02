"""What a member hears of their seat and their group."""

from typing import Any
from uuid import UUID

from bot.deals import endings, facts
from bot.dialogue.dialogue import Dialogue
from bot.events import TimerFired
from payments.seating import Seated
from shop.deals import groups
from shop.deals.model import DealGroup, DealPayment, GroupStatus, Seat, SeatStatus
from shop.orders import service as orders
from shop.orders.model import Order
from shop.payment_methods import PaymentKind


def group_facts(dialogue: Dialogue, group: DealGroup) -> dict[str, Any]:
    """What sentences about a group may say in this conversation."""
    told = facts.group_facts(dialogue.session, group, dialogue.profile, dialogue.language)
    return told | {"shares": dialogue.abilities.invitations}


def is_held_by_bank(dialogue: Dialogue, order: Order) -> bool:
    """Whether a card is charged for it only once its group is full."""
    if order.group_id is None or order.payment_method is not PaymentKind.CARD:
        return False
    return dialogue.session.get_one(DealGroup, order.group_id).payment is DealPayment.AUTHORISE


def tell_seated(dialogue: Dialogue, order: Order, seated: Seated) -> None:
    """Their money is in. That the group is full is news for all its members, and theirs, too."""
    endings.charge(dialogue.session, seated.confirmed, at=dialogue.now)
    reply = "utter_seat_elsewhere" if seated.elsewhere else "utter_seat_taken"
    _tell(dialogue, reply, order)


def tell_held(dialogue: Dialogue, order: Order, *, is_full: bool) -> None:
    """Their bank holds the money."""
    assert order.group_id is not None, "a seat"
    if is_full:
        group = groups.lock(dialogue.session, order.group_id)
        seats = groups.seats_of(dialogue.session, group, SeatStatus.CONFIRMED)
        confirmed = [orders.get(dialogue.session, seat.order_id) for seat in seats]
        endings.charge(dialogue.session, confirmed, at=dialogue.now)
    _tell(dialogue, "utter_seat_held", order)


def _tell(dialogue: Dialogue, reply: str, order: Order) -> None:
    assert order.group_id is not None, "a seat"
    group = dialogue.session.get_one(DealGroup, order.group_id)
    leads = group.leader_id == order.customer_id
    told = {"order": order.reference, "due": order.due, "leads": leads, **group_facts(dialogue, group)}
    dialogue.say(reply, purpose="order_update", **told)


def on_notice(dialogue: Dialogue, event: TimerFired) -> None:
    """News of their group, unless that is over by now or they have left it."""
    seat = dialogue.session.get_one(Seat, UUID(event.arguments["seat"]))
    group = dialogue.session.get_one(DealGroup, seat.group_id)
    what: str = event.arguments["what"]
    while_forming = what in WHILE_FORMING
    if while_forming and (group.status is not GroupStatus.FORMING or seat.status is not SeatStatus.PAID):
        return
    order = orders.get(dialogue.session, seat.order_id, lock=False)
    told = {"order": order.reference, "due": order.due, **group_facts(dialogue, group)}
    told["is_held"] = is_held_by_bank(dialogue, order)
    dialogue.say(f"utter_group_{what}", purpose="answer" if while_forming else "order_update", **told)


WHILE_FORMING = frozenset({"joined", "one_left", "half_time", "last_hours", "new_leader"})
"""News that nobody needs once the group is full or over."""
