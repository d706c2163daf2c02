"""The lines of a conversation."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from pydantic import ValidationError
from sqlalchemy.orm import Session

from bot import transcript
from bot.events import EVENT, Event, Unreadable
from bot.messages import MESSAGE, Message
from bot.transcript import Author, Utterance

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said, by whom and when."""

    id: int
    author: Author
    at: datetime
    said: Event | Message


def lines(session: Session, conversation: str, *, after: int, most: int) -> list[Line]:
    """What was said after line `after`, oldest first; the newest `most` of it."""
    return [line_of(each) for each in transcript.since(session, conversation, after=after, most=most)]


def line_of(utterance: Utterance) -> Line:
    return Line(utterance.id, utterance.author, utterance.at, _said(utterance))


def _said(utterance: Utterance) -> Event | Message:
    try:
        if utterance.author is Author.CUSTOMER:
            return EVENT.validate_python(utterance.content)
        return MESSAGE.validate_python(utterance.content)
    except ValidationError as error:  # written by another version; the talk goes on without it
        log.warning("transcript.unreadable", utterance=utterance.id, problems=error.error_count())
        return Unreadable(what=str(utterance.content.get("kind", "")))
