"""What the doctor says of one thing: how it is, and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a thing is."""

    FINE = "fine"
    UNUSED = "not set up"  # and nothing is wrong with that
    CARE = "take care"  # it works, but not as well as it could
    WRONG = "wrong"  # something will not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` is what to do, in words for the merchant; empty where nothing is to be done."""

    about: str
    state: State
    what: str
    remedy: str = ""
