"""What is written of a product answers with its own words; its silence answers nothing. On both databases."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from knowledge_base.answers import Fact, answer
from knowledge_base.statements import DESCRIPTION, bears_on, related
from shop.catalogue import queries
from shop.catalogue.model import Product, Variant
from storage.engine import Database

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
DESCRIBED = (
    "Washed linen with a deep split pocket and long ties.\n\n"
    "It is not dishwasher safe.\n"
    "• Origin: Lithuania\n"
    "Stackable when it is folded."
)


@pytest.fixture
def apron(database: Database) -> UUID:
    def keep(session) -> UUID:
        product = Product(
            handle="linen-apron",
            title="Linen apron",
            category="Textiles",
            vendor="Vlasveld",
            description=DESCRIBED,
            updated_at=AT,
            attributes={"Material": "Linen", "Origin": "Lithuania", "Care": "Wash at 60 °C"},
            variants=[
                Variant(
                    options={"Colour": "Oat"},
                    option_key="oat",
                    price_minor=4200,
                    currency="EUR",
                    weight_grams=330,
                ),
                Variant(
                    options={"Colour": "Rust"},
                    option_key="rust",
                    price_minor=4200,
                    currency="EUR",
                    weight_grams=350,
                ),
            ],
        )
        session.add(product)
        session.flush()
        return product.id

    return database.write(keep).result()


def ask(database: Database, product: UUID, question: str, language: str = "en") -> Fact | None:
    def work(session) -> Fact | None:
        found = answer(session, question, language=language, about=queries.by_id(session, product))
        assert found is None or isinstance(found, Fact)
        return found

    return database.read(work)


@pytest.mark.parametrize(
    ("question", "field", "says"),
    [
        ("does it have pockets?", DESCRIPTION, "deep split pocket"),
        ("can I stack them?", DESCRIPTION, "Stackable when"),
        ("is the apron dishwasher safe?", DESCRIPTION, "It is not dishwasher safe."),
        ("is it made in Portugal?", "Origin", "Lithuania"),
        ("what is it made of?", "Material", "Linen"),
        ("how much does the rust one weigh?", "Shipping weight", "330–350 g"),
        ("how do I wash it?", "Care", "Wash at 60 °C"),
    ],
)
def test_the_words_that_answer_are_quoted(
    database: Database, apron: UUID, question: str, field: str, says: str
) -> None:
    found = ask(database, apron, question)
    assert found is not None
    assert (found.field, found.source, found.as_of) == (field, "Linen apron", AT)
    assert says in found.text


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("¿lleva bolsillos el delantal?", "deep split pocket"),
        ("¿se puede meter en el lavavajillas?", "not dishwasher safe"),
        ("¿cuánto pesa?", "Peso de envío: 330–350 g"),
    ],
)
def test_an_english_catalogue_answers_in_spanish_too(
    database: Database, apron: UUID, question: str, says: str
) -> None:
    found = ask(database, apron, question, language="es")
    assert found is not None
    assert says in found.text


@pytest.mark.parametrize(
    "question",
    [
        "is it vegan?",
        "does it have a zip?",
        "does it have a handle?",
        "is it waterproof?",
        "¿es vegano?",
        "is it for left-handers?",
    ],
)
def test_nothing_written_is_neither_yes_nor_no(database: Database, apron: UUID, question: str) -> None:
    assert ask(database, apron, question) is None


def test_what_comes_near_is_known_and_a_passage_about_other_things_is_seen(
    database: Database, apron: UUID
) -> None:
    def work(session) -> None:
        product = queries.by_id(session, apron)
        assert product is not None
        assert [each.text for each in related("is it vegan?", product, "en")] == ["Material: Linen"]
        assert related("does it have a zip?", product, "en") == []
        assert not bears_on("does the apron have a zip?", product, "en", "Aprons are packed in paper.")
        assert bears_on("does the apron have a zip?", product, "en", "Zips are washed closed.")

    database.read(work)


def test_a_product_without_its_variants_is_asked_without_them(database: Database, apron: UUID) -> None:
    def work(session) -> None:
        bare = session.get_one(Product, apron)
        assert answer(session, "how heavy is it?", about=bare) is None
        assert answer(session, "what is it made of?", about=bare) is not None

    database.read(work)
