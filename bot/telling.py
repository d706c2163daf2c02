"""Who wanted to hear when their question is answered hears it, in the conversation where they asked, in its language."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from bot import transcript
from bot.delivery import outbox
from bot.delivery.model import Conversation
from bot.dialogue.replies import Replies
from bot.dialogue.state import State
from bot.messages import MESSAGE, Say
from bot.transcript import Author
from knowledge_base import gaps
from knowledge_base.questions import StaffAnswer


def tell(session: Session, answer: StaffAnswer, *, replies: Replies, at: datetime) -> int:
    """Queue the answer for everybody who waits for it; how many that were. Nobody is told twice."""
    told = 0
    for question in gaps.to_tell(session, answer.id):
        question.told_at = at
        conversation = session.get(Conversation, question.conversation, with_for_update=True)
        if conversation is None or conversation.blocked:
            continue
        language = State.model_validate(conversation.state).language or replies.main
        facts = {"question": question.text, "answer": answer.text}
        message = Say(text=replies.render("utter_now_we_know", language, facts).text, purpose="staff")
        if outbox.queue_message(session, conversation.key, message, dedupe=_dedupe(question.id), at=at):
            content = MESSAGE.dump_python(message, mode="json")
            transcript.note(session, conversation.key, Author.STAFF, content, at=at)
            told += 1
    return told


def _dedupe(question: UUID) -> str:
    return f"told:{question}"
