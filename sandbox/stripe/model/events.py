"""Events, where they go, and answers that are kept to be given again."""

from typing import Any

from pydantic import Field

from sandbox.stripe.model.entity import Entity


class Event(Entity):
    """A notice of what happened, with the object as it was at that moment."""

    type: str
    data: dict[str, Any]
    request: str | None = None
    idempotency_key: str | None = None


class WebhookEndpoint(Entity):
    """Where notices go, which ones, and the secret they are signed with."""

    url: str
    secret: str
    enabled_events: list[str]
    description: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    status: str = "enabled"
    from_settings: bool = False

    def wants(self, event_type: str) -> bool:
        return self.status == "enabled" and not {"*", event_type}.isdisjoint(self.enabled_events)


class Delivery(Entity):
    """One event on its way to one endpoint."""

    event: str
    event_type: str
    endpoint: str
    due: float
    attempts: int = 0
    delivered: bool = False
    given_up: bool = False
    how: str = "ok"

    @property
    def open(self) -> bool:
        return not (self.delivered or self.given_up)


class SavedAnswer(Entity):
    """What was answered under an idempotency key; the id is the key."""

    request: str  # method and path
    parameters: str
    request_id: str
    status: int
    body: str
