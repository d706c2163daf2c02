"""Planned trouble: what the next calls of an endpoint meet instead of, or after, being served."""

import re
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.faults import Plans
from sandbox.messenger.errors import GraphError, rule_of


class Fault(BaseModel):
    """One thing that goes wrong once.

    refuse   answer with the error of that code and subcode, and with another HTTP status if `status` is given
    gateway  answer `status` with a page of HTML, as what stands before Graph does
    drop     close the connection in the middle of the answer
    hang     say nothing for `seconds` of the world's clock, then drop
    `served` True does what was asked first: the client cannot know that it happened.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["refuse", "gateway", "drop", "hang"]
    code: int = 2
    subcode: int | None = None
    status: int | None = Field(default=None, ge=400, le=599)
    seconds: float = 3600.0
    served: bool = False

    def refusal(self) -> GraphError:
        """The error of a "refuse"."""
        rule = rule_of(self.code, self.subcode)
        rule = rule if self.status is None else replace(rule, status=self.status)
        sentence = re.sub(r"\{\w+\}", "…", rule.message)
        return GraphError(rule, f"(#{rule.code}) {sentence}" if rule.prefixed else sentence)


def refuse(
    code: int, subcode: int | None = None, *, status: int | None = None, served: bool = False
) -> Fault:
    """An error of the table by its code, such as 613 or 551, perhaps with another HTTP status than its own."""
    rule_of(code, subcode)
    return Fault(kind="refuse", code=code, subcode=subcode, status=status, served=served)


def gateway(status: int = 502, *, served: bool = False) -> Fault:
    """An answer that is no JSON."""
    return Fault(kind="gateway", status=status, served=served)


def drop(*, served: bool = False) -> Fault:
    """The connection breaks."""
    return Fault(kind="drop", served=served)


def hang(seconds: float = 3600.0, *, served: bool = False) -> Fault:
    """No answer for a long time."""
    return Fault(kind="hang", seconds=seconds, served=served)


class Faults(Plans[Fault]):
    """The trouble that is still to come, by endpoint: "messages", "message_attachments", "user" …"""
