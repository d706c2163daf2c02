"""The merchant's account: its settings, its objects, the time, and the log of events."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from sandbox.stripe.model import (
    BalanceTransaction,
    Charge,
    CheckoutSession,
    Coupon,
    Customer,
    Delivery,
    Dispute,
    Event,
    PaymentIntent,
    PaymentMethod,
    PromotionCode,
    Refund,
    SavedAnswer,
    WebhookEndpoint,
)
from sandbox.stripe.store import Store, Table
from storage.clock import Clock

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """What a merchant sets up at Stripe, and where this emulator is reached."""

    api_key: str
    webhook_secret: str
    base_url: str  # without a trailing slash; pay pages and redirects are built from it
    shop_name: str = "Demo shop"
    default_currency: str = "eur"
    # Standard cards of the European Economic Area: https://stripe.com/pricing
    fee_rate: Decimal = Decimal("0.015")
    fee_fixed_minor: int = 25
    funds_available_after_days: int = 7
    refund_settles_after_seconds: int = 60
    # Charged when a dispute is received, and kept however it ends
    # (https://support.stripe.com/questions/june-2025-pricing-updates-for-disputes).
    dispute_fee_minor: int = 2000
    dispute_opens_after_seconds: int = 0
    dispute_decided_after_seconds: int = 60
    # "searchable in less than a minute" (https://docs.stripe.com/search#data-freshness): no earlier, so that nobody
    # comes to rely on finding what was just made.
    search_lag_seconds: int = 60


@dataclass(frozen=True)
class Caller:
    """The API request that things happen in, as events name it; nobody's when the clock did it."""

    request: str | None = None
    idempotency_key: str | None = None


class Agenda:
    """What the clock will do: sessions expire, authorisations lapse, refunds settle, banks decide."""

    def __init__(self) -> None:
        self.wake: Callable[[], None] = lambda: None  # called when there is something new to wait for
        self._entries: list[tuple[int, int, str, str]] = []
        self._count = 0

    def add(self, due: int, kind: str, object_id: str) -> None:
        """Look at that object again at that time; whether anything happens then is decided then."""
        self._count += 1
        heapq.heappush(self._entries, (due, self._count, kind, object_id))
        self.wake()

    def take_due(self, now: int) -> Iterator[tuple[str, str]]:
        """The kinds and ids whose time has come, in order; each is given once."""
        while self._entries and self._entries[0][0] <= now:
            _, _, kind, object_id = heapq.heappop(self._entries)
            yield kind, object_id

    def next_due(self) -> int | None:
        return self._entries[0][0] if self._entries else None


@dataclass
class Account:
    """Everything the sandbox's Stripe knows. One event loop works on it; nothing here waits."""

    settings: AccountSettings
    clock: Clock
    random: Random = field(default_factory=SystemRandom)
    store_path: Path | None = None
    caller: Caller = field(default_factory=Caller)
    listeners: list[Callable[[Event], None]] = field(default_factory=list[Callable[[Event], None]])

    def __post_init__(self) -> None:
        self.store = store = Store(self.store_path)
        self.payment_methods = Table(store, "payment_method", PaymentMethod)
        self.intents = Table(store, "payment_intent", PaymentIntent)
        self.charges = Table(store, "charge", Charge)
        self.refunds = Table(store, "refund", Refund)
        self.disputes = Table(store, "dispute", Dispute)
        self.customers = Table(store, "customer", Customer)
        self.coupons = Table(store, "coupon", Coupon)
        self.promotion_codes = Table(store, "promotion_code", PromotionCode)
        self.balance = Table(store, "balance_transaction", BalanceTransaction)
        self.sessions = Table(store, "checkout.session", CheckoutSession)
        self.events = Table(store, "event", Event)
        self.endpoints = Table(store, "webhook_endpoint", WebhookEndpoint)
        self.deliveries = Table(store, "delivery", Delivery)
        self.answers = Table(store, "saved_answer", SavedAnswer)
        self.agenda = Agenda()

    def now(self) -> int:
        """The present in Unix seconds."""
        return int(self.clock.now().timestamp())

    def new_id(self, prefix: str, length: int = 24) -> str:
        """An identifier such as pi_3Nx…; `random` decides it, so that a seed repeats a run."""
        return prefix + "".join(self.random.choices(_ALPHABET, k=length))

    def emit(self, event_type: str, rendered: dict[str, Any], previous: dict[str, Any] | None = None) -> None:
        """Log an event about an object as it is now and tell whoever listens."""
        data: dict[str, Any] = {"object": rendered}
        if previous is not None:
            data["previous_attributes"] = previous
        event = Event(
            id=self.new_id("evt_"),
            created=self.now(),
            type=event_type,
            data=data,
            request=self.caller.request,
            idempotency_key=self.caller.idempotency_key,
        )
        self.events.save(event)
        for listener in self.listeners:
            listener(event)
