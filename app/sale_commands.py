"""The commands about sales: planning one, seeing what is planned or running, ending one."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.opening import opened
from app.report import Answer, Failure
from bot.actions import sale_times
from shop.catalogue.model import Product, Variant, option_key
from shop.catalogue.prices import read_price
from shop.money import Money
from shop.sales import service as sales
from shop.sales.model import Sale
from shop.sales.service import NotLower, Overlapping
from storage.types import JsonObject


def add(
    home: Path, config: Path, handle: str, *, price: str, starts: date | None, until: date, kind: str | None
) -> Answer:
    """Have a product, or one kind of it, cost less until the end of a day."""
    now = datetime.now(UTC)
    with opened(home, config) as shop:
        profile = shop.settings.shop
        try:
            amount = read_price(price, profile.currency)
        except ValueError as error:
            raise Failure(str(error)) from error
        starts_at = profile.midnight(starts) if starts else now
        ends_at = profile.midnight(until + timedelta(days=1))
        if ends_at <= max(now, starts_at):
            raise Failure(f"--until {until} is over before the sale begins")

        def work(session: Session) -> list[JsonObject]:
            chosen = _variants(session, handle, kind)
            planned = [
                (sales.plan(session, each, amount.minor, starts_at=starts_at, ends_at=ends_at), each)
                for each in chosen
            ]
            sale_times.schedule(session, at=now)
            return [_facts(session, sale, variant) for sale, variant in planned]

        try:
            found = shop.database.write_now(work)
        except NotLower as refused:
            regular = Money(refused.facts["regular"], profile.currency).format(profile.locale)
            raise Failure(f"that is no lower than the regular price, {regular}") from refused
        except Overlapping as refused:
            raise Failure("there is a sale of it at that time already: `parley sale list`") from refused
    return Answer({"sales": found}, "\n".join(map(_words, found)))


def listed(home: Path, config: Path) -> Answer:
    """What is planned or running."""
    with opened(home, config) as shop:
        found = shop.database.read(lambda session: [_facts(session, *each) for each in sales.listed(session)])
    text = "\n".join(map(_words, found)) or "No sale is planned. `parley sale add` plans one."
    return Answer({"sales": found}, text)


def end(home: Path, config: Path, handle: str) -> Answer:
    """The regular price holds again, at once."""
    with opened(home, config) as shop:

        def work(session: Session) -> int:
            ended = sales.end_now(session, _product(session, handle).id)
            sale_times.schedule(session, at=datetime.now(UTC))
            return ended

        ended = shop.database.write_now(work)
    if not ended:
        raise Failure(f"there is no sale of {handle}; `parley sale list` shows what there is")
    return Answer({"ended": ended}, f"{handle} has its regular price again.")


def _variants(session: Session, handle: str, kind: str | None) -> list[Variant]:
    """Those on sale; only the one that is called so where a kind is named. Raises Failure."""
    variants = [each for each in _product(session, handle).variants if each.published]
    if kind is None:
        return variants
    wanted = option_key({str(place): value for place, value in enumerate(kind.split(","))})
    chosen = [each for each in variants if each.option_key == wanted]
    if not chosen:
        there = "; ".join(each.label for each in variants)
        raise Failure(f"{handle} has no kind {kind!r}; there are: {there}")
    return chosen


def _product(session: Session, handle: str) -> Product:
    product = session.scalars(
        select(Product).where(Product.handle == handle).options(selectinload(Product.variants))
    ).one_or_none()
    if product is None:
        raise Failure(f"there is no product {handle}; `parley search` shows handles")
    return product


def _facts(session: Session, sale: Sale, variant: Variant) -> JsonObject:
    return {
        "product": session.get_one(Product, variant.product_id).handle,
        "kind": variant.label,
        "price": str(Money(sale.price_minor, variant.currency).decimal),
        "currency": variant.currency,
        "from": sale.starts_at.isoformat(),
        "until": sale.ends_at.isoformat(),
        "state": sale.state.value,
    }


def _words(facts: JsonObject) -> str:
    kind = f" ({facts['kind']})" if facts["kind"] else ""
    times = f"{facts['from']:.16} to {facts['until']:.16} UTC"
    return f"{facts['product']}{kind}: {facts['price']} {facts['currency']}, {times}, {facts['state']}"
