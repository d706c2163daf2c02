"""Product search finds the same on SQLite and on PostgreSQL, follows changes without reading all again, and forgives typos."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.benchmarks.catalogue import made_products, write
from app.benchmarks.known_items import known_items
from knowledge_base import indexing
from knowledge_base.query import ProductQuery, SearchResult
from knowledge_base.search import ProductSearch
from knowledge_base.spelling import Vocabulary
from shop.catalogue.importing import import_products
from shop.catalogue.model import Product, Variant
from storage.engine import Database

AT = datetime(2026, 11, 21, tzinfo=UTC)
DEMO = Path(__file__).resolve().parents[2] / "sandbox" / "demo_shop"
MADE = 600
# What the two databases may differ in: they cut words to their stems by other rules.
SAME_FIRST_LEAST = 0.97
SHARED_TEN_LEAST = 0.97

ASKED = [
    "black mug", "something for camping", "waterproof jaket", "large candles", "wooden", "gift for my brother", "striped teapots",
    "running shoes", "cotton shirts under 50", "oak tables", "notebooks for school", "knitted scarves", "stainless kettle", "mugs",
]  # fmt: skip


class Letters:
    """A text's letters as its meaning: cheap, and the same on every database."""

    name = "letters"

    def embed(self, texts):
        rows = np.array([[text.casefold().count(chr(c)) + 0.01 for c in range(97, 123)] for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def stocked(url: str) -> Database:
    database = Database.open(url)
    for file in sorted(DEMO.glob("*.csv")):
        import_products(database, file, currency="EUR", at=AT)
    write(database, made_products(MADE), currency="EUR", at=AT)
    return database


def first_ten(database: Database, search: ProductSearch, words: str) -> list[str]:
    return _handles(database, database.read(lambda session: search.find(session, ProductQuery(words))))


def _handles(database: Database, result: SearchResult) -> list[str]:
    return database.read(
        lambda session: [session.get_one(Product, hit.product_id).handle for hit in result.hits]
    )


def test_both_databases_find_the_same(sqlite_url: str, postgres_url: str) -> None:
    databases = [stocked(url) for url in (sqlite_url, postgres_url)]
    titles = databases[0].read(
        lambda session: list(session.scalars(select(Product.title).order_by(Product.id)))
    )
    items = known_items(titles, 100)
    queries = [*ASKED, *(item.words for item in items), *(item.mistyped for item in items)]
    for embedder in (None, Letters()):
        if embedder:
            for database in databases:
                indexing.refresh_product_vectors(database, embedder)
        searches = [ProductSearch(embedder=embedder) for _ in databases]
        same_first, shared = [], []
        for words in queries:
            one, other = (first_ten(*pair, words) for pair in zip(databases, searches, strict=True))
            same_first.append(one[:1] == other[:1])
            shared.append(len({*one} & {*other}) / max(len(one), len(other)) if one or other else 1)
        assert np.mean(same_first) >= SAME_FIRST_LEAST
        assert np.mean(shared) >= SHARED_TEN_LEAST
    for database in databases:
        database.close()


@pytest.fixture
def full(database: Database) -> Database:
    write(database, made_products(MADE), currency="EUR", at=AT)
    return database


class Counted:
    """The statements that a database runs, and the rows it hands out of products and variants."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.loaded = 0

    def __call__(self, _connection, cursor, statement, _parameters, _context, _many) -> None:
        self.statements.append(statement)


@pytest.fixture
def counted(full: Database) -> Iterator[Counted]:
    count = Counted()
    reader = full._reader
    event.listen(reader, "after_cursor_execute", count)
    yield count
    event.remove(reader, "after_cursor_execute", count)


def test_after_a_change_one_product_is_read_again_and_not_the_catalogue(
    full: Database, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    from knowledge_base import lexicon  # noqa: PLC0415

    indexing.refresh_product_vectors(full, Letters())
    search = ProductSearch(embedder=Letters())
    assert first_ten(full, search, "mug")
    read: list[str] = []
    known = lexicon._Read.known
    monkeypatch.setattr(
        lexicon._Read, "known", lambda self, *rest: (read.append(self.title), known(self, *rest))[1]
    )

    def rename(session: Session) -> str:
        product = session.scalars(select(Product).limit(1)).one()
        product.title = "Zephyrine Umbrella"
        return product.handle

    handle = full.write_now(rename)
    counted.statements.clear()
    assert first_ten(full, search, "zefyrine umbrela")[0] == handle
    assert read == ["Zephyrine Umbrella"]
    assert len(counted.statements) < 25
    counted.statements.clear()
    assert first_ten(full, search, "zephyrine umbrella")[0] == handle
    assert read == ["Zephyrine Umbrella"]  # nothing changed since


def test_a_search_that_is_kept_follows_every_kind_of_change(full: Database) -> None:
    search = ProductSearch()
    assert first_ten(full, search, "zephyrine") == []

    def one(session: Session) -> Product:
        return session.scalars(select(Product).where(Product.handle == "made-7")).one()

    full.write_now(lambda s: setattr(one(s), "title", "Zephyrine"))
    assert first_ten(full, search, "zephyrine") == first_ten(full, search, "zephirine") == ["made-7"]
    full.write_now(lambda s: setattr(one(s), "published", False))
    assert first_ten(full, search, "zephyrine") == []
    full.write_now(lambda s: setattr(one(s), "published", True))
    assert first_ten(full, search, "zephyrine") == ["made-7"]

    def options(session: Session, *, published: bool, color: str) -> None:
        for variant in session.scalars(select(Variant).where(Variant.product_id == one(session).id)):
            variant.published = published
            variant.options = variant.options | {"Colour": color}

    full.write_now(lambda s: options(s, published=False, color="Heliotrope"))
    assert first_ten(full, search, "zephyrine") == []
    full.write_now(lambda s: options(s, published=True, color="Heliotrope"))
    assert first_ten(full, search, "heliotroppe") == ["made-7"]
    full.write_now(lambda s: s.delete(one(s)))
    assert first_ten(full, search, "zephyrine") == []


def test_a_search_that_is_kept_knows_the_price_and_the_stock_of_this_moment(database: Database) -> None:
    for number in range(6):
        variants = [Variant(price_minor=1000, currency="EUR", on_hand=1)]
        product = Product(handle=f"p{number}", title="Wool scarf", updated_at=AT, variants=variants)
        database.write_now(lambda s, product=product: s.add(product))
    search = ProductSearch()

    def cheap() -> list[str]:
        query = ProductQuery("scarf under 5", in_stock_only=True)
        result = database.read(lambda s: search.find(s, query))
        return [] if result.relaxed else sorted(_handles(database, result))

    assert cheap() == []

    def change(handle: str, **values: int) -> None:
        def work(session: Session) -> None:
            product = session.scalars(select(Product).where(Product.handle == handle)).one()
            for variant in session.scalars(select(Variant).where(Variant.product_id == product.id)):
                for name, value in values.items():
                    setattr(variant, name, value)

        database.write_now(work)

    change("p2", price_minor=400)
    change("p4", price_minor=450)
    assert cheap() == ["p2", "p4"]
    change("p2", on_hand=0)
    assert cheap() == ["p4"]
    change("p4", price_minor=900)
    assert cheap() == []


def test_a_limit_alone_is_held_against_the_whole_catalogue(full: Database) -> None:
    query = ProductQuery(sizes=("XS",), not_colors=("black", "white"), limit=1000)
    result = full.read(lambda s: ProductSearch().find(s, query))
    meant = [
        product
        for product in made_products(MADE)
        if "XS" in product.sizes and not {*product.colors} <= {"Black", "White"}
    ]
    assert result.total == len(result.hits) == len(meant) > 0
    assert not result.relaxed

    def variants(session: Session) -> list[dict[str, str]]:
        return [session.get_one(Variant, hit.variant_id).options for hit in result.hits]

    for options in full.read(variants):
        assert options["Size"] == "XS"
        assert options["Colour"] not in {"Black", "White"}


def test_a_new_vector_is_compared_and_a_deleted_one_is_not(full: Database) -> None:
    indexing.refresh_product_vectors(full, Letters())
    search = ProductSearch(embedder=Letters())
    assert "qqq" not in first_ten(full, search, "qqqqzzzzzz")
    full.write_now(
        lambda s: s.add(
            Product(
                handle="qqq",
                title="qqqqqzzzzz",
                updated_at=AT,
                variants=[Variant(price_minor=1, currency="EUR", on_hand=1)],
            )
        )
    )
    indexing.refresh_product_vectors(full, Letters())
    assert first_ten(full, search, "zzzzzzqqqq")[:1] == ["qqq"]
    full.write_now(lambda s: s.delete(s.scalars(select(Product).where(Product.handle == "qqq")).one()))
    assert "qqq" not in first_ten(full, search, "zzzzzzqqqq")


def test_the_other_words_decide_what_a_mistyped_one_meant(database: Database) -> None:
    for handle, title in (
        ("cap", "Wool cap Norvik"),
        ("cup", "Enamel cup Tarn"),
        ("map", "Paper map Lofoten"),
    ):
        variants = [Variant(price_minor=100, currency="EUR", on_hand=1)]
        database.write_now(
            lambda s, h=handle, t=title, v=variants: s.add(
                Product(handle=h, title=t, updated_at=AT, variants=v)
            )
        )
    search = ProductSearch()
    for words, handle in (
        ("cbp norvik wool", "cap"),
        ("enamel ccp tarn", "cup"),
        ("cap lofoten paper", "map"),
    ):
        assert first_ten(database, search, words)[0] == handle, words


def test_what_is_sold_out_by_its_full_name_comes_first(database: Database) -> None:
    for handle, title, units in (
        ("gone", "Braipre Polyester Espadrilles", 0),
        ("there", "Wool Espadrilles", 9),
    ):
        variants = [Variant(price_minor=100, currency="EUR", on_hand=units)]
        database.write_now(
            lambda s, h=handle, t=title, v=variants: s.add(
                Product(handle=h, title=t, updated_at=AT, variants=v)
            )
        )
    assert first_ten(database, ProductSearch(), "braipre polyester espadrilles") == ["gone", "there"]
    assert first_ten(database, ProductSearch(), "espadrilles") == ["there", "gone"]


def test_corrections_come_in_the_order_of_likelihood() -> None:
    words = Vocabulary({"jacket": 5, "racket": 2, "jackets": 1, "rain": 3, "set": 9, "sea": 4})
    assert [found.text for found in words.corrections("jaket")][:1] == ["jacket"]
    assert [found.text for found in words.corrections("rainjacket")] == ["rain jacket"]
    assert words.corrections("ste")[0].text == "set"
    assert words.corrections("se") == []
    assert {found.text for found in words.corrections("se", bold=True)} == {"set", "sea"}
    words.remove(["jacket"] * 5)
    assert "jacket" not in words
    assert words.corrections("jackes")[0].text == "jackets"
