"""Opening the shop: the steps a person sees, the lock on its home, and running until told to stop."""

import asyncio
import contextlib
import gc
import json
import os
import secrets as random
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy.orm import Session

from app.phones.paths import BACK_PATH, CHAT_PATH
from app.sandbox import SECRETS as SANDBOX_SECRETS
from app.sandbox import Sandbox, open_sandbox
from app.server import AddressInUse, ShopServer, create_app, listen_on
from app.serving import PromptServer
from app.settings import ROOT, Home, Secrets, Settings
from app.wiring import (
    Loaded,
    Parley,
    build,
    learn,
    model_in_use,
    open_database,
    trained_model,
)
from bot.actions.reconciling import schedule
from bot.channels.terminal import Terminal
from knowledge_base import importing as knowledge_importing
from knowledge_base import indexing
from knowledge_base.means import Means
from knowledge_base.passages import refresh_passage_vectors
from nlu.languages import name_of
from nlu.memory import give_back
from nlu.model import ModelFileError, TrainedModel, WorseModel
from nlu.training_data import TrainingData, TrainingDataError
from sandbox.clock import TurnableClock
from shop.catalogue.importing import import_products
from shop.deals.importing import import_deals
from shop.profile import ShopProfile
from shop.promotions import service as promotions
from shop.promotions.model import Coupon
from storage.clock import SystemClock
from storage.engine import Database

DEMO = ROOT / "sandbox" / "demo_shop"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
START_SECONDS = 30
GC_THRESHOLD = 50_000  # an async server allocates much and keeps little: about 10 % faster


