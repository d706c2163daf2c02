"""What Stripe says happened on the account: charges, refunds, disputes and paid sessions, cut to what we compare."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from stripe import StripeClient

from storage.types import JsonObject

PAGE: Final = 100  # the most that Stripe gives at once (https://docs.stripe.com/api/pagination)
CHARGE: Final = [
    "id",
    "amount",
    "amount_captured",
    "amount_refunded",
    "captured",
    "created",
    "currency",
    "paid",
    "payment_intent",
    "status",
]
REFUND: Final = [
    "id",
    "amount",
    "charge",
    "created",
    "currency",
    "failure_reason",
    "metadata",
    "payment_intent",
    "status",
]
DISPUTE: Final = ["id", "amount", "charge", "created", "currency", "payment_intent", "reason", "status"]
SESSION: Final = [
    "id",
    "amount_total",
    "client_reference_id",
    "created",
    "currency",
    "metadata",
    "payment_intent",
    "payment_status",
]
BOOKING: Final = ["id", "amount", "currency", "fee", "type"]


async def account_since(client: StripeClient, since: int) -> JsonObject:
    """Everything that was created at or after `since` (seconds since 1970), the newest first."""
    v1, created = client.v1, {"gte": since}
    page: Any = {"limit": PAGE, "created": created}
    booked: Any = page | {"expand": ["data.balance_transaction"]}
    paid: Any = page | {"status": "complete"}
    return {
        "charges": [
            _cut(each, CHARGE) | {"booking": _booking(each.get("balance_transaction"))}
            async for each in _all(await v1.charges.list_async(booked))
        ],
        "refunds": [_cut(each, REFUND) async for each in _all(await v1.refunds.list_async(page))],
        "disputes": [
            _cut(each, DISPUTE)
            | {
                "balance_transactions": [_cut(line, BOOKING) for line in each["balance_transactions"]],
                "evidence_details": {"due_by": each["evidence_details"]["due_by"]},
            }
            async for each in _all(await v1.disputes.list_async(page))
        ],
        "sessions": [_cut(each, SESSION) async for each in _all(await v1.checkout.sessions.list_async(paid))],
    }


async def _all(first: Any) -> AsyncIterator[JsonObject]:
    """Page after page."""
    async for found in first.auto_paging_iter():
        yield found.to_dict()


def _cut(found: Mapping[str, Any], names: Sequence[str]) -> JsonObject:
    return {name: found.get(name) for name in names}


def _booking(found: Any) -> JsonObject | None:
    """The line of a charge in Stripe's own ledger; there is none before it is captured."""
    return _cut(found, BOOKING) if isinstance(found, dict) else None  # pyright: ignore[reportUnknownArgumentType]
