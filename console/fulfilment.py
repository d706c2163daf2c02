"""What staff do with an order on its way out, and what its customer hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from bot.actions.orders import shipment_facts
from bot.actions.payment import order_facts
from bot.deals import news
from bot.delivery import outbox, timers
from bot.delivery.model import Conversation
from bot.notices import Notices
from payments import authorisations, part_refunds, refunds, settlement
from payments.model import Refund
from payments.provider_call import ProviderCall
from payments.settlement import Outcome, Settlement
from shop.customers.model import Customer, OrderNews
from shop.errors import Refused
from shop.money import Money
from shop.orders import additions
from shop.orders import service as orders
from shop.orders.model import MOVES, Order, OrderStatus
from shop.shipments import service as shipments
from shop.shipments.model import Shipment
from shop.shipments.service import Parcel
from shop.tasks import service as tasks

STAFF: Final = "staff"  # until staff sign in by name
STAFF_MOVES: Final = (
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.COMPLETED,
)


class NoReason(Refused):
    """Please say why: the customer and your colleagues will want to know."""

    reply = "utter_order_cannot"


class NoReference(Refused):
    """Please note what it says on the statement or receipt: by that a second look at the same money is recognised."""

    reply = "utter_order_cannot"


class NoAmount(Refused):
    """Please enter how much it was, as in 24.00."""

    reply = "utter_order_cannot"


class KnownPayment(Refused):
    """Money with this reference was taken already."""

    reply = "utter_order_cannot"


class TooMuch(Refused):
    """That is nothing, or more than is left of what was paid."""

    reply = "utter_refund_too_much"


@dataclass(frozen=True, slots=True)
class Desk:
    """One order in the hands of staff: locked after its conversation, as turns do."""

    session: Session
    order: Order
    conversation: Conversation | None
    notices: Notices | None  # None: customers hear nothing
    at: datetime

    def tell(self, reply: str, *, dedupe: str, **facts: Any) -> None:
        """Say it to the customer, where there are such words and somebody listens."""
        if self.notices is None or self.conversation is None or reply not in self.notices.replies:
            return
        known = {"order": self.order.reference, "pickup": self.order.address is None}
        self.notices.say(self.session, self.conversation, reply, dedupe=dedupe, at=self.at, **(known | facts))

    def wants(self, news: OrderNews) -> bool:
        """Whether the customer likes to hear news of that kind."""
        liked = self.session.get_one(Customer, self.order.customer_id).order_news
        return liked is OrderNews.ALL or liked is news


def open_order(session: Session, order_id: UUID, *, notices: Notices | None, at: datetime) -> Desk:
    """Take up an order, locked. Raises NoSuchOrder."""
    key = orders.get(session, order_id, lock=False).conversation
    conversation = session.get(Conversation, key, with_for_update=True)
    return Desk(session, orders.get(session, order_id), conversation, notices, at)


def next_moves(status: OrderStatus) -> list[OrderStatus]:
    """What staff may do with an order of that status."""
    return [move for move in STAFF_MOVES if move in MOVES[status]]


def move_on(desk: Desk, status: OrderStatus, *, parcel: Parcel = Parcel()) -> None:  # noqa: B008 - frozen
    """The whole order one step on; the customer hears of it. Raises NotPossible when it is too early or too late."""
    if status is OrderStatus.SHIPPED:
        ship(desk, None, parcel=parcel)
    elif status is OrderStatus.DELIVERED:
        deliver(desk)
    else:
        shipments.move_on(desk.session, desk.order, status, at=desk.at, by=STAFF)
        if desk.wants(OrderNews.ALL):
            desk.tell(f"utter_notice_{status.value}", dedupe=f"notice:{desk.order.id}:{status.value}")


def ship(desk: Desk, units: Mapping[UUID, int] | None, *, parcel: Parcel) -> Shipment:
    """Send these units (by line), or all that is left. Raises NotPossible and TooManyUnits."""
    shipment = shipments.ship(desk.session, desk.order, units, parcel=parcel, at=desk.at, by=STAFF)
    if desk.wants(OrderNews.SHIPPING):
        facts = shipment_facts(desk.order, shipment) | {
            "is_part": desk.order.status is OrderStatus.PART_SHIPPED or shipment.number > 1,
            "more_follows": desk.order.status is OrderStatus.PART_SHIPPED,
        }
        desk.tell("utter_notice_shipped", dedupe=f"notice:{shipment.id}:shipped", **facts)
    return shipment


def deliver(desk: Desk, number: int | None = None) -> None:
    """The shipment of that number has arrived, or all of them; later the order is done by itself. Raises NotPossible."""
    sent = shipments.of_order(desk.session, desk.order.id)
    chosen = next((each for each in sent if each.number == number), None) if number is not None else None
    shipments.deliver(desk.session, desk.order, chosen, at=desk.at, by=STAFF)
    if desk.order.status is OrderStatus.DELIVERED:
        _have_it_completed(desk)
    if desk.wants(OrderNews.SHIPPING):
        which = chosen.number if chosen is not None and len(sent) > 1 else None
        dedupe = f"notice:{desk.order.id}:delivered:{which or ''}"
        desk.tell("utter_notice_delivered", dedupe=dedupe, part=which)


def _have_it_completed(desk: Desk) -> None:
    if desk.notices is None:
        return
    timers.set_timer(
        desk.session,
        "order_completion",
        f"order_completion:{desk.order.id}",
        conversation=desk.order.conversation,
        due_at=desk.at + timedelta(days=desk.notices.profile.complete_after_days),
        arguments={"order": str(desk.order.id)},
    )


def cancel(desk: Desk, why: str) -> None:
    """Call it off before it is packed, and what goes along with it: stock back, payment page closed, money on its way back.

    Raises NotPossible.
    """
    if not why:
        raise NoReason
    sent = _call_off(desk, desk.order, why)
    for addition in additions.of(desk.session, desk.order):
        sent += _call_off(desk, addition, why)
    amount = _sum(sent, desk.order.currency)
    desk.tell("utter_notice_cancelled", dedupe=f"notice:{desk.order.id}:cancelled", why=why, amount=amount)


def _call_off(desk: Desk, order: Order, why: str) -> list[Refund]:
    orders.cancel(desk.session, order, at=desk.at, by=STAFF, why=why)
    sent = refunds.ask_all(desk.session, order.id, reason="cancelled", at=desk.at)
    send_refunds(desk, sent)
    for call in authorisations.releases(desk.session, order):
        _make_call(desk, call)
    if order.payment_session is not None:
        _make_call(desk, ProviderCall.closing(order.payment_session, order.id))
    news.plan(desk.session, at=desk.at)  # of a seat its group hears
    return sent


def charge(desk: Desk) -> None:
    """Take what the bank holds for it; it is paid when the provider says so. Raises NotPossible, BeingCharged."""
    _make_call(desk, authorisations.capture(desk.session, desk.order, at=desk.at))
    amount = desk.order.due.format("en")
    orders.note(desk.session, desk.order, f"asked the bank for {amount}", at=desk.at, by=STAFF)


def _make_call(desk: Desk, call: ProviderCall) -> None:
    outbox.queue_call(
        desk.session, desk.order.conversation, call.name, call.arguments, dedupe=call.key, at=desk.at
    )


def take_money(desk: Desk, amount: Money, *, provider: str, reference: str) -> Settlement:
    """Money came in cash or by transfer: it pays the order, or what is wrong about it is said. Raises NoReference.

    `reference` tells this payment from every other one: the bank statement's, or the receipt's number.
    """
    if not reference:
        raise NoReference
    if amount.minor <= 0:
        raise NoAmount
    found = settlement.settle(
        desk.session,
        desk.order.id,
        provider=provider,
        reference=f"{provider}:{reference}",
        amount=amount,
        at=desk.at,
        low_stock_units=desk.notices.profile.low_stock_units if desk.notices else 0,
    )
    if found.outcome is Outcome.KNOWN:
        raise KnownPayment
    if found.is_paid:
        tasks.close_cause(
            desk.session, f"slip:{desk.order.id}", by=STAFF, resolution="the money is here", at=desk.at
        )
    if found.refund is not None:
        send_refunds(desk, [found.refund])
    reply = "utter_money_taken" if found.outcome is Outcome.PAID else f"utter_payment_{found.outcome.value}"
    facts = order_facts(desk.order) | {"paid": amount, "back": found.refund.amount if found.refund else None}
    desk.tell(reply, dedupe=f"notice:{provider}:{reference}", **facts)
    return found


def refund(desk: Desk, amount: Money, why: str) -> None:
    """Give a part back, as a kindness; the order stays. Raises NoReason, TooMuch."""
    if not why:
        raise NoReason
    left = part_refunds.refundable(desk.session, desk.order.id, desk.order.currency)
    if not 0 < amount.minor <= min(left.minor, desk.order.owed.minor):
        raise TooMuch(left=left, asked=amount)
    desk.order.credit(amount)
    sent = part_refunds.ask_part(desk.session, desk.order.id, amount, reason="goodwill", at=desk.at)
    words = amount.format("en")
    orders.note(desk.session, desk.order, f"{words} refunded: {why}", at=desk.at, by=STAFF)
    send_refunds(desk, sent)
    desk.tell("utter_notice_refund", dedupe=f"notice:refund:{sent[0].id}", amount=amount)


def send_refunds(desk: Desk, sent: list[Refund]) -> None:
    """Queue the provider calls; the customer hears of each once it is settled."""
    for each in sent:
        _make_call(desk, refunds.call_of(desk.session, each, conversation=desk.order.conversation))


def _sum(sent: list[Refund], currency: str) -> Money:
    return Money(sum(each.amount_minor for each in sent), currency)
