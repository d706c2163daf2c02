"""The shop as a process of its own, with its far ends elsewhere: python -m tests.killable --home … --port … --far-ends URL.

It is what `parley serve` runs, but for keys and addresses that lead to emulators; so that a test may kill it.
"""

import argparse
from pathlib import Path

from rich.console import Console

from app.running import Teller, home_lock, prepare, with_sandbox
from app.server import ShopServer, create_app, listen_on
from app.settings import Home, read_secrets
from app.wiring import FarEnds, build
from bot.delivery.limits import UNLIMITED, Limiter
from storage.clock import SystemClock
from tests.open_shop import settings_for_tests, settings_that_hold


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.killable", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--far-ends", required=True, help="where Telegram, Messenger and Stripe are: http://127.0.0.1:…"
    )
    parser.add_argument("--holds", action="store_true", help="banks hold the money until it is packed")
    chosen = parser.parse_args()
    run(Home(chosen.home), chosen.port, chosen.far_ends, holds=chosen.holds)


def run(home: Home, port: int, far_ends: str, *, holds: bool) -> None:
    """Serve until killed."""
    url = f"http://127.0.0.1:{port}"
    settings, secrets = settings_that_hold() if holds else settings_for_tests(), with_sandbox(read_secrets())
    with listen_on("127.0.0.1", port) as listener, home_lock(home, url):
        parley = build(
            settings,
            secrets,
            home,
            SystemClock(),
            loaded=prepare(settings, secrets, home, Teller(Console(stderr=True), quiet=True), demo=False),
            public_url=url,
            far_ends=FarEnds(
                telegram=f"{far_ends}/telegram",
                messenger=f"{far_ends}/messenger",
                stripe=f"{far_ends}/stripe",
            ),
        )
        for channel in ("telegram", "messenger"):  # nobody shall have to wait for them here
            parley.delivery.limiters[channel] = Limiter(UNLIMITED)
        ShopServer(create_app(parley, None), parley).run(sockets=[listener])


if __name__ == "__main__":
    main()
