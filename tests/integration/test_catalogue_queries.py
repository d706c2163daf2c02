"""What cards and the language side read of the catalogue, on both databases."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shop.catalogue import queries
from shop.catalogue.model import Product, ProductPicture, Variant, option_key
from shop.catalogue.queries import CategoryCount, ProductName
from storage.engine import Database
from storage.ids import new_id

AT = datetime(2026, 11, 21, tzinfo=UTC)


def product(handle: str, *options: dict[str, str], **values) -> Product:
    """A product with a variant for each set of options."""
    picture = ProductPicture(id=new_id(), url="https://cdn.example/a.jpg")
    return Product(
        handle=handle,
        **({"title": handle.title(), "updated_at": AT, "tags": []} | values),
        pictures=[picture],
        variants=[
            Variant(
                position=n, options=some, option_key=option_key(some), price_minor=1000, currency="EUR", picture_id=picture.id
            )
            for n, some in enumerate(options)
        ],
    )  # fmt: skip


@pytest.fixture
def stocked(database: Database) -> Database:
    def fill(session):
        session.add_all(
            [
                product(
                    "mug", {"Colour": "True Black", "Size": "S"}, {"Colour": "Navy/White", "Size": "L"}, category="Mugs",
                    vendor="Leem", tags=["cup", "Green"], attributes={"Material": "Stoneware", "Care": "by hand"},
                ),
                product("cup", {}, category="Mugs"),
                product("plate", {"Colour": "Red"}, category="Tableware"),
                product("secret", {"Colour": "Pink"}, category="Hidden", published=False),
            ]
        )  # fmt: skip

    database.write_now(fill)
    return database


def test_a_product_comes_with_all_that_its_card_shows(stocked: Database) -> None:
    def look(session):
        found = queries.by_handle(session, "mug")
        assert found is not None
        return (
            [(v.label, v.product.title, v.picture.url) for v in found.variants],
            len(found.pictures),
            queries.by_id(session, found.id) is found,
        )

    labels, pictures, same = stocked.read(look)
    assert labels == [
        ("True Black, S", "Mug", "https://cdn.example/a.jpg"),
        ("Navy/White, L", "Mug", "https://cdn.example/a.jpg"),
    ]
    assert (pictures, same) == (1, True)


def test_a_variant_comes_with_its_product(stocked: Database) -> None:
    def look(session):
        mug = queries.by_handle(session, "mug")
        variant = queries.variant_by_id(session, mug.variants[1].id)
        return variant.product.title, variant.picture.url, len(variant.product.variants)

    assert stocked.read(look) == ("Mug", "https://cdn.example/a.jpg", 2)


def test_nothing_is_found_where_there_is_nothing(stocked: Database) -> None:
    assert stocked.read(lambda s: queries.by_handle(s, "none")) is None
    assert stocked.read(lambda s: queries.by_id(s, UUID(int=0))) is None
    assert stocked.read(lambda s: queries.variant_by_id(s, UUID(int=0))) is None


def test_products_come_in_the_order_asked_for(stocked: Database) -> None:
    def look(session):
        ids = [queries.by_handle(session, handle).id for handle in ("plate", "mug")]
        return [found.handle for found in queries.by_ids(session, [*ids, UUID(int=0)])]

    assert stocked.read(look) == ["plate", "mug"]


def test_categories_count_what_is_published(stocked: Database) -> None:
    assert stocked.read(queries.categories) == [CategoryCount("Mugs", 2), CategoryCount("Tableware", 1)]


def test_the_vocabulary_holds_the_published_words(stocked: Database) -> None:
    words = stocked.read(queries.vocabulary)
    assert words.colors == ("black", "green", "navy", "navy/white", "red", "true black", "white")
    assert words.sizes == ("l", "s")
    assert words.materials == ("stoneware",)
    assert words.categories == ("mugs", "tableware")
    assert words.vendors == ("leem",)
    assert words.tags == ("cup", "green")
    assert words.products == (
        ProductName("cup", "Cup"),
        ProductName("mug", "Mug"),
        ProductName("plate", "Plate"),
    )


def test_the_version_moves_with_the_words_and_with_nothing_else(stocked: Database) -> None:
    def version() -> int:
        return stocked.read(queries.catalogue_version)

    before = version()
    stocked.write_now(lambda s: setattr(queries.by_handle(s, "mug").variants[0], "on_hand", 9))
    assert version() == before
    for change in (
        lambda s: setattr(queries.by_handle(s, "mug"), "title", "Big mug"),
        lambda s: setattr(queries.by_handle(s, "mug").variants[0], "options", {"Colour": "Ink"}),
        lambda s: setattr(queries.by_handle(s, "mug"), "published", False),
        lambda s: s.delete(queries.by_handle(s, "plate")),
    ):
        before = version()
        stocked.write_now(change)
        assert version() > before
