"""Sentences to customers when no turn is under way: staff moved their order, a return was decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot import transcript
from bot.delivery import outbox
from bot.delivery.model import Conversation
from bot.dialogue.dialogue import Dialogue
from bot.dialogue.replies import ButtonText, Replies
from bot.dialogue.state import State
from bot.dialogue.tokens import Tokens
from bot.messages import MESSAGE, Button, Message, Say
from shop.profile import ShopProfile


@dataclass(frozen=True, slots=True)
class Notices:
    """Says them in the customer's language, as news of an order."""

    profile: ShopProfile
    replies: Replies
    tokens: Tokens

    def language(self, conversation: Conversation) -> str:
        """In which the customer is answered there."""
        return State.model_validate(conversation.state).language or self.replies.main

    def say(
        self,
        session: Session,
        conversation: Conversation,
        reply: str,
        *,
        dedupe: str,
        at: datetime,
        **facts: Any,
    ) -> bool:
        """Queue the sentence `reply`. False when it comes out empty, was said before, or nobody would hear it."""
        language = self.language(conversation)
        known: dict[str, Any] = {"shop": self.profile.in_language(language), "slots": {}, "name": ""}
        rendered = self.replies.render(reply, language, known | facts)
        if not rendered.text:
            return False
        buttons = [self._button(text, conversation.key) for text in rendered.buttons]
        message = Say(text=rendered.text, buttons=Dialogue.rows(buttons), purpose="order_update", reply=reply)
        return self.send(session, conversation, message, dedupe=dedupe, at=at)

    @staticmethod
    def send(
        session: Session, conversation: Conversation, message: Message, *, dedupe: str, at: datetime
    ) -> bool:
        """Queue any message and write it down. False when it was sent before, or nobody would hear it."""
        if conversation.blocked:
            return False
        if not outbox.queue_message(session, conversation.key, message, dedupe=dedupe, at=at):
            return False
        content = MESSAGE.dump_python(message, mode="json")
        transcript.note(session, conversation.key, transcript.Author.BOT, content, at=at)
        return True

    def _button(self, text: ButtonText, conversation: str) -> Button:
        if text.url is not None:
            return Button(label=text.title, url=text.url)
        assert text.payload is not None, "under a notice there are links and buttons that begin a flow"
        return Button(label=text.title, token=self.tokens.sign(text.payload, conversation=conversation))
