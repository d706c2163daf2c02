"""What questions are answered with, beside the documents' words."""

from dataclasses import dataclass, field

from knowledge_base.embedding import Embedder
from knowledge_base.library import Library
from knowledge_base.topics import Topics


@dataclass(frozen=True, slots=True)
class Means:
    """Nothing but words, an embedder, or topics too; and the passages as they are kept in memory."""

    embedder: Embedder | None = None
    topics: Topics | None = None
    library: Library = field(default_factory=Library, compare=False)
