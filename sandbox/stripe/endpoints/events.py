"""/v1/events"""

from sandbox.stripe import rendering
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON, invalid
from sandbox.stripe.model import Event
from sandbox.stripe.paging import page


def _shown_event(call: Call, event: Event) -> JSON:
    return rendering.event(event, pending_webhooks=call.webhooks.pending(event.id))


def retrieve(call: Call) -> JSON:
    event = found(call.account.events, "event", call.ids["id"], "id")
    return _shown_event(call, event)


def list_all(call: Call) -> JSON:
    if "type" in call.parameters and "types" in call.parameters:
        raise invalid("You may only specify one of these parameters: type, types.")
    types: list[str] | None = [call.get("type")] if "type" in call.parameters else call.get("types")
    delivered: bool | None = call.get("delivery_success")
    rows = [
        event
        for event in call.account.events
        if (types is None or _is_of(event.type, types))
        and (delivered is None or call.webhooks.all_delivered(event.id) is delivered)
    ]
    return page(rows, call.parameters, lambda event: _shown_event(call, event), url=call.path, kind="event")


def _is_of(event_type: str, types: list[str]) -> bool:
    """`charge.*` stands for every event that begins so."""
    return any(event_type == kind or (kind[-1] == "*" and event_type.startswith(kind[:-1])) for kind in types)
