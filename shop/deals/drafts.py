"""What a merchant says of a deal, and everything that is wrong with it at once, each mistake by the field that mends it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from shop.catalogue.model import Product, Variant
from shop.catalogue.prices import AMOUNT_MAX
from shop.deals import offers
from shop.deals.model import (
    AUTHORISE_WINDOW_HOURS_MAX,
    HOURS,
    HOURS_MAX,
    HOURS_MIN,
    SIZE,
    SIZE_MAX,
    SIZE_MIN,
    Audience,
    Deal,
    DealPayment,
    DealStatus,
)
from shop.money import Money, decimals_of
from storage.yaml_files import nearest

TITLE_LETTERS_MAX: Final = 120
UNITS_MAX: Final = 1_000_000

Amount = Annotated[Decimal, Field(ge=0, le=AMOUNT_MAX)]
Count = Annotated[int, Field(ge=1, le=UNITS_MAX)]

SHAPES: Final = {
    "code": "is 3 to 40 small letters, digits and dashes, as in honey-for-three",
    "title": f"has 1 to {TITLE_LETTERS_MAX} letters",
    "product": "is the handle of a product, as in honey-trio",
    "prices": "is an amount for each SKU, such as 18.00",
    "size": f"is from {SIZE_MIN} to {SIZE_MAX} seats",
    "window_hours": f"is from {HOURS_MIN} to {HOURS_MAX} whole hours",
    "starts_at": "is a time with its zone, such as 2026-11-01T08:00:00+01:00, or nothing for at once",
    "ends_at": "is a time with its zone, such as 2026-12-01T08:00:00+01:00, or nothing for no end",
    "quota": "is a whole number of units, or nothing for as many as there are",
    "units_per_order_max": "is a whole number from 1",
    "units_per_customer_max": "is a whole number from 1",
    "leader_bonus": "is an amount such as 5.00, or 0",
    "audience": f"is one of {', '.join(Audience)}",
    "coupons_stack": "is true or false",
    "payment": f"is one of {', '.join(DealPayment)}",
    "seats_per_customer_max": "is a whole number from 1",
    "completes_from": f"is a whole number of paid seats from 1 to {SIZE_MAX - 1}, or nothing",
}
"""What may stand in each field, for whoever wrote something else there."""


class Draft(BaseModel):
    """What a merchant says of a deal. Amounts are in the product's currency, prices are for one unit, by SKU."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    code: str = Field(default="", pattern=r"^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$")
    title: str = Field(default="", min_length=1, max_length=TITLE_LETTERS_MAX)
    product: str = Field(default="", min_length=1)
    prices: Mapping[str, Amount] = Field(default_factory=dict[str, Decimal])
    size: int = Field(default=SIZE, ge=SIZE_MIN, le=SIZE_MAX)
    window_hours: int = Field(default=HOURS, ge=HOURS_MIN, le=HOURS_MAX)
    starts_at: AwareDatetime | None = None  # None: at once
    ends_at: AwareDatetime | None = None  # None: until somebody ends it
    quota: Count | None = None
    units_per_order_max: Count = 1
    units_per_customer_max: Count = 1
    leader_bonus: Amount = Decimal(0)
    audience: Audience = Audience.EVERYONE
    coupons_stack: bool = False
    payment: DealPayment = DealPayment.CHARGE_NOW
    seats_per_customer_max: Count = 1
    completes_from: int | None = Field(default=None, ge=1, lt=SIZE_MAX)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a draft. `also` is the other field that may mend it, where there is one."""

    field: str  # as in size, or prices.HON-TRIO
    message: str
    also: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


# ---------------------------------------------------------------------- reading and checking


def examine(
    session: Session, written: Mapping[str, object], *, at: datetime, deal: Deal | None = None
) -> tuple[Draft, list[Problem]]:
    """What somebody wrote as a draft, with everything that is wrong in it; what cannot be read is left out of the draft.

    `deal` is the one that it shall change; None for a new one.
    """
    draft, unreadable = _read(written)
    wrong = {name for problem in unreadable for name in (problem.field, problem.field.partition(".")[0])}
    found = [
        problem
        for problem in problems_of(session, draft, at=at, deal=deal)
        if not wrong & {problem.field, problem.also}
    ]
    return draft, unreadable + found


def _read(written: Mapping[str, object]) -> tuple[Draft, list[Problem]]:
    try:
        return Draft.model_validate(written), []
    except ValidationError as error:
        places = [detail["loc"] for detail in error.errors(include_url=False, include_context=False)]
    kept = dict(written)
    prices = kept.get("prices")
    if isinstance(prices, Mapping):
        bad = {place[1] for place in places if place[0] == "prices" and len(place) > 1}
        entries = cast("Mapping[str, object]", prices).items()
        kept["prices"] = {sku: price for sku, price in entries if sku not in bad}
    for place in places:
        if place[0] != "prices" or len(place) == 1:
            kept.pop(str(place[0]), None)
    problems = [_unreadable(written, str(place[0]), *map(str, place[1:2])) for place in places]
    return Draft.model_validate(kept), list(dict.fromkeys(problems))


def _unreadable(written: Mapping[str, object], name: str, sku: str = "") -> Problem:
    if name not in SHAPES:
        return Problem(name, f"is not known here{nearest(name, SHAPES)}")
    value = written[name]
    if name == "prices" and sku and isinstance(value, Mapping):
        price = cast("Mapping[str, object]", value).get(sku)
        return Problem(f"prices.{sku}", f"is an amount such as 18.00, not {_shown(price)}")
    return Problem(name, f"{SHAPES[name]}, not {_shown(value)}")


def _shown(value: object) -> str:
    words = str(value).strip()
    return repr(words[:60]) if words else "empty"


def problems_of(session: Session, draft: Draft, *, at: datetime, deal: Deal | None = None) -> list[Problem]:
    """Everything that speaks against offering this (rule 1); nothing is changed. `deal` is the one it shall change."""
    product = product_of(session, draft)
    return [
        *_of_names(session, draft, deal),
        *_of_product(draft, product, deal),
        *(_of_prices(session, draft, product) if product else ()),
        *_of_times(draft, at=at, deal=deal),
        *_of_units(draft, deal),
        *_of_groups(draft),
    ]


def _of_names(session: Session, draft: Draft, deal: Deal | None) -> Iterator[Problem]:
    if not draft.code:
        yield Problem("code", "a deal needs one, as in honey-for-three")
    elif deal is None and offers.find(session, draft.code) is not None:
        yield Problem("code", f"there is a deal {draft.code} already: give this one another code")
    elif deal is not None and deal.code != draft.code:
        yield Problem("code", f"the code of {deal.code} stays: links and lists name it")
    if not draft.title:
        yield Problem("title", "a deal needs one: customers read it on its card")


def _of_product(draft: Draft, product: Product | None, deal: Deal | None) -> Iterator[Problem]:
    if not draft.product:
        yield Problem("product", "say which product is offered, by its handle, as in honey-trio")
    elif product is None:
        yield Problem("product", f"there is no product {draft.product} in the catalogue")
    elif not product.published:
        yield Problem("product", f"{product.title} is not for sale, so nobody can buy it together either")
    elif deal is not None and deal.status is not DealStatus.DRAFT and deal.product_id != product.id:
        yield Problem("product", "the product of a published deal stays: make a new deal for another one")


def _of_prices(session: Session, draft: Draft, product: Product) -> Iterator[Problem]:
    if not draft.prices:
        yield Problem("prices", f"say what {product.title} costs together, for at least one of its SKUs")
    for sku, price in draft.prices.items():
        variants = variants_of(product, sku)
        message = _sku_wrong(session, sku, variants, product) or _price_wrong(price, variants[0])
        if message:
            yield Problem(f"prices.{sku}", message)
    yield from _of_bonus(draft, product)


def _sku_wrong(session: Session, sku: str, variants: list[Variant], product: Product) -> str:
    if not variants:
        return _sku_elsewhere(session, sku, product)
    if len(variants) > 1:
        return f"{len(variants)} kinds of {product.title} have this SKU: give each one of its own"
    if not variants[0].published:
        return f"this kind of {product.title} is not for sale any more"
    return ""


def _sku_elsewhere(session: Session, sku: str, product: Product) -> str:
    other = session.scalars(
        select(Variant).where(Variant.sku == sku).options(joinedload(Variant.product)).limit(1)
    ).one_or_none()
    if other is not None:
        return f"is a SKU of {other.product.title}, not of {product.title}"
    return f"no product has this SKU{nearest(sku, [each.sku for each in product.variants if each.sku])}"


def _price_wrong(price: Decimal, variant: Variant) -> str:
    single = variant.price
    if too_fine := _too_fine(price, single.currency):
        return too_fine
    if price == 0:
        return "together it cannot cost nothing"
    if price >= single.decimal:
        return (
            f"together it has to cost less than the single price of {_words(single.decimal, single.currency)}"
        )
    return ""


def _too_fine(amount: Decimal, currency: str) -> str:
    if Money.from_decimal(amount, currency).decimal == amount:
        return ""
    return f"{amount} is finer than {currency} is charged: {decimals_of(currency)} decimals at most"


def _of_bonus(draft: Draft, product: Product) -> Iterator[Problem]:
    currency = next((variant.currency for variant in product.variants), None)
    if currency is None:
        return
    lowest = min(draft.prices.values(), default=None)
    if too_fine := _too_fine(draft.leader_bonus, currency):
        yield Problem("leader_bonus", too_fine)
    elif draft.leader_bonus and lowest is not None and draft.leader_bonus >= lowest:
        words = f"has to be below the group price of {_words(lowest, currency)}: something is left to pay"
        yield Problem("leader_bonus", words)


def _words(amount: Decimal, currency: str) -> str:
    return f"{Money.from_decimal(amount, currency).decimal} {currency}"


def _of_times(draft: Draft, *, at: datetime, deal: Deal | None) -> Iterator[Problem]:
    if draft.ends_at is None:
        return
    begins = draft.starts_at or (deal.starts_at if deal else at)
    if draft.ends_at <= begins:
        yield Problem("ends_at", "the deal would end before it starts", also="starts_at")
    elif draft.ends_at <= at:
        yield Problem("ends_at", "that is over already")


def _of_units(draft: Draft, deal: Deal | None) -> Iterator[Problem]:
    if draft.quota is not None and draft.quota < draft.size:
        words = f"has to be {draft.size} units or more, or not even one group of {draft.size} can fill"
        yield Problem("quota", words, also="size")
    if deal is not None and draft.quota is not None and draft.quota < deal.units_taken:
        yield Problem("quota", f"{deal.units_taken} units are sold or held already")
    if draft.units_per_order_max > draft.units_per_customer_max:
        words = f"is more than the {draft.units_per_customer_max} that one customer may have in all"
        yield Problem("units_per_order_max", words, also="units_per_customer_max")


def _of_groups(draft: Draft) -> Iterator[Problem]:
    if draft.payment is DealPayment.AUTHORISE and draft.window_hours > AUTHORISE_WINDOW_HOURS_MAX:
        words = (
            f"a bank holds money safely for a window of {AUTHORISE_WINDOW_HOURS_MAX} hours at most:"
            " choose a shorter window, or charge at once (charge_now)"
        )
        yield Problem("payment", words, also="window_hours")
    if draft.completes_from is not None and draft.completes_from >= draft.size:
        words = f"has to be below the {draft.size} seats: a full group needs no help"
        yield Problem("completes_from", words, also="size")


# ---------------------------------------------------------------------- what it names


def product_of(session: Session, draft: Draft) -> Product | None:
    """The product that it names, with its variants."""
    loaded = select(Product).options(selectinload(Product.variants)).execution_options(populate_existing=True)
    return session.scalars(loaded.where(Product.handle == draft.product)).one_or_none()


def variants_of(product: Product, sku: str) -> list[Variant]:
    """The product's variants of that SKU; those no longer for sale only where no other has it."""
    found = [variant for variant in product.variants if variant.sku == sku]
    return [variant for variant in found if variant.published] or found
