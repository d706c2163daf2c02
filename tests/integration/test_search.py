"""Product search, on both databases: what is found, in which order, and what is said about it."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from knowledge_base import indexing
from knowledge_base.limits import same_size
from knowledge_base.query import Limit, ProductQuery, SearchResult
from knowledge_base.reasons import Reason, ReasonKind
from knowledge_base.search import ProductSearch
from knowledge_base.spelling import Vocabulary
from shop.catalogue import queries
from shop.catalogue.importing import import_products
from shop.catalogue.model import Product, Variant, option_key
from shop.money import Money
from storage.engine import Database

AT = datetime(2026, 11, 21, tzinfo=UTC)
EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "shopify"


def product(handle: str, title: str, *variants: dict, **values) -> Product:
    """A product; a variant is its options with price, and stock where it matters."""
    made = [
        Variant(
            position=n,
            options=(options := {k: v for k, v in said.items() if k[0].isupper()}),
            option_key=option_key(options),
            price_minor=said.get("price", 1000),
            currency="EUR",
            on_hand=said.get("stock", 5),
        )
        for n, said in enumerate(variants or ({},))
    ]
    return Product(handle=handle, title=title, updated_at=AT, variants=made, **({"tags": []} | values))


SHOP = [
    lambda: product("black-mug", "Stoneware mug", {"Colour": "Black", "price": 1200}, {"Colour": "Blue", "price": 1400},
                    category="Mugs & Cups", vendor="Leem", tags=["coffee"], description="For a long coffee.",
                    attributes={"Material": "Stoneware"}),
    lambda: product("gold-cup", "Porcelain cup with gold rim", {"price": 2200}, category="Mugs & Cups",
                    attributes={"Material": "Porcelain"}),
    lambda: product("dripper", "Coffee dripper", {"price": 3000}, category="Coffee", description="Sits on any mug."),
    lambda: product("rack", "Mug rack", {"price": 4000, "Colour": "Black"}, category="Kitchen"),
    lambda: product("jacket", "Rain jacket", {"Colour": "True Black", "Size": "Large", "price": 9000},
                    {"Colour": "Red", "Size": "Small", "price": 9000, "stock": 0}, category="Jackets"),
    lambda: product("wool-jacket", "Wool jacket", {"Colour": "Grey", "Size": "M", "price": 15000}, category="Jackets",
                    description="Warm wool from Nepal."),
    lambda: product("cafe", "Crème brûlée spoons", {"price": 900}, category="Tableware"),
    lambda: product("hidden", "Hidden mug", published=False, category="Mugs & Cups"),
]  # fmt: skip


@pytest.fixture
def stocked(database: Database) -> Database:
    database.write_now(lambda session: session.add_all(make() for make in SHOP))
    return database


def find(
    database: Database, query: ProductQuery | str, search: ProductSearch | None = None, **options
) -> SearchResult:
    query = ProductQuery(query) if isinstance(query, str) else query
    return database.read(lambda s: (search or ProductSearch()).find(s, query, **options))


def handles(database: Database, result: SearchResult) -> list[str]:
    return database.read(lambda s: [s.get(Product, hit.product_id).handle for hit in result.hits])


def found(database: Database, query: ProductQuery | str, **options) -> list[str]:
    return handles(database, find(database, query, **options))


# Words


def test_filler_and_a_price_in_the_words_do_not_spoil_the_match(stocked: Database) -> None:
    result = find(stocked, "I need a black mug for coffee, under 15 euros please")
    assert handles(stocked, result)[0] == "black-mug"
    assert result.hits[0].reasons == (Reason(ReasonKind.AT_MOST, "€15"),)
    assert "rack" not in handles(stocked, result)


def test_the_thing_itself_comes_before_things_for_it(stocked: Database) -> None:
    assert found(stocked, "mug")[:2] == ["black-mug", "gold-cup"]
    assert found(stocked, "mug rack")[0] == "rack"


@pytest.mark.parametrize("words", ["jackets", "JACKET", "a jacket's", "jáckets"])
def test_plural_case_and_accents_make_no_difference(stocked: Database, words: str) -> None:
    assert set(found(stocked, words)) == {"jacket", "wool-jacket"}


def test_accents_in_the_catalogue_make_no_difference(stocked: Database) -> None:
    assert found(stocked, "creme brulee") == found(stocked, "crème brûlée") == ["cafe"]


def test_a_typo_is_corrected_and_said(stocked: Database) -> None:
    result = find(stocked, "rain jaket")
    assert result.corrected == {"jaket": "jacket"}
    assert handles(stocked, result)[0] == "jacket"


def test_two_words_run_together_are_parted(stocked: Database) -> None:
    result = find(stocked, "rainjacket")
    assert result.corrected == {"rainjacket": "rain jacket"}
    assert handles(stocked, result)[0] == "jacket"


def test_words_that_mean_nothing_here_find_nothing(stocked: Database) -> None:
    result = find(stocked, "zzzzqqqq xylophagous")
    assert (result.hits, result.total, result.relaxed) == ((), 0, ())


def test_no_words_show_the_shop(stocked: Database) -> None:
    assert find(stocked, "what do you have?").total == 7


def test_what_is_not_published_is_not_found(stocked: Database) -> None:
    assert "hidden" not in found(stocked, "hidden mug")


# Limits


def test_the_variant_that_fits_is_chosen_and_says_why(stocked: Database) -> None:
    result = find(
        stocked, ProductQuery("mug", colors=("blue",), price_max=Money(1500, "EUR"), in_stock_only=True)
    )
    assert handles(stocked, result) == ["black-mug"]
    variant = stocked.read(lambda s: s.get(Variant, result.hits[0].variant_id).label)
    assert variant == "Blue"
    assert result.hits[0].reasons == (Reason(ReasonKind.LIMIT, "blue"), Reason(ReasonKind.AT_MOST, "€15"))


def test_a_plain_amount_is_in_the_shops_currency(stocked: Database) -> None:
    assert found(stocked, ProductQuery("jacket", price_max=Decimal(100))) == ["jacket"]
    assert found(stocked, ProductQuery("jacket", price_min=Decimal(100))) == ["wool-jacket"]


def test_a_colour_is_a_word_of_the_option(stocked: Database) -> None:
    assert found(stocked, ProductQuery("jacket", colors=("black",))) == ["jacket"]
    assert found(stocked, ProductQuery("jacket", colors=("gray",))) == ["wool-jacket"]


def test_a_colour_that_is_ruled_out_is_not_shown(stocked: Database) -> None:
    result = find(stocked, ProductQuery("jacket", not_colors=("grey", "black")))
    assert handles(stocked, result) == ["jacket"]
    assert stocked.read(lambda s: s.get(Variant, result.hits[0].variant_id).options["Colour"]) == "Red"


def test_sizes_go_by_all_their_names(stocked: Database) -> None:
    assert found(stocked, ProductQuery("jacket", sizes=("L",))) == ["jacket"]
    assert same_size("54 cm", "54")
    assert same_size("X-Large", "xl")
    assert not same_size("5", "54")


def test_a_material_is_found_in_facts_and_texts(stocked: Database) -> None:
    assert found(stocked, ProductQuery("cup", materials=("porcelain",))) == ["gold-cup"]
    assert found(stocked, ProductQuery("jacket", materials=("wool",))) == ["wool-jacket"]


def test_a_category_is_enough_to_search_by(stocked: Database) -> None:
    assert set(found(stocked, ProductQuery(category="jacket"))) == {"jacket", "wool-jacket"}


def test_limits_without_words_are_enough(stocked: Database) -> None:
    assert set(found(stocked, ProductQuery(colors=("black",)))) == {"black-mug", "rack", "jacket"}
    assert set(found(stocked, ProductQuery(price_max=Money(1000, "EUR")))) == {"cafe"}


# When nothing fits


def test_the_limit_that_is_in_the_way_is_let_go_alone(stocked: Database) -> None:
    result = find(stocked, ProductQuery("jacket", colors=("green",), price_max=Money(10000, "EUR")))
    assert result.relaxed == (Limit.COLOR,)
    assert handles(stocked, result) == ["jacket"]


def test_the_price_is_let_go_after_the_colour_and_the_nearest_comes_first(stocked: Database) -> None:
    result = find(stocked, ProductQuery("jacket", price_max=Money(100, "EUR")))
    assert result.relaxed == (Limit.PRICE,)
    assert handles(stocked, result) == ["jacket", "wool-jacket"]


def test_several_limits_are_let_go_together_when_they_must(stocked: Database) -> None:
    result = find(stocked, ProductQuery("jacket", colors=("green",), sizes=("XXL",)))
    assert result.relaxed == (Limit.SIZE, Limit.COLOR)


def test_what_is_sold_out_is_shown_last_and_said_to_be_let_go(stocked: Database) -> None:
    result = find(stocked, ProductQuery("rain jacket", colors=("red",), in_stock_only=True))
    assert Limit.STOCK in result.relaxed or Limit.COLOR in result.relaxed
    assert result.hits


# Pages


def test_pages_do_not_overlap_and_know_the_whole(stocked: Database) -> None:
    whole = find(stocked, ProductQuery(limit=100))
    pages = [find(stocked, ProductQuery(limit=3, offset=offset)) for offset in (0, 3, 6, 9)]
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert {page.total for page in pages} == {whole.total} == {7}


# The index


def test_the_index_follows_every_change_in_the_same_commit(stocked: Database) -> None:
    def rename(session):
        queries.by_handle(session, "rack").title = "Umbrella stand"
        session.flush()
        inside = ProductSearch().find(session, ProductQuery("umbrella"))
        assert inside.total == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stocked.write_now(rename)
    assert find(stocked, "umbrella").total == 0  # undone with the rest
    stocked.write_now(
        lambda s: s.execute(text("UPDATE product SET title = 'Umbrella stand' WHERE handle = 'rack'"))
    )
    assert found(stocked, "umbrella") == ["rack"]
    stocked.write_now(lambda s: s.delete(queries.by_handle(s, "rack")))
    assert find(stocked, "umbrella").total == 0


def test_a_variants_options_are_searchable_while_it_is_published(stocked: Database) -> None:
    assert found(stocked, "blue") == ["black-mug"]
    stocked.write_now(lambda s: setattr(queries.by_handle(s, "black-mug").variants[1], "published", False))
    assert found(stocked, "blue") == []


def test_a_search_that_is_kept_learns_new_words(stocked: Database) -> None:
    search = ProductSearch()
    assert find(stocked, "umbrela", search).total == 0
    stocked.write_now(lambda s: s.add(product("umbrella", "Umbrella")))
    assert find(stocked, "umbrela", search).corrected == {"umbrela": "umbrella"}


# Anything at all

NASTY = [
    '"', "'", '""" OR 1=1', "NEAR/3 (", "title:", "a AND", "NOT", "*", "^x", "{a b}", "-mug", "mug*", "🫖☕️", "\u200f قهوة سوداء", "שחור",
    "a\x00b", "\ud800", "ß", "İ", "ｆｕｌｌ", "1" * 50, "%_\\", "';--", "a:b & c | !d <-> e", "٣", "👩‍👩‍👧", "ก็", "mug " * 40000, "x" * 100_000,
]  # fmt: skip


