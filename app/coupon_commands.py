"""The commands about coupons: offering one, seeing what there is, ending one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from app.opening import opened
from app.report import Answer, Failure
from bot.dialogue.slots import CODE
from shop.catalogue.prices import read_price
from shop.profile import ShopProfile
from shop.promotions import service as promotions
from shop.promotions.model import Coupon
from shop.promotions.service import CouponTaken
from storage.types import JsonObject

PERCENT_MAX = 90


@dataclass(frozen=True, slots=True)
class Wanted:
    """A coupon as somebody wrote it on the command line."""

    code: str
    percent: int | None = None
    amount: str | None = None
    minimum: str | None = None
    starts: date | None = None
    until: date | None = None  # the last day
    uses: int | None = None
    per_customer: int | None = None
    first_order: bool = False
    categories: Sequence[str] = ()
    products: Sequence[str] = ()


def add(home: Path, config: Path, wanted: Wanted) -> Answer:
    """Offer a new coupon."""
    with opened(home, config) as shop:
        coupon = made(wanted, shop.settings.shop, at=datetime.now(UTC))
        try:
            facts = shop.database.write_now(lambda session: _facts(promotions.add(session, coupon), 0))
        except CouponTaken:
            raise Failure(f"there is a coupon {coupon.code} already; choose another code") from None
    return Answer(facts, f"Coupon {facts['code']} can be used: {_words(facts)}.")


def listed(home: Path, config: Path) -> Answer:
    """Every coupon, the newest first."""
    with opened(home, config) as shop:
        found = shop.database.read(
            lambda session: [_facts(coupon, uses) for coupon, uses in promotions.listed(session)]
        )
    lines = [f"{each['code']}: {_words(each)}; in use {each['uses']} times" for each in found]
    return Answer(
        {"coupons": found}, "\n".join(lines) or "There are no coupons. `parley coupon add` offers one."
    )


def end(home: Path, config: Path, code: str) -> Answer:
    """Nobody gets it from now on."""
    now = datetime.now(UTC)
    with opened(home, config) as shop:

        def work(session: Session) -> JsonObject | None:
            coupon = promotions.find(session, code)
            if coupon is None:
                return None
            promotions.end(session, coupon, at=now)
            return _facts(coupon, 0)

        facts = shop.database.write_now(work)
    if facts is None:
        raise Failure(f"there is no coupon {code.upper()}; `parley coupon list` shows them")
    return Answer({"code": facts["code"], "until": facts["until"]}, f"Coupon {facts['code']} has ended.")


def made(wanted: Wanted, shop: ShopProfile, *, at: datetime) -> Coupon:
    """The coupon as it is kept. Raises Failure with what is wrong with it."""
    if not CODE.fullmatch(wanted.code) or not re.search(r"\d|[A-Z]", wanted.code):
        raise Failure(f"{wanted.code!r} is no code: 3–32 letters, digits, - and _, such as SPRING10")
    if (wanted.percent is None) == (wanted.amount is None):
        raise Failure("a coupon takes off either --percent 10 or --amount 5.00")
    if wanted.percent is not None and not 1 <= wanted.percent <= PERCENT_MAX:
        raise Failure(f"--percent is from 1 to {PERCENT_MAX}: something has to be left to pay")
    amount, minimum = (_minor(text, shop.currency) for text in (wanted.amount, wanted.minimum))
    if amount == 0:
        raise Failure("--amount 0 would take nothing off")
    if amount is not None and (minimum or 0) <= amount:
        raise Failure("--amount needs a larger --minimum, so that something is left to pay")
    if wanted.starts and wanted.until and wanted.until < wanted.starts:
        raise Failure(f"--until {wanted.until} is before --from {wanted.starts}")
    ends_at = shop.midnight(wanted.until + timedelta(days=1)) if wanted.until else None
    if ends_at is not None and ends_at <= at:
        raise Failure(f"--until {wanted.until} is over already, so nobody could use it")
    return Coupon(
        code=wanted.code.upper(),
        percent=wanted.percent,
        amount_minor=amount,
        currency=shop.currency,
        minimum_minor=minimum or 0,
        starts_at=shop.midnight(wanted.starts) if wanted.starts else None,
        ends_at=ends_at,
        uses_max=wanted.uses,
        uses_per_customer_max=wanted.per_customer,
        first_order_only=wanted.first_order,
        categories=list(wanted.categories),
        handles=list(wanted.products),
        created_at=at,
    )


def _minor(text: str | None, currency: str) -> int | None:
    try:
        return read_price(text, currency).minor if text is not None else None
    except ValueError as error:
        raise Failure(str(error)) from error


def _facts(coupon: Coupon, uses: int) -> JsonObject:
    amount = coupon.amount
    return {
        "code": coupon.code,
        "percent": coupon.percent,
        "amount": str(amount.decimal) if amount else None,
        "minimum": str(coupon.minimum.decimal),
        "currency": coupon.currency,
        "from": coupon.starts_at.isoformat() if coupon.starts_at else None,
        "until": coupon.ends_at.isoformat() if coupon.ends_at else None,
        "uses": uses,
        "uses_max": coupon.uses_max,
        "uses_per_customer_max": coupon.uses_per_customer_max,
        "first_order_only": coupon.first_order_only,
        "categories": coupon.categories,
        "products": coupon.handles,
    }


def _words(facts: JsonObject) -> str:
    """What it takes off and on which conditions, in one line."""
    off = f"{facts['percent']} %" if facts["percent"] else f"{facts['amount']} {facts['currency']}"
    only = [*facts["categories"], *facts["products"]]
    conditions = [
        f"{off} off" + (f" {', '.join(only)}" if only else ""),
        f"for {facts['minimum']} {facts['currency']} or more" if float(facts["minimum"]) else "",
        f"from {facts['from']}" if facts["from"] else "",
        f"until {facts['until']}" if facts["until"] else "",
        f"{facts['uses_max']} uses in all" if facts["uses_max"] else "",
        f"{facts['uses_per_customer_max']} a customer" if facts["uses_per_customer_max"] else "",
        "first order only" if facts["first_order_only"] else "",
    ]
    return ", ".join(each for each in conditions if each)
