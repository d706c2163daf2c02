"""The project for Rasa: complete, in Rasa's format, and nothing is lost on the way."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from nlu.rasa_project import FolderInUse, files, write
from nlu.training_data import Annotation, Example, TrainingData, load, shipped

LANGUAGES = sorted(path.name for path in shipped("en").parent.iterdir() if path.is_dir())


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_exported_reads_back_as_it_was(tmp_path: Path, language: str) -> None:
    data = load(shipped(language))
    write(tmp_path, files(data, language=language))
    again = load(tmp_path / "data")

    def contents(each: TrainingData) -> set[Any]:
        return {
            (example.intent, " ".join(example.text.split()), example.annotations) for example in each.examples
        }

    assert contents(again) == contents(data)
    assert len(again.examples) == len(data.examples)
    assert set(again.out_of_scope) == set(data.out_of_scope)
    assert again.synonyms == data.synonyms
    assert {name: sorted(found) for name, found in again.lookups.items()} == {
        name: sorted(found) for name, found in data.lookups.items()
    }
    assert again.regexes == data.regexes


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_domain_names_all_that_the_examples_do(tmp_path: Path, language: str) -> None:
    data = load(shipped(language))
    write(tmp_path, files(data, language=language))
    domain, nlu, config = (read(tmp_path / name) for name in ("domain.yml", "data/nlu.yml", "config.yml"))
    assert {domain["version"], nlu["version"]} == {"3.1"}
    assert set(domain["intents"]) == {entry["intent"] for entry in nlu["nlu"] if "intent" in entry}
    assert len(set(domain["intents"])) == len(domain["intents"])
    assert set(domain["entities"]) >= {a.entity for e in data.examples for a in e.annotations} | set(
        data.lookups
    )
    assert (config["recipe"], config["language"]) == ("default.v1", language)
    assert [component["name"] for component in config["pipeline"]] == [
        "WhitespaceTokenizer",
        "RegexFeaturizer",
        "LexicalSyntacticFeaturizer",
        "CountVectorsFeaturizer",
        "CountVectorsFeaturizer",
        "DIETClassifier",
        "RegexEntityExtractor",
        "EntitySynonymMapper",
        "FallbackClassifier",
    ]


def test_entities_are_marked_as_rasa_marks_them() -> None:
    text = "noir or “white”: mugs"
    example = Example(
        text, "search", (Annotation("color", "black", 0, 4), Annotation("color", "white", 9, 14))
    )
    written = files(TrainingData((example,), regexes={"order": (r"\d{4}#[a-z]",)}), language="en", epochs=7)
    assert (
        '    - [noir]{"entity": "color", "value": "black"} or “[white](color)”: mugs\n'
        in written["data/nlu.yml"]
    )
    assert "epochs: 7" in written["config.yml"]
    assert r"- \d{4}#[a-z]" in written["data/nlu.yml"]


def test_a_folder_with_something_in_it_is_left_as_it_is_unless_told(tmp_path: Path) -> None:
    kept = tmp_path / "models" / "mine.tar.gz"
    kept.parent.mkdir()
    kept.write_text("a model")
    project = files(TrainingData((Example("hello", "greet"),)), language="en")
    with pytest.raises(FolderInUse, match="--force"):
        write(tmp_path, project)
    assert [path.name for path in tmp_path.iterdir()] == ["models"]
    written = write(tmp_path, project, force=True)
    assert all(path.is_file() for path in written)
    assert kept.read_text() == "a model"
    with pytest.raises(FolderInUse):
        write(kept, project)
