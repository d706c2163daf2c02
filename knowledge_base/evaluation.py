"""Asks again what is known to have been answered well: what staff answered, and what people said had helped.

Every approved answer adds its questions, so the shop's own set grows with its work. It shows whether what was once right
still is, after documents, models or judgements changed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base.answers import SECTION, Answer, Policy
from knowledge_base.model import Document
from knowledge_base.questions import AnswerState, AskedQuestion, StaffAnswer, Verdict


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question, and what answers it: a text by staff, or a source that helped."""

    text: str
    language: str
    answer: str = ""
    source: str = ""

    def is_answered_by(self, found: Answer | None) -> bool:
        if found is None:
            return False
        if self.answer:
            return isinstance(found, Policy) and found.passage == self.answer
        return found.source == self.source


@dataclass(frozen=True, slots=True)
class Asked:
    """What a known question was answered with now."""

    question: KnownQuestion
    found: Answer | None

    @property
    def is_right(self) -> bool:
        return self.question.is_answered_by(self.found)


def ask_again(session: Session, ask: Callable[[KnownQuestion], Answer | None]) -> Sequence[Asked]:
    """Every known question once, in the order they came up."""
    return [Asked(question, ask(question)) for question in dict.fromkeys(_known(session))]


def _known(session: Session) -> Iterator[KnownQuestion]:
    written = (
        select(AskedQuestion.text, AskedQuestion.language, StaffAnswer.text.label("answer"))
        .join(StaffAnswer, AskedQuestion.answer_id == StaffAnswer.id)
        .where(StaffAnswer.state == AnswerState.APPROVED)
        .order_by(AskedQuestion.at, AskedQuestion.id)
    )
    for row in session.execute(written):
        yield KnownQuestion(row.text, row.language, answer=row.answer)
    helped = (
        select(AskedQuestion.text, AskedQuestion.language, AskedQuestion.answered_from)
        .where(AskedQuestion.verdict == Verdict.HELPFUL, AskedQuestion.answer_id.is_(None))
        .order_by(AskedQuestion.at, AskedQuestion.id)
    )
    titles = set(session.scalars(select(Document.title)))
    for row in session.execute(helped):
        if (
            row.answered_from.split(SECTION)[0] in titles
        ):  # what a product's fields say depends on the product in sight
            yield KnownQuestion(row.text, row.language, source=row.answered_from)
