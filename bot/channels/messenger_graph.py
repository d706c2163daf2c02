"""Calls to Meta's Graph API, with its refusals in our own error tree and never a secret in their words.

https://developers.facebook.com/docs/graph-api/overview; the page token goes into a header, as no URL is safe from logs.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx
import structlog

from bot.channels.port import WrongToken
from bot.delivery.engine import Blocked, TooFast
from shop.errors import Rejected, Unavailable

log = structlog.get_logger()

Json = dict[str, Any]

GRAPH: Final = "https://graph.facebook.com"
VERSION: Final = "v26.0"
ME: Final = "me"  # the page whose token it is
CALL_SECONDS: Final = 30.0
UPLOAD_SECONDS: Final = 90.0

# https://developers.facebook.com/docs/graph-api/overview/rate-limiting (4: the app, 17: the user, 32: the page, 80006:
# Messenger) and https://developers.facebook.com/docs/messenger-platform/error-codes (613: this API; also one chat)
_TOO_FAST_WHOLE_PAGE: Final = {4, 17, 32, 80006}
_TOO_FAST: Final = 613
_PAUSE_SECONDS: Final = 60.0  # where no header says how long
_CHAT_PAUSE_SECONDS: Final = 10.0
# https://developers.facebook.com/docs/graph-api/guides/error-handling: 1 and 2 are Meta's own trouble; so is 1200
_PASSING: Final = {1, 2, 1200}
_WRONG_TOKEN: Final = {102, 190}
_GONE: Final = {(10, 2018108), (100, 2018001), (200, 1545041)}  # stopped the page, unknown, not there
_GONE_CODE: Final = 551
_OUTSIDE_WINDOW: Final = {(10, 2018065), (10, 2018278)}
_INVALID: Final = 100
_TOO_MANY_REQUESTS: Final = 429
_CODE_BEFORE = re.compile(r"^\(#\d+\) ")  # most of Meta's sentences begin with their code


class BadRequest(Rejected):
    """Meta cannot make sense of it as it is; in another form it may."""


class OutsideWindow(Rejected):
    """The person wrote too long ago for this kind of message."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file beside the fields of a call."""

    name: str
    content: bytes
    type: str


