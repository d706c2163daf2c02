"""Planned trouble: what the next calls of a method meet instead of, or after, being served."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandbox.telegram.errors import ApiError, too_many_requests


class Fault(BaseModel):
    """One thing that goes wrong once.

    refuse   answer with `code` (429 carries `retry_after_seconds`)
    drop     close the connection in the middle of the answer
    hang     say nothing for `seconds` of the world's clock, then drop
    `served` True does what was asked first: the client cannot know that it happened.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["refuse", "drop", "hang"]
    code: int = 500
    retry_after_seconds: int = 1
    seconds: float = 3600.0
    served: bool = False

    def refusal(self) -> ApiError:
        """The error body of a "refuse"."""
        if self.code == 429:
            return too_many_requests(self.retry_after_seconds)
        return ApiError(self.code, "Bad Gateway" if self.code == 502 else "Internal Server Error")


def refuse(code: int, *, retry_after_seconds: int = 1, served: bool = False) -> Fault:
    """429 and 5xx answers."""
    return Fault(kind="refuse", code=code, retry_after_seconds=retry_after_seconds, served=served)


def drop(*, served: bool = False) -> Fault:
    """The connection breaks."""
    return Fault(kind="drop", served=served)


def hang(seconds: float = 3600.0, *, served: bool = False) -> Fault:
    """No answer for a long time."""
    return Fault(kind="hang", seconds=seconds, served=served)


class Faults:
    """The trouble that is still to come, by method."""

    def __init__(self) -> None:
        self._planned: defaultdict[str, deque[Fault | None]] = defaultdict(deque)
        self.unanswered = 0  # calls that were served although their client was told otherwise, or nothing

    def next(self, method: str, faults: Iterable[Fault | None]) -> None:
        """The next calls of `method` meet these in turn; None lets one pass untouched.

        "send*" are all that send a message (the typing sign is none), "*" is any.
        """
        self._planned[method.lower()].extend(faults)

    def take(self, method: str) -> Fault | None:
        """What this call meets."""
        name = method.lower()
        sends = name.startswith("send") and name != "sendchataction"
        for plan in (name, *(["send*"] if sends else []), "*"):
            if self._planned[plan]:
                fault = self._planned[plan].popleft()
                self.unanswered += fault is not None and fault.served
                return fault
        return None

    def to_come(self, method: str) -> int:
        """How many of those planned for `method` nothing has met yet."""
        return len(self._planned[method.lower()])
