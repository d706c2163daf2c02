"""Each member's own money, when their group is full or over: charged, given back, let go. One call a payment.

The calls belong to the members' own conversations, where their answers are told.
"""

from collections.abc import Iterable

from bot.delivery.turn import Turn
from payments import authorisations, refunds
from payments.provider_call import ProviderCall
from shop.orders.model import Order, OrderStatus


def charge(turn: Turn, confirmed: Iterable[Order]) -> None:
    """The group is full: what banks hold for its orders is taken now."""
    for order in confirmed:
        if order.status is OrderStatus.AUTHORISED and authorisations.held_for(turn.session, order.id):
            _call(turn, order, authorisations.capture(turn.session, order, at=turn.now))


def give_back(turn: Turn, ended: Iterable[Order], *, reason: str) -> None:
    """These orders have ended: nobody pays for them any more, and what was paid or held is its owner's again."""
    for order in ended:
        if order.payment_session is not None:
            _call(turn, order, ProviderCall.closing(order.payment_session, order.id))
        for release in authorisations.releases(turn.session, order):
            _call(turn, order, release)
        for refund in refunds.ask_all(turn.session, order.id, reason=reason, at=turn.now):
            _call(turn, order, refunds.call_of(turn.session, refund, conversation=order.conversation))


def _call(turn: Turn, order: Order, call: ProviderCall) -> None:
    turn.call(call.name, call.arguments, dedupe=call.key, to=order.conversation)
