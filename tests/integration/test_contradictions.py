"""Documents that say different figures of the same thing are named at import; those that do not are left alone."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.settings import ROOT
from knowledge_base.contradictions import Contradiction, contradictions
from knowledge_base.embedding import Embedder
from knowledge_base.importing import import_knowledge
from nlu.embedding import MiniLmEmbedder
from storage.clock import SystemClock
from storage.engine import Database

RETURNS = ("How long you have", "You can return what you bought within 30 days of receiving it.")
STANDARD = ("Standard delivery", "Standard delivery takes 2–3 working days and costs 4.90 EUR.")
WARRANTY = ("Warranty", "Everything we sell has a warranty of 2 years against faults.")
Section = tuple[str, str]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return MiniLmEmbedder()


def documents(folder: Path, *sections: Section) -> Path:
    """A document for each section."""
    folder.mkdir()
    for number, (heading, text) in enumerate(sections):
        (folder / f"{number}.md").write_text(f"# Document\n\n## {heading}\n{text}\n", "utf-8")
    return folder


def found(database: Database, folder: Path, embedder: Embedder) -> list[Contradiction]:
    assert import_knowledge(database, [folder], at=SystemClock().now()).problems == ()
    return database.read(lambda session: contradictions(session, embedder))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RETURNS, ("Returns", "You may send things back within 14 days of receiving them.")),
        (STANDARD, ("Shipping times", "Standard delivery takes 5 working days and costs 6.50 EUR.")),
        (STANDARD, ("Standard delivery", "Standard delivery costs € 5.90.")),
        (WARRANTY, ("Warranty", "All products have a guarantee of 1 year.")),
        (
            ("How long goods are held", "When you check out, the goods are held for you for 45 minutes."),
            ("Holding your order", "At checkout we reserve your goods for 20 minutes."),
        ),
        (("Towels", "Wash towels at 60 °C."), ("Washing towels", "Towels are washed at 40 °C.")),
    ],
)
def test_different_figures_of_the_same_thing_are_named(
    database: Database, tmp_path: Path, embedder: Embedder, one: Section, other: Section
) -> None:
    (contradiction,) = found(database, documents(tmp_path / "k", one, other), embedder)
    told = str(contradiction)
    for number, (heading, text) in enumerate((one, other)):
        assert f"k/{number}.md › {heading}: “{text}”" in told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RETURNS, ("Returns", "You may send things back within 30 days of receiving them.")),
        (WARRANTY, ("Warranty", "All products have a guarantee of 24 months.")),
        (STANDARD, ("Express delivery", "Express delivery takes 1 working day and costs 9.90 EUR.")),
        (
            ("Coffee storage", "Coffee is best within 8 weeks of opening."),
            ("Tea storage", "Tea stays fresh for 18 months."),
        ),
        (RETURNS, ("Damaged on arrival", "Send us a photo in this chat within 7 days.")),
        (RETURNS, ("Pickup", "We keep your order at the shop for 14 days.")),
        (STANDARD, ("Free delivery", "Delivery is free when the goods come to 50.00 EUR or more.")),
        (("Opening hours", "The shop is open from 10 to 18."), ("Opening hours", "It opens at 9.")),
    ],
)
def test_the_same_figure_or_another_thing_is_no_contradiction(
    database: Database, tmp_path: Path, embedder: Embedder, one: Section, other: Section
) -> None:
    assert found(database, documents(tmp_path / "k", one, other), embedder) == []


def test_each_is_compared_with_the_nearest_only(
    database: Database, tmp_path: Path, embedder: Embedder
) -> None:
    folder = documents(tmp_path / "k", STANDARD, ("Delivery", "Standard delivery costs 4.90 EUR."))
    express = "\n## Next day\nDelivery on the next day costs 9.90 EUR.\n"
    with (folder / "1.md").open("a", encoding="utf-8") as file:
        file.write(express)
    assert found(database, folder, embedder) == []


def test_the_demo_shops_documents_agree(database: Database, embedder: Embedder) -> None:
    assert found(database, ROOT / "sandbox" / "demo_shop" / "knowledge", embedder) == []


def test_the_import_names_both_documents(tmp_path: Path) -> None:
    folder = documents(
        tmp_path / "k", RETURNS, ("Returns", "You may send things back within 14 days of receiving them.")
    )
    words = ["import", "knowledge", str(folder), "--home", str(tmp_path / "home")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "Customers will hear one or the other" in said
    assert "k/0.md › How long you have" in said
    assert "k/1.md › Returns" in said
