"""Questions that got no answer or no help, and what staff wrote to them: how the shop comes to know what it is asked.

A question is kept with the conversation that it came from. Staff see questions of one meaning together, answer them once,
and somebody approves; from then on the answer is a document like any other, and who wanted to be told, is.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import numpy as np
from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from knowledge_base.embedding import Embedder, Vectors
from knowledge_base.importing import land
from knowledge_base.reading.document import ParsedDocument, ParsedPassage
from knowledge_base.wording import TEXT_CHARACTERS_MAX, content_words, singular
from storage.ids import new_id
from storage.types import Base

SOURCE: Final = "staff"  # the folder, so to say, of what staff wrote in the console
TITLE: Final = "Our team"
OPEN_MAX: Final = 500  # the newest questions that are looked through
ALIKE_COSINE: Final = 0.72  # of two questions that mean the same
ALIKE_WORDS: Final = 0.6  # … by the words that they share, where nothing is embedded
ASKED_WITHIN: Final = timedelta(hours=24)  # "tell me when you know" is said of a question so recent
ANSWER_LETTERS_MAX: Final = 2000


class Verdict(StrEnum):
    """What became of a question."""

    UNANSWERED = "unanswered"  # we knew of nothing
    UNHELPFUL = "unhelpful"  # they said that our answer did not help
    HELPFUL = "helpful"  # … that it did


class AnswerState(StrEnum):
    """What staff wrote is a draft until somebody approves it."""

    DRAFT = "draft"
    APPROVED = "approved"


class NotAnAnswer(ValueError):  # noqa: N818 - what is wrong with it
    """What was written cannot be taken as an answer; says why."""


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
    at: Mapped[datetime]
    wants_answer: Mapped[bool] = mapped_column(default=False)
    answer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("staff_answer.id", ondelete="SET NULL"), index=True
    )
    dismissed: Mapped[bool] = mapped_column(default=False)  # staff: nothing to answer
    told_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Open questions of one meaning, the newest first."""

    questions: tuple[AskedQuestion, ...]

    @property
    def newest(self) -> AskedQuestion:
        return self.questions[0]

    @property
    def people(self) -> int:
        """How many conversations it was asked in."""
        return len({question.conversation for question in self.questions})

    @property
    def waiting(self) -> int:
        """How many conversations want to be told."""
        return len({question.conversation for question in self.questions if question.wants_answer})


# ---------------------------------------------------------------------- customers


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
    """Keep a question that we had no good answer to; None for words that ask nothing. The same one twice is kept once."""
    text = text.strip()[:TEXT_CHARACTERS_MAX]
    if not content_words(text, language):
        return None
    last = _last_of(session, conversation, since=at - ASKED_WITHIN)
    if last is not None and last.text == text:
        last.verdict, last.answered_from, last.at = verdict, answered_from, at
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
    if question is None or question.verdict is Verdict.HELPFUL:
        return False
    question.wants_answer = True
    return True


def _last_of(session: Session, conversation: str, *, since: datetime) -> AskedQuestion | None:
    return session.scalar(
        select(AskedQuestion)
        .where(AskedQuestion.conversation == conversation, AskedQuestion.at >= since)
        .order_by(AskedQuestion.at.desc(), AskedQuestion.id.desc())
        .limit(1)
    )


# ---------------------------------------------------------------------- staff


def open_clusters(session: Session, embedder: Embedder | None) -> list[Cluster]:
    """Questions that nobody answered yet, those of one meaning together: what most people asked first, then the newest."""
    open_ = session.scalars(
        select(AskedQuestion)
        .where(
            AskedQuestion.verdict != Verdict.HELPFUL,
            AskedQuestion.answer_id.is_(None),
            AskedQuestion.dismissed.is_(False),
        )
        .order_by(AskedQuestion.at.desc(), AskedQuestion.id.desc())
        .limit(OPEN_MAX)
    ).all()
    found = [
        Cluster(tuple(group))
        for language in dict.fromkeys(question.language for question in open_)
        for group in _grouped([each for each in open_ if each.language == language], embedder)
    ]
    return sorted(found, key=lambda each: (each.people, each.newest.at), reverse=True)


def draft(
    session: Session, questions: Sequence[UUID], *, question: str, text: str, author: str, at: datetime
) -> StaffAnswer:
    """Write an answer to these questions; nobody sees it before it is approved. Raises NotAnAnswer."""
    asked = session.scalars(
        select(AskedQuestion).where(AskedQuestion.id.in_(questions), AskedQuestion.answer_id.is_(None))
    ).all()
    if not asked:
        raise NotAnAnswer("Somebody else has answered it meanwhile.")
    answer = StaffAnswer(language=asked[0].language, author=author, at=at)
    _write(answer, question, text)
    session.add(answer)
    session.flush()
    for each in asked:
        each.answer_id = answer.id
    return answer


