"""Conversations as staff see them: the list, and one customer with everything we know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from bot.conversations import IN_GROUPS
from bot.delivery.model import Conversation
from bot.messages import Say, ShowCards
from bot.transcript import Author, Utterance
from console.elements import plain
from console.reads.listing import Listed, contains, count_and_cut
from console.reads.talk import Line, line_of
from console.talk import words_of
from shop.cart import service as carts
from shop.customers.model import ChannelAccount, Customer
from shop.money import Money
from shop.orders.model import Order, OrderStatus

ORDERS_SHOWN = 10
LAST_WORDS_MAX = 160


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation in the list. `number` is its first line's: a name that is no secret."""

    number: int
    name: str
    channel: str
    last_author: Author
    last_words: str
    at: datetime
    wants_person: bool


@dataclass(frozen=True, slots=True)
class CartRow:
    name: str
    units: int
    price: Money


@dataclass(frozen=True, slots=True)
class OrderRow:
    reference: str
    status: OrderStatus
    total: Money
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """Who this is, what they are about to buy and what they bought."""

    name: str
    channel: str
    username: str
    phone: str
    email: str
    address: str
    since: datetime | None
    wants_person: bool
    blocked: bool
    cart: tuple[CartRow, ...]
    orders: tuple[OrderRow, ...]


def newest(session: Session, *, page: int, search: str) -> Listed[ConversationRow]:
    """Conversations in which something was said: those who want a person first, then the newest."""
    total, shown, cut = count_and_cut(session, _found(search), page)
    return Listed([_row(session, found) for found in session.execute(cut)], shown, total)


def _found(search: str) -> Select[str, str, bool, datetime]:
    customer = Conversation.customer_id == Customer.id
    accounts = (
        select(ChannelAccount.display_name)
        .where(ChannelAccount.customer_id == Customer.id, ChannelAccount.display_name != "")
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(
            Conversation.key,
            func.coalesce(Customer.name, accounts, "").label("name"),
            func.coalesce(Customer.wants_person, False).label("wants_person"),
            Conversation.updated_at,
        )
        .outerjoin(Customer, customer)
        .where(select(Utterance.id).where(Utterance.conversation == Conversation.key).exists())
        .where(Conversation.key.not_like(IN_GROUPS))  # staff answer people in private
        .order_by(func.coalesce(Customer.wants_person, False).desc(), Conversation.updated_at.desc())
        .order_by(Conversation.key)
    )
    if search:
        columns = (Customer.name, Customer.phone, Customer.email, accounts)
        statement = statement.where(or_(*(contains(column, search) for column in columns)))
    return statement


def _row(session: Session, found: Any) -> ConversationRow:
    ids = select(func.min(Utterance.id), func.max(Utterance.id)).where(Utterance.conversation == found.key)
    first, last = session.execute(ids).one()
    line = line_of(session.get_one(Utterance, last))
    return ConversationRow(
        number=first,
        name=found.name or f"Guest {first}",
        channel=channel_of(found.key),
        last_author=line.author,
        last_words=_words(line)[:LAST_WORDS_MAX],
        at=line.at,
        wants_person=bool(found.wants_person),
    )


def _words(line: Line) -> str:
    match line.said:
        case Say(text=text, picture=picture):
            return plain(text) or (picture.alt if picture else "")
        case ShowCards(cards=cards):
            return ", ".join(card.title for card in cards)
        case said:
            return words_of(said) or "…"


def channel_of(conversation: str) -> str:
    """As in Telegram or Web."""
    return conversation.partition(":")[0].capitalize()


def conversation_at(session: Session, number: int) -> str | None:
    """The conversation that line `number` was said in."""
    utterance = session.get(Utterance, number)
    return utterance.conversation if utterance else None


def number_of(session: Session, conversation: str) -> int | None:
    """The first line of a conversation, which names it without telling its secret; None when nothing was said."""
    return session.scalar(select(func.min(Utterance.id)).where(Utterance.conversation == conversation))


def facts_of(session: Session, key: str) -> CustomerFacts:
    """Everything about the customer of a conversation."""
    conversation = session.get_one(Conversation, key)
    customer = session.get(Customer, conversation.customer_id) if conversation.customer_id else None
    account = _account(session, customer, key.partition(":")[0])
    name = (customer and customer.name) or (account and account.display_name)
    return CustomerFacts(
        name=name or f"Guest {number_of(session, key)}",
        channel=channel_of(key),
        username=account.username if account else "",
        phone=(customer and customer.phone) or "",
        email=(customer and customer.email) or "",
        address=address_words(customer.address if customer else None),
        since=customer.created_at if customer else None,
        wants_person=bool(customer and customer.wants_person),
        blocked=conversation.blocked,
        cart=_cart(session, customer) if customer else (),
        orders=_orders(session, customer) if customer else (),
    )


def _account(session: Session, customer: Customer | None, channel: str) -> ChannelAccount | None:
    if customer is None:
        return None
    return session.scalars(
        select(ChannelAccount)
        .where(ChannelAccount.customer_id == customer.id, ChannelAccount.channel == channel)
        .limit(1)
    ).one_or_none()


def _cart(session: Session, customer: Customer) -> tuple[CartRow, ...]:
    return tuple(
        CartRow(
            name=f"{line.variant.product.title} {line.variant.label}".strip(),
            units=line.units,
            price=line.variant.price * line.units,
        )
        for line in carts.lines(session, customer)
    )


def _orders(session: Session, customer: Customer) -> tuple[OrderRow, ...]:
    found = session.scalars(
        select(Order)
        .where(Order.customer_id == customer.id)
        .order_by(Order.placed_at.desc())
        .limit(ORDERS_SHOWN)
    )
    return tuple(OrderRow(each.reference, each.status, each.total, each.placed_at) for each in found)


def map_link(pin: str | None) -> str:
    """Where a map shows the point that a customer sent with their address; nothing without one."""
    latitude, _, longitude = (pin or "").partition(",")
    return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}&zoom=17" if longitude else ""


def address_words(address: dict[str, Any] | None) -> str:
    """An address as it is written on a parcel, in one line."""
    if not address:
        return ""
    place = " ".join(str(address[name]) for name in ("postcode", "city") if address.get(name))
    return ", ".join(
        filter(None, (str(address.get("street") or ""), place, str(address.get("country") or "")))
    )
