"""What the merchant says about the shop itself: the `shop` part of config.yml."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from shop.money import Money, is_currency


class Section(BaseModel):
    """A part of config.yml: frozen, and every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code!r} is no currency code such as EUR")
    return code


Price = Annotated[Decimal, Field(ge=0, le=1_000_000)]
WorkingDays = Annotated[int, Field(ge=0, le=90)]
TimeOfDay = time  # an option has a `time` of its own


class DeliveryOption(Section):
    """One way to get the goods, e.g. `{code: standard, label: Standard, price: 4.90, time: 2–3 working days}`."""

    code: str
    label: str
    price: Price
    time: str
    free_from: Price | None = None  # goods for this much or more travel free
    needs_address: bool = True  # False: the customer comes to the shop
    working_days: tuple[WorkingDays, WorkingDays] | None = None  # the same as `time`, to count with: [2, 3]
    order_by: TimeOfDay | None = None  # what is ordered later counts from the next working day on: "14:00"

    @field_validator("working_days")
    @classmethod
    def _least_first(cls, days: tuple[int, int] | None) -> tuple[int, int] | None:
        if days is not None and days[0] > days[1]:
            raise ValueError(f"working_days {list(days)} begins with the larger number")
        return days


class DeliveryWords(Section):
    """How a delivery option is called in another language."""

    label: str
    time: str


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
    country: str = Field(default="DE", pattern="^[A-Z]{2}$")  # where phone numbers without +… are from
    time_zone: str = "UTC"
    address: str = ""
    hours: str = ""
    closed: tuple[date, ...] = ()  # days on which nothing is sent or brought, beside Saturdays and Sundays
    email: str = ""
    phone: str = ""
    delivery: tuple[DeliveryOption, ...] = Field(min_length=1)
    translations: dict[str, ShopWords] = Field(default_factory=dict[str, ShopWords])  # by language
    hold_minutes: int = Field(default=45, ge=35, le=1440)  # Stripe's shortest session is 30 minutes

    @field_validator("delivery")
    @classmethod
    def _codes_are_unique(cls, options: tuple[DeliveryOption, ...]) -> tuple[DeliveryOption, ...]:
        codes = [option.code for option in options]
        if len(set(codes)) < len(codes):
            raise ValueError(f"two delivery options share a code: {', '.join(codes)}")
        return options

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
            option.model_copy(update=dict(words.delivery[option.code]))
            if option.code in words.delivery
            else option
            for option in self.delivery
        )
        said = {"promise": words.promise, "hours": words.hours}
        given = {name: text for name, text in said.items() if text is not None}
        return self.model_copy(update={"delivery": delivery, **given})

    @property
    def hold(self) -> timedelta:
        """How long stock waits for its payment."""
        return timedelta(minutes=self.hold_minutes)

    def option(self, code: str) -> DeliveryOption | None:
        return next((option for option in self.delivery if option.code == code), None)

    def delivery_price(self, option: DeliveryOption, goods: Money) -> Money:
        """What this option costs for goods of that price."""
        free_from = option.free_from
        if free_from is not None and Money.from_decimal(free_from, self.currency) <= goods:
            return Money(0, self.currency)
        return Money.from_decimal(option.price, self.currency)
