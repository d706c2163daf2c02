"""The commands about group deals: bringing a file of them in, seeing them, posting, pausing, resuming and ending one."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.opening import opened
from app.report import PROBLEMS_SHOWN_MAX, Answer, Failure
from app.wiring import FLOWS, FarEnds, telegram_for
from bot import conversations
from bot.deals import announcing, staffing
from bot.delivery import outbox
from bot.dialogue import replies
from bot.messages import Post
from shop.catalogue.importing import Landing
from shop.catalogue.model import Product, Variant
from shop.deals import editing, offers
from shop.deals.importing import import_deals
from shop.deals.model import Deal, DealStatus
from shop.errors import Refused, Rejected, Unavailable
from shop.money import Money
from shop.profile import ShopProfile
from storage.clock import Clock, SystemClock
from storage.ids import new_id
from storage.types import JsonObject

if TYPE_CHECKING:
    from bot.channels.telegram import TelegramChannel

_BECAME = {Landing.ADDED: "new", Landing.CHANGED: "changed", Landing.UNCHANGED: "as it was"}


def import_file(home: Path, config: Path, file: Path) -> Answer:
    """Deals from a YAML file, published."""
    with opened(home, config) as shop:
        found = import_deals(shop.database, file, at=datetime.now(UTC))
    words = [f"{name}: {_BECAME[landing]}" for name, landing in found.landings]
    if found.problems:
        left_out = len({problem.deal for problem in found.problems})
        words += [f"{left_out} deals could not be taken:" if left_out > 1 else "1 deal could not be taken:"]
        words += map(str, found.problems[:PROBLEMS_SHOWN_MAX])
    facts = {landing.value: found.named(landing) for landing in Landing}
    problems = [asdict(problem) for problem in found.problems]
    text = "\n".join(words) or f"There are no deals in {file.name}."
    return Answer({**facts, "problems": problems}, text, fine=not found.problems)


def listed(home: Path, config: Path) -> Answer:
    """Every deal, the newest first."""
    at = datetime.now(UTC)
    with opened(home, config) as shop:
        facts = shop.database.read(
            lambda session: [_facts(session, deal, at=at) for deal in offers.every(session)]
        )
    text = (
        "\n".join(map(_words, facts)) or "There are no group deals. `parley import deals FILE.yml` adds some."
    )
    return Answer({"deals": facts}, text)


def pause(home: Path, config: Path, code: str) -> Answer:
    """No group of it begins any more, for now."""
    return _do(
        home, config, code, _of_deal(editing.pause), "is paused: groups that began go on, no other begins."
    )


def resume(home: Path, config: Path, code: str) -> Answer:
    """Groups may begin again."""
    return _do(home, config, code, _of_deal(editing.resume), "is live again.")


def end(home: Path, config: Path, code: str) -> Answer:
    """It is over; groups that began may fill."""
    return _do(
        home, config, code, _of_deal(editing.end_early), "has ended. Groups that began may still fill."
    )


def cancel(home: Path, config: Path, code: str) -> Answer:
    """It is called off: whoever has a seat in a group that still fills has their money back."""
    return _do(
        home,
        config,
        code,
        _call_off,
        "is called off. Whoever had a seat in an open group gets their money back.",
    )


def _call_off(session: Session, deal: Deal, *, at: datetime) -> None:
    staffing.cancel(session, deal.id, by="staff", why="called off", at=at)


def _of_deal(act: Callable[..., None]) -> Callable[..., None]:
    def work(session: Session, deal: Deal, *, at: datetime) -> None:
        del session
        act(deal, at=at)

    return work


def post(
    home: Path,
    config: Path,
    code: str,
    *,
    channel: str,
    clock: Clock | None = None,
    far_ends: FarEnds | None = None,
) -> Answer:
    """Have the shop post a deal that is on in a Telegram channel. Telegram is asked first whether it may."""
    clock = clock or SystemClock()
    with opened(home, config) as shop:
        telegram = telegram_for(shop.settings, shop.secrets, shop.home, clock, far_ends or FarEnds())
        if telegram is None:
            raise Failure(
                "Telegram is not connected: switch it on in the settings and set PARLEY_TELEGRAM_TOKEN"
            )
        chat = _place(telegram, channel)
        spoken = replies.read(FLOWS / "replies", languages=shop.settings.languages)
        profile = shop.settings.shop
        shop.database.write_now(
            lambda session: _queue_post(session, code, chat, spoken, profile, at=clock.now())
        )
    return Answer(
        {"code": code, "channel": channel}, f"{code} is on its way to {channel}: the running shop posts it."
    )


def _place(telegram: "TelegramChannel", name: str) -> int:
    async def asked() -> int:
        try:
            return await telegram.place_for_posts(name)
        finally:
            await telegram.close()

    try:
        return asyncio.run(asked())
    except (Rejected, Unavailable) as error:
        raise Failure(str(error)) from error


def _queue_post(
    session: Session, code: str, chat: int, spoken: replies.Replies, profile: ShopProfile, *, at: datetime
) -> None:
    deal = offers.find(session, code)
    if deal is None:
        raise Failure(_unknown(code))
    if offers.status_at(deal, at) is not DealStatus.LIVE:
        raise Failure(f"{code} is {offers.status_at(deal, at).value}: only a deal that is live can be posted")
    shown = announcing.look_at(session, deal, profile=profile, language=spoken.main)
    say = announcing.announcement(shown, spoken, at=at)
    place = conversations.in_group("telegram", chat)
    outbox.queue_message(session, place, Post(say=say), dedupe=f"deal_post:{new_id()}", at=at)


def _unknown(code: str) -> str:
    return f"there is no deal {code}; `parley deal list` shows what there is"


def _do(home: Path, config: Path, code: str, act: Callable[..., None], done: str) -> Answer:
    at = datetime.now(UTC)

    def work(session: Session) -> JsonObject:
        deal = editing.take(session, code)
        act(session, deal, at=at)
        session.flush()
        return _facts(session, deal, at=at)

    with opened(home, config) as shop:
        try:
            facts = shop.database.write_now(work)
        except LookupError as error:
            raise Failure(_unknown(code)) from error
        except Refused as refused:
            raise Failure(f"{code}: {_sentence(refused)}") from refused
    return Answer(facts, f"{code} {done}")


def _sentence(refused: Refused) -> str:
    return (type(refused).__doc__ or "the shop refused this").splitlines()[0]


def _facts(session: Session, deal: Deal, *, at: datetime) -> JsonObject:
    prices = [
        {
            "variant": variant.label or variant.sku or "",
            "single": str(variant.price.decimal),
            "together": str(Money(price.price_minor, deal.currency).decimal),
        }
        for price in deal.prices
        for variant in [session.get_one(Variant, price.variant_id)]
    ]
    return {
        "code": deal.code,
        "title": deal.title,
        "product": session.get_one(Product, deal.product_id).handle,
        "state": offers.status_at(deal, at).value,
        "prices": prices,
        "currency": deal.currency,
        "size": deal.size,
        "window_hours": deal.window_hours,
        "starts_at": deal.starts_at.isoformat(),
        "ends_at": deal.ends_at.isoformat() if deal.ends_at else None,
        "quota": deal.quota,
        "units_taken": deal.units_taken,
    }


def _words(facts: JsonObject) -> str:
    prices = dict.fromkeys((price["single"], price["together"]) for price in facts["prices"])
    sums = ", ".join(
        f"single {single} · together {together} {facts['currency']}" for single, together in prices
    )
    quota = f" of {facts['quota']}" if facts["quota"] is not None else ""
    until = f", until {facts['ends_at']:.16} UTC" if facts["ends_at"] else ""
    return (
        f"{facts['code']}: {facts['state']}, {facts['product']}, {sums} for {facts['size']}, "
        f"{facts['window_hours']} h, {facts['units_taken']}{quota} units taken{until}"
    )
