"""A person of the shop answers in a conversation."""

from datetime import datetime
from html import escape

from sqlalchemy.orm import Session

from bot import transcript
from bot.delivery import outbox
from bot.delivery.model import Conversation
from bot.messages import MESSAGE, Say
from bot.transcript import Author
from shop.customers.model import Customer


def answer(session: Session, conversation: str, words: str, *, identity: str, at: datetime) -> bool:
    """Send `words` to the customer, who no longer waits for a person then. False when it was sent before.

    The conversation's row is locked, so that a turn that happens now is written down wholly before or after.
    """
    locked = session.get_one(Conversation, conversation, with_for_update=True)
    message = Say(text=escape(words.strip(), quote=False), purpose="staff")
    if not outbox.queue_message(session, conversation, message, dedupe=f"staff:{identity}", at=at):
        return False
    content = MESSAGE.dump_python(message, mode="json")
    transcript.note(session, conversation, Author.STAFF, content, at=at)
    locked.updated_at = at
    close_request(session, conversation)
    return True


def close_request(session: Session, conversation: str) -> None:
    """Nobody waits in this conversation any more."""
    customer_id = session.get_one(Conversation, conversation).customer_id
    if customer_id is not None:
        session.get_one(Customer, customer_id).wants_person = False
