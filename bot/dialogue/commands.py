"""What a message asks the dialogue to do. Understanding yields these; the engine carries them out."""

from dataclasses import dataclass, field
from typing import Any

from nlu.understanding import Understanding


@dataclass(frozen=True, slots=True)
class StartFlow:
    """Begin a flow, with what is known already; `heard` is the sentence that asked for it, if it was not all."""

    flow: str
    slots: dict[str, Any] = field(default_factory=dict[str, Any])
    heard: Understanding | None = None


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
    """Say `reply`, then ask once more. A `misfit`, an answer that will not do, counts towards a way out."""

    reply: str
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    misfit: bool = True


@dataclass(frozen=True, slots=True)
class Utter:
    """Say one thing that belongs to no flow; the open question follows, unless nobody wants to be hurried."""

    reply: str
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    remind: bool = True


@dataclass(frozen=True, slots=True)
class Repeat:
    """Say the last thing again."""


Command = StartFlow | SetSlots | ForgetSlots | CancelFlow | AskAgain | Utter | Repeat
