"""Asks a service that speaks JSON over HTTP: one question, one answer, within a time that is kept.

After a failure the service is left alone for a while, so that one that is down costs one wait and not one a message.
What it raises names the service and the trouble, never what was asked.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from shop.errors import Unavailable

BYTES_MAX: Final = 2_000_000  # of an answer
PAUSE_SECONDS: Final = 5.0
PAUSE_SECONDS_MAX: Final = 300.0  # however long the service asks to be left alone
CONNECT_SECONDS_MAX: Final = 2.0
_UNWRITABLE: Final = re.compile("[\ud800-\udfff]")  # half a character: no UTF-8 has it


class LeftAlone(Unavailable):
    """The service failed a moment ago and was not asked again."""


class JsonService:
    """One far end under one address. Safe to use from several threads; each call is a single try."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        timeout_seconds: float,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        pause_seconds: float = PAUSE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`name` is what errors call it; `headers` and `parameters` go with each request and may hold secrets."""
        self.name = name
        self.url = url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._pause_seconds = pause_seconds
        self._parameters = dict(parameters or {})
        self._now = now
        self._rests_until = 0.0
        seconds = httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS_MAX, timeout_seconds))
        self._client = httpx.Client(
            headers={"Accept": "application/json", **(headers or {})}, timeout=seconds
        )

    def close(self) -> None:
        """Let go of its connections."""
        self._client.close()

    def post(self, path: str, body: Any) -> Any:
        """The JSON that the service answers. Raises LeftAlone or Unavailable."""
        left = self._rests_until - self._now()
        if left > 0:
            raise LeftAlone(
                f"{self.name} failed and is left alone for {left:.0f} s", retry_after_seconds=left
            )
        try:
            return self._ask("POST", path, body)
        except Unavailable as error:
            pause = error.retry_after_seconds or self._pause_seconds
            self._rests_until = self._now() + min(pause, PAUSE_SECONDS_MAX)
            raise

    def get(self, path: str) -> Any:
        """As `post`, but asked whether or not it failed before: for looking at it. Raises Unavailable."""
        return self._ask("GET", path, None)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        until = self._now() + self._timeout_seconds
        content = None if body is None else _written(body)
        headers = {"Content-Type": "application/json"} if content else {}
        try:
            with self._client.stream(
                method, self.url + path, content=content, headers=headers, params=self._parameters
            ) as answer:
                if answer.status_code != 200:
                    raise Unavailable(
                        f"{self.name} answered with status {answer.status_code}",
                        retry_after_seconds=_retry_after(answer.headers),
                    )
                return self._read(answer, until)
        except httpx.HTTPError as error:  # its own words may hold the address with its secrets
            raise Unavailable(f"{self.name} gave no answer ({type(error).__name__})") from None

    def _read(self, answer: httpx.Response, until: float) -> Any:
        read = bytearray()
        for piece in answer.iter_bytes():
            read += piece
            if self._now() > until:
                raise Unavailable(f"{self.name} was too slow")
            if len(read) > BYTES_MAX:
                raise Unavailable(f"{self.name} answered with more than {BYTES_MAX} bytes")
        try:
            return json.loads(read)
        except (ValueError, RecursionError):
            raise Unavailable(f"{self.name} answered with something that is not JSON") from None


def writable(text: str) -> str:
    """The text as it can be sent; every character stays in its place."""
    return _UNWRITABLE.sub("\ufffd", text)


def _written(body: Any) -> bytes:
    return writable(json.dumps(body, ensure_ascii=False)).encode()


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that the service asks for; a date in that place (RFC 9110, 10.2.3) is not looked at."""
    said = headers.get("Retry-After", "")
    return float(said) if re.fullmatch(r"\d{1,6}", said) else None
