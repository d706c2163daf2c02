"""Planned trouble, as the emulators of both messengers have it: what is still to come, and an answer that never ends."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Planned(Protocol):
    """One thing that goes wrong once."""

    @property
    def served(self) -> bool:
        """Whether what was asked is done first: the client cannot know that it happened."""
        ...


F = TypeVar("F", bound=Planned)


class Plans(Generic[F]):
    """The trouble that is still to come, by the name of what is called; "*" is any."""

    def __init__(self) -> None:
        self._planned: defaultdict[str, deque[F | None]] = defaultdict(deque)
        self.unanswered = 0  # calls that were served although their client was told otherwise, or nothing

    def next(self, name: str, faults: Iterable[F | None]) -> None:
        """The next calls of `name` meet these in turn; None lets one pass untouched."""
        self._planned[name].extend(faults)

    def take(self, name: str) -> F | None:
        """What this call meets: of a plan for its own name before any other's."""
        for plan in self._plans_for(name):
            if self._planned[plan]:
                fault = self._planned[plan].popleft()
                self.unanswered += fault is not None and fault.served
                return fault
        return None

    def to_come(self, name: str) -> int:
        """How many of those planned for `name` nothing has met yet."""
        return len(self._planned[name])

    def _plans_for(self, name: str) -> tuple[str, ...]:
        return (name, "*")


class DroppedConnection(Response):
    """Begins an answer and never ends it: the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