def test_no_words_break_the_search(stocked: Database) -> None:
    for words in NASTY:
        find(stocked, words)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.text(max_size=60) | st.text("\"'*():^-+&|!<>~ \tAND NEAR/mug", max_size=40),
    color=st.text(max_size=8),
    size=st.text(max_size=5),
    category=st.none() | st.text(max_size=12),
    language=st.sampled_from(["en", "es", "de", "ar", "zh-Hant-TW", ""]),
)
def test_any_query_gets_a_result(stocked: Database, *, words, color, size, category, language) -> None:
    query = ProductQuery(words, colors=(color,), sizes=(size,), category=category, price_max=Money(99, "EUR"))
    result = find(stocked, query, language=language)
    assert len(result.hits) <= result.total


@settings(max_examples=200)
@given(st.text("abcdefgh", max_size=12), st.lists(st.text("abcdefgh", min_size=1, max_size=12), max_size=8))
def test_a_correction_is_made_of_known_words(word: str, known: list[str]) -> None:
    for better in Vocabulary(dict.fromkeys(known, 1)).corrections(word):
        assert set(better.text.split()) <= set(known)


# Meaning


class Hashing:
    """Words to directions, by a table of what goes together: small, exact, always the same."""

    name = "hashing"
    topics = ("drink mug cup thirst beverage", "jacket coat warm rain", "spoon dessert")

    def embed(self, texts):
        rows = [
            [sum(word in topic for word in text.casefold().split()) for topic in self.topics]
            for text in texts
        ]
        vectors = np.array(rows, dtype=np.float32) + 1e-3
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_with_an_embedder_what_shares_no_word_is_found_by_meaning(stocked: Database) -> None:
    assert found(stocked, "something against thirst") == []
    assert indexing.refresh_product_vectors(stocked, Hashing()) == 7
    search = ProductSearch(embedder=Hashing())
    assert set(handles(stocked, find(stocked, "something against thirst", search))) >= {
        "black-mug",
        "gold-cup",
    }


