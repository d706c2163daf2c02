"""Who may see the staff page, without a browser."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request

from console.staff_access import (
    SESSION_HOURS,
    TRIES_PER_MINUTE,
    TRIES_PER_MINUTE_IN_ALL,
    StaffAccess,
    Verdict,
    staff_path,
)
from sandbox.clock import SimulatedClock

RIGHT = "open sesame"


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def door(clock: SimulatedClock) -> StaffAccess:
    return StaffAccess(clock, secret=b"key", password=RIGHT)


def asked(*, client: str = "127.0.0.1", session: dict[str, Any] | None = None, **headers: str) -> Request:
    """A request for the staff page."""
    named = {"host": "127.0.0.1:8080"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(
        {
            "type": "http",
            "path": "/staff",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": (client, 5000),
            "server": ("127.0.0.1", 8080),
            "scheme": "http",
            "session": {} if session is None else session,
        }
    )


def test_the_right_password_opens_for_a_working_day(door: StaffAccess, clock: SimulatedClock) -> None:
    session: dict[str, Any] = {}
    assert door.try_password("1.2.3.4", RIGHT) is Verdict.RIGHT
    door.sign_in(session)
    assert door.turned_away(asked(session=session)) is None
    clock.advance(timedelta(hours=SESSION_HOURS).total_seconds() - 1)
    assert door.turned_away(asked(session=session)) is None
    clock.advance(1)
    assert door.turned_away(asked(session=session)) is not None


def test_signing_out_closes_the_door(door: StaffAccess) -> None:
    session: dict[str, Any] = {}
    door.sign_in(session)
    door.sign_out(session)
    assert door.turned_away(asked(session=session)) is not None


def test_a_new_password_or_key_signs_everybody_out(door: StaffAccess, clock: SimulatedClock) -> None:
    session: dict[str, Any] = {}
    door.sign_in(session)
    for secret, password in ((b"key", "another"), (b"another", RIGHT)):
        other = StaffAccess(clock, secret=secret, password=password)
        assert other.turned_away(asked(session=session)) is not None


@pytest.mark.parametrize("password", ["", "open sesam", "OPEN SESAME", "öffne dich", RIGHT + " "])
def test_nearly_right_is_wrong(door: StaffAccess, password: str) -> None:
    assert door.try_password("1.2.3.4", password) is Verdict.WRONG


def test_after_some_tries_an_address_waits_a_minute(door: StaffAccess, clock: SimulatedClock) -> None:
    for _ in range(TRIES_PER_MINUTE):
        assert door.try_password("1.2.3.4", "guess") is Verdict.WRONG
    assert door.try_password("1.2.3.4", RIGHT) is Verdict.TOO_MANY
    assert door.try_password("5.6.7.8", RIGHT) is Verdict.RIGHT
    clock.advance(61)
    assert door.try_password("1.2.3.4", RIGHT) is Verdict.RIGHT


def test_many_addresses_together_are_slowed_down_too(door: StaffAccess, clock: SimulatedClock) -> None:
    for number in range(TRIES_PER_MINUTE_IN_ALL):
        assert door.try_password(f"address {number}", "guess") is Verdict.WRONG
    assert door.try_password("one more", RIGHT) is Verdict.TOO_MANY
    clock.advance(61)
    assert door.try_password("one more", RIGHT) is Verdict.RIGHT


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]"])
def test_without_a_password_this_machine_gets_in(clock: SimulatedClock, host: str) -> None:
    door = StaffAccess(clock, secret=b"key", password=None)
    assert door.turned_away(asked(host=host)) is None


@pytest.mark.parametrize(
    "request_",
    [
        asked(client="192.168.1.7"),
        asked(client=""),
        asked(host="evil.example"),  # a name that was given our address
        asked(host="localhost.evil.example:8080"),
        asked(x_forwarded_for="192.168.1.7"),
        asked(forwarded="for=192.168.1.7"),
        asked(x_real_ip="192.168.1.7"),
    ],
)
def test_without_a_password_nobody_else_does(clock: SimulatedClock, request_: Request) -> None:
    turned_away = StaffAccess(clock, secret=b"key", password=None).turned_away(request_)
    assert turned_away is not None
    assert turned_away.status_code == 403


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/staffing", "", "/", "/staf"])
def test_the_way_after_signing_in_stays_with_staff(wanted: str) -> None:
    assert staff_path(wanted) == "/staff"
    assert staff_path("/staff/orders?page=2") == "/staff/orders?page=2"
