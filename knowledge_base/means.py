"""What questions are answered with, beside the documents' words."""

from dataclasses import dataclass, field

from knowledge_base.embedding import Embedder
from knowledge_base.library import Library
from knowledge_base.topics import Topics


@dataclass(frozen=True, slots=True)
class Means:
    """Nothing but words, an embedder, or topics too; and the passages as they are kept in memory."""

    embedder: Embedder | None = None
    across: Embedder | None = None  # compares texts of different languages
    topics: Topics | None = None
    library: Library = field(default_factory=Library, compare=False)

    @property
    def embedders(self) -> tuple[Embedder, ...]:
        """Those that passages need vectors of, each once."""
        found = {each.name: each for each in (self.embedder, self.across) if each is not None}
        return tuple(found.values())
