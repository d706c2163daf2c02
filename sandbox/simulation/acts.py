"""One doing of one person, as data: it can be done, written down, and done again in another run."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sandbox.people.person import Person
from sandbox.simulation.faults import Fault
from sandbox.stripe.people import Outcome

# One grey pixel; the shop cannot see what is on a picture anyway.
PICTURE: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a4944415478da6368000000820081"
    "77cd72b60000000049454e44ae426082"
)


class Do(StrEnum):
    """What a person can do."""

    SAY = "say"  # the argument: the words
    TAP = "tap"  # a button's label, or how it begins
    OPEN = "open"
    FOLLOW = "follow"  # the link to a group that somebody shared: their key
    SHARE_PHONE = "share_phone"  # the number, where it must be typed
    SEND_PHOTO = "send_photo"  # the caption
    PAY = "pay"  # the card
    HEAR_AGAIN = "hear_again"  # the provider tells of the last payment again
    BLOCK = "block"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does."""

    do: Do
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.do.value} {self.argument}".strip()


@dataclass(frozen=True, slots=True)
class Step:
    """Who does it, in which of their visits."""

    person: str
    visit: int
    act: Act


@dataclass(frozen=True, slots=True)
class Moment:
    """What happens at one instant: first what goes wrong is planned, then each does theirs, in this order."""

    at: datetime
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...] = ()


async def perform(person: Person, act: Act, *, inviter: Person | None = None) -> Outcome | None:
    """Do it; how it went, where they paid. Raises CannotDo when their screen does not offer it.

    `inviter` is whose link opens the chat, if one does.
    """
    match act.do:
        case Do.SAY:
            await person.say(act.argument)
        case Do.TAP:
            await person.tap(act.argument)
        case Do.OPEN | Do.FOLLOW:
            await person.open(await inviter.invitation() if inviter else "")
        case Do.SHARE_PHONE:
            await person.share_phone(act.argument)
        case Do.SEND_PHOTO:
            await person.send_photo(PICTURE, act.argument)
        case Do.PAY:
            return await person.pay(act.argument)
        case Do.HEAR_AGAIN:
            await person.pay(again=True)
        case Do.BLOCK:
            await person.block()
        case Do.UNBLOCK:
            await person.unblock()
    return None
