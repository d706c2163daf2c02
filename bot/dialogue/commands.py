"""What a message asks the dialogue to do. Understanding yields these; the engine carries them out."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StartFlow:
    """Begin a flow, with what is known already."""

    flow: str
    slots: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class SetSlots:
    """The person told us something: the answer to the present question, or a detail on the way."""

    slots: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ForgetSlots:
    """The person takes a detail back: it is asked anew."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelFlow:
    """Leave the topmost flow."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The answer did not fit: `reply` says why, then the question is asked once more."""

    reply: str
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Utter:
    """Say one thing that belongs to no flow."""

    reply: str
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Repeat:
    """Say the last thing again."""


@dataclass(frozen=True, slots=True)
class CannotHandle:
    """Nothing made sense; the third time in a row a person is offered."""


Command = StartFlow | SetSlots | ForgetSlots | CancelFlow | AskAgain | Utter | Repeat | CannotHandle
