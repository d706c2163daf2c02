"""JSON Schemas of what people write, for editors that complete and check while they type.

They are made of the very models that read the files, so that the two cannot part.
"""

from collections.abc import Callable
from typing import Any, Final

from app.options import FileKind
from bot.actions import ACTIONS
from bot.dialogue.flows import KINDS as STEP_KINDS
from bot.dialogue.flows import FlowFile
from bot.dialogue.replies import ReplyFile
from bot.dialogue.slots import SlotFile
from nlu.training_data import KINDS as TRAINING_KINDS
from storage.types import JsonObject

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema(kind: FileKind) -> JsonObject:
    """The schema of that kind of file, as it is committed in docs/schemas."""
    return {"$schema": DIALECT, **SCHEMAS[kind]()}


def _flows() -> JsonObject:
    """A step is of one kind; its action is one of ours or a sentence."""
    found: JsonObject = FlowFile.model_json_schema(by_alias=True)
    step: JsonObject = found["$defs"]["StepText"]
    step["oneOf"] = [{"required": [kind]} for kind in STEP_KINDS]
    ours: list[Any] = [{"enum": sorted(ACTIONS)}, {"type": "string", "pattern": "^utter_"}]
    step["properties"]["action"] = {"title": "Action", "anyOf": ours}
    for kind in STEP_KINDS:
        step["properties"][kind] = _without_null(step["properties"][kind])
    branch: JsonObject = found["$defs"]["BranchText"]
    branch["oneOf"] = [{"required": ["if", "then"]}, {"required": ["else"]}]
    return found


def _without_null(kind: JsonObject) -> JsonObject:
    """What may be left out need not be written as null."""
    kinds = [each for each in kind.get("anyOf", []) if each != {"type": "null"}]
    title = {"title": kind["title"]} if "title" in kind else {}
    return {**title, **kinds[0]} if len(kinds) == 1 else {**title, "anyOf": kinds} if kinds else kind


def _slots() -> JsonObject:
    return SlotFile.model_json_schema(by_alias=True)


def _replies() -> JsonObject:
    return ReplyFile.model_json_schema(by_alias=True)


def _training() -> JsonObject:
    """Rasa's NLU YAML, as far as `nlu.training_data` reads it."""
    example = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    examples = {
        "anyOf": [
            {"type": "string", "pattern": r"^\s*(- |#|$)"},
            {"type": "array", "minItems": 1, "items": {"anyOf": [{"type": "string"}, example]}},
        ]
    }
    entries = [
        {
            "type": "object",
            "properties": {kind: {"type": "string", "minLength": 1}, "examples": examples, "metadata": {}},
            "required": [kind, "examples"],
            "additionalProperties": False,
        }
        for kind in TRAINING_KINDS
    ]
    return {
        "title": "Training data",
        "type": "object",
        "properties": {
            "version": {"type": ["string", "number"]},
            "nlu": {"type": "array", "items": {"oneOf": entries}},
        },
        "required": ["version", "nlu"],
    }


SCHEMAS: Final[dict[FileKind, Callable[[], JsonObject]]] = {
    "flows": _flows,
    "slots": _slots,
    "replies": _replies,
    "training": _training,
}
