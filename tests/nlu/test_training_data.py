"""Training data: what is read, and which mistakes are told with file and line."""

from pathlib import Path

import pytest

from nlu.training_data import Annotation, TrainingData, TrainingDataError, annotated, load, read


def written(folder: Path, content: str, name: str = "data.yml") -> Path:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


GOOD = """version: "3.1"
nlu:
- intent: greet
  examples: |
    - hi
    # a remark
    - hello [Bo](person_name)

    - hello
- intent: search
  examples:
  - a [noir](color:black) mug
  - text: |
      a [big]{"entity": "size", "value": "L"} one
    metadata: {from: chat}
- intent: out_of_scope
  examples: |
    - who won the match
- synonym: black
  examples: |
    - Noir
- lookup: color
  examples: |
    - black
- regex: sku
  examples: |
    - \\d{3}-\\d{2}
"""


def test_every_kind_of_entry_is_read(tmp_path: Path) -> None:
    data = load(written(tmp_path, GOOD))
    assert data.counts == {"greet": 3, "search": 2}
    assert data.out_of_scope == ("who won the match",)
    assert data.synonyms == {"noir": "black"}
    assert data.lookups == {"color": ("black",)}
    assert data.regexes == {"sku": (r"\d{3}-\d{2}",)}
    search = [example for example in data.examples if example.intent == "search"]
    assert search[0].text == "a noir mug"
    assert search[0].annotations == (Annotation("color", "black", 2, 6),)
    assert search[1].annotations == (Annotation("size", "L", 2, 5),)
    assert [example.line for example in data.examples] == [5, 7, 9, 12, 13]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("version: '3.1'\nnlu:\n- intent: a\n  examples: [\n", 5, "broken YAML"),
        ("version: '3.1'\nnlu: 3\n", 1, "list under nlu"),
        ("nlu:\n- intent: a\n  examples: |\n    - b\n", 1, "version"),
        ("version: '3.1'\nnlu:\n- intent: a\n  examples: |\n", 3, "'a' has no examples"),
        ("version: '3.1'\nnlu:\n- intent:\n  examples: |\n    - b\n", 3, "intent has no name"),
        ("version: '3.1'\nnlu:\n- intnet: a\n  examples: |\n    - b\n", 3, "one of intent"),
        ("version: '3.1'\nnlu:\n- intent: a\n  exmaples: |\n    - b\n", 3, "unknown key 'exmaples'"),
        ("version: '3.1'\nnlu:\n- intent: a\n  examples: |\n    - b\n    c\n", 6, 'begins with "- "'),
        ("version: '3.1'\nnlu:\n- intent: a\n  examples: |\n    - b [c](\n", 5, "broken annotation"),
        ("version: '3.1'\nnlu:\n- intent: a\n  examples: |\n    - b [c]()\n", 5, "names no entity"),
        ("version: '3.1'\nnlu:\n- intent: a\n  examples: |\n    - b [c]{entity}\n", 5, "not JSON"),
        ("version: '3.1'\nnlu:\n- regex: a\n  examples: |\n    - (\n", 5, "broken regular expression"),
        (
            "version: '3.1'\nnlu:\n- intent: a\n  examples: |\n    - Hi  you\n- intent: b\n  examples: |\n    - hi you\n",
            8,
            "example of 'b' here and of 'a' in",
        ),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(
    tmp_path: Path, content: str, line: int, message: str
) -> None:
    file = written(tmp_path, content)
    with pytest.raises(TrainingDataError) as raised:
        load(file)
    problem = raised.value.problems[0]
    assert (problem.file, problem.line) == (str(file), line)
    assert message in problem.message
    assert str(raised.value).startswith(f"{file}:{line}: ")


def test_all_mistakes_are_told_at_once_with_what_could_be_read(tmp_path: Path) -> None:
    written(tmp_path, "version: '3.1'\nnlu:\n- intent: a\n  examples: |\n    - b [c](\n    - fine\n", "a.yml")
    written(tmp_path, "version: '3.1'\nnlu:\n- intent: b\n", "b.yml")
    data, problems = read(tmp_path)
    assert len(problems) == 2
    assert data.counts == {"a": 1}


@pytest.mark.parametrize(
    "header", ["text,intent", "sentence,label", "Text,Category", "text;intent", "id\ttext\tintent"]
)
def test_csv_is_read_by_its_columns(tmp_path: Path, header: str) -> None:
    mark = next(mark for mark in ";\t," if mark in header)
    row = mark.join(["1", '"where, please"', "find"][-len(header.split(mark)) :])
    file = written(tmp_path, f"\ufeff{header}\r\n{row}\r\n", "data.csv")
    assert load(file).counts == {"find": 1}
    assert load(file).examples[0].text == "where, please"


def test_a_csv_without_known_columns_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="found utterance,class"):
        load(written(tmp_path, "utterance,class\nhi,greet\n", "data.csv"))


def test_the_out_of_scope_label_of_a_csv_can_be_named(tmp_path: Path) -> None:
    file = written(tmp_path, "sentence,label\nhi,greet\nhm,NO_NODES_DETECTED\n", "data.csv")
    assert load(file, out_of_scope="NO_NODES_DETECTED").out_of_scope == ("hm",)


def test_a_csv_data_set_is_kept_as_it_is_contradictions_included(tmp_path: Path) -> None:
    file = written(tmp_path, "text,intent\nhi,a\nhi,b\nhi,b\n", "data.csv")
    assert load(file).counts == {"a": 1, "b": 2}


def test_the_digest_ignores_order_and_notices_a_changed_word(tmp_path: Path) -> None:
    data = load(written(tmp_path, GOOD))
    assert TrainingData(data.examples[::-1], data.out_of_scope).digest() == data.digest()
    assert TrainingData(data.examples[1:], data.out_of_scope).digest() != data.digest()
    assert TrainingData(data.examples).digest() != data.digest()


def test_a_missing_file_and_an_empty_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no such file"):
        load(tmp_path / "nothing.yml")
    with pytest.raises(TrainingDataError, match="no training examples"):
        load(tmp_path)


def test_an_annotation_with_details_keeps_its_place() -> None:
    text, annotations = annotated('put [two]{"entity": "quantity", "value": "2"} [mugs](category) in')
    assert text == "put two mugs in"
    assert [(a.entity, a.value, text[a.start : a.end]) for a in annotations] == [
        ("quantity", "2", "two"),
        ("category", "mugs", "mugs"),
    ]


def test_the_shops_own_data_is_sound_and_each_intent_has_thirty_examples(shop_data: TrainingData) -> None:
    assert len(shop_data.intents) >= 54
    assert min(shop_data.counts.values()) >= 30
    assert len(shop_data.out_of_scope) >= 20
