"""Finds products: by their words, forgiving typos, within the limits that a customer sets.

Words are looked up in the index that the database keeps (`postings.py`), read as the catalogue writes them (`asking.py`) and
weighed (`scoring.py`); what is near in meaning is added (`candidates.py`). Limits are judged by the variants themselves
(`judging.py`). When nothing fits, limits are let go one at a time, and the result says which.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base.asking import Reading
from knowledge_base.candidates import Candidates, by_words, with_meaning
from knowledge_base.embedding import Embedder
from knowledge_base.judging import OUT_OF_STOCK_FACTOR, Judged, any_on_sale, judge, on_sale
from knowledge_base.lexicon import COLORS, Lexicon
from knowledge_base.meaning import Meaning
from knowledge_base.query import Limit, ProductQuery, SearchResult
from knowledge_base.wording import head_word, price_range, product_words, tokens
from shop.catalogue.model import Variant
from shop.money import Money

CANDIDATES_MAX: Final = 500  # products whose variants are looked at
JUDGED_AT_ONCE: Final = 100
SOLD_AT_ONCE: Final = 250
CUT: Final = 0.4  # a hit below this share of the best one's score is noise

T = TypeVar("T")


class ProductSearch:
    """Searches the catalogue, and follows it in memory, change by change. May be shared by threads.

    A transaction that changes products and then searches needs a search of its own: what it sees may yet be rolled back.
    """

    def __init__(self, *, embedder: Embedder | None = None, language: str = "en") -> None:
        """`language` is the one that the catalogue is written in."""
        self._lexicon = Lexicon(language=language)
        self._meaning = Meaning(embedder) if embedder is not None else None

    def find(self, session: Session, query: ProductQuery, *, language: str = "en") -> SearchResult:
        """The products that answer `query`. Takes any text whatever; a price limit in the text counts like one given apart."""
        query = _with_prices(session, query, language)
        finding = _Finding(session, query, self._lexicon, self._meaning, language)
        found = finding.by_words()
        if finding.words and not found.scores and not query.described():
            return SearchResult(corrected=found.corrected)
        for relaxed in _relaxations(query.limits()):
            tried = query.without(relaxed)
            candidates = found if found.worded else finding.by_limits(tried)
            attempt = _Attempt(session, tried, candidates, language)
            result = attempt.result(query, relaxed)
            if result.total:
                return replace(result, corrected=found.corrected, relaxed=relaxed)
        return SearchResult(corrected=found.corrected)


class _Finding:
    """One query's candidates."""

    def __init__(
        self, session: Session, query: ProductQuery, lexicon: Lexicon, meaning: Meaning | None, language: str
    ) -> None:
        self._session = session
        self._query = query
        self._lexicon = lexicon
        self._reading = Reading(session, lexicon.refresh(session), lexicon.vocabulary, language)
        limits = [*query.described(), *query.not_colors, *query.sizes]
        said = {token for text in limits for token in tokens(text)}
        self.words = [word for word in product_words(query.text, language) if word not in said]
        self._head = head_word(query.text, language, besides=COLORS | said)
        # Limits may leave any of them; without limits there is no use for what the best hit will hide.
        self._least = 0.0 if query.limits() else CUT
        self._meaning = meaning if self.words else None
        if self._meaning is not None:
            self._meaning.refresh(session)

    def by_words(self) -> Candidates:
        """Those that the text speaks of."""
        return self._with_meaning(
            by_words(self._reading, self._lexicon, self.words, head=self._head, least=self._least)
        )

    def by_limits(self, query: ProductQuery) -> Candidates:
        """Where the text names nothing: those that the limits describe or, where they describe nothing, any product."""
        described = sorted({token for text in query.described() for token in tokens(text)})
        found = by_words(self._reading, self._lexicon, described, head=None, least=self._least)
        found = self._with_meaning(Candidates(found.scores, found.worded))
        if not found.scores and not described:
            return Candidates(dict.fromkeys(any_on_sale(self._session, query, limit=CANDIDATES_MAX), 1.0))
        return found

    def _with_meaning(self, found: Candidates) -> Candidates:
        if self._meaning is None or found.names_one:
            return found
        return with_meaning(found, self._meaning, self._query.text)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One search with one set of limits."""

    session: Session
    query: ProductQuery
    candidates: Candidates
    language: str

    def result(self, asked: ProductQuery, relaxed: Sequence[Limit]) -> SearchResult:
        """What is found when of the limits that were asked for some are let go."""
        if not asked.limits():
            return self.unlimited()
        if Limit.PRICE not in relaxed and self.query.narrows_only_sale():
            return self.sold()
        return self.judged(asked, relaxed)

    def unlimited(self) -> SearchResult:
        """Where there are no limits, only what is shown, and what might be if it is in stock, is looked at."""
        scores = self.candidates.scores
        least = CUT * max(scores.values(), default=0)
        hits = [key for key, score in scores.items() if score >= least][:CANDIDATES_MAX]
        if self._hides_the_named(hits):
            return SearchResult()
        page = self._page(self._what_is_there_first(hits))
        judged = self._judge({key: scores[key] for key in page})
        return SearchResult(tuple(each.hit() for each in judged), len(hits))

    def _what_is_there_first(self, hits: Sequence[UUID]) -> list[UUID]:
        """As much of the order as the page needs, once what is sold out scores less."""
        scores, weighed = self.candidates.scores, dict[UUID, float]()
        needed = self.query.offset + max(0, self.query.limit)
        while len(weighed) < len(hits):
            some = hits[len(weighed) :][: max(needed, len(weighed))]
            stocked = on_sale(self.session, self.query, some)
            weighed |= {key: scores[key] * (1 if stocked.get(key) else OUT_OF_STOCK_FACTOR) for key in some}
            next_best = scores[hits[len(weighed)]] if len(weighed) < len(hits) else 0.0
            if sum(score >= next_best for score in weighed.values()) >= needed:
                break
        return sorted(weighed, key=lambda key: -weighed[key])

    def sold(self) -> SearchResult:
        """Where only price and stock are demanded, which the database tells: only what is shown is looked at."""
        weighed = self._all_sold()
        if self._hides_the_named(weighed):
            return SearchResult()
        least = CUT * max(weighed.values(), default=0)
        hits = [key for key, score in weighed.items() if score >= least]
        hits.sort(key=lambda key: (-weighed[key], key))
        judged = self._judge({key: self.candidates.scores[key] for key in self._page(hits)})
        return SearchResult(tuple(each.hit() for each in judged), len(hits))

    def _all_sold(self) -> dict[UUID, float]:
        """The best candidates first, until those that are left score too little beside the best hit."""
        weighed, scores = dict[UUID, float](), self.candidates.scores
        candidates = iter(scores)
        while len(weighed) < CANDIDATES_MAX and (some := list(islice(candidates, SOLD_AT_ONCE))):
            if scores[some[0]] < CUT * max(weighed.values(), default=0):
                break
            stocked = on_sale(self.session, self.query, some)
            weighed |= {
                key: round(scores[key] * (1 if stocked[key] else OUT_OF_STOCK_FACTOR), 6)
                for key in some
                if key in stocked
            }
        return weighed

    def judged(self, asked: ProductQuery, relaxed: Sequence[Limit]) -> SearchResult:
        """Every candidate that meets the limits, best first; where the price had to be let go, the nearest to it first."""
        found = self._all_judged()
        if self._hides_the_named(each.product_id for each in found):
            return SearchResult()
        least = CUT * max((each.score for each in found), default=0)
        hits = [each for each in found if each.score >= least]
        wanted = (asked.at_most or asked.at_least) if Limit.PRICE in relaxed else None
        hits.sort(key=lambda each: (_apart(each, wanted), -each.score, each.product_id))
        return SearchResult(tuple(each.hit() for each in self._page(hits)), len(hits))

    def _all_judged(self) -> list[Judged]:
        """The best candidates first, until those that are left score too little beside the best hit."""
        found: list[Judged] = []
        judged, scores = 0, self.candidates.scores
        candidates = iter(scores)
        while judged < CANDIDATES_MAX and (some := list(islice(candidates, JUDGED_AT_ONCE))):
            if scores[some[0]] < CUT * max((each.score for each in found), default=0):
                break
            if self.query.narrows_sale():
                sold = on_sale(self.session, self.query, some)
                some = [key for key in some if key in sold]
            found += self._judge({key: scores[key] for key in some})
            judged += len(some)
        return found

    def _hides_the_named(self, found: Iterable[UUID]) -> bool:
        """What is only near in meaning must not hide that a limit keeps the named thing out."""
        return bool(self.candidates.words) and self.candidates.worded.isdisjoint(found)

    def _judge(self, scores: Mapping[UUID, float]) -> list[Judged]:
        return judge(self.session, self.query, scores, words=self.candidates.words, language=self.language)

    def _page(self, hits: Sequence[T]) -> Sequence[T]:
        return hits[self.query.offset :][: max(0, self.query.limit)]


def _apart(judged: Judged, wanted: Money | None) -> int:
    return abs(judged.price_minor - wanted.minor) if wanted is not None else 0


def _with_prices(session: Session, query: ProductQuery, language: str) -> ProductQuery:
    """Limits as money; the one that the text names, unless one is given apart. The text without it either way."""
    currency = session.scalar(select(Variant.currency).limit(1))
    if currency is None:
        return query
    said = price_range(query.text, language=language, currency=currency)
    if query.price_max is None and query.price_min is None:
        return replace(query, text=said.rest, price_max=said.at_most, price_min=said.at_least)
    return replace(
        query,
        text=said.rest,
        price_max=_money(query.price_max, currency),
        price_min=_money(query.price_min, currency),
    )


def _money(amount: Money | Decimal | None, currency: str) -> Money | None:
    return Money.from_decimal(amount, currency) if isinstance(amount, Decimal) else amount


def _relaxations(limits: Sequence[Limit]) -> Iterator[tuple[Limit, ...]]:
    """All limits first, then each one let go alone, then more and more of them together."""
    yield ()
    yield from ((limit,) for limit in limits)
    yield from (tuple(limits[:count]) for count in range(2, len(limits) + 1))
