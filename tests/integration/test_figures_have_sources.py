"""No number in an answer without a source: each stands in the passage or the product's field that is named beside it."""

import csv
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.options import QUESTIONS
from app.settings import Home
from app.stage import Template
from knowledge_base.answers import Answer, Fact, Policy, answer
from knowledge_base.model import Document, Passage
from knowledge_base.statements import DESCRIPTION
from shop.catalogue.model import Product
from storage.engine import Database

FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
ASKED_OF_GOODS = (
    "how big",
    "how heavy",
    "how much does it hold",
    "what is it made of",
    "how many",
    "how long",
    "width",
)


@pytest.fixture(scope="module")
def demo(shop_template: Template) -> Iterator[Database]:
    database = Database.open(Home(shop_template.home).database_url)
    yield database
    database.close()


def questions() -> list[str]:
    found: list[str] = []
    for file in QUESTIONS:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found += [row["question"] for row in csv.DictReader(lines)]
    return found


def written(session: Session, found: Answer) -> str:
    """What stands where the answer says it comes from, read from the database anew."""
    if isinstance(found, Fact):
        product = session.get_one(Product, found.product_id)
        assert found.source == product.title
        if found.field == DESCRIPTION:
            return product.description
        return f"{found.field}: {product.attributes[found.field]}"
    passage = session.get_one(Passage, found.passage_id)
    title = session.scalar(select(Document.title).where(Document.id == passage.document_id))
    assert found.source == " › ".join(dict.fromkeys((str(title), *passage.headings[-1:])))
    return passage.text


def figures_without_source(session: Session, found: Answer | None) -> set[str]:
    if found is None:
        return set()
    return set(FIGURE.findall(found.text)) - set(FIGURE.findall(written(session, found)))


def test_every_figure_in_an_answer_stands_in_its_passage(demo: Database, shop_template: Template) -> None:
    def work(session: Session) -> tuple[int, list[str]]:
        figures, unsourced = 0, list[str]()
        for question in questions():
            found = answer(session, question, means=shop_template.learnt.means)
            figures += len(FIGURE.findall(found.text)) if found else 0
            unsourced += figures_without_source(session, found)
            assert found is None or isinstance(found, Policy)
        return figures, unsourced

    figures, unsourced = demo.read(work)
    assert figures > 150  # there is something to check
    assert unsourced == []


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.sampled_from(ASKED_OF_GOODS) | st.text(max_size=20),
    choice=st.integers(0, 10_000),
    field=st.integers(0, 20),
)
def test_every_figure_about_a_product_stands_in_its_field(
    demo: Database, shop_template: Template, asked: str, choice: int, field: int
) -> None:
    def work(session: Session) -> set[str]:
        products = session.scalars(select(Product).order_by(Product.handle)).all()
        product = products[choice % len(products)]
        names = [*product.attributes, "price"]
        question = f"{asked} {names[field % len(names)]} of the {product.title}?"
        return figures_without_source(
            session, answer(session, question, about=product, means=shop_template.learnt.means)
        )

    assert demo.read(work) == set()


def test_a_figure_from_nowhere_is_seen(demo: Database, shop_template: Template) -> None:
    def work(session: Session) -> set[str]:
        found = answer(session, "how long do I have to return it", means=shop_template.learnt.means)
        assert isinstance(found, Policy)
        object.__setattr__(found, "text", "You have 99 days.")
        return figures_without_source(session, found)

    assert demo.read(work) == {"99"}
