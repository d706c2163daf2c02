"""One request, checked, and the endpoint that answers it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON, no_such, not_emulated
from sandbox.stripe.parameters import Parameters
from sandbox.stripe.store import EntityT, Table
from sandbox.stripe.webhooks import Webhooks


@dataclass(frozen=True)
class Call:
    """One checked request."""

    account: Account
    webhooks: Webhooks
    path: str
    ids: dict[str, str]
    parameters: Parameters

    def get(self, name: str, default: Any = None) -> Any:
        return self.parameters.get(name, default)


@dataclass(frozen=True)
class Endpoint:
    """A method and a path with {names} in it."""

    name: str  # as in parameters.json: "POST /v1/refunds"
    run: Callable[[Call], JSON]
    shows: str  # the kind of object in the answer; "list:charge" is a list of charges
    honoured: frozenset[str]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The ids in the path, or None if the request is for another endpoint."""
        verb, _, template = self.name.partition(" ")
        if verb != method:
            return None
        match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
        return match.groupdict() if match else None

    def check_honoured(self, parameters: Parameters) -> None:
        for name in parameters:
            if name != "expand" and name not in self.honoured:
                raise not_emulated(f"the parameter `{name}`", param=name)


def found(table: Table[EntityT], kind: str, object_id: str, param: str) -> EntityT:
    """The object of that id; raises when there is none."""
    entity = table.get(object_id)
    if entity is None:
        raise no_such(kind, object_id, param=param)
    return entity


def given(call: Call, names: set[str]) -> Parameters:
    """Those of the parameters that the request has."""
    return {name: call.parameters[name] for name in sorted(names) if name in call.parameters}
