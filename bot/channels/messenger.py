"""The Messenger channel: receives Meta's webhooks for one Facebook page, and sends through the Graph API.

https://developers.facebook.com/docs/messenger-platform
"""

import hashlib
import hmac
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import PlainTextResponse

from bot.channels.messenger_graph import GraphApi
from bot.channels.messenger_pictures import Pictures
from bot.channels.messenger_reading import GET_STARTED, SOURCE, read
from bot.channels.messenger_sending import LastHeard, Sending
from bot.channels.port import Abilities, Draw, WrongToken
from bot.channels.text import RichText, utf16_length
from bot.delivery.limits import Limits, Rate
from bot.events import Inbound
from bot.messages import Message, Purpose
from shop.errors import Rejected, Unavailable
from storage.clock import Clock, SystemClock

log = structlog.get_logger()

Receive = Callable[[list[Inbound]], Awaitable[object]]
"""Keeps events for good; when it returns they are on disk."""

WEBHOOK_PATH: Final = "/webhooks/messenger"
SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
# https://developers.facebook.com/docs/messenger-platform/webhooks: what the page tells the app about
SUBSCRIBED_FIELDS: Final = (
    "messages",
    "messaging_postbacks",
    "messaging_referrals",
    "message_echoes",
    "standby",
)
# https://developers.facebook.com/docs/messenger-platform/overview/rate-limiting: 300 calls a second, but over 40 the page's
# inbox shows nothing new; a chat's own limit is not said.
LIMITS: Final = Limits(overall=Rate(30, 5), chat=Rate(2, 6), group=Rate(2, 6))
GREETING_LENGTH_MAX: Final = 160
PAUSE_FIRST_SECONDS: Final = 1.0
PAUSE_MAX_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Page:
    """What the merchant says of the page. Without `id` it is whichever the token belongs to.

    `templates` are approved utility templates, in `language`, by what they are for.
    """

    token: str = field(repr=False)
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    id: str | None = None
    greeting: str = ""
    templates: Mapping[Purpose, str] = field(default_factory=dict[Purpose, str])
    language: str = "en"


@dataclass(frozen=True, slots=True)
class PageStanding:
    """Who the page is, and of which events it tells an app; several apps may hear of it, and we cannot tell which is ours."""

    id: str
    name: str
    fields: frozenset[str]


