"""What the shop knows in writing: documents cut into passages, and the vectors that find them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.ids import new_id
from storage.types import Base


class Document(Base):
    """One file of the merchant's: delivery, returns, care, questions and answers."""

    __tablename__ = "document"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str] = mapped_column(unique=True)  # folder and path, as in "knowledge/returns.md"
    title: Mapped[str]
    language: Mapped[str] = mapped_column(index=True)  # "en", "es"
    owner: Mapped[str] = mapped_column(default="")  # who to ask when it is wrong
    url: Mapped[str | None]  # where a customer can read all of it
    content_hash: Mapped[str]
    updated_at: Mapped[datetime]  # what the document says of itself, else when it was taken in
    review_at: Mapped[datetime | None]  # when the document says that it shall be looked at again
    checked_at: Mapped[datetime | None]  # when staff last said that it is still right

    passages: Mapped[list["Passage"]] = relationship(
        back_populates="document",
        order_by="Passage.position",
        lazy="raise",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )


class Passage(Base):
    """A stretch of a document that answers one thing."""

    __tablename__ = "passage"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    headings: Mapped[list[str]] = mapped_column(default=list)  # from the outermost to the nearest
    text: Mapped[str]
    phrasings: Mapped[list[str]] = mapped_column(default=list)  # questions that it answers, as people ask

    document: Mapped[Document] = relationship(back_populates="passages", lazy="raise")


class PassageVector(Base):
    """A passage as one model sees it: a vector for each of its texts, in the order of `passages.passage_texts`."""

    __tablename__ = "passage_vector"

    id: Mapped[int] = mapped_column(primary_key=True)
    passage_id: Mapped[int] = mapped_column(ForeignKey("passage.id", ondelete="CASCADE"), index=True)
    model: Mapped[str]  # the embedder's or topic reader's: vectors of two models are not compared
    vector: Mapped[bytes]  # texts × dimensions in a row, float32, each L2-normalised


class ProductVector(Base):
    """The embedding of a product's text; stale when `content_hash` is not the text's any more."""

    __tablename__ = "product_vector"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str]
    content_hash: Mapped[str]
    vector: Mapped[bytes]  # float32, L2-normalised
