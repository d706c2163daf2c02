"""Each member's own money, when their group is full or over: charged, given back, let go. One call a payment.

The calls belong to the members' own conversations, where their answers are told; each is tried again alone.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.delivery import outbox
from payments import authorisations, refunds
from payments.provider_call import ProviderCall
from shop.orders.model import Order, OrderStatus


def charge(session: Session, confirmed: Iterable[Order], *, at: datetime) -> None:
    """The group is full: what banks hold for its orders is taken now."""
    for order in confirmed:
        if order.status is OrderStatus.AUTHORISED and authorisations.held_for(session, order.id):
            _queue(session, order, authorisations.capture(session, order, at=at), at=at)


def give_back(session: Session, ended: Iterable[Order], *, reason: str, at: datetime) -> None:
    """These orders have ended: nobody pays for them any more, and what was paid or held is its owner's again."""
    for order in ended:
        if order.payment_session is not None:
            _queue(session, order, ProviderCall.closing(order.payment_session, order.id), at=at)
        for release in authorisations.releases(session, order):
            _queue(session, order, release, at=at)
        for refund in refunds.ask_all(session, order.id, reason=reason, at=at):
            call = refunds.call_of(session, refund, conversation=order.conversation)
            _queue(session, order, call, at=at)


def _queue(session: Session, order: Order, call: ProviderCall, *, at: datetime) -> None:
    outbox.queue_call(session, order.conversation, call.name, call.arguments, dedupe=call.key, at=at)
