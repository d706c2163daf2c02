"""What a phone shows, in one form for every messenger, and what can be done with it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

SHOWN_MAX: Final = 80  # messages on one screen: what is older is scrolled out of sight for good

ChoiceKind = Literal["tap", "link", "pay", "share"]


class CannotDo(Exception):  # noqa: N818 - what the person notices
    """The messenger would not let them do it; the message is what they are told."""


@dataclass(frozen=True)
class Choice:
    """Something to press: `value` is where a link leads; `origin` is the messenger's own record of it."""

    label: str
    kind: ChoiceKind
    value: str = ""
    origin: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Bill:
    """An invoice to pay in the chat."""

    title: str
    words: str
    total: str


@dataclass(frozen=True)
class Goods:
    """One card of several side by side."""

    title: str
    words: str
    picture: str | None
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Slip:
    """A receipt: its lines are what and how much."""

    number: str
    lines: tuple[tuple[str, str], ...]
    total: str


@dataclass(frozen=True)
class Attached:
    """A file that can be opened: where, and how large it is."""

    name: str
    size_bytes: int
    link: str


@dataclass(frozen=True)
class Bubble:
    """One message. `markup` is our small HTML; a `notice` is said by nobody and has nothing else."""

    id: str
    mine: bool
    at: int  # Unix seconds
    markup: str = ""
    author: str = ""  # in a chat of several, of others
    picture: str | None = None
    rows: tuple[tuple[Choice, ...], ...] = ()
    goods: tuple[Goods, ...] = ()
    bill: Bill | None = None
    slip: Slip | None = None
    file: Attached | None = None
    notice: str = ""


@dataclass(frozen=True)
class Welcome:
    """What stands there before a conversation has begun."""

    greeting: str
    begin: str  # the label of the button that begins it
    questions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Screen:
    """All of it: `keys` are the buttons at the input field."""

    bubbles: tuple[Bubble, ...]
    keys: tuple[Choice, ...] = ()
    typing: bool = False
    welcome: Welcome | None = None


class Changes(Protocol):
    """A signal of one of the emulators."""

    def next(self) -> Any:
        """A future that the next change completes."""
        ...


class Line(ABC):
    """One account at one chat. Doing is immediate, and goes to the shop through the emulator. Raises CannotDo."""

    @property
    @abstractmethod
    def changes(self) -> Changes:
        """Says when the screen may be another."""

    @abstractmethod
    def screen(self) -> Screen:
        """What is there to see now."""

    @abstractmethod
    def begin(self) -> None:
        """Press the button of the welcome."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Write a message."""

    @abstractmethod
    def press(self, choice: Choice, bubble: str | None) -> None:
        """Press a button of that message, or one at the input field. Links are for the phone to open."""

    async def led_to(self) -> str | None:
        """The link that the last press opens by itself, once the shop has answered it."""
        return None

    @abstractmethod
    def send_photo(self, picture: bytes) -> None:
        """Send a picture."""

    @abstractmethod
    def follow(self, link: str) -> None:
        """Open a link into the messenger itself."""

    async def pay(self, bubble: str, card: str) -> str:
        """Pay a bill with one of the sandbox's cards; what went wrong in words, nothing when it is paid."""
        raise CannotDo(f"there is no bill {bubble} to pay with {card} here")
