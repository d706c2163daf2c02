"""The sandbox's Stripe in one object: account, API, webhooks, people and the passing of time."""

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import httpx

from bot.channels.telegram_currencies import from_telegram
from payments.currencies import to_provider
from sandbox.stripe import passage, refunds
from sandbox.stripe.account import Account, AccountSettings
from sandbox.stripe.faults import Faults
from sandbox.stripe.model import WebhookEndpoint
from sandbox.stripe.people import Outcome, People
from sandbox.stripe.webhooks import Webhooks
from sandbox.stripe.wire import Api
from shop.money import Money
from storage.clock import Clock


class StripeWorld:
    """One merchant's test account.

    Everything runs in one event loop. `await tick()` does what is due and returns; `run()` does so for ever, driven
    by the clock, and is what a demo starts as a task. `store` names a SQLite file that keeps it all over a restart.
    `settings` are further fields of AccountSettings (shop_name, fee_rate, …).
    """

    def __init__(
        self,
        clock: Clock,
        *,
        api_key: str,
        webhook_secret: str,
        base_url: str,
        store: Path | None = None,
        webhook_urls: Iterable[str] = (),
        random: Random | None = None,
        http: httpx.AsyncClient | None = None,
        **settings: Any,
    ) -> None:
        if store is not None and random is not None:
            raise ValueError(
                "a seed makes the same ids again, and a store keeps those of the last run: choose one"
            )
        self.account = Account(
            AccountSettings(
                api_key=api_key, webhook_secret=webhook_secret, base_url=base_url.rstrip("/"), **settings
            ),
            clock,
            random or SystemRandom(),
            store,
        )
        self._changed = asyncio.Event()
        self.account.agenda.wake = self._changed.set
        self.webhooks = Webhooks(self.account, wake=self._changed.set)
        self.api = Api(self.account, self.webhooks)
        self.people = People(self.account)
        self._http = http
        self._enter_settings(list(webhook_urls))
        passage.restore(self.account)

    @property
    def faults(self) -> Faults:
        return self.api.faults

    def _enter_settings(self, urls: list[str]) -> None:
        """The endpoints named in the settings replace those named the last time."""
        account = self.account
        for endpoint in account.endpoints:
            if endpoint.from_settings and endpoint.url not in urls:
                account.endpoints.delete(endpoint.id)
        known = {endpoint.url: endpoint for endpoint in account.endpoints if endpoint.from_settings}
        for url in urls:
            endpoint = known.get(url) or WebhookEndpoint(
                id=account.new_id("we_"),
                created=account.now(),
                url=url,
                secret="",
                enabled_events=["*"],
                from_settings=True,
            )
            endpoint.secret = account.settings.webhook_secret
            account.endpoints.save(endpoint)
        account.store.commit()

    async def tick(self) -> int:
        """Catch up with the clock and send the webhooks that are due; how many were taken."""
        passage.catch_up(self.account)
        due = self.webhooks.next_due()
        if due is None or due > self.account.clock.now().timestamp():
            return 0
        async with self._client() as client:
            return await self.webhooks.deliver_due(client)

    async def settled(self) -> None:
        """Until everything that was due by now is done and sent."""
        while (due := self.next_due()) is not None and due <= self.account.clock.now().timestamp():
            await self.tick()

    async def run(self) -> None:
        """Tick whenever something is due, until cancelled."""
        async with self._client() as client:
            while True:
                self._changed.clear()
                passage.catch_up(self.account)
                await self.webhooks.deliver_due(client)
                await self._something_due()

    def _client(self) -> contextlib.AbstractAsyncContextManager[httpx.AsyncClient]:
        """The client that was given, which stays open, or one for the occasion."""
        return httpx.AsyncClient() if self._http is None else contextlib.nullcontext(self._http)

    async def _something_due(self) -> None:
        due = self.next_due()
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._changed.wait())]
        if due is not None:
            pause = max(due - self.account.clock.now().timestamp(), 0.0)
            waits.append(asyncio.ensure_future(self.account.clock.sleep(pause)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            for wait in waits:
                with contextlib.suppress(asyncio.CancelledError):
                    await wait

    def next_due(self) -> float | None:
        """When something happens by itself, in Unix seconds: a session expires, a notice goes out."""
        times = (self.account.agenda.next_due(), self.webhooks.next_due())
        return min((time for time in times if time is not None), default=None)

    async def pay(self, session_id: str, card: str = "visa", **details: str) -> Outcome:
        """A person opens the pay page and does what their card makes of it (see people.People.pay)."""
        passage.catch_up(self.account)
        outcome = self.people.pay(session_id, card, **details)
        self.account.store.commit()
        return outcome

    def charge(self, amount_minor: int, currency: str, card: str, description: str) -> str:
        """Take a card payment at once, as Telegram does for its invoices; the charge's id (ch_…).

        The amount is Telegram's, whose integers have other decimals than Stripe's for some currencies.
        Raises CardDeclined with Stripe's decline code; the failed payment is kept, as Stripe keeps it.
        """
        passage.catch_up(self.account)
        try:
            code = currency.upper()
            amount = Money(from_telegram(amount_minor, code), code)
            return self.people.charge(to_provider(amount), currency, card, description)
        finally:
            self.account.store.commit()

    def cancel_refund(self, refund_id: str) -> None:
        """Staff cancel a refund that is still pending in the Dashboard. Raises StripeError once it is not pending."""
        passage.catch_up(self.account)
        try:
            refunds.call_off(self.account, self.account.refunds[refund_id])
        finally:
            self.account.store.commit()

    def close(self) -> None:
        """Let go of the store; nothing is lost, every change was committed."""
        self.account.store.close()
