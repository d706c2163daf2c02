"""Planned trouble: what the next calls of a method meet instead of, or after, being served."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandbox.faults import Plans
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


class Faults(Plans[Fault]):
    """The trouble that is still to come, by method, whose case says nothing.

    "send*" are all that send a message (the typing sign is none), "*" is any.
    """

    def next(self, name: str, faults: Iterable[Fault | None]) -> None:
        super().next(name.lower(), faults)

    def take(self, name: str) -> Fault | None:
        return super().take(name.lower())

    def to_come(self, name: str) -> int:
        return super().to_come(name.lower())

    def _plans_for(self, name: str) -> tuple[str, ...]:
        sends = name.startswith("send") and name != "sendchataction"
        return (name, "send*", "*") if sends else (name, "*")
