"""Slots: what flows want to know, of which kind each is, and how an answer is read from a message."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz, process, utils

from bot.dialogue.state import Choice
from nlu.understanding import Understanding
from storage import yaml_files

Kind = Literal["text", "integer", "boolean", "choice", "phone", "name", "address", "id"]

LABEL_SCORE_MIN = 82  # of 100: below it a label was hardly meant
NAME_WORDS_MAX = 5
PHONE_DIGITS = range(7, 16)  # E.164 has 15 at most
ADDRESS_LETTERS_MAX = 300


class Slot(BaseModel):
    """What a flow may want to know. `remember`: said once, at any time, it is not asked again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Kind
    entity: str | None = None
    remember: bool = False


class SlotFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str | None = None
    slots: dict[str, Slot]


def read(path: Path) -> dict[str, Slot]:
    """The slots of flows/slots.yml. Raises Mistakes."""
    return yaml_files.parse(SlotFile, yaml_files.load(path), path).slots


@dataclass(frozen=True, slots=True)
class Unfit:
    """It was meant as an answer, but will not do; `reply` says why."""

    reply: str


Filled = Any | Unfit | None


def mentioned(slots: dict[str, Slot], names: set[str], heard: Understanding) -> dict[str, Any]:
    """Values for these slots that the message names by itself, through entities."""
    found = {
        name: heard.value(slots[name].entity or "")
        for name in names
        if name in slots and slots[name].entity is not None
    }
    return {name: value for name, value in found.items() if value is not None}


def answer(slot: Slot, heard: Understanding, choices: list[Choice]) -> Filled:
    """The message as an answer to the question for `slot`: a value, Unfit, or None when it is none."""
    return READERS[slot.type](slot, heard, choices)


def _boolean(_slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    return {"affirm": True, "deny": False}.get(heard.intent or "")


def _entity(slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    return heard.value(slot.entity) if slot.entity else None


def _text(slot: Slot, heard: Understanding, choices: list[Choice]) -> Filled:
    return _entity(slot, heard, choices) or heard.text.strip() or None


def _choice(slot: Slot, heard: Understanding, choices: list[Choice]) -> Filled:
    """By entity, by place in the list ("the second"), by a word only one of them has, or nearly by its label."""
    values = {choice.value for choice in choices}
    if slot.entity and heard.value(slot.entity) in values:
        return heard.value(slot.entity)
    ordinal = heard.value("ordinal")
    if isinstance(ordinal, int) and 0 < abs(ordinal) <= len(choices):
        return choices[ordinal - 1 if ordinal > 0 else ordinal].value
    return _by_words(heard.text, choices) or _by_label(heard.text, choices)


def _by_words(text: str, choices: list[Choice]) -> str | None:
    said = set(re.findall(r"\w+", text.casefold()))
    hits = {choice.value: len(said & {word.casefold() for word in choice.words}) for choice in choices}
    best = max(hits.values(), default=0)
    winners = [value for value, count in hits.items() if count == best]
    return winners[0] if best and len(winners) == 1 else None


def _by_label(text: str, choices: list[Choice]) -> str | None:
    labels = {choice.value: choice.label for choice in choices}
    best = process.extract(
        text, labels, scorer=fuzz.token_set_ratio, processor=utils.default_process, limit=2
    )
    if not best or best[0][1] < LABEL_SCORE_MIN:
        return None
    return best[0][2] if len(best) == 1 or best[1][1] < best[0][1] else None


def _phone(_slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    """A number that some network could have; a typo in the area code is the courier's to notice, not ours."""
    if found := heard.value("phone"):
        return found
    digits = re.sub(r"\D", "", heard.text)
    if re.fullmatch(r"\+?[\d\s()./-]+", heard.text.strip()) and len(digits) in PHONE_DIGITS:
        return f"+{digits}" if heard.text.strip().startswith("+") else digits
    return Unfit("utter_phone_unfit") if len(digits) >= 3 else None


def _name(_slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    if named := heard.value("person_name"):
        return named
    words = heard.text.strip(" .!,").split()
    letters = all(re.fullmatch(r"[^\W\d_]+(?:['’.-][^\W\d_]*)*", word) for word in words)
    if not words or len(words) > NAME_WORDS_MAX or not letters or "?" in heard.text:
        return None
    return " ".join(word if not word.islower() else word.capitalize() for word in words)


def _address(_slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    """What the entity reader found; else, asked for an address, any short text with a number and a word."""
    if found := heard.value("address"):
        return found
    text = " ".join(heard.text.split())
    looks_like_one = (
        any(letter.isdigit() for letter in text)
        and len(re.findall(r"[^\W\d_]{2,}", text)) >= 1
        and len(text) <= ADDRESS_LETTERS_MAX
        and "?" not in text
        and heard.value("phone") is None
    )
    return {"street": text} if looks_like_one else None


READERS: dict[str, Callable[[Slot, Understanding, list[Choice]], Filled]] = {
    "text": _text,
    "integer": _entity,
    "boolean": _boolean,
    "choice": _choice,
    "phone": _phone,
    "name": _name,
    "address": _address,
    "id": _choice,
}
