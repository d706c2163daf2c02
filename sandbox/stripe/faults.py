"""Planted faults: what the next requests to an endpoint run into before or after they are worked on."""

from collections import defaultdict, deque
from collections.abc import Iterable
from enum import StrEnum

from sandbox.stripe.errors import StripeError


class Fault(StrEnum):
    """How one request goes wrong."""

    OK = "ok"
    TIMEOUT = "timeout"  # worked on, its answer saved, the connection dropped before it is sent
    LOST = "lost"  # the connection dropped before the request is worked on
    SLOW = "slow"  # worked on; the answer comes after SLOW_SECONDS of the clock
    ERROR = "500"  # refused at the door: not worked on, not saved under its idempotency key
    ERROR_SAVED = "500_saved"  # as https://docs.stripe.com/api/idempotent_requests warns: the 500 is replayed
    UNAVAILABLE = "503"
    RATE_LIMITED = "429"


SLOW_SECONDS = 5.0


class ConnectionDropped(Exception):  # noqa: N818 - reads as what happened
    """A planted fault closes the connection."""


class Faults:
    """The plans, first in first out for each endpoint."""

    def __init__(self, endpoints: Iterable[str]) -> None:
        self._endpoints = frozenset(endpoints)
        self._plans: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def next(self, endpoint: str, faults: Iterable[str]) -> None:
        """Plan one fault a request for the next requests to "POST /v1/refunds" and the like."""
        if endpoint not in self._endpoints:
            raise ValueError(
                f"{endpoint!r} is no endpoint here; there are {', '.join(sorted(self._endpoints))}"
            )
        for name in faults:
            try:
                self._plans[endpoint].append(Fault(name))
            except ValueError:
                raise ValueError(f"{name!r} is no fault; there are {', '.join(Fault)}") from None

    def take(self, endpoint: str) -> Fault:
        """The fault of the request that is here now."""
        plan = self._plans[endpoint]
        return plan.popleft() if plan else Fault.OK

    def to_come(self, endpoint: str) -> int:
        """How many of those planned for `endpoint` nothing has met yet."""
        return len(self._plans[endpoint])


def refusal(fault: Fault) -> StripeError | None:
    """The answer of a fault that refuses the request, if it does."""
    if fault in (Fault.ERROR, Fault.ERROR_SAVED):
        return StripeError(500, "api_error", "An unknown error occurred")
    if fault == Fault.UNAVAILABLE:
        return StripeError(503, "api_error", "Stripe is temporarily unavailable. Please try again.")
    if fault == Fault.RATE_LIMITED:
        return StripeError(
            429,
            "invalid_request_error",
            "Request rate limit exceeded. You can learn more about rate limits here "
            "https://stripe.com/docs/rate-limits.",
            code="rate_limit",
        )
    return None
