"""`parley bench knowledge`, on documents and questions that the test writes."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from ruamel.yaml import YAML
from sqlalchemy import select
from typer.testing import CliRunner

from app import bench
from app.benchmarks.questions import read_questions
from app.cli import app
from app.options import KNOWLEDGE
from app.options import QUESTIONS as DEMO_QUESTIONS
from app.settings import ROOT
from knowledge_base.importing import import_knowledge
from knowledge_base.model import Passage
from knowledge_base.wording import tokens
from storage.clock import SystemClock
from storage.engine import Database
from storage.migrate import upgrade

DOCUMENT = """# Garden
## Watering
Water the tomatoes in the evening, never at noon.
## Pruning
Cut the roses in March.
## Roses in winter
Cover the roses with straw.
"""
QUESTIONS = """question,document,heading
when should tomatoes get water,garden.md,Watering
what do I do with roses,garden.md,Pruning|Roses in winter
how do I tune a piano,,
"""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "knowledge"
    folder.mkdir()
    (folder / "garden.md").write_text(DOCUMENT, "utf-8")
    return folder


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    file = tmp_path / "some.csv"
    file.write_text(QUESTIONS, "utf-8")
    return file


@pytest.fixture
def words_only(tmp_path: Path) -> Path:
    """The demo shop's config without an embedding."""
    yaml = YAML(typ="safe")
    content = yaml.load((ROOT / "config.yml").read_text("utf-8"))  # pyright: ignore[reportUnknownMemberType] - untyped
    content["pipeline"] = [{"name": "WordFeaturizer"}, {"name": "LinearSvmClassifier"}]
    file = tmp_path / "config.yml"
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(content, out)  # pyright: ignore[reportUnknownMemberType] - untyped
    return file


def test_answers_are_measured_beside_full_text_alone(
    documents: Path, questions: Path, words_only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = bench.knowledge(words_only, questions=[questions, questions], documents=documents)
    rows = json.loads(json.dumps(answer.facts))["knowledge"]["questions"]
    assert [(row["questions"], row["method"]) for row in rows] == [
        ("some", "Parley"),
        ("some", "BM25 alone"),
    ] * 2
    for row in rows:
        assert (row["answerable"], row["unanswerable"]) == (2, 1)
        assert (row["top_1"], row["recall_at_3"], row["refused"]) == (1, 1, 1)
        assert row["answered_wrongly"] == 0
        assert 0 < row["p50_ms"] <= row["p99_ms"]
    assert capsys.readouterr().out == ""
    console = Console(record=True, width=200)
    console.print(answer.view)
    assert "BM25 alone" in console.export_text()


def test_what_is_answered_wrongly_or_without_ground_counts_against_it(
    documents: Path, questions: Path, words_only: Path
) -> None:
    wrong = "when should tomatoes get water,garden.md,Pruning\nwhen do I cut roses,,\n"
    questions.write_text("question,document,heading\n" + wrong, "utf-8")
    answer = bench.knowledge(words_only, questions=[questions], documents=documents)
    ours = answer.facts["knowledge"]["questions"][0]
    assert (ours["top_1"], ours["ranked_first"], ours["answered_wrongly"], ours["refused"]) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (QUESTIONS + "where to dig,garden.md,Digging\n", "some.csv:5: there is no passage “Digging”"),
        ("question,heading\n", "some.csv:1: the columns are question, document, heading; missing: document"),
        ("question,document,heading\nhow do I dig,,\n", "must hold questions that the documents answer"),
    ],
)
def test_questions_that_cannot_be_measured_are_named(
    documents: Path, questions: Path, words_only: Path, content: str, told: str
) -> None:
    questions.write_text(content, "utf-8")
    words = ["bench", "knowledge", "--knowledge", str(documents), "--questions", str(questions)]
    result = CliRunner().invoke(app, [*words, "--config", str(words_only)])
    assert result.exit_code == 2
    assert told in result.stderr


def test_the_demo_shops_questions_name_passages_that_are_there(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/parley.db")
    try:
        upgrade(database)
        import_knowledge(database, [KNOWLEDGE], at=SystemClock().now())
        tuning, held_out, *spanish = database.read(lambda s: [read_questions(s, f) for f in DEMO_QUESTIONS])
        passages = set(database.read(lambda s: s.scalars(select(Passage.id)).all()))
    finally:
        database.close()
    assert not {each.text for each in tuning.questions} & {each.text for each in held_out.questions}
    for half in (tuning, held_out):
        assert len(half.answerable) >= 110
        assert len(half.unanswerable) >= 35
        asked_of = {key for each in half.answerable for key in each.passages}
        assert len(asked_of) >= 0.95 * len(passages)
    assert not {each.text for each in spanish[0].questions} & {each.text for each in spanish[1].questions}
    for half in spanish:
        assert len(half.answerable) >= 60
        assert len(half.unanswerable) >= 20


def test_no_question_that_is_measured_is_listed_in_a_document(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/parley.db")
    try:
        upgrade(database)
        import_knowledge(database, [KNOWLEDGE], at=SystemClock().now())
        sets = database.read(lambda s: [read_questions(s, file) for file in DEMO_QUESTIONS])
        listed = database.read(
            lambda s: [words for each in s.scalars(select(Passage.phrasings)) for words in each]
        )
    finally:
        database.close()
    asked = {tuple(tokens(each.text)) for known in sets for each in known.questions}
    assert len(listed) > 300
    assert not asked & {tuple(tokens(words)) for words in listed}
