"""`parley deal forecast`: how likely the next group of a deal is to fill, and what it brings."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.opening import opened
from app.report import Answer, Failure
from shop.catalogue.prices import read_price
from shop.deals import offers
from shop.deals.forecast import Forecast, forecast, in_words


def run(
    home: Path, config: Path, code: str, *, size: int | None, hours: int | None, price: str | None
) -> Answer:
    """Foretell a group of the deal with that code; what is not told is as the deal has it. Raises Failure."""
    now = datetime.now(UTC)
    with opened(home, config) as shop:

        def work(session: Session) -> Forecast:
            deal = offers.find(session, code)
            if deal is None:
                raise Failure(f"there is no deal {code!r}; `parley deal list` shows them")
            minor = read_price(price, deal.currency).minor if price is not None else None
            return forecast(session, deal, at=now, size=size, hours=hours, price_minor=minor)

        try:
            found = shop.database.read(work)
        except ValueError as error:
            raise Failure(str(error)) from error
        words = in_words(found, locale=shop.settings.shop.locale)
    return Answer({"code": code, **asdict(found), "given_up_each_minor": found.given_up_each_minor}, words)
