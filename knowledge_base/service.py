"""The knowledge base as the rest of Parley holds it: one object that searches and answers over an open session."""

from sqlalchemy.orm import Session

from knowledge_base.answers import Answer, answer
from knowledge_base.means import Means
from knowledge_base.query import ProductQuery, SearchResult
from knowledge_base.search import ProductSearch
from knowledge_base.settings import SETTINGS, Settings
from shop.catalogue.model import Product


class KnowledgeBase:
    """Product search and sourced answers, with or without sentence embeddings. May be shared by threads."""

    def __init__(
        self,
        *,
        means: Means | None = None,
        settings: Settings = SETTINGS,
        language: str = "en",
    ) -> None:
        """`language` is the shop's main one, in which the catalogue is written."""
        self._means = means or Means()
        self._settings = settings
        self._language = language
        self._products = ProductSearch(embedder=self._means.embedder, language=language)

    def search(self, session: Session, query: ProductQuery, *, language: str = "en") -> SearchResult:
        """As `ProductSearch.find`."""
        return self._products.find(session, query, language=language)

    def answer(
        self, session: Session, question: str, *, language: str = "en", about: Product | None = None
    ) -> Answer | None:
        """As `answers.answer`."""
        return answer(
            session,
            question,
            language=language,
            about=about,
            means=self._means,
            settings=self._settings,
            main=self._language,
        )
