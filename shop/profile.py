"""What the merchant says about the shop itself: the `shop` part of config.yml."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self, cast
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from shop.delivery.options import DeliveryOption, DeliveryWords
from shop.money import Money, decimals_of, is_currency
from shop.payment_methods import ONLINE, PaymentMethod
from shop.pricing.tax import TaxRules
from shop.section import Country, Price, Section


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code!r} is no currency code such as EUR")
    return code


def _prices(written: object) -> Iterator[Decimal]:
    """Every amount of money in what is written of an option, however deep."""
    if isinstance(written, dict):
        for name, value in cast("dict[str, object]", written).items():
            if isinstance(value, Decimal) and name in {"price", "free_from", "amount"}:
                yield value
            else:
                yield from _prices(value)
    elif isinstance(written, list | tuple):
        for value in cast("list[object]", written):
            yield from _prices(value)


class Carrier(Section):
    """Who brings parcels. `url` is where one can be followed, with `{number}` for the parcel's number."""

    label: str
    url: str | None = Field(default=None, pattern=r"^https://[^\s]*\{number\}[^\s]*$")


class Returns(Section):
    """How goods come back."""

    days: int = Field(default=30, ge=0, le=3650)  # counted from the day they arrived; 0: no returns
    who_pays: Literal["customer", "shop"] = "customer"  # for the parcel back
    address: str = ""  # where it goes; empty: the shop's own
    drop_off: bool = True  # they may be brought to the shop, too
    # how long the goods of a dearer exchange wait for the difference; Stripe's longest page is open for a day
    exchange_hold_hours: int = Field(default=23, ge=1, le=23)
    # a smaller difference is the shop's: providers refuse sums below about one euro or dollar
    waived_difference: Price = Decimal("1.00")

    @property
    def exchange_hold(self) -> timedelta:
        """How long goods wait for the difference in price."""
        return timedelta(hours=self.exchange_hold_hours)


class ShopWords(Section):
    """What the shop says about itself in another language; what is missing is said in the main one's words."""

    promise: str | None = None
    hours: str | None = None
    delivery: dict[str, DeliveryWords] = Field(default_factory=dict[str, DeliveryWords])  # by code


