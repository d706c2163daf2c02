"""A running Rasa server as the engine: intents from its `/model/parse`, entities from our own readers and from it.

Rasa 3 answers with the best intent, a ranking, and entities with their places in characters
(https://rasa.com/docs/rasa/pages/http-api). The catalogue's words are known here alone, and our entities have values
with units and ids, so ours always count; docs/decisions/0008 says which of Rasa's are taken besides.
"""

import time
from collections.abc import Iterable
from typing import Annotated, Any, Final, Protocol

import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from nlu.entities.extraction import ENTITIES, ENTITIES_MAX
from nlu.interpreter import INTENTS_MAX
from nlu.json_service import JsonService, LeftAlone
from nlu.text import clean
from nlu.training_data import OUT_OF_SCOPE
from nlu.understanding import Entity, IntentGuess, Understanding
from shop.errors import Unavailable

FALLBACK: Final = "nlu_fallback"  # what Rasa's FallbackClassifier says when it believes none
NO_WISH: Final = frozenset({FALLBACK, OUT_OF_SCOPE})
PLAIN_WORDS: Final = frozenset({"color", "material", "person_name", "size"})
"""Entities of ours whose value is a word as it was said: also Rasa may read them."""
VALUE_LETTERS_MAX: Final = 200
ENGINE: Final = "rasa"

log = structlog.get_logger()


class OwnReading(Protocol):
    """What Parley understands by itself."""

    def parse(self, text: str, *, language: str | None = None) -> Understanding: ...

    def entities(self, text: str, *, language: str | None = None) -> tuple[Entity, ...]: ...


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Guess(_Answer):
    name: str | None = None
    # the sum of 32-bit floats may be a little more than 1
    confidence: float = Field(ge=0, le=1.001, allow_inf_nan=False)


class _Found(_Answer):
    entity: str = Field(min_length=1, max_length=100)
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    value: Any = None


class _Parsed(_Answer):
    """An answer of `/model/parse`, as far as we read it."""

    intent: _Guess
    intent_ranking: list[_Guess] = Field(default_factory=list[_Guess])
    entities: list[_Found] = Field(default_factory=list[_Found])


_DOMAIN_INTENTS: Final[TypeAdapter[list[str | dict[str, Any]]]] = TypeAdapter(list[str | dict[str, Any]])


class RasaServer:
    """A Rasa 3 server with a trained model, over its HTTP API."""

    def __init__(self, service: JsonService) -> None:
        self._service = service

    def parse(self, text: str) -> _Parsed:
        """What Rasa makes of a text. Raises Unavailable, also for an answer of another shape.

        A text that begins with a slash is to Rasa no text but an intent with entities, which nobody may name here.
        """
        said = _without_command(text)
        answer = self._service.post("/model/parse", {"text": said})
        try:
            parsed = _Parsed.model_validate(answer)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors()[:3])
            raise Unavailable(
                f"{self._service.name} answered in another shape ({places or 'all of it'})"
            ) from None
        left_out = len(text) - len(said)
        found = [each.model_copy(update={"start": each.start + left_out, "end": each.end + left_out}) for each in parsed.entities]  # fmt: skip
        return parsed.model_copy(update={"entities": found})

    def intents(self) -> frozenset[str]:
        """The intents of its domain; none where the model was trained without one. Raises Unavailable."""
        answer = self._service.get("/domain")
        try:
            named = _DOMAIN_INTENTS.validate_python(answer.get("intents", []))
        except (AttributeError, ValidationError):
            raise Unavailable(f"{self._service.name} answered with a domain of another shape") from None
        return frozenset(each if isinstance(each, str) else next(iter(each), "") for each in named)


class RasaInterpreter:
    """Understands the messages of one language with Rasa; whenever that fails, and in other languages, by ourselves."""

    def __init__(self, server: RasaServer, own: OwnReading, *, language: str, refuse_below: float) -> None:
        """What Rasa believes less than `refuse_below` is refused."""
        self._server = server
        self._own = own
        self._language = language
        self._refuse_below = refuse_below

    @property
    def threshold(self) -> float:
        """The refusal score above which a message is refused."""
        return 1 - self._refuse_below

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        """Understand one message; any text at all, in bounded time, without raising."""
        if language not in {None, self._language} or not clean(_without_command(text)):
            return self._own.parse(text, language=language)
        started = time.perf_counter()
        try:
            parsed = self._server.parse(text)
        except LeftAlone:
            return self._own.parse(text, language=language)
        except Unavailable as error:
            log.warning("rasa.unavailable", reason=str(error), instead="our own model")
            return self._own.parse(text, language=language)
        guesses, refused = self._guesses(parsed)
        own = self._own.entities(text, language=self._language)
        confidence = guesses[0].probability if guesses else 0.0
        doubtful = refused and confidence >= self._refuse_below  # Rasa has reasons of its own
        return Understanding(
            text=text,
            language=self._language,
            intents=guesses,
            entities=_together(text, own, parsed.entities),
            refused=refused,
            refusal_score=1.0 if doubtful else 1 - confidence,
            engine=ENGINE,
            seconds=time.perf_counter() - started,
        )

    def _guesses(self, parsed: _Parsed) -> tuple[tuple[IntentGuess, ...], bool]:
        """The intents best first, without those that are none, and whether to believe none of them."""
        ranked = {
            each.name: min(each.confidence, 1.0)
            for each in (parsed.intent, *parsed.intent_ranking)
            if each.name
        }
        best = sorted(ranked.items(), key=lambda pair: -pair[1])
        guesses = tuple(IntentGuess(name, sure) for name, sure in best if name not in NO_WISH)[:INTENTS_MAX]
        named = parsed.intent.name
        refused = named is None or named in NO_WISH or parsed.intent.confidence < self._refuse_below
        return guesses, refused


def _without_command(text: str) -> str:
    """The text without the slash that would make it a command to Rasa."""
    return text.lstrip("/ \t\r\n")


def _together(text: str, own: tuple[Entity, ...], found: Iterable[_Found]) -> tuple[Entity, ...]:
    """Our entities, and those of Rasa's that say what ours do not."""
    taken = list(own)
    for each in found:
        if _may_be_taken(each, text) and not any(_is_same(each, known) for known in taken):
            taken.append(Entity(each.entity, each.value, text[each.start : each.end], each.start, each.end))
    taken.sort(key=lambda entity: (entity.start, -entity.end, entity.name))
    return tuple(taken[:ENTITIES_MAX])


def _may_be_taken(found: _Found, text: str) -> bool:
    """Whether it has a place in the text and a value that means here what it means there."""
    if not found.start < found.end <= len(text):
        return False
    if found.entity in ENTITIES:
        is_plain = isinstance(found.value, str) and bool(clean(found.value))
        return found.entity in PLAIN_WORDS and is_plain and len(found.value) <= VALUE_LETTERS_MAX
    return isinstance(found.value, str | int | float | bool) and len(str(found.value)) <= VALUE_LETTERS_MAX


def _is_same(found: _Found, known: Entity) -> bool:
    """Whether it reads the same characters as the same thing."""
    return found.entity == known.name and found.start < known.end and known.start < found.end
