"""JSON Schemas for editors: as committed, they take every file of the shop and refuse the usual mistakes."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from typer.testing import CliRunner

from app.cli import app
from app.options import FileKind
from app.schemas import SCHEMAS, schema
from app.settings import ROOT
from app.wiring import FLOWS, TRAINING_DATA, flow_files

FILES: dict[str, list[Path]] = {
    "flows": flow_files(),
    "slots": [FLOWS / "slots.yml"],
    "replies": sorted((FLOWS / "replies").rglob("*.yml")),
    "training": sorted(TRAINING_DATA.rglob("*.yml")),
}


def committed(kind: str) -> Draft202012Validator:
    content = json.loads((ROOT / "docs" / "schemas" / f"{kind}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(content)
    return Draft202012Validator(content)


def wrong(kind: str, text: str) -> list[str]:
    content: Any = YAML(typ="safe").load(text)
    return [error.message for error in committed(kind).iter_errors(content)]


@pytest.mark.parametrize("kind", get_args(FileKind))
def test_what_is_committed_is_what_the_code_says(kind: FileKind) -> None:
    text = (ROOT / "docs" / "schemas" / f"{kind}.json").read_text("utf-8")
    assert json.loads(text) == schema(kind), f"write it anew: parley flows schema {kind}"


@pytest.mark.parametrize(
    ("kind", "file"),
    [(kind, file) for kind, files in FILES.items() for file in files],
    ids=lambda each: each if isinstance(each, str) else str(each.relative_to(ROOT)),
)
def test_every_file_of_the_shop_is_valid(kind: str, file: Path) -> None:
    assert wrong(kind, file.read_text("utf-8")) == []


@pytest.mark.parametrize("file", [*flow_files(), FLOWS / "slots.yml"], ids=lambda file: file.name)
def test_a_flow_file_names_its_schema_to_editors(file: Path) -> None:
    first = file.read_text("utf-8").split("\n", 1)[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / named).resolve().is_file(), first


STEP = "flows: {f: {description: x, steps: [%s]}}"
MISTAKES = {
    "a key that is not known": ("flows", STEP % "{acton: show_cart}"),
    "a step of two kinds": ("flows", STEP % "{action: show_cart, collect: name}"),
    "a step of no kind": ("flows", STEP % "{id: lost}"),
    "an action that is not there": ("flows", STEP % "{action: show_crat}"),
    "a flow without steps": ("flows", "flows: {f: {description: x, steps: []}}"),
    "a flow without a description": ("flows", "flows: {f: {steps: [{action: show_cart}]}}"),
    "a branch without then": ("flows", STEP % "{action: show_cart, next: [{if: slots.name}]}"),
    "a trigger without an intent": (
        "flows",
        "flows: {f: {description: x, nlu_trigger: [{entity: color}], steps: [{action: show_cart}]}}",
    ),
    "a rejection without words": ("flows", STEP % "{collect: name, rejections: [{if: slots.name}]}"),
    "a slot of an unknown kind": ("slots", "slots: {phone: {type: telephone}}"),
    "a slot with an unknown key": ("slots", "slots: {phone: {type: phone, enttiy: phone}}"),
    "a reply that is no list": ("replies", "responses: {utter_hi: {text: Hi}}"),
    "a reply without text": ("replies", "responses: {utter_hi: [{buttons: []}]}"),
    "a button without a title": (
        "replies",
        "responses: {utter_hi: [{text: Hi, buttons: [{payload: help}]}]}",
    ),
    "an intent without examples": ("training", 'version: "3.1"\nnlu: [{intent: greet}]'),
    "examples that are no lines of a list": (
        "training",
        'version: "3.1"\nnlu: [{intent: greet, examples: "hello"}]',
    ),
    "an entry that is nothing": ("training", 'version: "3.1"\nnlu: [{intnet: greet, examples: ["hello"]}]'),
    "training data without a version": ("training", "nlu: []"),
}


@pytest.mark.parametrize(("kind", "text"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_usual_mistake_is_refused(kind: str, text: str) -> None:
    assert wrong(kind, text) != []


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_command_prints_the_schema(kind: str) -> None:
    done = CliRunner().invoke(app, ["flows", "schema", kind, "--json"])
    assert (done.exit_code, json.loads(done.stdout)) == (0, schema(kind))  # pyright: ignore[reportArgumentType]
