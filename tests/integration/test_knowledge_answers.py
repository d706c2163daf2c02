"""Questions get a fact, a passage with its source, or nothing, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.stage import Template
from knowledge_base.answers import Fact, Policy, answer
from knowledge_base.importing import import_knowledge
from knowledge_base.means import Means
from knowledge_base.passages import refresh_passage_vectors
from knowledge_base.service import KnowledgeBase
from shop.catalogue.model import Product
from storage.engine import Database

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
CARE = """---
title: Care
language: en
updated: 2026-11-01
url: https://shop.example/care
---
# Care

## Mugs and stoneware
Stoneware is dishwasher safe up to 60 degrees and may go into the microwave.

## Cups with a gold rim
Wash a gold rim by hand: the dishwasher dulls it, and in the microwave it sparks.

## Textiles
Wash linen and cotton at 60 degrees in the machine. Wool is washed at 30 degrees and dried lying flat.
"""
DELIVERY = """---
title: Delivery
language: en
---
# Delivery

## Standard delivery
Standard delivery takes two working days and costs 4.90 euros anywhere in Belgium.

## Pickup
You can collect your order at our shop in Ghent. It is ready within two opening hours. We write to you in this chat when it is.
Bring your order number and something that shows your name. Somebody else may collect it too, if they bring the number.
We keep every order for fourteen days. After that it goes back on the shelf and we refund you in full.
There is a free parking space behind the building. The entrance is on the quay side, next to the blue door.
"""
ENVIOS = "---\ntitle: Envíos\nlanguage: es\n---\n# Envíos\n\n## Plazo\nEl envío estándar tarda dos días laborables.\n"


@pytest.fixture
def means(shop_template: Template) -> Means:
    """What a shop answers with."""
    return shop_template.learnt.means


def take_in(written: Database, means: Means, **options) -> int:
    assert means.embedder is not None
    return refresh_passage_vectors(written, means, **options)


@pytest.fixture
def written(database: Database, tmp_path: Path) -> Database:
    folder = tmp_path / "knowledge"
    folder.mkdir()
    for name, content in (("care.md", CARE), ("delivery.md", DELIVERY), ("envios.md", ENVIOS)):
        (folder / name).write_text(content)
    assert import_knowledge(database, [folder], at=AT).problems == ()
    return database


def mug() -> Product:
    return Product(
        handle="mug",
        title="Black stoneware mug",
        category="Mugs",
        vendor="Leem",
        updated_at=AT,
        attributes={
            "Material": "Stoneware",
            "Capacity": "330 ml",
            "Dishwasher": "yes, top rack",
            "Dimensions": "9 cm wide",
            "Origin": "Portugal",
        },
    )


def apron() -> Product:
    return Product(
        handle="apron",
        title="Linen apron",
        category="Textiles",
        vendor="",
        updated_at=AT,
        attributes={"Material": "Linen"},
    )


def ask(database: Database, question: str, **options):
    return database.read(lambda s: answer(s, question, **options))


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("do they go in the dishwasher?", "Dishwasher"),
        ("can I put the black mug in the dishwasher", "Dishwasher"),
        ("what is it made of", "Material"),
        ("where is it made?", "Origin"),
        ("how big is it", "Dimensions"),
        ("how much does it hold?", "Capacity"),
    ],
)
def test_a_field_of_the_product_answers_with_itself_as_the_source(
    written: Database, question: str, field: str
) -> None:
    found = ask(written, question, about=mug())
    assert isinstance(found, Fact)
    assert (found.field, found.source, found.as_of) == (field, "Black stoneware mug", AT)
    assert found.text == f"{field}: {mug().attributes[field]}"


@pytest.mark.parametrize(
    "question", ["where is my order", "can I pay with visa", "do you deliver to Portugal", "how much is it"]
)
def test_a_question_about_something_else_is_no_matter_of_fields(written: Database, question: str) -> None:
    assert not isinstance(ask(written, question, about=mug()), Fact)


def test_a_passage_answers_with_its_document_heading_and_address(written: Database) -> None:
    found = ask(written, "can a gold rim go into the microwave?")
    assert isinstance(found, Policy)
    assert found.source == "Care › Cups with a gold rim"
    assert found.headings == ("Care", "Cups with a gold rim")
    assert found.url == "https://shop.example/care"
    assert found.as_of == datetime(2026, 11, 1, tzinfo=UTC)
    assert "sparks" in found.text


def test_a_long_passage_is_cut_to_the_sentences_that_answer(written: Database, means: Means) -> None:
    take_in(written, means)
    for options in ({}, {"means": means}):
        found = ask(written, "how many days do you keep an order for pickup?", **options)
        assert isinstance(found, Policy)
        assert found.source == "Delivery › Pickup"
        assert "fourteen days" in found.text
        assert "blue door" not in found.text
        assert len(found.text) < len(found.passage)


@pytest.mark.parametrize(
    "question", ["do you repair bicycles?", "who won the world cup", "", "   ", "???", "🫖"]
)
def test_what_is_not_written_down_is_not_answered(written: Database, means: Means, question: str) -> None:
    take_in(written, means)
    assert ask(written, question) is None
    assert ask(written, question, means=means) is None


def test_they_means_what_is_being_talked_about(written: Database, means: Means) -> None:
    take_in(written, means)
    question = "how do I wash them?"
    bare = mug()
    bare.attributes = {"Material": "Stoneware"}
    of_mugs = ask(written, question, about=bare, means=means)
    of_textiles = ask(written, question, about=apron(), means=means)
    assert (of_mugs.source, of_textiles.source) == ("Care › Mugs and stoneware", "Care › Textiles")


def test_being_talked_about_is_not_enough_to_answer(written: Database, means: Means) -> None:
    take_in(written, means)
    assert ask(written, "does it come in red?", about=mug(), means=means) is None


def test_the_language_of_the_question_comes_first_and_any_other_is_better_than_none(
    written: Database,
) -> None:
    assert ask(written, "cuánto tarda el envío", language="es").source == "Envíos › Plazo"
    assert ask(written, "standard delivery", language="de").source == "Delivery › Standard delivery"


def test_words_that_mean_the_same_find_it_too(written: Database, means: Means) -> None:
    take_in(written, means)
    assert ask(written, "how long does shipping take", means=means).document == "Delivery"


def test_passages_without_vectors_are_found_by_their_words(written: Database, means: Means) -> None:
    assert (
        ask(written, "how much does standard delivery cost", means=means).source
        == "Delivery › Standard delivery"
    )


def test_only_what_has_no_vectors_is_embedded(written: Database, means: Means) -> None:
    done: list[tuple[int, int]] = []
    assert take_in(written, means, progress=lambda *state: done.append(state)) == 6
    assert done == [(6, 6)]
    assert take_in(written, means) == 0


def test_the_knowledge_base_holds_both(written: Database, means: Means) -> None:
    knowledge = KnowledgeBase(means=means)
    take_in(written, means)
    assert (
        written.read(
            lambda s: knowledge.answer(s, "is there parking behind the building?", language="en")
        ).document
        == "Delivery"
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    question=st.text(max_size=80) | st.text("\"'*():^-+&|!<> NEAR/mug", max_size=40),
    language=st.sampled_from(["en", "es", "%", ""]),
)
def test_any_question_is_answered_or_not(written: Database, question: str, language: str) -> None:
    ask(written, question, language=language, about=mug())


def test_a_very_long_question_is_answered_in_time(written: Database) -> None:
    ask(written, "dishwasher " * 20000, about=mug())


def test_what_is_kept_in_memory_follows_every_change(written: Database, means: Means, tmp_path: Path) -> None:
    take_in(written, means)
    question = "how many days does standard delivery take?"
    assert "two working days" in ask(written, question, means=means).text
    folder = tmp_path / "knowledge"
    (folder / "delivery.md").write_text(DELIVERY.replace("two working days", "nine working days"))
    import_knowledge(written, [folder], at=AT)
    take_in(written, means)
    assert "nine working days" in ask(written, question, means=means).text
    (folder / "delivery.md").unlink()
    import_knowledge(written, [folder], at=AT)
    assert ask(written, question, means=means) is None
