"""Looks at Telegram, Meta and Stripe with the shop's own keys: whether they take them, and whether they tell us what happens."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import httpx

from app.doctor.findings import Finding, State
from app.settings import ENVIRONMENT_PREFIX, Secrets, Settings
from app.wiring import FarEnds
from bot.channels import messenger
from bot.channels.messenger import MessengerChannel
from bot.channels.port import WrongToken
from payments.stripe_gateway import NOTICES, WEBHOOK_PATH, StripeGateway, WrongKey
from shop.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from bot.channels.telegram import TelegramChannel, TelegramStanding

GUIDE: Final = "docs/going-live.md"
TELEGRAM: Final = "https://api.telegram.org"
META: Final = "https://graph.facebook.com"
STRIPE: Final = "https://api.stripe.com"
APART_CARE: Final = timedelta(seconds=30)
APART_WRONG: Final = timedelta(seconds=240)  # Stripe's signatures are refused from 300 s on
CLOCK_SECONDS: Final = 10.0
WAITING_MANY: Final = 100  # updates that nobody fetched
ERROR_NEW: Final = timedelta(hours=1)

MESSENGER_KEYS: Final = ("messenger_page_token", "messenger_app_secret", "messenger_verify_token")
STRIPE_KEYS: Final = ("stripe_key", "stripe_webhook_secret")

_KEY_WRONG: Final = "The key was replaced, or has a letter too many or too few: copy it again."


@dataclass(frozen=True, slots=True)
class Lines:
    """The shop's lines to the far ends; None for what has no keys."""

    telegram: "TelegramChannel | None"
    messenger: MessengerChannel | None
    stripe: StripeGateway | None


async def look(
    settings: Settings, secrets: Secrets, lines: Lines, far_ends: FarEnds, *, now: datetime
) -> Sequence[Finding]:
    """Ask each that has keys. Never raises for what a far end says."""
    found: list[Finding] = []
    channels = settings.channels
    if lines.telegram is None:
        found += _not_set_up("Telegram", secrets, ["telegram_token"], is_on=channels.telegram.enabled)
    if lines.messenger is None:
        found += _not_set_up("Messenger", secrets, MESSENGER_KEYS, is_on=channels.messenger.enabled)
    if lines.stripe is None:
        found += _not_set_up("Stripe", secrets, STRIPE_KEYS, is_on=True)
    found += await _asked("Telegram", lambda: _telegram(settings, lines.telegram, now))
    found += await _asked("Messenger", lambda: _messenger(settings, lines.messenger))
    found += await _asked("Stripe", lambda: _stripe(settings, lines.stripe))
    places = (
        (lines.telegram, far_ends.telegram or TELEGRAM),
        (lines.messenger, far_ends.messenger or META),
        (lines.stripe, far_ends.stripe or STRIPE),
    )
    found.append(await _clock([place for line, place in places if line is not None], now))
    return found


async def _asked(about: str, ask: Callable[[], Awaitable[Iterable[Finding]]]) -> list[Finding]:
    try:
        return [*await ask()]
    except Rejected as error:
        return [Finding(about, State.WRONG, str(error), f"{GUIDE} says which permissions it needs.")]
    except (WrongToken, WrongKey) as error:
        return [Finding(about, State.WRONG, str(error), _KEY_WRONG)]
    except Unavailable as error:
        remedy = "See whether this machine reaches the internet, and try again."
        return [Finding(about, State.WRONG, str(error), remedy)]


# ---------------------------------------------------------------------- Telegram


async def _telegram(
    settings: Settings, channel: "TelegramChannel | None", now: datetime
) -> Iterator[Finding]:
    if channel is None:
        return iter(())
    return _of_bot(settings, await channel.standing(), channel, now)


def _of_bot(
    settings: Settings, bot: "TelegramStanding", channel: "TelegramChannel", now: datetime
) -> Iterator[Finding]:
    about = "Telegram"
    yield Finding(about, State.FINE, f"the bot is @{bot.username}")
    yield from _updates(settings, bot, channel, now)
    if not channel.native_invoices:
        yield Finding(
            about,
            State.UNUSED,
            "people pay by link, not inside the chat",
            "To have invoices, connect a payment provider in @BotFather and set PARLEY_TELEGRAM_PAYMENT_TOKEN.",
        )
    if not bot.joins_groups:
        yield Finding(
            about,
            State.CARE,
            "the bot may not be added to groups",
            "Allow it in @BotFather: /setjoingroups, Enable.",
        )
    if not bot.inline:
        yield Finding(
            about,
            State.CARE,
            "goods and group deals cannot be shared into other chats",
            "Turn inline mode on in @BotFather: /setinline.",
        )


def _updates(
    settings: Settings, bot: "TelegramStanding", channel: "TelegramChannel", now: datetime
) -> Iterator[Finding]:
    about = "Telegram updates"
    if settings.channels.telegram.updates == "polling":
        if bot.webhook:
            yield Finding(
                about,
                State.CARE,
                f"they go to a webhook, {bot.webhook}, and this shop polls",
                "Starting the shop ends that webhook; if another program needs it, give that one a bot of its own.",
            )
        else:
            yield Finding(about, State.FINE, "the shop fetches them")
    else:
        from bot.channels import telegram  # noqa: PLC0415 - aiogram: six seconds, spent already on this channel

        yield _webhook(about, bot.webhook, _own(settings, telegram.WEBHOOK_PATH))
        if channel.webhook_secret is None:
            yield Finding(
                about, State.WRONG, "the webhook has no secret", "Set PARLEY_TELEGRAM_WEBHOOK_SECRET."
            )
    if bot.waiting >= WAITING_MANY:
        yield Finding(
            about, State.CARE, f"{bot.waiting} wait to be fetched", "Start the shop: it answers them all."
        )
    if bot.last_error_at is not None and now - bot.last_error_at < ERROR_NEW:
        yield Finding(
            about,
            State.WRONG,
            f"Telegram could not deliver at {bot.last_error_at:%H:%M}: {bot.last_error}",
            "Open the public address from outside: name, certificate and reverse proxy must lead to Parley.",
        )