def rewrite(session: Session, answer_id: UUID, *, question: str, text: str) -> StaffAnswer:
    """Change a draft. Raises NotAnAnswer."""
    answer = _draft_of(session, answer_id)
    _write(answer, question, text)
    return answer


def discard(session: Session, answer_id: UUID) -> None:
    """Throw a draft away; its questions are open again. Raises NotAnAnswer."""
    answer = _draft_of(session, answer_id)
    session.execute(update(AskedQuestion).where(AskedQuestion.answer_id == answer_id).values(answer_id=None))
    session.delete(answer)


def approve(session: Session, answer_id: UUID, *, at: datetime) -> StaffAnswer:
    """The draft is a document from now on, found by each way that it was asked in. Raises NotAnAnswer.

    Its vectors are a second step: `indexing.refresh_passage_vectors`.
    """
    answer = _draft_of(session, answer_id)
    answer.state, answer.approved_at = AnswerState.APPROVED, at
    asked = session.scalars(
        select(AskedQuestion.text).where(AskedQuestion.answer_id == answer_id).order_by(AskedQuestion.at)
    )
    passage = ParsedPassage(
        headings=(answer.question,),
        text=answer.text,
        phrasings=tuple(dict.fromkeys([answer.question, *asked])),
    )
    parsed = ParsedDocument(title=TITLE, owner=answer.author, updated=at, passages=(passage,))
    land(session, f"{SOURCE}/{answer.id}", parsed, at=at, language=answer.language, name=TITLE)
    return answer


def dismiss(session: Session, questions: Sequence[UUID]) -> None:
    """There is nothing to answer: they are not shown any more."""
    session.execute(update(AskedQuestion).where(AskedQuestion.id.in_(questions)).values(dismissed=True))


def drafts(session: Session) -> Sequence[StaffAnswer]:
    """What waits to be approved, the oldest first."""
    return session.scalars(
        select(StaffAnswer).where(StaffAnswer.state == AnswerState.DRAFT).order_by(StaffAnswer.at)
    ).all()


def to_tell(session: Session, answer_id: UUID) -> Sequence[AskedQuestion]:
    """The questions of those who want to be told and are not yet, one a conversation, the newest."""
    asked = session.scalars(
        select(AskedQuestion)
        .where(
            AskedQuestion.answer_id == answer_id,
            AskedQuestion.wants_answer,
            AskedQuestion.told_at.is_(None),
        )
        .order_by(AskedQuestion.at)
    )
    return list({question.conversation: question for question in asked}.values())


def _draft_of(session: Session, answer_id: UUID) -> StaffAnswer:
    answer = session.get(StaffAnswer, answer_id, with_for_update=True)
    if answer is None:
        raise NotAnAnswer("It was thrown away meanwhile.")
    if answer.state is not AnswerState.DRAFT:
        raise NotAnAnswer("It is approved already.")
    return answer


def _write(answer: StaffAnswer, question: str, text: str) -> None:
    question, text = question.strip(), text.strip()
    if not question or not text:
        raise NotAnAnswer("Write the question and the answer.")
    if len(text) > ANSWER_LETTERS_MAX:
        raise NotAnAnswer(
            f"It is longer than {ANSWER_LETTERS_MAX} letters: a longer text is better as a document."
        )
    answer.question, answer.text = question[:TEXT_CHARACTERS_MAX], text


# ---------------------------------------------------------------------- meaning the same


def _grouped(questions: Sequence[AskedQuestion], embedder: Embedder | None) -> Iterable[list[AskedQuestion]]:
    """Each joins the group whose first question it is nearest to, if that is near enough; else it begins one."""
    alike = _alikeness(questions, embedder)
    least = ALIKE_COSINE if embedder is not None else ALIKE_WORDS
    groups: dict[int, list[AskedQuestion]] = {}
    for place, question in enumerate(questions):
        firsts = list(groups)
        nearest = firsts[int(np.argmax(alike[place, firsts]))] if firsts else place
        if firsts and alike[place, nearest] >= least:
            groups[nearest].append(question)
        else:
            groups[place] = [question]
    return groups.values()


def _alikeness(questions: Sequence[AskedQuestion], embedder: Embedder | None) -> Vectors:
    """How alike each two are: a cosine, or the share of words that both have."""
    if embedder is not None:
        vectors = embedder.embed([question.text for question in questions])
        return vectors @ vectors.T
    stems = [{singular(word) for word in content_words(each.text, each.language)} for each in questions]
    return np.array([[_shared(one, other) for other in stems] for one in stems], dtype=np.float32)


def _shared(one: Collection[str], other: Collection[str]) -> float:
    both = set(one) & set(other)
    return len(both) / len(set(one) | set(other)) if both else 0.0
