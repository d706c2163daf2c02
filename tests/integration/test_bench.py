"""`parley bench`, on data sets of a few sentences that the test writes."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from ruamel.yaml import YAML
from typer.testing import CliRunner

from app import bench
from app.cli import app
from app.settings import ROOT
from tests.nlu.small_shop import SMALL

ASKED = {
    "greet": ["hello hello", "good day"],
    "order_status": ["where is it, my order?"],
    "refund": ["refund"],
}
STRANGE = ["how tall is the moon", "write me a poem", "who won the match"]
N_GRAMS = [
    {"name": "WordFeaturizer"},
    {"name": "LinearSvmClassifier"},
    {"name": "OutOfScopeRefusal", "folds": 2},
]


def _rows(examples: dict[str, list[str]], strange: list[str], label: str) -> list[tuple[str, str]]:
    said = [(text, intent) for intent, texts in examples.items() for text in texts]
    return said + [(text, label) for text in strange]


def _table(file: Path, header: str, rows: list[tuple[str, str]]) -> None:
    file.parent.mkdir(exist_ok=True)
    lines = [header, *(f'"{text}",{intent}' for text, intent in rows)]
    file.write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """All data sets as their authors lay them out, with a few sentences each."""
    folder = tmp_path / "data"
    folder.mkdir()
    for part, examples in (("train", SMALL), ("test", ASKED)):
        _table(folder / "banking77" / f"{part}.csv", "text,category", _rows(examples, [], ""))
        rows = _rows(examples, STRANGE if part == "test" else [], "NO_NODES_DETECTED")
        _table(folder / "sofmattress" / f"sofmattress_{part}.csv", "sentence,label", rows)
    (folder / "clinc150").mkdir()
    parts = {
        "train": _rows(SMALL, [], ""),
        "test": _rows(ASKED, [], ""),
        "oos_train": _rows({}, STRANGE[:1], "oos"),
        "oos_test": _rows({}, STRANGE[1:], "oos"),
    }
    (folder / "clinc150" / "data_full.json").write_text(json.dumps(parts), "utf-8")
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The demo shop's config, in English alone and without an embedding: its training takes seconds."""
    yaml = YAML(typ="safe")
    content = yaml.load((ROOT / "config.yml").read_text("utf-8"))
    content["languages"] = ["en"]
    content["shop"].pop("translations", None)
    content["pipeline"] = N_GRAMS
    file = tmp_path / "config.yml"
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(content, out)
    return file


def test_understanding_is_measured_beside_simpler_pipelines(
    data: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = bench.nlu(config, data=data, quick=True)
    facts = json.loads(json.dumps(answer.facts))["nlu"]
    shown = {(row["data_set"], row["pipeline"]): row for row in facts["data_sets"]}
    assert {name for name, _ in shown} == {"BANKING77", "BANKING77 10-shot", "CLINC150", "SOFMattress"}
    assert len({pipeline for _, pipeline in shown}) == 3
    ours = shown["SOFMattress", "Parley"]
    assert ours["accuracy"] >= 0.75
    assert ours["out_of_scope_recall"] is not None
    assert -1 <= ours["matthews_correlation"] <= 1
    assert shown["BANKING77", "Parley"]["out_of_scope_recall"] is None
    (cost,) = facts["cost"]
    assert cost["languages"] == ["en"]
    assert 0 < cost["p50_ms"] <= cost["p99_ms"]
    assert cost["ready_seconds"] > 0
    assert cost["training_seconds"] > 0
    assert 30 < cost["megabytes"] < 1000
    said = capsys.readouterr()
    assert said.out == ""
    assert "SOFMattress: Parley" in said.err
    console = Console(record=True, width=200)
    console.print(answer.view)
    assert "SOFMattress" in console.export_text()


@pytest.mark.parametrize("words", [["bench"], ["bench", "nlu", "--json"]])
def test_missing_data_is_named_with_where_it_belongs(data: Path, words: list[str]) -> None:
    (data / "clinc150" / "data_full.json").unlink()
    told = CliRunner().invoke(app, [*words, "--data", str(data)])
    assert told.exit_code == 2
    assert told.stdout == ""
    assert f"{data / 'clinc150'}/: data_full.json" in told.stderr.replace("\n", "")
    assert "banking77" not in told.stderr


def test_a_file_that_is_no_such_data_set_is_named(data: Path, config: Path) -> None:
    (data / "clinc150" / "data_full.json").write_text('{"train": []}', "utf-8")
    with pytest.raises(bench.Failure, match="CLINC150"):
        bench.nlu(config, data=data, quick=True)
