"""The error tree, split by what the caller should do.

Refused      the shop says no: tell the person why (a reply key and facts); never retried, never alerted
Unavailable  the outside failed: try again later, alert when tries run out
Rejected     the outside says no for good: trying again cannot help; staff see it
anything else is a bug: apologise, alert, keep the traceback
"""

from typing import Any


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """The shop's considered no. `reply` names the sentence to say, `facts` fill it."""

    reply = "utter_refused"

    def __init__(self, **facts: Any) -> None:
        super().__init__(f"{self.reply}: {facts}" if facts else self.reply)
        self.facts = facts


class Unavailable(Exception):  # noqa: N818 - the outside's state, not our fault
    """Something beyond this process did not answer; the same call may succeed later."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Rejected(Exception):  # noqa: N818 - an answer of the outside
    """The outside refused this for good; trying again cannot help."""
