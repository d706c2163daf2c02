"""What many objects share: pages, addresses, the one kind of payment there is."""

from sandbox.stripe.errors import JSON

NO_ADDRESS: JSON = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
CARD_TYPES = ["card"]


def listed(data: list[JSON], *, url: str, has_more: bool = False) -> JSON:
    """One page of a list."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}
