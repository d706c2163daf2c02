"""The commands about money: our books beside Stripe's, and statements of an order or a day."""

import asyncio
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.opening import Shop, opened
from app.report import Answer, Failure
from app.settings import Secrets
from app.wiring import FarEnds, stripe_for
from bot.actions.reconciling import Reconciled, reconcile
from payments import reconciliation
from payments.ledger import statements
from shop.errors import Rejected, Unavailable
from shop.orders.model import Order
from storage.clock import SystemClock
from storage.types import JsonObject


def compare(home: Path, config: Path, *, days: int) -> Answer:
    """Our books beside the provider's for the last `days` days; what is safe is mended. Not fine where something is left."""
    with opened(home, config) as shop:
        secrets, api_base = _stripe_of(shop)
        at = datetime.now(UTC)
        since = at - timedelta(days=days)
        account = asyncio.run(_account(secrets, api_base, reconciliation.window(since)))
        done: Reconciled = shop.database.write_now(
            lambda session: reconcile(session, account, since=since, at=at)
        )
    found = [*done.mended, *done.left]
    facts: dict[str, Any] = {
        "since": since.isoformat(),
        "checked": done.kept.checked,
        "fees_posted": done.fees_posted,
        "mended": len(done.mended),
        "left": len(done.left),
        "differences": done.kept.found,
    }
    rows = [
        {"difference": each.kind.value, "what": each.what, "mended": "yes" if each in done.mended else "no"}
        for each in found
    ]
    text = (
        f"{done.kept.checked} things at Stripe looked at, {done.fees_posted} fees posted:"
        f" {_count(len(found))}, {len(done.mended)} mended, {len(done.left)} left."
    )
    return Answer(facts, text, rows=rows, fine=not done.left)


def _count(differences: int) -> str:
    return {0: "no difference", 1: "1 difference"}.get(differences, f"{differences} differences")


def _stripe_of(shop: Shop) -> tuple[Secrets, str | None]:
    """The keys and the address of the Stripe that this shop is paid through: in a running demo, the sandbox's."""
    if shop.secrets.stripe_key is not None and shop.secrets.stripe_webhook_secret is not None:
        return shop.secrets, None
    from app.running import running_server, with_sandbox  # noqa: PLC0415 - the web server and the whole sandbox

    server = running_server(shop.home)
    if server is None or not shop.home.sandbox.exists():
        raise Failure(
            "Stripe is not set up: set PARLEY_STRIPE_KEY and PARLEY_STRIPE_WEBHOOK_SECRET."
            " (For the demo: run this while `make demo` is open, with the same --home.)"
        )
    return with_sandbox(shop.secrets), f"{server}/sandbox/stripe"


async def _account(secrets: Secrets, api_base: str | None, arguments: JsonObject) -> JsonObject:
    gateway = stripe_for(secrets, SystemClock(), FarEnds(stripe=api_base))
    assert gateway is not None, "_stripe_of looked"
    try:
        return await gateway.call("list_account", arguments, f"reconcile:{datetime.now(UTC).isoformat()}")
    except (Unavailable, Rejected) as error:
        raise Failure(f"Stripe could not be asked: {error}") from error
    finally:
        await gateway.close()


def statement(home: Path, config: Path, *, order: str | None, day: str | None) -> Answer:
    """The ledger of one order, or of one day in the shop's time zone (today unless told)."""
    if order and day:
        raise Failure("A statement is of an order or of a day: give one of the two.")
    with opened(home, config) as shop:
        return _of_order(shop, order) if order else _of_day(shop, day)


def _of_order(shop: Shop, reference: str) -> Answer:
    wanted = select(Order.id).where(Order.reference == reference.upper())
    order_id = shop.database.read(lambda session: session.scalar(wanted))
    if order_id is None:
        raise Failure(f"There is no order {reference}.")
    lines = shop.database.read(lambda session: statements.of_order(session, order_id))
    locale, zone = shop.settings.language, ZoneInfo(shop.settings.shop.time_zone)
    rows = [
        {
            "at": f"{line.at.astimezone(zone):%Y-%m-%d %H:%M}",
            "what": line.what,
            "from": line.from_.value.replace("_", " "),
            "to": line.to.value.replace("_", " "),
            "amount": line.amount.format(locale),
            "held": line.held.format(locale),
            "memo": line.memo,
        }
        for line in lines
    ]
    facts = {"order": reference.upper(), "postings": [asdict(line) for line in lines]}
    return Answer(
        facts, f"Order {reference.upper()}: " + ("its postings" if rows else "no money has moved."), rows
    )


def _of_day(shop: Shop, day: str | None) -> Answer:
    profile = shop.settings.shop
    try:
        chosen = date.fromisoformat(day) if day else datetime.now(ZoneInfo(profile.time_zone)).date()
    except ValueError:
        raise Failure(f"{day!r} is no day: write it like 2026-11-22.") from None
    start, end = profile.midnight(chosen), profile.midnight(chosen + timedelta(days=1))
    days = shop.database.read(lambda session: statements.of_day(session, start, end))
    locale = shop.settings.language
    rows = [
        {
            "account": each.account.value.replace("_", " "),
            "opening": each.opening.format(locale),
            "in": each.came.format(locale),
            "out": each.went.format(locale),
            "closing": each.closing.format(locale),
        }
        for each in days
    ]
    accounts = [asdict(each) | {"closing": asdict(each.closing)} for each in days]
    text = f"{chosen:%Y-%m-%d}, by account" if rows else f"{chosen:%Y-%m-%d}: no money has moved."
    return Answer({"day": chosen.isoformat(), "accounts": accounts}, text, rows)
