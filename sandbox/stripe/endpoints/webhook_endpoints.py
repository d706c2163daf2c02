"""/v1/webhook_endpoints"""

from typing import Final

from sandbox.stripe import checks, rendering
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON, invalid
from sandbox.stripe.model import WebhookEndpoint
from sandbox.stripe.paging import page
from sandbox.stripe.parameters import merged_metadata

ENDPOINTS_MAX: Final = 16  # https://docs.stripe.com/webhooks#register-webhook


def _webhook_endpoint(call: Call) -> WebhookEndpoint:
    return found(call.account.endpoints, "webhook endpoint", call.ids["webhook_endpoint"], "webhook_endpoint")


def create(call: Call) -> JSON:
    checks.check_url(call.get("url"), "url")
    if len(call.account.endpoints) >= ENDPOINTS_MAX:
        raise invalid(f"You have reached the maximum of {ENDPOINTS_MAX} test webhook endpoints.")
    endpoint = WebhookEndpoint(
        id=call.account.new_id("we_"),
        created=call.account.now(),
        url=call.get("url"),
        secret=call.account.new_id("whsec_", 32),
        enabled_events=call.get("enabled_events"),
        description=call.get("description") or None,
        metadata=merged_metadata({}, call.get("metadata")),
    )
    call.account.endpoints.save(endpoint)
    return rendering.webhook_endpoint(endpoint, with_secret=True)


def retrieve(call: Call) -> JSON:
    return rendering.webhook_endpoint(_webhook_endpoint(call))


def update(call: Call) -> JSON:
    endpoint = _webhook_endpoint(call)
    checks.check_url(call.get("url"), "url")
    endpoint.url = call.get("url", endpoint.url)
    endpoint.enabled_events = call.get("enabled_events", endpoint.enabled_events)
    endpoint.description = call.get("description", endpoint.description) or None
    endpoint.status = "disabled" if call.get("disabled", endpoint.status == "disabled") else "enabled"
    endpoint.metadata = merged_metadata(endpoint.metadata, call.get("metadata"))
    call.account.endpoints.save(endpoint)
    return rendering.webhook_endpoint(endpoint)


def delete(call: Call) -> JSON:
    endpoint = _webhook_endpoint(call)
    call.account.endpoints.delete(endpoint.id)
    return {"id": endpoint.id, "object": "webhook_endpoint", "deleted": True}


def list_all(call: Call) -> JSON:
    return page(
        call.account.endpoints,
        call.parameters,
        rendering.webhook_endpoint,
        url=call.path,
        kind="webhook endpoint",
    )