class MessengerChannel:
    """One Facebook page."""

    name = SOURCE

    def __init__(
        self,
        page: Page,
        *,
        media: Path,
        media_url: str,
        last_heard: LastHeard,
        clock: Clock | None = None,
        api_base: str | None = None,
        limits: Limits | None = None,
        draw: Draw | None = None,
    ) -> None:
        """`media_url` is where Meta finds the folder `media`; `api_base` another server than Meta's own.

        Without `draw` no files are sent.
        """
        self.limits = limits or LIMITS
        self.abilities = Abilities(receipts=True, files=draw is not None, invitations=True)
        self._page = page
        self._clock = clock or SystemClock()
        self._api = GraphApi(
            page_token=page.token, app_secret=page.app_secret, page_id=page.id, base_url=api_base
        )
        self._sending = Sending(
            self._api,
            Pictures(media, self._api),
            clock=self._clock,
            last_heard=last_heard,
            media_url=media_url,
            templates=page.templates,
            language=page.language,
            draw=draw,
        )

    def is_group(self, chat: str) -> bool:
        """A page speaks with one person at a time."""
        del chat
        return False

    async def send(self, chat: str, message: Message) -> str | None:
        """Deliver it; Meta's id of its last message. Raises Rejected, Blocked, TooFast or Unavailable."""
        return await self._sending.send(chat, message)

    def read(self, notice: Any) -> list[Inbound]:
        """What a notice tells. Never raises."""
        return read(notice, page_id=self._page.id)

    def is_verified(self, token: str) -> bool:
        """Whether somebody who sets the webhook up knows our verify token."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self._page.verify_token.encode())

    def is_signed(self, body: bytes, signature: str) -> bool:
        """Whether Meta signed these very bytes: .../docs/messenger-platform/webhooks#validate-payloads."""
        expected = "sha256=" + hmac.digest(self._page.app_secret.encode(), body, hashlib.sha256).hex()
        return hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode())

    async def introduce(self) -> None:
        """Have the page tell us what happens, show its first button and its greeting; keeps trying while Meta is away.

        What Meta refuses is logged: a page may be set up by hand as well.
        """
        await self._insist("subscribed_apps", {"subscribed_fields": ",".join(SUBSCRIBED_FIELDS)})
        await self._insist("messenger_profile", self._profile())
        log.info("messenger.introduced")

    async def standing(self) -> PageStanding:
        """What Meta says of the page now. Raises Rejected or Unavailable (WrongToken)."""
        page = await self._api.get("", {"fields": "id,name"})
        apps = (await self._api.get("subscribed_apps", {}))["data"]
        fields = {field for app in apps for field in app["subscribed_fields"]}
        return PageStanding(id=page["id"], name=page.get("name", ""), fields=frozenset(fields))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._api.close()

    def _profile(self) -> dict[str, Any]:
        """https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api"""
        profile: dict[str, Any] = {"get_started": {"payload": GET_STARTED}}
        greeting = RichText(self._page.greeting).cut(GREETING_LENGTH_MAX, utf16_length).plain
        return profile | ({"greeting": [{"locale": "default", "text": greeting}]} if greeting else {})

    async def _insist(self, edge: str, fields: dict[str, Any]) -> None:
        """Do it until it works or is refused, with growing pauses."""
        for failures in itertools.count():
            try:
                await self._api.post(edge, fields)
            except Rejected as error:
                log.error("messenger.setting_refused", edge=edge, error=str(error))  # noqa: TRY400 - Meta says why
                return
            except Unavailable as error:
                pause = (
                    PAUSE_MAX_SECONDS if isinstance(error, WrongToken) else _pause_seconds(error, failures)
                )
                log.warning("messenger.unavailable", edge=edge, error=str(error), pause_seconds=pause)
                await self._clock.sleep(pause)
            else:
                return


def webhook_router(channel: MessengerChannel, receive: Receive) -> APIRouter:
    """GET /webhooks/messenger answers Meta's challenge; POST is answered 200 only after `receive` has kept the events.

    403 without our verify token or a good signature, 400 for what is no JSON; nothing is kept then.
    """
    router = APIRouter()

    @router.get(WEBHOOK_PATH)
    async def answer_challenge(  # pyright: ignore[reportUnusedFunction] - FastAPI calls it
        mode: Annotated[str, Query(alias="hub.mode")] = "",
        token: Annotated[str, Query(alias="hub.verify_token")] = "",
        challenge: Annotated[str, Query(alias="hub.challenge")] = "",
    ) -> Response:
        if mode != "subscribe" or not channel.is_verified(token):
            raise HTTPException(403, "wrong verify token")
        return PlainTextResponse(challenge)

    @router.post(WEBHOOK_PATH)
    async def take_notice(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction] - FastAPI calls it
        body = await request.body()
        if not channel.is_signed(body, request.headers.get(SIGNATURE_HEADER, "")):
            log.warning("webhook.forged", source=SOURCE)
            raise HTTPException(403, "the signature does not verify")
        inbounds = channel.read(_json(body))
        if inbounds:
            await receive(inbounds)
        return PlainTextResponse("EVENT_RECEIVED")

    return router


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise HTTPException(400, "no JSON") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _pause_seconds(error: Unavailable, failures: int) -> float:
    if error.retry_after_seconds is not None:
        return error.retry_after_seconds
    return min(PAUSE_MAX_SECONDS, PAUSE_FIRST_SECONDS * 2 ** min(failures, 10))
