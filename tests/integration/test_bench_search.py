"""`parley bench search`, on a catalogue of a few hundred made-up products."""

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from rapidfuzz.distance import OSA
from rich.console import Console
from typer.testing import CliRunner

from app import bench
from app.benchmarks import search_engines
from app.benchmarks.catalogue import made_products
from app.benchmarks.known_items import known_items, mistyped
from app.cli import app
from app.settings import ROOT

HEADER = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Variant Price"
EXPORT = [
    "tea-pot,Round Blue Tea Pot,<p>For four cups.</p>,Leem,Kitchen,tea,TRUE,20.00",
    "oak-chair,Oak Chair with Arms,<p>Solid.</p>,Norvik,Chairs,oak,TRUE,90.00",
    "hidden,Hidden Oak Chair Deluxe,<p>Not yet.</p>,Norvik,Chairs,oak,FALSE,95.00",
]


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "shop.csv").write_text("\n".join([HEADER, *EXPORT]) + "\n", "utf-8")
    return folder


def test_search_is_measured_beside_other_engines(exports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = bench.search(
        ROOT / "config.yml", data=exports, products=300, queries=40, quick=True, postgres=None
    )
    facts = json.loads(json.dumps(answer.facts))["search"]
    rows = {(row["catalogue"], row["method"]): row for row in facts["known_items"]}
    assert {catalogue for catalogue, _ in rows} == {"exports", "made up"}
    assert {method for _, method in rows} == {"Parley", "SQLite FTS5 alone", "bm25s", "tantivy"}
    assert {row["products"] for row in rows.values()} == {2, 300}
    for row in rows.values():
        assert row["recall_at_10"] >= 0.8, row
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert row["build_seconds"] > 0
        assert 20 < row["megabytes"] < 1000
    ours, words = rows["made up", "Parley"], rows["made up", "SQLite FTS5 alone"]
    assert ours["recall_at_10"] >= 0.93
    assert ours["recall_at_10_mistyped"] >= 0.88
    assert ours["recall_at_10_mistyped"] > words["recall_at_10_mistyped"]
    assert 0 < ours["changed_product_ms"] < 1000
    assert ours["limited_met"] == 1
    assert 0 < ours["limited_p50_ms"] <= ours["limited_p99_ms"]
    said = capsys.readouterr()
    assert said.out == ""
    assert "made up: tantivy" in said.err
    console = Console(record=True, width=200)
    console.print(answer.view)
    assert "bm25s" in console.export_text()


def test_what_is_missing_is_said_and_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(search_engines.Tantivy, "package", "no_such_package_as_this")
    monkeypatch.setattr(search_engines.Bm25s, "package", "nor_this_one")
    nowhere = tmp_path / "nowhere"
    words = ["bench", "search", "--data", str(nowhere), "--products", "60", "--queries", "5", "--quick"]
    told = CliRunner().invoke(app, [*words, "--json"])
    assert told.exit_code == 0, told.output
    said = told.stderr.replace("\n", " ")
    assert "run pip install nor_this_one no_such_package_as_this" in said
    assert f"there are no exports (*.csv) in {nowhere}" in said
    rows = json.loads(told.stdout)["search"]["known_items"]
    assert {(row["catalogue"], row["method"]) for row in rows} == {
        ("made up", "Parley"),
        ("made up", "SQLite FTS5 alone"),
    }


def test_the_made_up_catalogue_is_the_same_every_time_and_not_easy() -> None:
    products = list(made_products(10_000))
    assert products == list(made_products(10_000))
    assert products != list(made_products(10_000, seed=1))
    words = Counter(word for product in products for word in {*product.title.split()})
    assert len(words) > 400
    beginnings = Counter(tuple(product.title.split()[:3]) for product in products)
    assert max(beginnings.values()) > 10  # three words do not always tell which one
    names = sorted(word for word in words if word.isalpha() and len(word) > 4)
    near = [
        word
        for word in names[:200]
        if any(0 < OSA.distance(word, other, score_cutoff=1) < 2 for other in names)
    ]
    assert len(near) > 20  # a typo away from another


def test_known_items_are_three_words_of_a_title_and_the_same_with_two_typos() -> None:
    titles = [product.title for product in made_products(500)]
    items = known_items(titles, 200)
    assert items == known_items(titles, 200)
    for item in items:
        assert all(
            set(item.words.split()) <= set(titles[place].replace("–", " ").split()) for place in item.wanted
        )
        assert len(item.words.split()) == 3
        assert 0 < OSA.distance(item.words, item.mistyped) <= 3  # a letter may be swapped twice


def test_typos_change_words_that_are_long_enough() -> None:
    chance = Random(1)
    assert mistyped(chance, ["a", "to"]) == ["a", "to"]
    changed = [mistyped(chance, ["a", "kettle"], typos=1) for _ in range(50)]
    assert all(first == "a" and OSA.distance(second, "kettle") == 1 for first, second in changed)
