"""What the catalogue has words for: a snapshot that entity extractors match messages against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class CatalogueVocabulary(Protocol):
    """A snapshot of the catalogue's words, as the shop writes them. It does not change under its reader."""

    @property
    def colors(self) -> Sequence[str]: ...

    @property
    def sizes(self) -> Sequence[str]: ...

    @property
    def materials(self) -> Sequence[str]: ...

    @property
    def categories(self) -> Sequence[str]: ...

    @property
    def products(self) -> Mapping[str, str]:
        """Handle → title."""
        ...


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A vocabulary given by hand; empty for a shop that has no catalogue yet."""

    colors: Sequence[str] = ()
    sizes: Sequence[str] = ()
    materials: Sequence[str] = ()
    categories: Sequence[str] = ()
    products: Mapping[str, str] = field(default_factory=dict[str, str])