class CannotOpen(Exception):  # noqa: N818 - what happened
    """The shop cannot be opened; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Says what is being done, on standard error; silent for machines."""

    console: Console
    quiet: bool

    def say(self, text: str) -> None:
        if not self.quiet:
            self.console.print(text, highlight=False, soft_wrap=True)

    def announce(self, facts: dict[str, str]) -> None:
        """For machines: one JSON object on standard output."""
        if self.quiet:
            sys.stdout.write(json.dumps(facts) + "\n")
            sys.stdout.flush()

    @contextmanager
    def bar(self, what: str) -> Generator[Callable[[float], None]]:
        """A bar while something takes its time; where nobody watches, its name alone."""
        watched = self.console.is_terminal and not self.quiet
        if not watched:
            self.say(f"  {what} …")
        columns = (TextColumn("  {task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        with Progress(*columns, console=self.console, disable=not watched, transient=True) as progress:
            task = progress.add_task(what, total=1.0)
            yield lambda share: progress.update(task, completed=share)


@contextmanager
def home_lock(home: Home, url: str) -> Generator[None]:
    """One process serves a home; others find it by the address that it leaves there. Raises CannotOpen."""
    lock = FileLock(home.folder / "parley.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        other = running_server(home)
        where = f" at {other}" if other else ""
        raise CannotOpen(
            f"A Parley is running on {home.folder}{where} already. Stop it, or use another folder: --home DIR"
        ) from None
    address = home.folder / "server.json"
    address.write_text(json.dumps({"url": url, "pid": os.getpid()}), "utf-8")
    try:
        yield
    finally:
        address.unlink(missing_ok=True)
        lock.release()


def running_server(home: Home) -> str | None:
    """The address of the Parley that serves this home right now; None when there is none."""
    try:
        url = str(json.loads((home.folder / "server.json").read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError):
        return None
    return url if _answers(url) else None  # one that was killed leaves its address behind


def _answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/healthz", timeout=2).raise_for_status()
    except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL):
        return False
    return True


def prepare(settings: Settings, secrets: Secrets, home: Home, teller: Teller, *, demo: bool) -> Loaded:
    """Everything before opening: database, models, and for the demo its goods. A second time it is quick.

    A model that is not of today's training data, settings and format is trained anew. Raises CannotOpen.
    """
    teller.say("→ Preparing the database")
    database = open_database(settings, secrets, home)
    try:
        learnt = learn(
            settings,
            home,
            database,
            model_of=lambda language, data: _learn(settings, home, data, language, teller),
        )
    except (TrainingDataError, ModelFileError) as error:
        database.close()
        raise CannotOpen(str(error)) from error
    if demo:
        seed_demo(settings, home, database, learnt.means, teller)
    read_documents(database, learnt.means, teller)
    return Loaded(database, learnt)


def _learn(settings: Settings, home: Home, data: TrainingData, language: str, teller: Teller) -> TrainedModel:
    """The model of that language; trained now, so that no customer ever waits for it."""
    name = name_of(language, in_language="en")
    with teller.bar(f"Learning to understand {name}") as tell:
        try:
            model, trained = trained_model(
                settings, home, data, language=language, progress=lambda _what, share: tell(share)
            )
        except WorseModel as error:
            teller.say(f"[yellow]![/yellow] {name} goes on with the model of before: {error}")
            return model_in_use(settings, home, language)
    how = f"trained just now in {model.card.seconds:.0f} s" if trained else "trained before"
    teller.say(f"→ Understands {len(model.card.intents)} kinds of wishes in {name} ({how})")
    return model


def seed_demo(settings: Settings, home: Home, database: Database, means: Means, teller: Teller) -> None:
    """Kettle & Quay's goods and documents; what is there already stays, stock and orders included."""
    now = datetime.now(UTC)
    with teller.bar("Stocking the shelves") as tell:
        goods = import_products(
            database,
            DEMO / "products.csv",
            currency=settings.shop.currency,
            media=home.media,
            at=now,
            progress=tell,
        )
    database.write_now(lambda session: offer_demo_coupons(session, settings.shop, at=now))
    deals = import_deals(database, DEMO / "deals.yml", at=now, only_new=True)  # staff may have changed theirs
    documents = knowledge_importing.import_knowledge(
        database, [DEMO / "knowledge"], at=now, language=settings.language
    )
    if means.embedder is not None:
        with teller.bar("Reading labels") as tell:
            indexing.refresh_product_vectors(
                database, means.embedder, progress=lambda done, all_: tell(done / max(1, all_))
            )
    products = goods.added + goods.changed + goods.unchanged
    papers = documents.added + documents.changed + documents.unchanged
    teller.say(
        f"→ {products} products on the shelves, {len(deals.landings)} group deals, {papers} documents to answer from"
    )


def offer_demo_coupons(session: Session, shop: ShopProfile, *, at: datetime) -> None:
    """One to try: a tenth off a first order."""
    if promotions.find(session, "WELCOME10") is None:
        promotions.add(
            session,
            Coupon(
                code="WELCOME10", percent=10, currency=shop.currency, first_order_only=True, created_at=at
            ),
        )


def read_documents(database: Database, means: Means, teller: Teller) -> None:
    """As today's models read them; quick where they did before."""
    with teller.bar("Reading documents") as tell:
        refresh_passage_vectors(database, means, progress=lambda done, all_: tell(done / max(1, all_)))


def serve(
    settings: Settings, secrets: Secrets, home: Home, *, port: int | None, sandbox: bool, quiet: bool
) -> None:
    """Open the shop and stay until Ctrl-C or SIGTERM. Raises CannotOpen."""
    teller = Teller(Console(stderr=True), quiet)
    host = settings.server.host
    _check_exposure(host, secrets, sandbox=sandbox)
    if not sandbox:
        _check_channels(settings, secrets)
        for missing in _missing_keys(settings, secrets):
            teller.say(f"[yellow]![/yellow] {missing}")
    with _listening(host, port or settings.server.port) as listener:
        url = _url(listener)
        with home_lock(home, url):
            app_secrets = with_sandbox(secrets) if sandbox else secrets
            ready = prepare(settings, app_secrets, home, teller, demo=sandbox)
            parley, far_ends = assemble(settings, app_secrets, home, ready, url=url, sandbox=sandbox)
            if parley.stripe is not None:
                schedule_reconciling(parley)
            server = ShopServer(create_app(parley, far_ends, notices=_notices(sandbox=sandbox)), parley)
            try:
                with contextlib.suppress(KeyboardInterrupt):  # uvicorn stops cleanly, then raises it again
                    asyncio.run(_run(server, listener, teller, url, sandbox=sandbox))
            finally:
                parley.close()
    teller.say("Closed. Everything is kept; see you soon.")


def schedule_reconciling(parley: Parley) -> None:
    """Have the books compared with the provider's every night."""
    zone = ZoneInfo(parley.settings.shop.time_zone)
    parley.database.write_now(lambda session: schedule(session, zone=zone, at=parley.clock.now()))


async def _run(
    server: ShopServer, listener: socket.socket, teller: Teller, url: str, *, sandbox: bool
) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    opened = asyncio.create_task(server.opened.wait())
    await asyncio.wait([serving, opened], return_when=asyncio.FIRST_COMPLETED)
    opened.cancel()
    _settle_memory()
    if server.started:
        teller.announce({"url": url, "staff": f"{url}/staff"})
        teller.say(f"\n[bold]The shop is open:[/bold] {url}")
        teller.say(f"  staff page      {url}/staff")
        if sandbox:
            teller.say(f"  web chat        {url}{CHAT_PATH}")
            teller.say("  terminal        .venv/bin/parley chat")
            teller.say("  sandbox         no real messages are sent and no real money moves")
        teller.say("Press Ctrl-C to close.\n")
    await serving


def _settle_memory() -> None:
    """What is loaded by now stays: the garbage collector need not look at it again, nor at the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    give_back()


def assemble(
    settings: Settings, secrets: Secrets, home: Home, ready: Loaded, *, url: str, sandbox: bool
) -> tuple[Parley, Sandbox | None]:
    """The shop; in the sandbox with its far ends, and all of them on a clock that can be turned."""
    if not sandbox:
        public_url = settings.server.public_url or url
        return build(settings, secrets, home, SystemClock(), public_url=public_url, loaded=ready), None
    clock = TurnableClock(home.sandbox / "clock.json")
    far_ends = open_sandbox(
        home, clock, url=url, shop_name=settings.shop.name, page_id=settings.channels.messenger.page_id
    )
    parley = build(
        settings,
        secrets,
        home,
        clock,
        far_ends=far_ends.far_ends,
        public_url=url,
        return_url=f"{url}{BACK_PATH}" if settings.channels.web.enabled else url,
        loaded=ready,
    )
    return parley, far_ends


def with_sandbox(secrets: Secrets) -> Secrets:
    """The sandbox's keys; of the real ones only where the data is, who is staff and who helps to understand."""
    kept = ("database_url", "staff_password", "rasa_token", "generator_key")
    return SANDBOX_SECRETS.model_copy(update={name: getattr(secrets, name) for name in kept})


def _notices(*, sandbox: bool) -> tuple[str, ...]:
    return ("This is a demo: no real money moves.",) if sandbox else ()


def _check_exposure(host: str, secrets: Secrets, *, sandbox: bool) -> None:
    if host in LOOPBACK:
        return
    if sandbox:
        raise CannotOpen(
            f"The sandbox listens on this machine only; set server.host to 127.0.0.1, not {host}."
        )
    if secrets.staff_password is None:
        raise CannotOpen("Set PARLEY_STAFF_PASSWORD before opening the staff page to other machines.")


def _check_channels(settings: Settings, secrets: Secrets) -> None:
    """Webhooks need an address that the world can reach, and a secret that tells them from forgeries."""
    _check_telegram(settings, secrets)
    _check_messenger(settings, secrets)


def _check_telegram(settings: Settings, secrets: Secrets) -> None:
    telegram = settings.channels.telegram
    if not telegram.enabled or telegram.updates != "webhook" or secrets.telegram_token is None:
        return
    if not (settings.server.public_url or "").startswith("https://"):
        raise CannotOpen(
            "Telegram delivers webhooks to https addresses only: set server.public_url in config.yml, "
            "or channels.telegram.updates: polling"
        )
    if secrets.telegram_webhook_secret is None:
        raise CannotOpen("Set PARLEY_TELEGRAM_WEBHOOK_SECRET (letters, digits, _ and -), or use polling.")


def _check_messenger(settings: Settings, secrets: Secrets) -> None:
    if not settings.channels.messenger.enabled or secrets.messenger_page_token is None:
        return
    if secrets.messenger_app_secret is None or secrets.messenger_verify_token is None:
        raise CannotOpen(
            "Set PARLEY_MESSENGER_APP_SECRET (the app's, in its basic settings) and PARLEY_MESSENGER_VERIFY_TOKEN "
            "(a word of your own, the same as in the app's webhook settings)."
        )
    if not (settings.server.public_url or "").startswith("https://"):
        raise CannotOpen(
            "Meta delivers webhooks to https addresses only: set server.public_url in config.yml, "
            "or channels.messenger.enabled: false"
        )


def _missing_keys(settings: Settings, secrets: Secrets) -> Generator[str]:
    """What will not work without a key, said before a customer finds out."""
    if settings.channels.telegram.enabled and secrets.telegram_token is None:
        yield "PARLEY_TELEGRAM_TOKEN is not set: the Telegram bot stays silent."
    if settings.channels.messenger.enabled and secrets.messenger_page_token is None:
        yield "PARLEY_MESSENGER_PAGE_TOKEN is not set: the Facebook page stays silent."
    if secrets.stripe_key is None or secrets.stripe_webhook_secret is None:
        yield "PARLEY_STRIPE_KEY and PARLEY_STRIPE_WEBHOOK_SECRET are not set: nobody can pay by link, and refunds wait."
    if settings.server.public_url is None:
        yield "server.public_url is not set: payment pages lead back to this machine’s own address."


@contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    try:
        listener = listen_on(host, port)
    except AddressInUse as error:
        raise CannotOpen(str(error)) from error
    with listener:
        yield listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


# ---------------------------------------------------------------------- the terminal


def chat(settings: Settings, secrets: Secrets, home: Home, *, port: int | None) -> None:
    """Talk in the terminal: to the server of this home, or to one opened just for this chat. Raises CannotOpen."""
    url = f"http://127.0.0.1:{port}" if port else running_server(home)
    name = _terminal_chat(home.folder / "terminal.chat")
    if port is not None and not _answers(str(url)):
        raise CannotOpen(f"No shop answers at {url}: open one with `parley serve`, or leave out --port.")
    if url is not None:
        Terminal(url, name).run()
        return
    teller = Teller(Console(stderr=True), quiet=False)
    with _listening("127.0.0.1", 0) as listener, home_lock(home, _url(listener)):
        app_secrets = with_sandbox(secrets)
        ready = prepare(settings, app_secrets, home, teller, demo=True)
        parley, far_ends = assemble(settings, app_secrets, home, ready, url=_url(listener), sandbox=True)
        server = ShopServer(create_app(parley, far_ends, notices=_notices(sandbox=True)), parley)
        try:
            with _in_background(server, listener):
                Terminal(_url(listener), name).run()
        finally:
            parley.close()


@contextmanager
def _in_background(server: PromptServer, listener: socket.socket) -> Generator[None]:
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="parley-server")
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    if not server.started:
        raise CannotOpen("The shop did not open in time; see the lines above.")
    try:
        yield
    finally:
        server.stop()
        thread.join()


def _terminal_chat(path: Path) -> str:
    """This person's chat in the terminal, the same every time."""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        name = random.token_urlsafe(18)
        path.write_text(name, "utf-8")
        path.chmod(0o600)
        return name
