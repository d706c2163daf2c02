"""Events and webhook endpoints as the API shows them."""

from typing import Any

from sandbox.stripe.errors import JSON
from sandbox.stripe.model import Event, WebhookEndpoint
from sandbox.stripe.parameters import API_VERSION


def event(event: Event, *, pending_webhooks: int) -> JSON:
    return {
        "id": event.id,
        "object": "event",
        "api_version": API_VERSION,
        "created": event.created,
        "data": event.data,
        "livemode": False,
        "pending_webhooks": pending_webhooks,
        "request": {"id": event.request, "idempotency_key": event.idempotency_key},
        "type": event.type,
    }


def webhook_endpoint(endpoint: WebhookEndpoint, *, with_secret: bool = False) -> JSON:
    shown: dict[str, Any] = {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": endpoint.created,
        "description": endpoint.description,
        "enabled_events": endpoint.enabled_events,
        "livemode": False,
        "metadata": endpoint.metadata,
        "status": endpoint.status,
        "url": endpoint.url,
    }
    return {**shown, "secret": endpoint.secret} if with_secret else shown
