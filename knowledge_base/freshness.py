"""Documents that somebody should look at again: prices and rules change, what is written down does not by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base.model import Document

REVIEW_AFTER: Final = timedelta(days=365)  # where the document names no day of its own


@dataclass(frozen=True, slots=True)
class DueDocument:
    """Since when it should be looked at again; `as_of` is when it was last written or found right."""

    id: UUID
    title: str
    owner: str
    as_of: datetime
    due: datetime


def due_documents(session: Session, *, at: datetime) -> Sequence[DueDocument]:
    """What should be looked at again by now, what waits longest first."""
    known = (_dated(document) for document in session.scalars(select(Document)))
    return sorted((each for each in known if each.due <= at), key=lambda each: (each.due, each.title))


def mark_checked(session: Session, document_id: UUID, *, at: datetime) -> None:
    """Somebody read it, and it is still right: it is due again in a year. A document that is gone meanwhile needs nothing."""
    document = session.get(Document, document_id)
    if document is not None:
        document.checked_at = at


def _dated(document: Document) -> DueDocument:
    """The day that the document names counts until it was looked at after it."""
    as_of = max(document.updated_at, document.checked_at or document.updated_at)
    named = document.review_at
    if named is not None and (document.checked_at is None or document.checked_at < named):
        due = named
    else:
        due = as_of + REVIEW_AFTER
    return DueDocument(document.id, document.title, document.owner, as_of, due)
