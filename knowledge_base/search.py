"""Finds products: by their words, forgiving typos, within the limits that a customer sets.

Words are looked up in the index that the database keeps (`postings.py`), read as the catalogue writes them (`asking.py`) and
weighed (`scoring.py`); what is near in meaning is added (`candidates.py`). Limits are held against what is known of products
(`limits.py`), stock against the variants themselves (`judging.py`). When nothing fits, limits are let go one at a time, and the
result says which.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from knowledge_base.asking import Reading
from knowledge_base.candidates import Candidates, by_words, with_meaning
from knowledge_base.embedding import Embedder
from knowledge_base.facts import Facts
from knowledge_base.judging import OUT_OF_STOCK_FACTOR, Judge
from knowledge_base.lexicon import COLORS, Lexicon
from knowledge_base.limits import Described, Limits, apart
from knowledge_base.meaning import Meaning
from knowledge_base.query import Limit, ProductQuery, SearchResult
from knowledge_base.wording import head_word, price_range, product_words, tokens
from shop.money import Money

HITS_MAX: Final = 500
ASKED_AT_ONCE: Final = 250  # products whose stock is asked for
CUT: Final = 0.4  # a hit below this share of the best one's score is noise


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
        shelves = self._lexicon.refresh(session)
        query = _with_prices(query, self._lexicon.currency(), language)
        reading = Reading(session, shelves, self._lexicon.vocabulary, language)
        finding = _Finding(query, reading, self._lexicon, self._meaning)
        found = finding.by_words()
        if finding.words and not found.scores and not query.described():
            return SearchResult(corrected=found.corrected)
        for relaxed in _relaxations(query.limits()):
            attempt = finding.attempt(query.without(relaxed), found, relaxed)
            result = attempt.result()
            if result.total:
                return replace(result, corrected=found.corrected, relaxed=relaxed, words=found.words)
        return SearchResult(corrected=found.corrected)


class _Finding:
    """One query's candidates."""

    def __init__(
        self, query: ProductQuery, reading: Reading, lexicon: Lexicon, meaning: Meaning | None
    ) -> None:
        self._query = query
        self._reading = reading
        self._lexicon = lexicon
        language = reading.language
        limits = [*query.described(), *query.not_colors, *query.sizes]
        said = {token for text in limits for token in tokens(text)}
        self.words = [word for word in product_words(query.text, language) if word not in said]
        self._head = head_word(query.text, language, besides=COLORS | said)
        # Limits may leave any of them; without limits there is no use for what the best hit will hide.
        self._least = 0.0 if query.limits() else CUT
        self._meaning = meaning if self.words else None
        if self._meaning is not None:
            self._meaning.refresh(reading.session)
        self._described: Described = {text: self._reading.in_text(text) for text in query.materials}

    def by_words(self) -> Candidates:
        """Those that the text speaks of."""
        return self._with_meaning(
            by_words(self._reading, self._lexicon, self.words, head=self._head, least=self._least)
        )

    def attempt(self, query: ProductQuery, found: Candidates, relaxed: Sequence[Limit]) -> "_Attempt":
        """A search with what is left of the limits."""
        candidates = found if found.worded else self._by_limits(query)
        says_what = bool(candidates.scores) or query.described()
        price_let_go = (self._query.at_most or self._query.at_least) if Limit.PRICE in relaxed else None
        limits, facts = Limits(query, self._described), dict[UUID, Facts]()
        reading = self._reading
        return _Attempt(
            query=query,
            candidates=candidates,
            best_first=candidates.scores.items() if says_what else self._anything(),
            lexicon=self._lexicon,
            shelves=len(reading.shelves.keys),
            limits=limits,
            facts=facts,
            judge=Judge(reading.session, query, limits, facts, candidates.words, reading.language),
            price_let_go=price_let_go,
        )

    def _by_limits(self, query: ProductQuery) -> Candidates:
        """Where the text names nothing: those that the limits describe."""
        described = sorted({token for text in query.described() for token in tokens(text)})
        found = by_words(self._reading, self._lexicon, described, head=None, least=self._least)
        return self._with_meaning(Candidates(found.scores, found.worded))

    def _anything(self) -> Iterator[tuple[UUID, float]]:
        yield from ((key, 1.0) for key in self._reading.shelves.keys)

    def _with_meaning(self, found: Candidates) -> Candidates:
        if self._meaning is None or found.names_one:
            return found
        return with_meaning(found, self._meaning, self._query.text)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One search with one set of limits."""

    query: ProductQuery
    candidates: Candidates
    best_first: Iterable[tuple[UUID, float]]
    lexicon: Lexicon
    shelves: int  # products that were there when the search began
    limits: Limits
    facts: dict[UUID, Facts] = field(repr=False)  # of the candidates that the limits let through
    judge: Judge
    price_let_go: Money | None

    def result(self) -> SearchResult:
        """What is found: one page, and how much there is."""
        scores = self._in_stock() if self.query.in_stock_only else self._near_the_best()
        if self._hides_the_named(scores):
            return SearchResult()
        if self.price_let_go is not None:
            page = self._page(self._nearest_price_first(scores, self.price_let_go))
        elif self.query.in_stock_only:
            page = self._page(list(scores))
        else:
            page = self._page(self._what_is_there_first(scores))
        hits = self.judge.hits({key: scores[key] for key in page}, wanted=self.price_let_go)
        return SearchResult(tuple(hits), len(scores))

    def _let_through(self) -> Iterator[tuple[UUID, float]]:
        """The candidates that the limits let through, as far as memory tells; the best first."""
        for key, score in self.best_first:
            facts = self.lexicon.facts(key)
            if facts is not None and facts.place < self.shelves and self.limits.let_through(facts):
                self.facts[key] = facts
                yield key, score

    def _near_the_best(self) -> dict[UUID, float]:
        scores: dict[UUID, float] = {}
        best = 0.0
        for key, score in self._let_through():
            best = best or score
            if score < CUT * best or len(scores) == HITS_MAX:
                break
            scores[key] = score
        return scores

    def _in_stock(self) -> dict[UUID, float]:
        """The best of those that are, until the rest scores too little beside them."""
        scores: dict[UUID, float] = {}
        candidates, best = self._let_through(), 0.0
        while len(scores) < HITS_MAX and (some := dict(islice(candidates, ASKED_AT_ONCE))):
            if max(some.values()) < CUT * best:
                break
            there = self.judge.in_stock(list(some))
            scores |= {key: score for key, score in some.items() if there.get(key)}
            best = max(scores.values(), default=0.0)
        return {key: score for key, score in scores.items() if score >= CUT * best}

    def _what_is_there_first(self, scores: Mapping[UUID, float]) -> list[UUID]:
        """As much of the order as the page needs, once what is sold out scores less."""
        weighed, hits = dict[UUID, float](), list(scores)
        needed = self.query.offset + max(0, self.query.limit)
        while len(weighed) < len(hits):
            some = hits[len(weighed) :][: max(needed, len(weighed))]
            stocked = self.judge.in_stock(some)
            weighed |= {key: scores[key] * (1 if stocked.get(key) else OUT_OF_STOCK_FACTOR) for key in some}
            next_best = scores[hits[len(weighed)]] if len(weighed) < len(hits) else 0.0
            if sum(score >= next_best for score in weighed.values()) >= needed:
                break
        return sorted(weighed, key=lambda key: -weighed[key])

    def _nearest_price_first(self, scores: Mapping[UUID, float], wanted: Money) -> list[UUID]:
        far = {key: min(apart(price, wanted) for price in self.facts[key].prices) for key in scores}
        return sorted(scores, key=lambda key: (far[key], -scores[key], key))

    def _hides_the_named(self, found: Mapping[UUID, float]) -> bool:
        """What is only near in meaning must not hide that a limit keeps the named thing out."""
        return bool(self.candidates.words) and self.candidates.worded.isdisjoint(found)

    def _page(self, hits: Sequence[UUID]) -> Sequence[UUID]:
        return hits[self.query.offset :][: max(0, self.query.limit)]


def _with_prices(query: ProductQuery, currency: str | None, language: str) -> ProductQuery:
    """Limits as money; the one that the text names, unless one is given apart. The text without it either way."""
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
