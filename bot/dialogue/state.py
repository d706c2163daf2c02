"""What a conversation remembers between two messages; kept as JSON with the conversation's row."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from nlu.understanding import Understanding


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


class Seen(StateModel):
    """A product that was shown or looked at, and when that was last on its day."""

    product: UUID
    at: datetime
    looked: bool = False  # at the product itself, not at a list


class Choice(StateModel):
    """One possible answer to the present question; any of `words` means it, "the cheapest" its price in minor units."""

    value: str
    label: str
    words: list[str] = Field(default_factory=list)
    price: int | None = None


class Search(StateModel):
    """The last product search, so that "more" and "cheaper" mean something."""

    query: dict[str, Any]
    offset: int = 0
    order: str = ""  # "cheapest" or "dearest" first; best first otherwise
    kinds: list[str] | None = None  # only of these categories


class Answered(StateModel):
    """The question that was answered last, and where from; people may say whether that helped."""

    question: str
    source: str


class Waiting(StateModel):
    """A wish that waits until an earlier one of its kind, or of the kind that it was said after, is done."""

    flow: str
    slots: dict[str, Any]
    heard: Understanding | None = None
    behind: str = ""  # the flow it was said after

    @property
    def awaited(self) -> set[str]:
        """The flows that have to be over first."""
        return {self.flow, self.behind}


class State(StateModel):
    """Everything a conversation remembers."""

    stack: list[Frame] = Field(default_factory=list[Frame])
    slots: dict[str, Any] = Field(default_factory=dict)
    frames: int = 0  # how many there have been
    shown: list[Shown] = Field(default_factory=list[Shown])  # of the last search, all its pages
    page: int = 0  # where the newest of them begin
    seen: list[Seen] = Field(default_factory=list[Seen])  # of this day and others, the newest last
    focus: Shown | None = None  # what "it" means: looked at, asked about or put in last
    search: Search | None = None
    topic: dict[str, list[Any]] = Field(default_factory=dict)  # entities of the question answered last
    answered: Answered | None = None
    choices: list[Choice] = Field(default_factory=list[Choice])
    labels: dict[str, str] = Field(default_factory=dict)  # the newest buttons: label in lower case → token
    offers: dict[str, str] = Field(default_factory=dict)  # which of them a mere "yes" or "no" presses
    tapped: str = ""  # the last button pressed
    waiting: list[Waiting] = Field(default_factory=list[Waiting])  # wishes whose turn has not come
    doubts: list[Waiting] = Field(default_factory=list[Waiting])  # what the last unclear message may ask for
    said: list[dict[str, Any]] = Field(default_factory=list)  # the last replies, for "again, please"
    misses: int = 0  # messages in a row that we could not make sense of
    followed: list[int] = Field(default_factory=list[int])  # the newest wishes that came along from a group
    language: str = ""  # in which we answer; empty until somebody spoke
    turns: int = 0

    @property
    def top(self) -> Frame | None:
        return self.stack[-1] if self.stack else None

    @property
    def newest(self) -> list[Shown]:
        """The products on the page that was shown last."""
        return self.shown[self.page :]

    def at(self, place: int) -> Shown | None:
        """The product at that place (−1: the last) of the newest page, else of all that were shown."""
        for page in (self.newest, self.shown):
            if 0 < abs(place) <= len(page):
                return page[place - 1 if place > 0 else place]
        return None

    def forget_the_person(self) -> None:
        """Keep only what was shown and said: in a group nothing is kept that flows know of somebody."""
        self.stack, self.slots, self.waiting, self.choices, self.doubts = [], {}, [], [], []

    def see(self, other: "State") -> None:
        """What was shown elsewhere is what "it" and "the second one" mean here now."""
        self.shown, self.page, self.focus, self.search = other.shown, other.page, other.focus, other.search

    def push(self, flow: str, step: str) -> Frame:
        """Begin a flow on top of what is under way."""
        self.frames += 1
        frame = Frame(id=self.frames, flow=flow, step=step)
        self.stack.append(frame)
        return frame
