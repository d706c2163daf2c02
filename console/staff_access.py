"""Who may see the staff page: whoever knows the password, or anyone on this very machine while there is none."""

import hashlib
import hmac
import ipaddress
import re
from collections import defaultdict, deque
from collections.abc import MutableMapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from storage.clock import Clock

SIGN_IN_PATH: Final = "/staff/sign-in"
SIGN_OUT_PATH: Final = "/staff/sign-out"
STAFF_KEY: Final = "staff"
SESSION_HOURS: Final = 12
TRIES_PER_MINUTE: Final = 5  # from one address
TRIES_PER_MINUTE_IN_ALL: Final = 60  # from all of them: a guesser has many addresses
LOOPBACK_NAMES: Final = {"localhost", "127.0.0.1", "[::1]"}
_PORT: Final = re.compile(r":\d+$")
CLOSED: Final = (
    "The staff page is closed to other machines until it has a password. "
    "Set PARLEY_STAFF_PASSWORD and start Parley again."
)


class Verdict(StrEnum):
    """What came of a password."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_MANY = "too_many"


class StaffAccess:
    """Checks passwords and remembers, in the signed cookie, who gave the right one."""

    def __init__(self, clock: Clock, *, secret: bytes, password: str | None) -> None:
        self._clock = clock
        self._secret = secret
        self._password = password
        self._tries: defaultdict[str, deque[float]] = defaultdict(deque)

    @property
    def is_open(self) -> bool:
        """No password is set: only this machine gets in, and without one."""
        return self._password is None

    def turned_away(self, request: Request) -> Response | None:
        """Where to send a browser that may not see the page; None when it may."""
        if self.is_open:
            return None if _is_this_machine(request) else HTMLResponse(CLOSED, 403)
        if self._is_signed_in(request.session):
            return None
        return RedirectResponse(f"{SIGN_IN_PATH}?to={quote(_asked_for(request))}", 303)

    def try_password(self, address: str, password: str) -> Verdict:
        """Right or wrong, in the same time for each; TOO_MANY when that address has to wait first."""
        if self._has_to_wait(address):
            return Verdict.TOO_MANY
        if self._password is not None and hmac.compare_digest(
            self._digest(password), self._digest(self._password)
        ):
            self._tries.pop(address, None)
            return Verdict.RIGHT
        return Verdict.WRONG

    def sign_in(self, session: MutableMapping[str, Any]) -> None:
        """Remember it in this browser for a working day."""
        session[STAFF_KEY] = {"since": self._clock.now().timestamp(), "password": self._fingerprint()}

    def sign_out(self, session: MutableMapping[str, Any]) -> None:
        session.pop(STAFF_KEY, None)

    def _is_signed_in(self, session: MutableMapping[str, Any]) -> bool:
        remembered = session.get(STAFF_KEY)
        if not isinstance(remembered, dict):
            return False
        kept: dict[str, Any] = remembered  # pyright: ignore[reportUnknownVariableType] - JSON of our own
        age = self._clock.now().timestamp() - float(kept["since"])
        same_password = hmac.compare_digest(str(kept["password"]), self._fingerprint())
        return same_password and 0 <= age < timedelta(hours=SESSION_HOURS).total_seconds()

    def _fingerprint(self) -> str:
        """Changes with the password, so that a new one signs everybody out."""
        return self._digest(self._password or "").hex()[:32]

    def _digest(self, password: str) -> bytes:
        return hmac.new(self._secret, b"staff password:" + password.encode(), hashlib.sha256).digest()

    def _has_to_wait(self, address: str) -> bool:
        now = self._clock.now().timestamp()
        for other in [each for each, times in self._tries.items() if not times or times[-1] < now - 60]:
            del self._tries[other]
        recent = self._tries[address]
        while recent and recent[0] < now - 60:
            recent.popleft()
        in_all = sum(map(len, self._tries.values()))
        if len(recent) >= TRIES_PER_MINUTE or in_all >= TRIES_PER_MINUTE_IN_ALL:
            return True
        recent.append(now)
        return False


def _asked_for(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query


def staff_path(wanted: str) -> str:
    """Where to go after signing in: a page of ours, whatever the address said."""
    return wanted if wanted == "/staff" or wanted.startswith("/staff/") else "/staff"


def _is_this_machine(request: Request) -> bool:
    """A browser on this machine, that asked for this machine by name, and that no proxy stands in front of.

    The Host header is looked at because a foreign web page can give its own name our address (DNS rebinding).
    """
    host = _PORT.sub("", request.headers.get("host", ""))
    behind_proxy = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
    address = request.client.host if request.client else ""
    return not behind_proxy and host in LOOPBACK_NAMES and _is_loopback(address)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
