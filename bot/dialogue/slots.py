"""Slots: what flows want to know, of which kind each is, and how an answer is read from a message."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz, process, utils

from bot.dialogue.flows import SURE
from bot.dialogue.state import Choice
from knowledge_base.wording import content_words, words_of
from nlu.understanding import Understanding
from storage import yaml_files

Kind = Literal[
    "text", "verbatim", "integer", "boolean", "choice", "code", "phone", "email", "name", "address", "place", "id"
]  # fmt: skip

EXTREMES = {"cheaper": 0, "cheapest": 0, "dearer": -1, "dearest": -1}
"""Comparatives that choose by price, as places in the order of prices."""
LOOKS = ("color", "size", "material")
"""Entities whose values are words of the catalogue, whatever the language they were said in."""
PREFIX_LETTERS_MIN = 3
LABEL_SCORE_MIN = 82  # of 100: below it a label was hardly meant
NAME_WORDS_MAX = 5
NO_NAMES = frozenset({"delivery_option", "product", "country", "coupon", "order_reference", "email"})
"""Entities that names never hold; a colour they may: Ana Brown."""
PHONE_DIGITS = range(7, 16)  # E.164 has 15 at most
ADDRESS_LETTERS_MAX = 300
VERBATIM_LETTERS_MAX = 300  # of what is kept as it was said, such as a gift message
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,31}")
PLACE_LETTERS_MAX = 80
YES_SURE = 0.7  # a yes may cost money
CLEAR = 0.8  # words so probably meant otherwise are no name, though they are only letters
POSTCODE = r"(?P<postcode>\d{4,6}(?:[ -]?[A-Za-z]{2}(?=\s))?|[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2})"
POSTCODE_AND_TOWN = re.compile(rf"{POSTCODE}[\s,]+(?P<city>\D{{2,}})")
ADDRESS = re.compile(rf"(?P<street>(?=.*[^\W\d_]{{2}}).+?)[\s,]+{POSTCODE}[\s,]+(?P<city>[^\d?]{{2,60}})")


class Slot(BaseModel):
    """What a flow may want to know.

    `remember`: said once, at any time, it is not asked again. `called`: the words that people name it by, to
    have it changed, by language. `affirmed_by`: intents that mean yes to this very question, as "pay" does at a summary; `denied_by`:
    those that mean no, as "don't cancel it" does.
    `given_by`: intents that give its value unless they come as a question, as "I'll pick it up" does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Kind
    entity: str | None = None
    remember: bool = False
    called: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    affirmed_by: list[str] = Field(default_factory=list[str])
    denied_by: list[str] = Field(default_factory=list[str])
    given_by: list[str] = Field(default_factory=list[str])

    @property
    def is_free_text(self) -> bool:
        """Whether nearly any words could be an answer."""
        return self.type in {"name", "text", "address", "place"}


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
    return {name: value for name, value in found.items() if value is not None and not _is_scrap(value)}


def _is_scrap(value: Any) -> bool:
    """A bare postcode may be any number, as long as nobody asked for it."""
    return _parts(value).keys() == {"postcode"}


def volunteered(slot: Slot, heard: Understanding) -> Filled:
    """What a part of a message gives for a slot that was not asked for; only what can be nothing else."""
    value = READERS[slot.type](slot, heard, []) if slot.type == "phone" else heard.value(slot.entity or "")
    return None if isinstance(value, Unfit) or _is_scrap(value) else value


def completed(before: Any, told: Any) -> Any:
    """What is known now. A town alone belongs to the street told before, or after; anything else replaces it."""
    old, new = _parts(before), _parts(told)
    belongs = bool(old and new) and not ("street" in old and "street" in new)
    return {**old, **new} if belongs else told


def _parts(value: Any) -> dict[str, str]:
    """The parts of an address; none of anything else."""
    return dict(value) if hasattr(value, "keys") else {}


def answer(slot: Slot, heard: Understanding, choices: list[Choice]) -> Filled:
    """The message as an answer to the question for `slot`: a value, Unfit, or None when it is none."""
    return READERS[slot.type](slot, heard, choices)


def yes_or_no(heard: Understanding) -> bool | None:
    """A clear yes or no; None for a "hmm"."""
    if heard.confidence < YES_SURE:
        return None
    return {"affirm": True, "deny": False}.get(heard.intent or "")


