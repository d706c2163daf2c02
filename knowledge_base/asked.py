"""A question with all it is asked against."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from knowledge_base.means import Means
from knowledge_base.settings import SETTINGS, Settings
from knowledge_base.wording import TEXT_CHARACTERS_MAX, primary_language
from shop.catalogue.model import Product


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, in which language, about which product, and what may be used to answer it."""

    session: Session
    text: str
    language: str
    about: Product | None
    means: Means
    settings: Settings = SETTINGS
    main: str = ""  # the shop's main language, where the question may be in another

    def __post_init__(self) -> None:
        """Of a very long text the beginning is asked."""
        object.__setattr__(self, "text", self.text[:TEXT_CHARACTERS_MAX])

    @property
    def is_foreign(self) -> bool:
        """In another language than the shop's main one, and there is a way to compare texts of the two."""
        foreign = bool(self.main) and primary_language(self.language) != primary_language(self.main)
        return foreign and self.means.across is not None
