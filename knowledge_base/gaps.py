"""What staff write to questions without a good answer: how the shop comes to know what it is asked.

Staff see questions of one meaning together, answer them once, and somebody approves; from then on the answer is a
document like any other, and who wanted to be told, is.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from knowledge_base.clusters import Cluster, clusters
from knowledge_base.embedding import Embedder
from knowledge_base.importing import land
from knowledge_base.questions import AnswerState, AskedQuestion, StaffAnswer, Verdict
from knowledge_base.reading.document import ParsedDocument, ParsedPassage
from knowledge_base.wording import TEXT_CHARACTERS_MAX

SOURCE: Final = "staff"  # the folder, so to say, of what staff wrote in the console
TITLE: Final = "Our team"
OPEN_MAX: Final = 500  # the newest questions that are looked through
ANSWER_LETTERS_MAX: Final = 2000


class NotAnAnswer(ValueError):  # noqa: N818 - what is wrong with it
    """What was written cannot be taken as an answer; says why."""


def open_clusters(session: Session, embedder: Embedder | None) -> list[Cluster]:
    """Questions that nobody answered yet, those of one meaning together: what most people asked first, then the newest."""
    open_ = session.scalars(
        select(AskedQuestion)
        .where(
            AskedQuestion.verdict.in_((Verdict.UNANSWERED, Verdict.UNHELPFUL)),
            AskedQuestion.answer_id.is_(None),
            AskedQuestion.dismissed.is_(False),
        )
        .order_by(AskedQuestion.at.desc(), AskedQuestion.id.desc())
        .limit(OPEN_MAX)
    ).all()
    return clusters(open_, embedder)


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
