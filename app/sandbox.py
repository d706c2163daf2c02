"""The far ends for trying Parley without keys: our Telegram, Messenger and Stripe, beside the shop on loopback."""

import asyncio
import contextlib
from dataclasses import dataclass
from random import Random

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from app.settings import Home, Secrets
from app.wiring import FarEnds
from payments.stripe_gateway import WEBHOOK_PATH
from sandbox.clock import Turnable
from sandbox.messenger.app import create_app as create_messenger
from sandbox.messenger.world import MessengerWorld
from sandbox.stripe.app import create_app as create_stripe
from sandbox.stripe.world import StripeWorld
from sandbox.telegram.app import create_app as create_telegram
from sandbox.telegram.world import TelegramWorld

# Not secrets: they open nothing but the sandbox on this machine.
BOT_TOKEN = "7000000001:sandbox-kettle-and-quay-0000000000"  # noqa: S105
BOT_NAME = "KettleAndQuayBot"
PROVIDER_TOKEN = "284685063:TEST:sandbox"  # noqa: S105
PAGE_TOKEN = "EAAsandbox0000000000000000"  # noqa: S105
PAGE_ID = "100000000000001"
APP_SECRET = "sandbox-app-secret"  # noqa: S105
VERIFY_TOKEN = "sandbox-verify-token"  # noqa: S105
STRIPE_KEY = "sk_test_sandbox0000000000000000"
STRIPE_WEBHOOK_SECRET = "whsec_sandbox0000000000000000"  # noqa: S105

SECRETS = Secrets(
    telegram_token=SecretStr(BOT_TOKEN),
    telegram_payment_token=SecretStr(PROVIDER_TOKEN),
    messenger_page_token=SecretStr(PAGE_TOKEN),
    messenger_app_secret=SecretStr(APP_SECRET),
    messenger_verify_token=SecretStr(VERIFY_TOKEN),
    stripe_key=SecretStr(STRIPE_KEY),
    stripe_webhook_secret=SecretStr(STRIPE_WEBHOOK_SECRET),
)


@dataclass
class Sandbox:
    """The emulators, with what they remember in the home folder."""

    clock: Turnable
    telegram: TelegramWorld
    messenger: MessengerWorld
    stripe: StripeWorld
    far_ends: FarEnds

    def mount(self, app: FastAPI) -> None:
        """Serve them under /sandbox of the shop's own server."""
        app.mount("/sandbox/telegram", create_telegram(self.telegram))
        app.mount("/sandbox/messenger", create_messenger(self.messenger))
        app.mount("/sandbox/stripe", create_stripe(self.stripe))

    @contextlib.asynccontextmanager
    async def running(self):  # noqa: ANN201 - an async context manager of nothing
        """Time passes for them inside this block: notices are delivered, sessions expire."""
        await self.telegram.open()
        await self.messenger.open()
        clockwork = asyncio.create_task(self.stripe.run(), name="stripe sandbox")
        try:
            yield
        finally:
            clockwork.cancel()
            await asyncio.gather(clockwork, return_exceptions=True)
            await self.telegram.close()
            await self.messenger.close()
            self.stripe.close()


def open_sandbox(
    home: Home | None,
    clock: Turnable,
    *,
    url: str,
    shop_name: str,
    shop_url: str | None = None,
    random: Random | None = None,
    page_id: str | None = None,
    http: httpx.AsyncClient | None = None,
) -> Sandbox:
    """The emulators of this home (without one: in memory), served at `url`, beside the shop or at `shop_url`.

    `random` makes the same ids every time, and `http` carries webhooks: both for rehearsals.
    """
    stripe = StripeWorld(
        clock,
        api_key=STRIPE_KEY,
        webhook_secret=STRIPE_WEBHOOK_SECRET,
        base_url=f"{url}/sandbox/stripe",
        store=home.sandbox / "stripe.db" if home else None,
        webhook_urls=[f"{shop_url or url}{WEBHOOK_PATH}"],
        random=random,
        http=http,
        shop_name=shop_name,
    )
    telegram = TelegramWorld(clock, store=home.sandbox / "telegram.db" if home else None, payments=stripe)
    telegram.add_bot(BOT_TOKEN, BOT_NAME, name=shop_name, provider_tokens=(PROVIDER_TOKEN,), inline=True)
    messenger = MessengerWorld(
        clock,
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        page_token=PAGE_TOKEN,
        page_id=page_id or PAGE_ID,
        page_name=shop_name,
        store=home.sandbox / "messenger.db" if home else None,
        webhook_url=f"{shop_url or url}/webhooks/messenger",
        base_url=f"{url}/sandbox/messenger",
        proof_required=True,
    )
    far_ends = FarEnds(
        telegram=f"{url}/sandbox/telegram",
        messenger=f"{url}/sandbox/messenger",
        stripe=f"{url}/sandbox/stripe",
    )
    return Sandbox(clock, telegram, messenger, stripe, far_ends)
