"""What customers said and what it was taken for, to be put right where it was not."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.delivery.model import InboxEvent
from bot.dialogue.hearing import PERSONAL, plain, without
from bot.traces import TurnTrace
from console.reads.conversations import channel_of, number_of
from console.reads.listing import Listed, contains, count_and_cut
from nlu.labelled import LETTERS_MAX, LabelledMessage
from nlu.understanding import Entity, Understanding
from storage.types import JsonObject


@dataclass(frozen=True, slots=True)
class HeardRow:
    """One message. `lesson` is what of it can be learnt from: its words without who and where."""

    event_id: int
    words: str
    lesson: str
    language: str
    guess: str | None
    probability: float
    refused: bool
    where: str
    conversation_number: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LabelledRow:
    id: int
    text: str
    intent: str
    language: str
    at: datetime


def missed(session: Session, *, page: int) -> Listed[HeardRow]:
    """Messages that may have been misunderstood and that nobody has looked at, the newest first."""
    return _listed(session, _said().where(TurnTrace.missed), page)


def everything(session: Session, *, page: int) -> Listed[HeardRow]:
    """All messages that are still known with what they were taken for, the newest first."""
    return _listed(session, _said(), page)


def labelled(session: Session, *, page: int, search: str) -> Listed[LabelledRow]:
    """What staff labelled, the newest first."""
    statement = select(LabelledMessage).order_by(LabelledMessage.at.desc(), LabelledMessage.id.desc())
    if search:
        statement = statement.where(contains(LabelledMessage.text, search))
    total, shown, cut = count_and_cut(session, statement, page)
    rows = [LabelledRow(row.id, row.text, row.intent, row.language, row.at) for row in session.scalars(cut)]
    return Listed(rows, shown, total)


def _said() -> Select[InboxEvent, JsonObject]:
    return (
        select(InboxEvent, TurnTrace.content)
        .join(TurnTrace, TurnTrace.event_id == InboxEvent.id)
        .where(InboxEvent.payload["kind"].as_string() == "said")
        .order_by(TurnTrace.event_id.desc())
    )


def _listed(session: Session, statement: Select[InboxEvent, JsonObject], page: int) -> Listed[HeardRow]:
    total, shown, cut = count_and_cut(session, statement, page)
    rows = [_row(session, event, content) for event, content in session.execute(cut)]
    return Listed(rows, shown, total)


def _row(session: Session, event: InboxEvent, content: JsonObject) -> HeardRow:
    heard: JsonObject = content.get("heard") or {}
    guesses: list[tuple[str, float]] = heard.get("intents") or []
    guess, probability = guesses[0] if guesses else (None, 0.0)
    words = str(event.payload.get("text", ""))
    return HeardRow(
        event_id=event.id,
        words=words,
        lesson=_lesson(words, heard)[:LETTERS_MAX],
        language=str(heard.get("language", "")),
        guess=guess,
        probability=probability,
        refused=bool(heard.get("refused", True)),
        where=channel_of(event.conversation),
        conversation_number=number_of(session, event.conversation),
        at=event.received_at,
    )


def _lesson(words: str, heard: JsonObject) -> str:
    """The words without names, numbers and addresses: a model shall not learn who somebody is."""
    text = plain(words)
    personal = [
        Entity(name=name, value=None, text=text[start:end], start=start, end=end)
        for name, _, start, end in heard.get("entities", [])
        if name in PERSONAL
    ]
    return without(Understanding(text=text, language=""), personal)