def _boolean(slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    if heard.intent in slot.affirmed_by and heard.confidence >= SURE:
        return True
    if heard.intent in slot.denied_by and heard.confidence >= SURE:
        return False
    return yes_or_no(heard)


def _entity(slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    return heard.value(slot.entity) if slot.entity else None


def _text(slot: Slot, heard: Understanding, choices: list[Choice]) -> Filled:
    return _entity(slot, heard, choices) or heard.text.strip() or None


def _verbatim(_slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    """Exactly what was said, whatever it means otherwise."""
    text = heard.text.strip()
    return Unfit("utter_words_too_long") if len(text) > VERBATIM_LETTERS_MAX else text or None


def _code(slot: Slot, heard: Understanding, choices: list[Choice]) -> Filled:
    """A code that the entity reader found, or a lone word that may be one."""
    text = heard.text.strip(" .!\"'“”«»")
    lone = text.upper() if CODE.fullmatch(text) and _may_be_free_text(heard) else None
    return _entity(slot, heard, choices) or lone


def _email(slot: Slot, heard: Understanding, choices: list[Choice]) -> Filled:
    found = _entity(slot, heard, choices)
    return found or (Unfit("utter_email_unfit") if "@" in heard.text else None)


def _choice(slot: Slot, heard: Understanding, choices: list[Choice]) -> Filled:
    values = {choice.value for choice in choices}
    if slot.entity and heard.value(slot.entity) in values:
        return heard.value(slot.entity)
    return picked(heard, choices)


def picked(heard: Understanding, choices: list[Choice]) -> str | None:
    """The choice that is meant: by place ("the second", "2"), by a word only one of them has, or nearly by its label."""
    filler = _filler(heard)
    unwanted = {word for color in heard.values("not_color") for word in _words(str(color))}
    left = [choice for choice in choices if not unwanted & _words_of(choice)]
    if unwanted and len(left) == 1:
        return left[0].value
    ordinal = heard.value("ordinal")
    if isinstance(ordinal, int) and 0 < abs(ordinal) <= len(choices):
        return choices[ordinal - 1 if ordinal > 0 else ordinal].value
    return (
        _by_price(heard, left)
        or _by_words(_said(heard) - unwanted - filler, left)
        or _by_number(heard.text, choices)
        or _by_words(_mended(heard.text, left) - unwanted - filler, left)
        or (None if unwanted else _by_label(heard.text, choices))
    )


def _mended(text: str, choices: list[Choice]) -> set[str]:
    """The words of the choices that these are misspelt, or begin: "standart", "exp"."""
    known = sorted(
        {word for choice in choices for word in _words_of(choice) if len(word) >= PREFIX_LETTERS_MIN}
    )
    said = [word for word in _words(text) if len(word) >= PREFIX_LETTERS_MIN]
    begun = {other for word in said for other in known if other.startswith(word)}
    near = (process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=LABEL_SCORE_MIN) for word in said)
    return begun | {match[0] for match in near if match is not None}


def narrowed(heard: Understanding, choices: list[Choice]) -> list[Choice]:
    """Fewer choices, where the words fit several but not all: "470" of four mugs; none when they say nothing."""
    said = _said(heard) - _filler(heard)
    hits = [len(said & _words_of(choice)) for choice in choices]
    best = max(hits, default=0)
    left = [choice for choice, count in zip(choices, hits, strict=True) if count == best]
    return left if best and 1 < len(left) < len(choices) else []


def _filler(heard: Understanding) -> set[str]:
    """Words that choose nothing; single letters may be sizes."""
    return {word for word in words_of(heard.language).filler if len(word) > 1}


def _by_price(heard: Understanding, choices: list[Choice]) -> str | None:
    """The cheapest or the dearest, where there is one such."""
    best = EXTREMES.get(str(heard.value("comparative")))
    prices = sorted(choice.price for choice in choices if choice.price is not None)
    if best is None or len(prices) < 2:
        return None
    wanted = prices[best]
    found = [choice.value for choice in choices if choice.price == wanted]
    return found[0] if len(found) == 1 else None


def _by_words(said: set[str], choices: list[Choice]) -> str | None:
    hits = {choice.value: len(said & _words_of(choice)) for choice in choices}
    best = max(hits.values(), default=0)
    winners = [value for value, count in hits.items() if count == best]
    return winners[0] if best and len(winners) == 1 else None


def _by_number(text: str, choices: list[Choice]) -> str | None:
    """A bare "2" where two or more are offered."""
    number = re.fullmatch(r"\s*(\d{1,2})[.)]?\s*", text)
    place = int(number[1]) if number else 0
    return choices[place - 1].value if 0 < place <= len(choices) else None


def _said(heard: Understanding) -> set[str]:
    """Its words, and the catalogue's own for the looks that they name: white for "blanco"."""
    named = (str(value) for look in LOOKS for value in heard.values(look))
    return _words(heard.text).union(*map(_words, named))


def _words_of(choice: Choice) -> set[str]:
    return {word for words in choice.words for word in _words(words)}


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


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


def diallable(phone: str, *, region: str) -> str | None:
    """A shared number in the form that can be dialled from anywhere (E.164); None when it can be none."""
    try:
        parsed = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _name(_slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    if named := heard.value("person_name"):
        return named
    if not _may_be_free_text(heard) or any(entity.name in NO_NAMES for entity in heard.entities):
        return None
    words = heard.text.strip(" .!,").split()
    letters = all(re.fullmatch(r"[^\W\d_]+(?:['’.-][^\W\d_]*)*", word) for word in words)
    if not words or len(words) > NAME_WORDS_MAX or not letters or "?" in heard.text:
        return None
    if not content_words(heard.text, heard.language) and (len(words) > 1 or words[0].islower()):
        return None  # "for me" says nothing of how they are called; "Will" may
    return _capitalised(" ".join(words))


def _address(_slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    """What the entity reader found; else, asked for an address, any short text with a number and a word."""
    text = " ".join(heard.text.split()).strip(" .!,")
    found = _parts(heard.value("address"))
    written = ADDRESS.fullmatch(text) if len(text) <= ADDRESS_LETTERS_MAX else None
    if written is not None and not found.get("city"):
        found = {name: str(part).strip(" ,") for name, part in written.groupdict().items()} | found
    if found:
        return {name: part if name == "country" else _capitalised(part) for name, part in found.items()}
    looks_like_one = (
        _may_be_free_text(heard)
        and any(letter.isdigit() for letter in text)
        and len(re.findall(r"[^\W\d_]{2,}", text)) >= 1
        and len(text) <= ADDRESS_LETTERS_MAX
        and "?" not in text
        and heard.value("phone") is None
    )
    return {"street": _capitalised(text)} if looks_like_one else None


def _place(_slot: Slot, heard: Understanding, _choices: list[Choice]) -> Filled:
    """The rest of an address: "10115 Berlin", "berlin", or a street where that was missing."""
    if found := heard.value("address"):
        return found
    text = " ".join(heard.text.split()).strip(" .!,")
    if not _may_be_free_text(heard) or not 2 <= len(text) <= PLACE_LETTERS_MAX or "?" in text:
        return None
    if with_postcode := POSTCODE_AND_TOWN.fullmatch(text):
        return {"postcode": with_postcode["postcode"].upper(), "city": _capitalised(with_postcode["city"])}
    if any(letter.isdigit() for letter in text):
        return {"street": text} if re.search(r"[^\W\d_]{2,}", text) else {"postcode": text}
    return {"city": _capitalised(text)}


def _may_be_free_text(heard: Understanding) -> bool:
    """Whether the words may be a name or a place: not when they clearly say something else, such as thanks."""
    return heard.intent in {None, "inform", "correct"} or heard.confidence < CLEAR


def _capitalised(words: str) -> str:
    return " ".join(word.capitalize() if word.islower() else word for word in words.split())


def is_among(text: str, choices: list[Choice]) -> bool:
    """Whether these words are the choices' own: a "470" that picks a mug is not how many are wanted."""
    return _words(text) <= {word for choice in choices for word in _words_of(choice)}


READERS: dict[str, Callable[[Slot, Understanding, list[Choice]], Filled]] = {
    "text": _text,
    "verbatim": _verbatim,
    "code": _code,
    "email": _email,
    "integer": _entity,
    "boolean": _boolean,
    "choice": _choice,
    "phone": _phone,
    "name": _name,
    "address": _address,
    "place": _place,
    "id": _choice,
}
