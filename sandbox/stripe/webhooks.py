"""Webhooks: events signed and sent until the shop takes them, and every way in which that goes wrong.

Signatures: https://docs.stripe.com/webhooks#verify-manually. Events may come twice, late and in any order
(https://docs.stripe.com/webhooks#best-practices); `Webhooks` lets a test or a simulation ask for each of these.
"""

import asyncio
import hashlib
import hmac
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from random import Random
from typing import Final

import httpx

from sandbox.stripe import rendering
from sandbox.stripe.account import Account
from sandbox.stripe.model import DAY_SECONDS, Delivery, Event, WebhookEndpoint

# Stripe tries "for up to three days with an exponential back off" and does not say at which times.
RETRY_PAUSES_SECONDS: Final = (10, 60, 300, 1_800, 7_200, 21_600, 43_200)
RETRY_SECONDS_MAX: Final = 3 * DAY_SECONDS
ANSWER_SECONDS_MAX: Final = 20.0
STALE_SECONDS: Final = 3_600
LATE_SECONDS: Final = 3_600

WAYS: Final = ("ok", "twice", "late", "lost", "stale_signature", "forged")


def signature(payload: str, secret: str, timestamp: int) -> str:
    """The Stripe-Signature header: HMAC-SHA256 over `timestamp.payload`."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Webhooks:
    """The deliveries of one account. `deliver_due` does the sending; everything else only plans."""

    def __init__(self, account: Account, *, wake: Callable[[], None]) -> None:
        self._account = account
        self._wake = wake  # called when there may be something to send
        self._plans: defaultdict[str, deque[str]] = defaultdict(deque)
        self._held = False
        self._sending = asyncio.Lock()
        self.taken: list[str] = []  # the events that somebody answered with success, in order
        account.listeners.append(self._queue)

    def next(self, event_type: str, ways: Iterable[str]) -> None:
        """How the next events of that type go out ("*": of any type), one way an event.

        ok · twice · late (by LATE_SECONDS, or "late:90") · lost (never sent) · stale_signature (an hour old)
        · forged (signed with another secret).
        """
        for way in ways:
            if way.partition(":")[0] not in WAYS:
                raise ValueError(f"{way!r} is no way to deliver a webhook; there are {', '.join(WAYS)}")
            self._plans[event_type].append(way)

    def to_come(self, event_type: str) -> int:
        """How many of the ways planned for events of that type are still to be gone."""
        return len(self._plans[event_type])

    def hold(self) -> None:
        """Send nothing until `release`; events pile up."""
        self._held = True

    def release(self, *, reverse: bool = False, shuffle: Random | None = None) -> None:
        """Send again, and what has piled up in another order if asked to."""
        self._held = False
        waiting = [delivery for delivery in self._account.deliveries if delivery.open]
        if reverse:
            waiting.reverse()
        if shuffle is not None:
            shuffle.shuffle(waiting)
        if reverse or shuffle is not None:
            self._resequence(waiting)
        self._wake()

    def _resequence(self, waiting: list[Delivery]) -> None:
        now = self._account.now()
        for position, delivery in enumerate(waiting):
            delivery.due = now - 1 + position / (len(waiting) + 1)
            self._account.deliveries.save(delivery)

    def resend(self, event_id: str) -> None:
        """Send an event again to everyone who wants it, as `stripe events resend` does."""
        event = self._account.events[event_id]
        for endpoint in self._takers(event):
            self._add(event, endpoint, way="ok")

    def pending(self, event_id: str) -> int:
        """How many endpoints have not taken that event yet."""
        return sum(delivery.open and delivery.event == event_id for delivery in self._account.deliveries)

    def all_delivered(self, event_id: str) -> bool:
        """Whether every endpoint has taken that event; one that was given up was not taken."""
        return not any(delivery.event == event_id for delivery in self._account.deliveries)

    def next_due(self) -> float | None:
        """When there is something to send, in Unix seconds; None while nothing waits or all is held."""
        if self._held:
            return None
        return min((delivery.due for delivery in self._account.deliveries if delivery.open), default=None)

    def _takers(self, event: Event) -> list[WebhookEndpoint]:
        return [endpoint for endpoint in self._account.endpoints if endpoint.wants(event.type)]

    def _queue(self, event: Event) -> None:
        takers = self._takers(event)
        if not takers:
            return
        way = self._planned(event.type)
        for endpoint in takers:
            self._add(event, endpoint, way=way)

    def _planned(self, event_type: str) -> str:
        for key in (event_type, "*"):
            if self._plans[key]:
                return self._plans[key].popleft()
        return "ok"

    def _add(self, event: Event, endpoint: WebhookEndpoint, *, way: str) -> None:
        kind, _, argument = way.partition(":")
        if kind == "lost":
            return
        now = self._account.clock.now().timestamp()
        for _ in range(2 if kind == "twice" else 1):
            delivery = Delivery(
                id=self._account.new_id("whd_"),
                created=self._account.now(),
                event=event.id,
                event_type=event.type,
                endpoint=endpoint.id,
                due=now + (float(argument or LATE_SECONDS) if kind == "late" else 0),
                how=kind,
            )
            self._account.deliveries.save(delivery)
        self._wake()

    async def deliver_due(self, client: httpx.AsyncClient) -> int:
        """Send what is due, one after the other in order; the number of events that were taken."""
        async with self._sending:
            taken = 0
            while due := self._due():
                for delivery in due:
                    taken += await self._send(client, delivery)
                    self._account.store.commit()
            return taken

    def _due(self) -> list[Delivery]:
        if self._held:
            return []
        now = self._account.clock.now().timestamp()
        due = [delivery for delivery in self._account.deliveries if delivery.open and delivery.due <= now]
        return sorted(due, key=lambda delivery: delivery.due)

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery) -> bool:
        endpoint = self._account.endpoints.get(delivery.endpoint)
        if endpoint is None or endpoint.status != "enabled":
            self._account.deliveries.delete(delivery.id)
            return False
        delivery.attempts += 1
        delivery.delivered = await self._post(client, endpoint, delivery)
        if delivery.delivered:
            self.taken.append(delivery.event)
            self._account.deliveries.delete(delivery.id)
        else:
            self._put_off(delivery)
        return delivery.delivered

    async def _post(self, client: httpx.AsyncClient, endpoint: WebhookEndpoint, delivery: Delivery) -> bool:
        event = self._account.events[delivery.event]
        shown = rendering.event(event, pending_webhooks=self.pending(event.id))
        payload = json.dumps(shown, indent=2, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": self._signed(payload, endpoint, delivery),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            answer = await client.post(
                endpoint.url, content=payload.encode(), headers=headers, timeout=ANSWER_SECONDS_MAX
            )
        except httpx.HTTPError:
            return False
        return answer.is_success

    def _signed(self, payload: str, endpoint: WebhookEndpoint, delivery: Delivery) -> str:
        secret = "whsec_of_somebody_else" if delivery.how == "forged" else endpoint.secret
        age = STALE_SECONDS if delivery.how == "stale_signature" else 0
        real = signature(payload, secret, self._account.now() - age)
        # Test mode adds a worthless v0, so that a shop that believes any scheme is found out
        # (https://docs.stripe.com/webhooks#verify-manually).
        worthless = hashlib.sha256(self._account.new_id("").encode()).hexdigest()
        return f"{real},v0={worthless}"

    def _put_off(self, delivery: Delivery) -> None:
        tries = delivery.attempts - 1
        pause = RETRY_PAUSES_SECONDS[tries] if tries < len(RETRY_PAUSES_SECONDS) else DAY_SECONDS
        delivery.due = self._account.clock.now().timestamp() + pause
        delivery.given_up = delivery.due > delivery.created + RETRY_SECONDS_MAX
        delivery.how = "ok"  # a planted fault happens once
        self._account.deliveries.save(delivery)
