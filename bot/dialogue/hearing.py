"""Listening to one message: its parts, and what is wanted apart from who and where."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.dialogue.flows import SURE
from nlu.entities.spans import any_of, compiled
from nlu.entities.words import words
from nlu.languages import LanguageDetector, Spoken
from nlu.understanding import Entity, Interpreter, Understanding

PERSONAL = frozenset({"person_name", "phone", "address", "email"})
"""Entities that say who and where, never what is wanted."""

OF_NO_LANGUAGE = PERSONAL | {"product", "coupon", "order_reference"}
"""Entities whose words say nothing of the language that somebody speaks."""

LEAVING = frozenset({"cancel", "human_agent", "help"})
"""Wishes that are no answer to any question."""

PARTS_MAX = 12
LONG_WORDS = 25
LONG_SENTENCES = 3
PARTED_LETTERS_MAX = 1000  # of a longer message only the whole is understood
SENTENCE_END = r"(?<=[.!?…;])\s+|\s*\n+\s*"
TAG = re.compile(r"</?[A-Za-z][^<>]{0,80}>")
EMPHASIS = re.compile(r"(?<!\w)[*_~`]{1,3}(?=\w)|(?<=\w)[*_~`]{1,3}(?!\w)")  # **mugs** _under_ 15
LOOSE_ENDS = " \t\n,.;:–—-"


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, understood as a whole and, when it says several things, each part by itself."""

    whole: Understanding
    parts: tuple[Understanding, ...] = ()

    @property
    def is_long(self) -> bool:
        """Whether it tells so much that only its parts can be understood."""
        text = self.whole.text
        return (
            len(self.parts) > 1
            and len(text.split()) >= LONG_WORDS
            and len(re.split(SENTENCE_END, text)) >= LONG_SENTENCES
        )


@dataclass(frozen=True, slots=True)
class Hearing:
    """A message as heard in each language that it may be in. Which one it is, the conversation helps to say."""

    spoken: Spoken
    by_language: Mapping[str, Heard]

    def within(self, language: str, *, answering: bool = False) -> Heard:
        """How it is meant in a conversation held in `language`: in that one, unless another is clear.

        It is clear, too, where the words say nothing in the conversation's language and something in the one they
        point to; but one word that may be the answer to our question (`answering`) stays in its language, unless
        it asks to leave the question.
        """
        if self.spoken.clear or language not in self.by_language:
            return self.by_language[self.spoken.language or next(iter(self.by_language))]
        own, other = self.by_language[language], self.by_language.get(self.spoken.language or "")
        if other is None or not _says_something(other.whole):
            return own
        if answering and len(own.whole.text.split()) < 2:
            unsure = own.whole.refused or own.whole.confidence < SURE
            leaves = unsure and other.whole.intent in LEAVING
            return other if leaves else own
        return other if own.whole.refused else own


class Listener:
    """Hears messages in every language that the shop speaks; the first is its main one."""

    def __init__(
        self, interpreter: Interpreter, languages: Sequence[str], detector: LanguageDetector
    ) -> None:
        self._interpreter = interpreter
        self._main, *self._others = languages
        self._detector = detector

    def hear(self, text: str) -> Hearing:
        """Understand one message: in its own language where that is clear, else in each. Never raises."""
        main = listen(self._interpreter, text, language=self._main)
        if not self._others:
            return Hearing(Spoken(None), {self._main: main})
        names = [entity for entity in main.whole.entities if entity.name in OF_NO_LANGUAGE]
        spoken = self._detector.detect(without(main.whole, names))
        wanted = [spoken.language] if spoken.clear and spoken.language else [self._main, *self._others]
        return Hearing(
            spoken,
            {
                language: main
                if language == self._main
                else listen(self._interpreter, text, language=language)
                for language in wanted
            },
        )


def listen(interpreter: Interpreter, text: str, *, language: str | None = None) -> Heard:
    """Understand one message, in the main language unless told. Any text at all, without raising."""
    interpreter = _In(interpreter, language)
    plain = re.sub(r"[ \t]+", " ", EMPHASIS.sub("", TAG.sub(" ", text))).strip(" ")
    whole = _understand(interpreter, plain)
    cut = list(_parts(whole))
    if not 1 < len(cut) <= PARTS_MAX:
        return Heard(whole)
    parts = tuple(_understand(interpreter, part) for part in cut)
    return Heard(_with_wish(interpreter, whole, cut, parts), parts)


