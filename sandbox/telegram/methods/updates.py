"""How a bot gets to know what happened: getUpdates, or a webhook."""

import re
from typing import Final
from urllib.parse import urlsplit

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.media import is_loopback
from sandbox.telegram.state import Json, Webhook
from sandbox.telegram.updates import read_allowed

_POLL_SECONDS_MAX: Final = 50
_UPDATES_MAX: Final = 100
_CONNECTIONS_MAX: Final = 100
_PORTS: Final = {443, 80, 88, 8443}
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]*")
_SECRET_LENGTH_MAX: Final = 256


@method("getUpdates")
async def get_updates(call: Call) -> list[Json]:
    """https://core.telegram.org/bots/api#getupdates."""
    if call.bot.webhook is None:
        _remember_allowed(call)
    return await call.world.updates.poll(
        call.bot,
        offset=call.integer("offset"),
        limit=call.integer("limit", _UPDATES_MAX, least=1, most=_UPDATES_MAX),
        seconds=call.integer("timeout", least=0, most=_POLL_SECONDS_MAX),
    )


@method("setWebhook")
async def set_webhook(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setwebhook; an empty URL deletes it."""
    url = call.text("url")
    if not url:
        return await delete_webhook(call)
    _check_secret(call.text("secret_token"))
    _check_url(call, url)
    if call.flag("drop_pending_updates"):
        call.world.updates.clear(call.bot)
    _remember_allowed(call)
    call.world.webhooks.stop(call.bot)
    call.bot.webhook = Webhook(
        url=url,
        secret_token=call.text("secret_token"),
        max_connections=call.integer("max_connections", 40, least=1, most=_CONNECTIONS_MAX),
        has_certificate="certificate" in call.uploads,
    )
    call.world.updates.abort(call.bot, "terminated by setWebhook request")
    call.world.save(call.bot)
    call.world.webhooks.wake(call.bot)
    return True


@method("deleteWebhook")
async def delete_webhook(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletewebhook."""
    call.bot.webhook = None
    call.world.webhooks.stop(call.bot)
    if call.flag("drop_pending_updates"):
        call.world.updates.clear(call.bot)
    call.world.save(call.bot)
    return True


@method("getWebhookInfo")
async def get_webhook_info(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getwebhookinfo."""
    webhook = call.bot.webhook or Webhook(url="")
    info: Json = {
        "url": webhook.url,
        "has_custom_certificate": webhook.has_certificate,
        "pending_update_count": len(call.world.updates.pending(call.bot)),
    }
    if webhook.url:
        info["max_connections"] = webhook.max_connections
        info["ip_address"] = "127.0.0.1"
    if webhook.last_error_at is not None:
        info |= {"last_error_date": webhook.last_error_at, "last_error_message": webhook.last_error}
    if call.bot.allowed_updates:
        info["allowed_updates"] = call.bot.allowed_updates
    return info


def _remember_allowed(call: Call) -> None:
    """The list is kept until another is given; an empty one means the default."""
    allowed = read_allowed(call.given.get("allowed_updates"))
    if allowed is not None and allowed != (call.bot.allowed_updates or []):
        call.bot.allowed_updates = allowed or None
        call.world.save(call.bot)


def _check_secret(secret: str) -> None:
    if len(secret) > _SECRET_LENGTH_MAX:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")


def _check_url(call: Call, url: str) -> None:
    """HTTPS on Telegram's ports, as for real; on loopback plain HTTP and any port will do."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        port = parts.port
    except ValueError:
        raise bad_request("invalid webhook URL specified") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    if is_loopback(url):
        return
    if parts.scheme == "http":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if port is not None and port not in _PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if call.world.webhook_transport is None:
        raise bad_request("bad webhook: Failed to resolve host: Name or service not known")
