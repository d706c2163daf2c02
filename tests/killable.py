"""The shop as a process of its own, with its far ends elsewhere, so that a test may kill it.

It is what `parley serve` runs, but for keys and addresses that lead to emulators.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from app.running import Teller, home_lock, prepare, with_sandbox
from app.server import ShopServer, create_app, listen_on
from app.settings import ROOT, Home, read_secrets
from app.wiring import FarEnds, build
from bot.delivery.limits import UNLIMITED, Limiter
from storage.clock import SystemClock
from tests.open_shop import settings_for_tests, settings_that_hold


@dataclass(frozen=True, slots=True)
class Killable:
    """What to serve, where; `holds`: banks hold the money until an order is packed."""

    home: Path
    database_url: str
    port: int
    far_ends: str
    log: Path
    holds: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def serve(shop: Killable) -> None:
    """Serve until killed; what it prints and logs is added to the log file."""
    with shop.log.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.chdir(ROOT)
    os.environ["PARLEY_DATABASE_URL"] = shop.database_url
    settings = settings_that_hold() if shop.holds else settings_for_tests()
    secrets, home = with_sandbox(read_secrets()), Home(shop.home)
    with listen_on("127.0.0.1", shop.port) as listener, home_lock(home, shop.url):
        parley = build(
            settings,
            secrets,
            home,
            SystemClock(),
            loaded=prepare(settings, secrets, home, Teller(Console(stderr=True), quiet=True), demo=False),
            public_url=shop.url,
            far_ends=FarEnds(
                telegram=f"{shop.far_ends}/telegram",
                messenger=f"{shop.far_ends}/messenger",
                stripe=f"{shop.far_ends}/stripe",
            ),
        )
        for channel in ("telegram", "messenger"):  # nobody shall have to wait for them here
            parley.delivery.limiters[channel] = Limiter(UNLIMITED)
        ShopServer(create_app(parley, None), parley).run(sockets=[listener])