@dataclass(frozen=True, slots=True)
class _In:
    """An interpreter that is held to one language."""

    interpreter: Interpreter
    fixed: str | None

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        return self.interpreter.parse(text, language=language or self.fixed)


def _says_something(heard: Understanding) -> bool:
    """Whether it is surely understood, and not as a mere name or number."""
    return heard.intent not in {None, "inform"} and heard.confidence >= SURE


def asks_what(heard: Understanding) -> bool:
    """Whether it begins as a question about something: "what is express?", not "express, ok?"."""
    begins = compiled(r"\W*(?:\w+\s+)?", any_of(words(heard.language).asking))
    return begins.match(heard.text) is not None


def says_as_before(heard: Understanding) -> bool:
    """Whether it points to what was said for an earlier order: "same address as last time"."""
    return compiled(any_of(words(heard.language).as_before)).search(heard.text) is not None


def without_details(heard: Understanding) -> str:
    """The words apart from names, numbers and addresses: what is looked for, or asked."""
    return without(heard, [entity for entity in heard.entities if entity.name in PERSONAL])


def without(heard: Understanding, entities: Iterable[Entity]) -> str:
    """The words outside these entities."""
    text = heard.text
    for entity in sorted(entities, key=lambda entity: -entity.start):
        text = f"{text[: entity.start]} {text[entity.end :]}"
    kept = (part.strip(LOOSE_ENDS) for part in text.split(","))
    return ", ".join(part for part in kept if part)


def _understand(interpreter: Interpreter, text: str) -> Understanding:
    """As the interpreter does. Where it is not sure, once more with plain words in place of the catalogue's own.

    The model was not taught this shop's goods: "add the market tote in sand" is to it what "add the mug in black" is.
    """
    heard = interpreter.parse(text)
    own = [entity for entity in heard.entities if entity.name in words(heard.language).stand_ins]
    if not own or (not heard.refused and heard.confidence >= SURE):
        return heard
    plain = interpreter.parse(_with_stand_ins(heard, own))
    if plain.refused or plain.confidence < max(SURE, heard.confidence):
        return heard
    return replace(heard, intents=plain.intents, refused=False, refusal_score=plain.refusal_score)


def _with_stand_ins(heard: Understanding, own: list[Entity]) -> str:
    stand_ins, text, end = words(heard.language).stand_ins, heard.text, len(heard.text)
    for entity in sorted(own, key=lambda entity: (-entity.start, entity.end)):
        if entity.end <= end:  # a colour inside a product's title stands for nothing more
            text = text[: entity.start] + stand_ins[entity.name] + text[entity.end :]
            end = entity.start
    return text


def _with_wish(
    interpreter: Interpreter, whole: Understanding, cut: list[str], parts: tuple[Understanding, ...]
) -> Understanding:
    """A name, number or address beside a wish must not drown the wish: it is read from the other parts."""
    details = [any(entity.name in PERSONAL for entity in part.entities) for part in parts]
    if not any(details) or all(details):
        return whole
    wish = interpreter.parse(
        ", ".join(text for text, is_detail in zip(cut, details, strict=True) if not is_detail)
    )
    if wish.intent in {None, "inform"}:
        return whole
    return replace(whole, intents=wish.intents, refused=wish.refused, refusal_score=wish.refusal_score)


def _parts(whole: Understanding) -> Iterable[str]:
    """The message cut at full stops, commas and "and", never inside an address, a name or a product's title."""
    text = whole.text
    if len(text) > PARTED_LETTERS_MAX:
        return
    start = 0
    known = words(whole.language)
    abbreviated = compiled(any_of(known.abbreviations), r"\.$")
    joint = compiled(rf"{SENTENCE_END}|\s*,\s*(?=\D)|,\s+|\s+", any_of(known.joins), r"\s+")
    for match in joint.finditer(text):
        if any(entity.start < match.end() and match.start() < entity.end for entity in whole.entities):
            continue
        if abbreviated.search(text[start : match.start()]):
            continue
        if re.search(r"\w", text[start : match.start()]):
            yield text[start : match.start()].strip()
        start = match.end()
    if re.search(r"\w", text[start:]):
        yield text[start:].strip()
