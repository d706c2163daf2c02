"""Planted faults: what the next requests to an endpoint run into before or after they are worked on."""

from collections import defaultdict, deque
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from sandbox.stripe.errors import StripeError


class Fault(StrEnum):
    """How one request goes wrong."""

    OK = "ok"
    TIMEOUT = "timeout"  # worked on, its answer saved, the connection dropped before it is sent
    LOST = "lost"  # the connection dropped before the request is worked on
    CUT = "cut"  # worked on; the connection drops in the middle of the answer
    SLOW = "slow"  # worked on; the answer comes after SLOW_SECONDS of the clock
    ERROR = "500"  # refused at the door: not worked on, not saved under its idempotency key
    ERROR_SAVED = "500_saved"  # as https://docs.stripe.com/api/idempotent_requests warns: the 500 is replayed
    BAD_GATEWAY = "502"  # a proxy's page instead of an answer; not worked on
    GARBLED = "502_done"  # the same page, but the request was worked on
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    RATE_LIMITED = "429"
    LOCKED = "lock_timeout"  # 429: another request holds the object


SLOW_SECONDS = 5.0


class ConnectionDropped(Exception):  # noqa: N818 - reads as what happened
    """A planted fault closes the connection."""


class Faults:
    """The plans, first in first out for each endpoint."""

    def __init__(self, endpoints: Iterable[str]) -> None:
        self._endpoints = frozenset(endpoints)
        self._plans: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def next(self, endpoint: str, faults: Iterable[str]) -> None:
        """Plan one fault a request for the next requests to "POST /v1/refunds" and the like, "*" for any endpoint.

        A plan of the endpoint's own goes first.
        """
        if endpoint not in self._endpoints and endpoint != "*":
            raise ValueError(
                f"{endpoint!r} is no endpoint here; there are {', '.join(sorted(self._endpoints))}"
            )
        for name in faults:
            try:
                self._plans[endpoint].append(Fault(name))
            except ValueError:
                raise ValueError(f"{name!r} is no fault; there are {', '.join(Fault)}") from None

    def clear(self) -> None:
        """From now on all goes well."""
        self._plans.clear()

    def take(self, endpoint: str) -> Fault:
        """The fault of the request that is here now."""
        for name in (endpoint, "*"):
            if self._plans[name]:
                return self._plans[name].popleft()
        return Fault.OK

    def to_come(self, endpoint: str) -> int:
        """How many of those planned for `endpoint` nothing has met yet."""
        return len(self._plans[endpoint])


_RATE_LIMIT: Final = "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits."
_LOCK_TIMEOUT: Final = (
    "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. "
    "Retry the request, and make requests about one object one after the other."
)
_UNWELL: Final = "Stripe is temporarily unavailable. Please try again."

# The refusals in Stripe's own envelope: https://docs.stripe.com/api/errors, https://docs.stripe.com/error-codes.
_REFUSALS: Final = {
    Fault.ERROR: (500, "api_error", None, "An unknown error occurred"),
    Fault.ERROR_SAVED: (500, "api_error", None, "An unknown error occurred"),
    Fault.UNAVAILABLE: (503, "api_error", None, _UNWELL),
    Fault.GATEWAY_TIMEOUT: (504, "api_error", None, _UNWELL),
    Fault.RATE_LIMITED: (429, "invalid_request_error", "rate_limit", _RATE_LIMIT),
    Fault.LOCKED: (429, "invalid_request_error", "lock_timeout", _LOCK_TIMEOUT),
}
# Which limit it was (https://docs.stripe.com/rate-limits#handling-limiting-gracefully).
RATE_LIMITED_REASON: Final = {"rate_limit": "endpoint-rate"}


def refusal(fault: Fault) -> StripeError | None:
    """The answer of a fault that refuses the request, if it does."""
    if fault not in _REFUSALS:
        return None
    status, kind, code, message = _REFUSALS[fault]
    return StripeError(status, kind, message, code=code)