class GraphApi:
    """One page's line to the Graph API (or to an emulator at `base_url`)."""

    def __init__(
        self, *, page_token: str, app_secret: str, page_id: str | None = None, base_url: str | None = None
    ) -> None:
        """Without `page_id` the page is whichever the token belongs to."""
        self._page = page_id or ME
        self._secrets = (page_token, app_secret)
        # https://developers.facebook.com/docs/graph-api/guides/secure-requests
        self._proof = hmac.digest(app_secret.encode(), page_token.encode(), hashlib.sha256).hex()
        self._client = httpx.AsyncClient(
            base_url=f"{(base_url or GRAPH).rstrip('/')}/{VERSION}",
            headers={"Authorization": f"Bearer {page_token}"},
            timeout=CALL_SECONDS,
        )

    async def page_id(self) -> str:
        """The page's own id; Meta is asked once. Raises as `get`."""
        if self._page == ME:
            self._page = str((await self.get("", {"fields": "id"}))["id"])
        return self._page

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, edge: str, fields: Json) -> Json:
        """POST to an edge of the page, such as "messages". Raises Rejected (BadRequest …) or Unavailable (TooFast …)."""
        body = fields | {"appsecret_proof": self._proof}
        return await self._answer(self._client.build_request("POST", f"/{self._page}/{edge}", json=body))

    async def get(self, edge: str, fields: Json) -> Json:
        """GET an edge of the page, or the page itself for "". Raises as `post`."""
        path = f"/{self._page}/{edge}".rstrip("/")
        params = fields | {"appsecret_proof": self._proof}
        return await self._answer(self._client.build_request("GET", path, params=params))

    async def upload(self, edge: str, fields: Json, file: Upload) -> Json:
        """POST a file with its fields, as form data."""
        form = {name: _as_text(value) for name, value in fields.items()} | {"appsecret_proof": self._proof}
        request = self._client.build_request(
            "POST",
            f"/{self._page}/{edge}",
            data=form,
            files={"filedata": (file.name, file.content, file.type)},
            timeout=UPLOAD_SECONDS,
        )
        return await self._answer(request)

    async def _answer(self, request: httpx.Request) -> Json:
        failure: Exception
        try:
            response = await self._client.send(request)
        except httpx.HTTPError as error:
            failure = Unavailable(
                self._without_secrets(f"Meta is out of reach: {type(error).__name__} {error}")
            )
        else:
            answer = _json(response)
            if answer is not None and response.is_success and "error" not in answer:
                return answer
            failure = self._failure(response, answer)
        raise failure from None

    def _failure(self, response: httpx.Response, answer: Json | None) -> Rejected | Unavailable:
        error = _mapping((answer or {}).get("error"))
        code, subcode = error.get("code"), error.get("error_subcode")
        if not isinstance(code, int):  # something on the way answered, not the Graph API
            return self._unknown_failure(response)
        said = _CODE_BEFORE.sub("", str(error.get("message", "")))
        words = self._without_secrets(f"{said} ({_numbers(code, subcode)})")
        if response.status_code == _TOO_MANY_REQUESTS or code in _TOO_FAST_WHOLE_PAGE:
            return TooFast(words, retry_after_seconds=_pause(response, _PAUSE_SECONDS), whole_bot=True)
        if code == _TOO_FAST:
            return TooFast(words, retry_after_seconds=_pause(response, _CHAT_PAUSE_SECONDS), whole_bot=False)
        if code in _WRONG_TOKEN:
            log.error(
                "messenger.wrong_token",
                error=words,
                fix="set PARLEY_MESSENGER_PAGE_TOKEN to a valid page token",
            )
            return WrongToken(f"Meta refused the page token: {words}")
        if code in _PASSING or response.is_server_error or error.get("is_transient") is True:
            return Unavailable(words)
        return _refusal(code, subcode)(words)

    def _unknown_failure(self, response: httpx.Response) -> Rejected | Unavailable:
        words = f"no answer of the Graph API (HTTP {response.status_code})"
        if response.status_code == _TOO_MANY_REQUESTS:
            return TooFast(words, retry_after_seconds=_pause(response, _PAUSE_SECONDS), whole_bot=True)
        return Unavailable(words)

    def _without_secrets(self, text: str) -> str:
        for secret in (*self._secrets, self._proof):
            text = text.replace(secret, "•••")
        return text


def _as_text(value: Any) -> str:
    """A field of a form: words as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _refusal(code: int, subcode: Any) -> type[Rejected]:
    if code == _GONE_CODE or (code, subcode) in _GONE:
        return Blocked
    if (code, subcode) in _OUTSIDE_WINDOW:
        return OutsideWindow
    return BadRequest if code == _INVALID else Rejected


def _pause(response: httpx.Response, default_seconds: float) -> float:
    """What the answer says about the way back, else `default_seconds`."""
    waits = [*_retry_after(response.headers), *_regain_access(response.headers)]
    return max(waits, default=default_seconds)


def _retry_after(headers: httpx.Headers) -> list[float]:
    given = headers.get("Retry-After", "")
    return [float(given)] if given.isascii() and given.isdigit() else []


def _regain_access(headers: httpx.Headers) -> list[float]:
    """X-Business-Use-Case-Usage: {"<id>": [{"estimated_time_to_regain_access": <minutes>, …}]}."""
    try:
        usage: Any = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = [use["estimated_time_to_regain_access"] for uses in usage.values() for use in uses]
        return [60.0 * each for each in minutes if each > 0]
    except (ValueError, AttributeError, KeyError, TypeError):
        return []


def _numbers(code: int, subcode: Any) -> str:
    return f"#{code}" if subcode is None else f"#{code}/{subcode}"


def _json(response: httpx.Response) -> Json | None:
    try:
        answer: Any = response.json()
    except (ValueError, RecursionError):
        return None
    return cast("Json", answer) if isinstance(answer, dict) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