class ShopProfile(Section):
    """Name, money, hours, and how parcels travel."""

    name: str
    promise: str = ""
    currency: Annotated[str, AfterValidator(_currency)]
    locale: str = "en"
    country: Country = "DE"  # where it is, and phone numbers without +… are from
    time_zone: str = "UTC"
    address: str = ""
    hours: str = ""
    closed: tuple[date, ...] = ()  # days on which nothing is sent or brought, beside Saturdays and Sundays
    email: str = ""
    phone: str = ""
    zones: Mapping[str, tuple[Country, ...]] = Field(
        default_factory=dict[str, tuple[str, ...]]
    )  # of delivery
    delivery: tuple[DeliveryOption, ...] = Field(min_length=1)
    tax: TaxRules = TaxRules()
    payment_methods: tuple[PaymentMethod, ...] = Field(
        default=ONLINE, min_length=1
    )  # the first is the usual one
    translations: dict[str, ShopWords] = Field(default_factory=dict[str, ShopWords])  # by language
    carriers: dict[str, Carrier] = Field(default_factory=dict[str, Carrier])  # by the name staff choose
    returns: Returns = Returns()
    complete_after_days: int = Field(default=14, ge=1, le=365)  # after it was delivered, an order is done
    low_stock_units: int = Field(default=3, ge=0)  # so few left of something, and staff are told; 0: never
    # when nobody wants to hear what can wait: from and to, at the shop; the same twice: never
    quiet_hours: tuple[time, time] = (time(22), time(8))
    hold_minutes: int = Field(default=45, ge=35, le=1440)  # Stripe's shortest session is 30 minutes

    @field_validator("delivery")
    @classmethod
    def _codes_are_unique(cls, options: tuple[DeliveryOption, ...]) -> tuple[DeliveryOption, ...]:
        codes = [option.code for option in options]
        if len(set(codes)) < len(codes):
            raise ValueError(f"two delivery options share a code: {', '.join(codes)}")
        return options

    @model_validator(mode="after")
    def _prices_can_be_charged(self) -> Self:
        for option in self.delivery:
            for price in _prices(option.model_dump()):
                if Money.from_decimal(price, self.currency).decimal != price:
                    decimals = decimals_of(self.currency)
                    raise ValueError(
                        f"{option.code}: {price} is finer than {self.currency} can be charged: {decimals} decimals at most"
                    )
        return self

    @model_validator(mode="after")
    def _zones_are_apart(self) -> Self:
        named = [country for countries in self.zones.values() for country in countries]
        twice = sorted({country for country in named if named.count(country) > 1})
        if twice:
            raise ValueError(f"zones: {', '.join(twice)} stands in two zones")
        if self.country in named:
            raise ValueError(f"zones: {self.country} is the shop's own country, which needs no zone")
        for option in self.delivery:
            if unknown := option.zones.keys() - self.zones.keys():
                raise ValueError(f"{option.code}: there is no zone {', '.join(sorted(unknown))}")
        return self

    @field_validator("payment_methods")
    @classmethod
    def _each_kind_once(cls, methods: tuple[PaymentMethod, ...]) -> tuple[PaymentMethod, ...]:
        kinds = [method.kind for method in methods]
        if len(set(kinds)) < len(kinds):
            raise ValueError("each kind of payment stands there once")
        return methods

    @field_validator("translations")
    @classmethod
    def _known_options(cls, translations: dict[str, ShopWords], info: ValidationInfo) -> dict[str, ShopWords]:
        codes = {option.code for option in info.data.get("delivery", ())}
        for language, words in translations.items():
            if codes and (unknown := words.delivery.keys() - codes):
                raise ValueError(f"{language}: there is no delivery option {', '.join(sorted(unknown))}")
        return translations

    def in_language(self, language: str) -> "ShopProfile":
        """The same shop in that language's words, where it has some."""
        words = self.translations.get(language)
        if words is None:
            return self
        delivery = tuple(
            words.delivery[option.code].of(option) if option.code in words.delivery else option
            for option in self.delivery
        )
        said = {"promise": words.promise, "hours": words.hours}
        given = {name: text for name, text in said.items() if text is not None}
        return self.model_copy(update={"delivery": delivery, **given})

    def midnight(self, day: date) -> datetime:
        """When that day begins at the shop."""
        return datetime.combine(day, time(), ZoneInfo(self.time_zone)).astimezone(UTC)

    def waking_hour(self, moment: datetime) -> datetime:
        """That moment, or the end of the quiet hours in which it lies, by the clock on the shop's wall."""
        begins, ends = self.quiet_hours
        local = moment.astimezone(ZoneInfo(self.time_zone))
        within = begins <= local.time() < ends
        if begins > ends:  # over midnight
            within = local.time() >= begins or local.time() < ends
        if not within:
            return moment
        day = local.date() + timedelta(days=local.time() >= ends)
        return datetime.combine(day, ends, ZoneInfo(self.time_zone)).astimezone(UTC)

    @property
    def hold(self) -> timedelta:
        """How long stock waits for its payment."""
        return timedelta(minutes=self.hold_minutes)

    def payment_method(self, kind: str) -> PaymentMethod | None:
        """The way to pay of that kind, where the shop offers it."""
        return next((method for method in self.payment_methods if method.kind == kind), None)

    def option(self, code: str, country: str | None = None) -> DeliveryOption | None:
        """The way of that code, with its terms for that country; at home where none is named."""
        return next((option for option in self.ways_to(country or self.country) if option.code == code), None)

    def ways_to(self, country: str) -> tuple[DeliveryOption, ...]:
        """The ways of delivery for somebody in that country, with their terms there. All may fetch their goods."""
        if country == self.country:
            return self.delivery
        zone = next((name for name, countries in self.zones.items() if country in countries), "")
        ways = (option.within(zone) if option.needs_address else option for option in self.delivery)
        return tuple(option for option in ways if option is not None)

    @property
    def countries(self) -> tuple[str, ...]:
        """Where parcels are sent: home first, then as the zones are written."""
        sent = {zone for option in self.delivery for zone in option.zones}
        return (
            self.country,
            *(each for zone, countries in self.zones.items() if zone in sent for each in countries),
        )
