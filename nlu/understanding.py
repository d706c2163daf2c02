"""What understanding a message yields: intents with calibrated probabilities, and entities with spans."""

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class IntentGuess:
    """One intent and how probable it is (calibrated, 0–1)."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Entity:
    """A piece of the message that means something: `text[start:end]` read as `value` (JSON-able)."""

    name: str
    value: Any
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """One message, understood. `intents` come best first; `refused` says none of them should be believed."""

    text: str
    language: str
    intents: tuple[IntentGuess, ...] = ()
    entities: tuple[Entity, ...] = ()
    refused: bool = False
    refusal_score: float = 0.0  # higher: less like anything the model was taught
    engine: str = "parley"  # who said which intents: our own model, or a Rasa server
    seconds: float = field(default=0.0, compare=False)

    @property
    def intent(self) -> str | None:
        """The best intent, or None when it should not be believed."""
        return self.intents[0].name if self.intents and not self.refused else None

    @property
    def confidence(self) -> float:
        return self.intents[0].probability if self.intents else 0.0

    def values(self, name: str) -> list[Any]:
        """Every value of that entity, in the order of the text."""
        return [entity.value for entity in self.entities if entity.name == name]

    def value(self, name: str) -> Any | None:
        """The first value of that entity, or None."""
        return next(iter(self.values(name)), None)


class Interpreter(Protocol):
    """Anything that understands text: our own model, or a running Rasa server."""

    def parse(self, text: str, *, language: str | None = None) -> Understanding:
        """Understand one message; any text at all, in bounded time, without raising."""
        ...
