"""Questions that people asked, with what became of each: an answer, one that helped or not, or none.

A question is kept with the conversation that it came from, without what says who they are. A search of goods that found
nothing is kept beside them: staff learn from both what is missing.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, not_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from knowledge_base.wording import TEXT_CHARACTERS_MAX, content_words
from storage.ids import new_id
from storage.types import Base

ASKED_WITHIN: Final = timedelta(hours=24)  # "tell me when you know" is said of a question so recent


class Verdict(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"  # … and whether it helped, they did not say
    UNANSWERED = "unanswered"  # we knew of nothing
    UNHELPFUL = "unhelpful"  # they said that our answer did not help
    HELPFUL = "helpful"  # … that it did
    NOT_FOUND = "not_found"  # a search of goods that found none


SAID: Final = frozenset({Verdict.HELPFUL, Verdict.UNHELPFUL})  # by themselves


class AnswerState(StrEnum):
    """What staff wrote is a draft until somebody approves it."""

    DRAFT = "draft"
    APPROVED = "approved"


class StaffAnswer(Base):
    """What staff wrote to some questions that mean the same."""

    __tablename__ = "staff_answer"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    language: Mapped[str]
    question: Mapped[str]  # as it stands above the answer
    text: Mapped[str]
    state: Mapped[AnswerState] = mapped_column(default=AnswerState.DRAFT)
    author: Mapped[str]
    at: Mapped[datetime]
    approved_at: Mapped[datetime | None]


class AskedQuestion(Base):
    """One question of one person, without what says who they are."""

    __tablename__ = "asked_question"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation: Mapped[str] = mapped_column(index=True)
    language: Mapped[str]
    text: Mapped[str]
    verdict: Mapped[Verdict]
    answered_from: Mapped[str] = mapped_column(default="")  # the source of the answer that there was
    reason: Mapped[str] = mapped_column(default="")  # why it did not help, in one of our words for it
    at: Mapped[datetime] = mapped_column(index=True)
    wants_answer: Mapped[bool] = mapped_column(default=False)
    answer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("staff_answer.id", ondelete="SET NULL"), index=True
    )
    dismissed: Mapped[bool] = mapped_column(default=False)  # staff: nothing to answer
    told_at: Mapped[datetime | None]


def keep(
    session: Session,
    text: str,
    *,
    conversation: str,
    language: str,
    verdict: Verdict,
    at: datetime,
    answered_from: str = "",
) -> AskedQuestion | None:
    """Keep a question, or a search; None for words that ask nothing. The same one twice within a day is kept once."""
    text = text.strip()[:TEXT_CHARACTERS_MAX]
    if not content_words(text, language):
        return None
    last = _last_of(session, conversation, since=at - ASKED_WITHIN, searches=verdict is Verdict.NOT_FOUND)
    if last is not None and last.text == text:
        said = last.verdict in SAID and last.answered_from == answered_from
        if not (
            said and verdict is Verdict.ANSWERED
        ):  # asked once more, answered the same: what they said of it stands
            last.verdict, last.answered_from = verdict, answered_from
        last.at = at
        return last
    question = AskedQuestion(
        conversation=conversation,
        language=language,
        text=text,
        verdict=verdict,
        answered_from=answered_from,
        at=at,
    )
    session.add(question)
    return question


def give_reason(session: Session, conversation: str, reason: str, *, at: datetime) -> bool:
    """Why the last answer did not help; False where they did not say that one did not."""
    question = _last_of(session, conversation, since=at - ASKED_WITHIN)
    if question is None or question.verdict is not Verdict.UNHELPFUL:
        return False
    question.reason = reason
    return True


def want_answer(session: Session, conversation: str, *, at: datetime) -> bool:
    """They want to be told when their last question is answered; False where they asked none within a day."""
    question = _last_of(session, conversation, since=at - ASKED_WITHIN)
    if question is None or question.verdict in (Verdict.HELPFUL, Verdict.ANSWERED):
        return False
    question.wants_answer = True
    return True


def _last_of(
    session: Session, conversation: str, *, since: datetime, searches: bool = False
) -> AskedQuestion | None:
    """The last question, or the last search."""
    kind = AskedQuestion.verdict == Verdict.NOT_FOUND
    return session.scalar(
        select(AskedQuestion)
        .where(
            AskedQuestion.conversation == conversation,
            AskedQuestion.at >= since,
            kind if searches else not_(kind),
        )
        .order_by(AskedQuestion.at.desc(), AskedQuestion.id.desc())
        .limit(1)
    )
