"""A question with all it is asked against."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from knowledge_base.means import Means
from knowledge_base.settings import SETTINGS, Settings
from knowledge_base.wording import TEXT_CHARACTERS_MAX
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

    def __post_init__(self) -> None:
        """Of a very long text the beginning is asked."""
        object.__setattr__(self, "text", self.text[:TEXT_CHARACTERS_MAX])
