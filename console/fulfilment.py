"""Staff move an order on, and the customer hears of it in the conversation in which it was placed."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from bot import transcript
from bot.delivery import outbox
from bot.delivery.model import Conversation
from bot.dialogue.replies import Replies
from bot.dialogue.state import State
from bot.messages import MESSAGE, Say
from bot.transcript import Author
from shop.orders import service as orders
from shop.orders.model import MOVES, Order, OrderStatus
from shop.profile import ShopProfile

STAFF_MOVES: Final = (
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.COMPLETED,
)


def next_moves(status: OrderStatus) -> list[OrderStatus]:
    """What staff may do with an order of that status."""
    return [move for move in STAFF_MOVES if move in MOVES[status]]


def move_on(
    session: Session,
    order_id: UUID,
    status: OrderStatus,
    *,
    tracking: str,
    profile: ShopProfile,
    replies: Replies | None,
    at: datetime,
) -> None:
    """Move it, keep the tracking text, and tell the customer. Raises NotPossible when it is too early or too late.

    Locks the conversation before the order, as turns do.
    """
    key = orders.get(session, order_id, lock=False).conversation
    conversation = session.get(Conversation, key, with_for_update=True)
    order = orders.get(session, order_id)
    orders.fulfil(session, order, status, at=at, by="staff")
    if tracking:
        order.tracking = tracking
    if replies is not None and conversation is not None and not conversation.blocked:
        _tell(session, order, conversation, profile=profile, replies=replies, at=at)


def _tell(
    session: Session,
    order: Order,
    conversation: Conversation,
    *,
    profile: ShopProfile,
    replies: Replies,
    at: datetime,
) -> None:
    """Say `utter_notice_<status>`, where there is such a sentence and it has words for this kind of delivery."""
    reply = f"utter_notice_{order.status.value}"
    if reply not in replies:
        return
    language = State.model_validate(conversation.state).language
    facts = {
        "shop": profile.in_language(language),
        "order": order.reference,
        "tracking": order.tracking,
        "pickup": order.address is None,
    }
    words = replies.render(reply, language, facts).text
    if not words:
        return
    message = Say(text=words, purpose="order_update")
    dedupe = f"notice:{order.id}:{order.status.value}"
    if outbox.queue_message(session, conversation.key, message, dedupe=dedupe, at=at):
        content = MESSAGE.dump_python(message, mode="json")
        transcript.note(session, conversation.key, Author.BOT, content, at=at)
