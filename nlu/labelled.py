"""Messages that staff put a label on: what customers really say, and what they want by it.

They join the shipped examples whenever the shop's model is trained.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from nlu.text import clean
from nlu.training_data import Example, Problem, text_key
from storage.types import Base

LETTERS_MAX = 400  # of a message to learn from: what is longer holds more than one wish
SOURCE = "labelled by staff"  # stands where other examples have their file


class LabelledMessage(Base):
    """One message and the intent it was given; `out_of_scope` for what the shop does not do."""

    __tablename__ = "labelled_message"
    __table_args__ = (UniqueConstraint("language", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    language: Mapped[str]
    key: Mapped[str]  # the text as examples are told apart: cleaned, without case
    text: Mapped[str]
    intent: Mapped[str]
    at: Mapped[datetime]


class NotTeachable(ValueError):  # noqa: N818 - what is wrong with it
    """Nothing can be learnt from this message; says why."""


def label(session: Session, text: str, *, language: str, intent: str, at: datetime) -> LabelledMessage:
    """Keep what a message means; a later label of the same words replaces it. Raises NotTeachable."""
    text = clean(text)
    if not any(character.isalnum() for character in text):
        raise NotTeachable("There is no word in it to learn from.")
    if len(text) > LETTERS_MAX:
        raise NotTeachable(
            f"It is longer than {LETTERS_MAX} letters: cut it down to the one wish that it holds."
        )
    known = session.scalar(select(LabelledMessage).where(_is(language, text)))
    message = known or LabelledMessage(language=language, key=text_key(text))
    message.text, message.intent, message.at = text, intent, at
    session.add(message)
    return message


def unlabel(session: Session, message_id: int) -> None:
    """Forget it again; with the next training the model does, too."""
    message = session.get(LabelledMessage, message_id)
    if message is not None:
        session.delete(message)


def examples(session: Session, language: str) -> list[Example]:
    """All of a language, as training examples, oldest first."""
    rows = session.execute(
        select(LabelledMessage.text, LabelledMessage.intent)
        .where(LabelledMessage.language == language)
        .order_by(LabelledMessage.id)
    )
    return [Example(text, intent, file=SOURCE) for text, intent in rows]


def without_a_flow(labelled: Iterable[Example], known: Iterable[str]) -> list[Problem]:
    """Those whose intent is no longer one of the `known`: nothing can be learnt from them."""
    known = set(known)
    return [
        Problem(
            SOURCE,
            1,
            f"{example.text!r} is labelled {example.intent!r}, and there is no such intent any more",
        )
        for example in labelled
        if example.intent not in known
    ]


def _is(language: str, text: str) -> ColumnElement[bool]:
    return (LabelledMessage.language == language) & (LabelledMessage.key == text_key(text))
