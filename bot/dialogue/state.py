"""What a conversation remembers between two messages; kept as JSON with the conversation's row."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class StateModel(BaseModel):
    model_config = ConfigDict(extra="ignore")  # an older version's leftovers do no harm


class Frame(StateModel):
    """A flow under way. `id` never comes again in this conversation, so that old buttons are told from new."""

    id: int
    flow: str
    step: str
    tries: int = 0  # answers to the present question that did not fit
    asked: str = ""  # the step whose question is open


class Shown(StateModel):
    """A product that was put before the person, in the order they saw it."""

    product: UUID
    variant: UUID | None = None
    title: str = ""


class Choice(StateModel):
    """One possible answer to the present question; any of `words` means it."""

    value: str
    label: str
    words: list[str] = Field(default_factory=list)


class Search(StateModel):
    """The last product search, so that "more" and "cheaper" mean something."""

    query: dict[str, Any]
    offset: int = 0


class State(StateModel):
    """Everything a conversation remembers."""

    stack: list[Frame] = Field(default_factory=list[Frame])
    slots: dict[str, Any] = Field(default_factory=dict)
    frames: int = 0  # how many there have been
    shown: list[Shown] = Field(default_factory=list[Shown])
    search: Search | None = None
    choices: list[Choice] = Field(default_factory=list[Choice])
    labels: dict[str, str] = Field(default_factory=dict)  # the newest buttons: label in lower case → token
    said: list[dict[str, Any]] = Field(default_factory=list)  # the last replies, for "again, please"
    misses: int = 0  # messages in a row that we could not make sense of
    language: str = "en"
    turns: int = 0

    @property
    def top(self) -> Frame | None:
        return self.stack[-1] if self.stack else None

    @property
    def focus(self) -> Shown | None:
        """The product that "it" means: the first of what was shown last."""
        return self.shown[0] if self.shown else None

    def push(self, flow: str, step: str) -> Frame:
        """Begin a flow on top of what is under way."""
        self.frames += 1
        frame = Frame(id=self.frames, flow=flow, step=step)
        self.stack.append(frame)
        return frame
