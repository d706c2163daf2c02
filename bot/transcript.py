"""What was said in a conversation, by whom and when: what people and staff see of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storage.types import Base, JsonObject


class Author(StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    STAFF = "staff"


class Utterance(Base):
    """One thing said. `content` is an event (customer) or a message (bot, staff) of ours."""

    __tablename__ = "utterance"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation: Mapped[str] = mapped_column(index=True)
    author: Mapped[Author]
    content: Mapped[JsonObject]
    at: Mapped[datetime]


def note(
    session: Session, conversation: str, author: Author, content: JsonObject, *, at: datetime
) -> Utterance:
    """Write it down. It has its id with the next flush."""
    said = Utterance(conversation=conversation, author=author, content=content, at=at)
    session.add(said)
    return said


def last_heard(session: Session, conversation: str) -> datetime | None:
    """When the customer last said or tapped something there; None for never."""
    theirs = Utterance.conversation == conversation, Utterance.author == Author.CUSTOMER
    return session.scalar(select(func.max(Utterance.at)).where(*theirs))


def since(session: Session, conversation: str, *, after: int = 0, most: int = 200) -> list[Utterance]:
    """What was said after utterance `after`, oldest first; the newest `most` of it."""
    newest = session.scalars(
        select(Utterance)
        .where(Utterance.conversation == conversation, Utterance.id > after)
        .order_by(Utterance.id.desc())
        .limit(most)
    ).all()
    return list(reversed(newest))