# ---------------------------------------------------------------------- Messenger


async def _messenger(settings: Settings, channel: MessengerChannel | None) -> Iterator[Finding]:
    if channel is None:
        return iter(())
    return _of_page(settings, await channel.standing())


def _of_page(settings: Settings, page: messenger.PageStanding) -> Iterator[Finding]:
    about = "Messenger"
    yield Finding(about, State.FINE, f"the page is {page.name} ({page.id})")
    if missing := [field for field in messenger.SUBSCRIBED_FIELDS if field not in page.fields]:
        yield Finding(
            about,
            State.CARE,
            f"the page does not tell us of {', '.join(missing)}",
            "Parley subscribes to them when it starts; if that was refused, its token lacks pages_manage_metadata.",
        )
    else:
        yield Finding(about, State.FINE, "the page tells us what happens there")
    if _own(settings, messenger.WEBHOOK_PATH) is None:
        yield Finding(
            about,
            State.WRONG,
            "Meta delivers by webhook only, and there is no public address",
            f"Set server: public_url in config.yml ({GUIDE}).",
        )
    if settings.channels.messenger.utility_templates.order_update is None:
        yield Finding(
            about,
            State.CARE,
            "news of orders reach nobody who wrote more than 24 hours ago",
            f"Have a utility template approved and name it in config.yml ({GUIDE}).",
        )


# ---------------------------------------------------------------------- Stripe


async def _stripe(settings: Settings, gateway: StripeGateway | None) -> Iterator[Finding]:
    if gateway is None:
        return iter(())
    standing = await gateway.standing()
    return _of_account(settings, standing.is_live, standing.webhooks)


def _of_account(
    settings: Settings, is_live: bool, webhooks: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[Finding]:
    about = "Stripe"
    if is_live:
        yield Finding(about, State.FINE, "the key is live: real money")
    else:
        yield Finding(
            about,
            State.CARE,
            "the key is a test key: no real money moves",
            "Good for trying; go live with sk_live_….",
        )
    own = _own(settings, WEBHOOK_PATH)
    events = dict(webhooks).get(own or "")
    if events is None:
        there = ", ".join(url for url, _ in webhooks) or "none"
        yield Finding(
            about,
            State.WRONG,
            f"no enabled webhook leads to {own or 'us'} (there: {there})",
            "Payments are noticed late, by `parley reconcile` only: add the webhook in Stripe's dashboard.",
        )
        return
    if missing := [event for event in sorted(NOTICES) if event not in events and "*" not in events]:
        yield Finding(
            about,
            State.WRONG,
            f"the webhook does not tell us of {', '.join(missing)}",
            "Select these events for it in Stripe's dashboard.",
        )
    else:
        yield Finding(about, State.FINE, f"the webhook leads to {own}")


# ---------------------------------------------------------------------- all


def _own(settings: Settings, path: str) -> str | None:
    url = settings.server.public_url
    return f"{url.rstrip('/')}{path}" if url else None


def _not_set_up(about: str, secrets: Secrets, keys: Sequence[str], *, is_on: bool) -> Iterator[Finding]:
    if not is_on:
        yield Finding(about, State.UNUSED, "switched off in config.yml")
        return
    missing = [f"{ENVIRONMENT_PREFIX}{key.upper()}" for key in keys if getattr(secrets, key) is None]
    some = len(missing) < len(keys)
    what = "some of its keys are missing" if some else "it has no keys"
    yield Finding(
        about, State.WRONG if some else State.UNUSED, what, f"Set {' and '.join(missing)} ({GUIDE})."
    )


def _webhook(about: str, there: str, own: str | None) -> Finding:
    if own is None:
        return Finding(
            about,
            State.WRONG,
            "a webhook needs a public address",
            "Set server: public_url in config.yml, or channels: telegram: updates: polling.",
        )
    if there != own:
        return Finding(
            about,
            State.CARE,
            f"they go to {there}" if there else "no webhook is set",
            f"Starting the shop has them go to {own}.",
        )
    return Finding(about, State.FINE, f"they come to {own}")


async def _clock(places: Sequence[str], now: datetime) -> Finding:
    """This machine's clock against the Date of an answer (RFC 9110): signatures and holds go by it."""
    about = "clock"
    async with httpx.AsyncClient(timeout=CLOCK_SECONDS) as client:
        for place in places:
            try:
                answer = await client.get(place)
                there = parsedate_to_datetime(answer.headers["Date"])
            except (httpx.HTTPError, KeyError, ValueError):
                continue
            return _apart(about, abs(there - now))
    return Finding(about, State.UNUSED, "nobody to compare it with")


def _apart(about: str, apart: timedelta) -> Finding:
    seconds = apart.total_seconds()
    if apart < APART_CARE:
        return Finding(about, State.FINE, "right")
    state = State.WRONG if apart >= APART_WRONG else State.CARE
    return Finding(
        about,
        state,
        f"it is {seconds:.0f} seconds off",
        "Have it set by NTP (timedatectl set-ntp true): Stripe's notices are refused when it is five minutes off.",
    )
