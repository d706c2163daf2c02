"""The ways of delivery as the merchant writes them in config.yml.

What stands at an option itself holds for the shop's own country; `zones` says what differs elsewhere.
"""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Annotated, Final, Self, TypeVar

from pydantic import Field, model_validator

from shop.section import Price, Section

T = TypeVar("T", bound=Section)

PICKUP_PERCENT_MAX: Final = (
    50  # of the goods that a pickup discount may take, so that something is left to pay
)

WorkingDays = Annotated[int, Field(ge=0, le=90)]
Grams = Annotated[int, Field(gt=0)]
TimeOfDay = time  # an option has a `time` of its own


class Band(Section):
    """What it costs up to that weight."""

    up_to_grams: Grams
    price: Price


class Rates(Section):
    """What a parcel costs: `price` up to `up_to_grams` (any weight when that is not said), more in each `heavier` band."""

    price: Price
    up_to_grams: Grams | None = None
    heavier: tuple[Band, ...] = ()
    free_from: Price | None = None  # goods for this much or more travel free

    @model_validator(mode="after")
    def _lightest_first(self) -> Self:
        limits = [self.up_to_grams or 0, *(band.up_to_grams for band in self.heavier)]
        if self.heavier and not self.up_to_grams:
            raise ValueError("`heavier` needs `up_to_grams`, up to which `price` holds")
        if sorted(set(limits)) != limits:
            raise ValueError("`heavier` goes on from `up_to_grams`, each band with a larger weight")
        return self

    def price_at(self, grams: int) -> Decimal | None:
        """What a parcel of that weight costs; None for one too heavy."""
        if self.up_to_grams is None or grams <= self.up_to_grams:
            return self.price
        return next((band.price for band in self.heavier if grams <= band.up_to_grams), None)


class Times(Section):
    """When it arrives, in words and in numbers."""

    working_days: tuple[WorkingDays, WorkingDays] | None = None  # the same as `time`, to count with: [2, 3]
    order_by: TimeOfDay | None = None  # what is ordered later counts from the next working day on: "14:00"

    @model_validator(mode="after")
    def _least_first(self) -> Self:
        if self.working_days is not None and self.working_days[0] > self.working_days[1]:
            raise ValueError(f"working_days {list(self.working_days)} begins with the larger number")
        return self


class ZoneTerms(Rates, Times):
    """How an option is in one zone; its label only where that differs."""

    time: str
    label: str | None = None


class PickupPoint(Section):
    """Where a customer fetches it."""

    code: str = Field(pattern="^[a-z0-9_-]{1,32}$")
    label: str
    address: str
    hours: str = ""
    ready: str = ""  # when it is there, e.g. "the next day from noon"


class PickupDiscount(Section):
    """What customers save who fetch it: a part of the goods, or an amount."""

    percent: Annotated[Decimal, Field(gt=0, le=PICKUP_PERCENT_MAX)] | None = None
    amount: Price | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("a pickup discount has either `percent` or `amount`")
        return self


class DeliveryOption(Rates, Times):
    """One way to get the goods, e.g. `{code: standard, label: Standard, price: 4.90, time: 2–3 working days}`."""

    code: str
    label: str
    time: str
    needs_address: bool = True  # False: the customer fetches it, at the shop or at one of `points`
    zones: Mapping[str, ZoneTerms] = Field(default_factory=dict[str, ZoneTerms])
    points: tuple[PickupPoint, ...] = ()
    discount: PickupDiscount | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.needs_address and (self.points or self.discount):
            raise ValueError(
                f"{self.code}: `points` and `discount` are for what is fetched: needs_address: false"
            )
        if not self.needs_address and self.zones:
            raise ValueError(f"{self.code}: what is fetched has no `zones`")
        codes = [point.code for point in self.points]
        if len(set(codes)) < len(codes):
            raise ValueError(f"{self.code}: two points share a code: {', '.join(codes)}")
        return self

    def within(self, zone: str) -> "DeliveryOption | None":
        """The option with the terms of that zone; None where it does not go there."""
        terms = self.zones.get(zone)
        if terms is None:
            return None
        changed = {name: getattr(terms, name) for name in ZoneTerms.model_fields}
        return self.model_copy(update=changed | {"label": terms.label or self.label, "zones": {}})


class PlaceWords(Section):
    """How a zone's terms, or a pickup point, are called in another language; what is missing stays as it is."""

    label: str | None = None
    time: str | None = None
    hours: str | None = None
    ready: str | None = None


class DeliveryWords(Section):
    """How a delivery option is called in another language."""

    label: str
    time: str
    zones: Mapping[str, PlaceWords] = Field(default_factory=dict[str, PlaceWords])
    points: Mapping[str, PlaceWords] = Field(default_factory=dict[str, PlaceWords])  # by code

    def of(self, option: DeliveryOption) -> DeliveryOption:
        """The option in these words."""
        zones = {name: _said(terms, self.zones.get(name)) for name, terms in option.zones.items()}
        points = tuple(_said(point, self.points.get(point.code)) for point in option.points)
        return option.model_copy(
            update={"label": self.label, "time": self.time, "zones": zones, "points": points}
        )


def _said(thing: T, words: PlaceWords | None) -> T:
    if words is None:
        return thing
    told = words.model_dump(exclude_none=True)
    return thing.model_copy(
        update={name: text for name, text in told.items() if name in type(thing).model_fields}
    )
