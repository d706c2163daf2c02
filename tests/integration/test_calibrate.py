"""`parley calibrate`: what it learns is written to the home and judged by from then on."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.answering import judgement_file, knowledge_for
from app.cli import app
from app.settings import Home, read_settings
from knowledge_base.calibration import Case, calibrate
from knowledge_base.judgement import EVIDENCE, Evidence, read_judgements
from knowledge_base.means import Means
from storage.yaml_files import Mistakes
from tests.integration.test_bench_knowledge import documents, questions, words_only

__all__ = ["documents", "questions", "words_only"]  # fixtures


def some(chance: np.random.Generator, *, answerable: bool) -> Case:
    """Ten passages of which one holds most of the question's words, or none does."""
    held = chance.uniform(0.0, 0.4, 10)
    right = int(chance.integers(10))
    held[right] += 0.5 * answerable
    unknown = 0.0 if answerable else 0.6
    columns = np.column_stack([np.ones(10), np.zeros(10), held, np.full(10, unknown)])
    return Case(columns, frozenset({right}) if answerable else frozenset())


def test_weights_that_answer_and_refuse_are_found() -> None:
    chance = np.random.default_rng(1)
    cases = [(some(chance, answerable=place % 3 > 0),) for place in range(120)]
    found = calibrate(cases, "words", refuse=0.9)
    assert found.top_1 >= 0.9
    assert found.refused >= 0.85
    assert found.weights["words"] > 0
    assert found.weights["unknown"] < 0


def test_few_questions_leave_the_weights_near_where_they_were() -> None:
    start = dict.fromkeys(EVIDENCE["words"], 0.0) | {"words": 9.0, "constant": -3.0}
    chance = np.random.default_rng(2)
    few = calibrate([(some(chance, answerable=True),) for _ in range(3)], "words", refuse=0.9, start=start)
    assert abs(few.weights["words"] - 9.0) < 1.0


def test_a_calibration_is_written_to_the_home_and_used(
    tmp_path: Path, documents: Path, questions: Path, words_only: Path
) -> None:
    home = tmp_path / "home"
    words = ["calibrate", str(questions), "--knowledge", str(documents), "--home", str(home)]
    result = CliRunner().invoke(app, [*words, "--config", str(words_only), "--json"])
    assert result.exit_code == 0, result.output
    file = judgement_file(Home(home))
    assert json.loads(result.stdout)["file"] == str(file)
    fitted = read_judgements(file).find("words", None)
    assert fitted != read_judgements().find("words", None)
    assert read_judgements(file).find("topics", None) == read_judgements().find("topics", None)
    assert knowledge_for(read_settings(words_only), Home(home), Means()) is not None
    assert fitted.scores(Evidence("words", np.eye(4))).shape == (4,)


def test_a_file_that_lacks_a_weight_is_refused_with_its_name(tmp_path: Path) -> None:
    file = judgement_file(Home(tmp_path))
    file.write_text("judgements:\n  - {embedding: null, kind: words, weights: {words: 1}}\n", "utf-8")
    with pytest.raises(Mistakes, match="the weights of words are constant, unasked, words, unknown"):
        read_judgements(file)