def test_vectors_are_made_again_only_where_the_text_changed(stocked: Database) -> None:
    indexing.refresh_product_vectors(stocked, Hashing())
    assert indexing.refresh_product_vectors(stocked, Hashing()) == 0
    stocked.write_now(lambda s: setattr(queries.by_handle(s, "rack"), "title", "Coat rack"))
    assert indexing.refresh_product_vectors(stocked, Hashing()) == 1


def test_a_search_that_is_kept_learns_new_vectors(stocked: Database) -> None:
    indexing.refresh_product_vectors(stocked, Hashing())
    search = ProductSearch(embedder=Hashing())
    assert "thermos" not in handles(stocked, find(stocked, "against thirst", search))
    stocked.write_now(lambda s: s.add(product("thermos", "Beverage keeper")))
    indexing.refresh_product_vectors(stocked, Hashing())
    assert "thermos" in handles(stocked, find(stocked, "against thirst", search))


def test_a_limit_is_not_hidden_by_what_is_only_near_in_meaning(stocked: Database) -> None:
    indexing.refresh_product_vectors(stocked, Hashing())
    search = ProductSearch(embedder=Hashing())
    result = find(stocked, ProductQuery("porcelain cup", price_max=Money(2000, "EUR")), search)
    assert handles(stocked, result)[0] in ("black-mug", "gold-cup")
    only = find(stocked, ProductQuery("dripper", price_max=Money(2000, "EUR")), search)
    assert (handles(stocked, only), only.relaxed) == (["dripper"], (Limit.PRICE,))


# The real exports


@pytest.mark.skipif(not EXPORTS.exists(), reason="the sample exports are not beside the repository")
def test_a_road_bike_under_1500_finds_bicycles_first(database: Database) -> None:
    import_products(database, EXPORTS / "bicycles.csv", currency="USD", at=AT)
    result = find(database, ProductQuery("road bike under 1500", limit=20))

    def look(session):
        return [
            (session.get(Product, hit.product_id).category, session.get(Variant, hit.variant_id).price_minor)
            for hit in result.hits
        ]

    hits = database.read(look)
    assert len(hits) == 20
    assert all("Bike" in category or "Bicycle" in category for category, _ in hits)
    assert all(price <= 150000 for _, price in hits)
    assert find(database, "snowbord bindngs").hits == ()  # not what this shop sells, and nothing near it
    assert find(database, "handelbars").corrected == {"handelbars": "handlebars"}
