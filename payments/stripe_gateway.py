"""Stripe over its own library: the calls that the outbox makes, and the notices that come back.

Every call carries an idempotency key made of our ids (https://docs.stripe.com/api/idempotent_requests).
"""

from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

import stripe
from stripe import StripeClient

from payments.account_view import account_since
from payments.currencies import to_provider
from shop.errors import Rejected, Unavailable
from shop.money import Money
from storage.clock import Clock
from storage.types import JsonObject

SIGNATURE_TOLERANCE_SECONDS = 300  # the library's default; older notices are refused
COUPON_NAME_LETTERS_MAX = 40  # https://docs.stripe.com/api/coupons/create
WEBHOOK_PATH: Final = "/webhooks/stripe"
SESSION_PAID: Final = frozenset({"checkout.session.completed", "checkout.session.async_payment_succeeded"})
REFUND_NOTICES: Final = frozenset({"refund.created", "refund.updated", "refund.failed"})
DISPUTE_NOTICES: Final = frozenset(
    f"charge.dispute.{what}"
    for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
INTENT_NOTICES: Final = frozenset(
    f"payment_intent.{what}" for what in ("amount_capturable_updated", "succeeded", "canceled")
)
NOTICES: Final = SESSION_PAID | INTENT_NOTICES | REFUND_NOTICES | DISPUTE_NOTICES
"""The events that we act on (https://docs.stripe.com/api/events/types): a webhook has to tell us of these."""


class WrongKey(Unavailable):
    """Stripe does not take the key, or not for this: the merchant must mend it."""


class ForgedNotice(Exception):  # noqa: N818 - it says what it is
    """A webhook whose signature does not verify, or is too old."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified event. `conversation` is the lane we asked Stripe to carry in its metadata."""

    id: str
    type: str
    created: int
    object: dict[str, Any]
    conversation: str | None


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """Whether the key moves real money, and the enabled webhooks: where each leads, and of what it tells ("*": of all)."""

    is_live: bool
    webhooks: tuple[tuple[str, tuple[str, ...]], ...]


class StripeGateway:
    """One merchant's Stripe account."""

    def __init__(
        self, *, api_key: str, webhook_secret: str, clock: Clock, api_base: str | None = None
    ) -> None:
        addresses: Any = {"api": api_base} if api_base else {}
        self._http = stripe.HTTPXClient(timeout=20, allow_sync_methods=False)
        self._client = StripeClient(
            api_key,
            base_addresses=addresses,
            max_network_retries=0,  # the outbox retries, durably
            http_client=self._http,
        )
        self._webhook_secret = webhook_secret
        self._clock = clock

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close_async()

    async def call(self, call: str, arguments: JsonObject, key: str) -> JsonObject:
        """Make one of our calls; its object as plain data. Raises Rejected or Unavailable."""
        with _our_errors():
            return await self._make(call, arguments, {"idempotency_key": key})

    async def standing(self) -> AccountStanding:
        """What Stripe says of the account now. Raises Rejected or Unavailable."""
        with _our_errors():
            balance = _plain(await self._client.v1.balance.retrieve_async())
            found = await self._client.v1.webhook_endpoints.list_async({"limit": 100})
            webhooks = [each for each in _plain(found)["data"] if each["status"] == "enabled"]
            return AccountStanding(
                is_live=balance["livemode"],
                webhooks=tuple((each["url"], tuple(each["enabled_events"])) for each in webhooks),
            )

    async def _make(self, call: str, arguments: Any, options: Any) -> JsonObject:
        if call not in self.CALLS:
            raise Rejected(f"there is no call {call!r}")
        return await self.CALLS[call](self, arguments, options)

    async def _refund(self, arguments: Any, options: Any) -> JsonObject:
        return _plain(await self._client.v1.refunds.create_async(arguments, options))

    async def _list_account(self, arguments: Any, _options: Any) -> JsonObject:
        return await account_since(self._client, arguments["since"])

    async def _create_checkout(self, arguments: Any, options: Any) -> JsonObject:
        """Open the payment page; a discount on it is a coupon made for this order alone, under a key of its own.

        A session takes no line below zero (https://docs.stripe.com/payments/checkout/discounts).
        """
        given = dict(arguments)
        coupon: Any = given.pop("coupon", None)
        if coupon is not None:
            own_key: Any = {"idempotency_key": f"{options['idempotency_key']}:coupon"}
            made = await self._client.v1.coupons.create_async(coupon, own_key)
            given["discounts"] = [{"coupon": made.id}]
        params: Any = given
        return _plain(await self._client.v1.checkout.sessions.create_async(params, options))

    async def _expire_checkout(self, arguments: Any, options: Any) -> JsonObject:
        """Close a Checkout Session; one that is complete or expired already stays as it is, and shows its `intent`."""
        v1, session = self._client.v1, arguments["session"]
        current = _plain(await v1.checkout.sessions.retrieve_async(session))
        if current["status"] == "open":
            return _plain(await v1.checkout.sessions.expire_async(session, options=options))
        intent = current["payment_intent"]
        return current | {
            "intent": _plain(await v1.payment_intents.retrieve_async(intent)) if intent else None
        }

    async def _capture(self, arguments: Any, options: Any) -> JsonObject:
        amount = {"amount_to_capture": arguments["amount_to_capture"]}
        return await self._end_hold(arguments["intent"], "capture", amount, options)

    async def _release(self, arguments: Any, options: Any) -> JsonObject:
        return await self._end_hold(arguments["intent"], "cancel", {}, options)

    async def _end_hold(
        self, intent: str, how: Literal["capture", "cancel"], params: Any, options: Any
    ) -> JsonObject:
        """Take what a bank holds for us, or let go of it; a payment that is past that stays as it is."""
        intents = self._client.v1.payment_intents
        current = await intents.retrieve_async(intent)
        if current.status != "requires_capture":
            return _plain(current)
        end = intents.capture_async if how == "capture" else intents.cancel_async
        return _plain(await end(intent, params, options))

    # Every call that the outbox may hold, by name; each takes its arguments, and options with the idempotency key.
    CALLS: ClassVar[Mapping[str, Callable[[Any, Any, Any], Awaitable[JsonObject]]]] = {
        "create_checkout": _create_checkout,
        "expire_checkout": _expire_checkout,
        "capture": _capture,
        "release": _release,
        "refund": _refund,
        "list_account": _list_account,
    }

    def read_notice(self, body: bytes, signature: str) -> Notice:
        """Verify a webhook (https://docs.stripe.com/webhooks/signature). Raises ForgedNotice."""
        try:
            # The library measures the age by the machine's clock; ours may be another, so we do it below.
            event = self._client.construct_event(body, signature, self._webhook_secret, tolerance=0)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise ForgedNotice(str(error)) from error
        age = self._clock.now().timestamp() - _signed_at(signature)
        if age > SIGNATURE_TOLERANCE_SECONDS:
            raise ForgedNotice(f"the signature is {age:.0f} s old")
        content = _plain(event)
        about: dict[str, Any] = content["data"]["object"]
        metadata: dict[str, Any] = about.get("metadata") or {}
        return Notice(
            id=content["id"],
            type=content["type"],
            created=content["created"],
            object=about,
            conversation=metadata.get("conversation"),
        )


@contextmanager
def _our_errors() -> Generator[None]:
    """Stripe's refusals and failures in our own error tree. Raises Rejected or Unavailable."""
    try:
        yield
    except stripe.RateLimitError as error:
        raise Unavailable(
            f"Stripe asks for a pause: {error.user_message}", retry_after_seconds=2.0
        ) from error
    except (stripe.APIConnectionError, stripe.APIError) as error:
        raise Unavailable(f"Stripe did not answer: {error}") from error
    except stripe.IdempotencyError as error:
        raise Rejected(f"Stripe knows this key with other arguments: {error.user_message}") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        # A wrong key is the merchant's to mend: the call waits for it rather than getting lost.
        raise WrongKey(f"Stripe refuses our key: {error.user_message}", retry_after_seconds=30.0) from error
    except stripe.StripeError as error:
        if error.http_status == 409:  # the same key is being worked on right now
            raise Unavailable(f"Stripe is still busy with it: {error.user_message}") from error
        raise Rejected(f"{error.code or 'error'}: {error.user_message}") from error


def _signed_at(signature: str) -> int:
    """The `t` of a Stripe-Signature header that has been verified."""
    return int(dict(part.split("=", 1) for part in signature.split(","))["t"])


def checkout_arguments(
    *,
    lines: list[tuple[str, int, int]],
    currency: str,
    order_id: str,
    conversation: str,
    expires_at: datetime,
    return_url: str,
    capture_later: bool = False,
    discount: tuple[str, int] | None = None,
) -> JsonObject:
    """A Checkout Session for `lines` of (name, unit price in minor units, units); amounts are the order's own.

    `discount` (name, minor units) is taken off their sum; the gateway makes a coupon of it (`coupon`). With
    `capture_later` the bank only holds the money. Payment methods are dynamic: since 2026-09-30.endive
    `payment_method_types` is not taken any more; where the capture is manual, Stripe offers those alone that can wait.
    """
    metadata = {"order": order_id, "conversation": conversation}
    given: JsonObject = {}
    if discount is not None:
        name, off_minor = discount
        given["coupon"] = {
            "amount_off": to_provider(Money(off_minor, currency)),
            "currency": currency.lower(),
            "duration": "once",
            "max_redemptions": 1,
            "name": name[:COUPON_NAME_LETTERS_MAX],
            "metadata": {"order": order_id},
        }
    return given | {
        "mode": "payment",
        "client_reference_id": order_id,
        "line_items": [
            {
                "quantity": units,
                "price_data": {
                    "currency": currency.lower(),
                    "unit_amount": to_provider(Money(unit_minor, currency)),
                    "product_data": {"name": name},
                },
            }
            for name, unit_minor, units in lines
        ],
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata}
        | ({"capture_method": "manual"} if capture_later else {}),
        "expires_at": int(expires_at.timestamp()),
        "success_url": return_url,
        "cancel_url": return_url,
    }


def _plain(found: Any) -> JsonObject:
    """A StripeObject is no dict any more; outside this room only plain data travels."""
    return found.to_dict()
