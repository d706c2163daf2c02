"""The ways to pay that a shop offers, by channel, country and amount; a part of config.yml."""

import re
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shop.money import Money
from shop.section import Country, Price, Section

_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


class PaymentKind(StrEnum):
    """How the money comes."""

    INVOICE = "invoice"  # Telegram's own, inside the chat
    CARD = "card"  # Stripe's payment page: cards and whatever else the account offers
    CASH = "cash"  # when the goods are handed over
    TRANSFER = "transfer"  # to the shop's bank account, before they are sent


def _iban(written: str) -> str:
    """An IBAN without its spaces. Its check digits follow ISO 13616: moved to the end, letters as 10 to 35, modulo 97 is 1."""
    iban = "".join(written.split()).upper()
    if not _IBAN.fullmatch(iban):
        raise ValueError(f"{written!r} is no IBAN such as BE68 5390 0754 7034")
    number = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    if int(number) % 97 != 1:
        raise ValueError(f"{written!r} has a wrong digit: its check digits do not fit")
    return iban


class BankAccount(Section):
    """Where transfers go."""

    holder: str = Field(min_length=1, max_length=70)
    iban: Annotated[str, AfterValidator(_iban)]
    bic: str = Field(default="", pattern=r"^([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?)?$")  # ISO 9362

    @property
    def iban_in_fours(self) -> str:
        """As people read it."""
        return " ".join(self.iban[start : start + 4] for start in range(0, len(self.iban), 4))


class PaymentMethod(Section):
    """One way to pay. Where `channels` or `countries` (of delivery) are named, only there."""

    kind: PaymentKind
    channels: tuple[str, ...] = ()
    countries: tuple[Country, ...] = ()
    most: Price | None = None  # orders above are paid otherwise
    account: BankAccount | None = None  # of a transfer
    days: int = Field(default=3, ge=1, le=30)  # that goods wait for a transfer
    # of a card: at once, or held by the bank until the goods are packed
    capture: Literal["at_once", "when_packed"] = "at_once"

    @model_validator(mode="after")
    def _cards_alone_can_wait(self) -> Self:
        if self.captures_later and self.kind is not PaymentKind.CARD:
            raise ValueError("`capture: when_packed` is for the card page: nothing else can hold money")
        return self

    @model_validator(mode="after")
    def _transfers_have_an_account(self) -> Self:
        if (self.kind is PaymentKind.TRANSFER) is not (self.account is not None):
            raise ValueError("a transfer needs its `account` (holder, iban), and nothing else has one")
        return self

    @property
    def captures_later(self) -> bool:
        """Whether the bank holds the money until we take it."""
        return self.capture == "when_packed"

    @property
    def waits(self) -> timedelta:
        """How long goods are held for a transfer."""
        return timedelta(days=self.days)

    def serves(self, channel: str, country: str, total: Money) -> bool:
        """Whether an order of that total can be paid so there."""
        return (
            (not self.channels or channel in self.channels)
            and (not self.countries or country in self.countries)
            and (self.most is None or total <= Money.from_decimal(self.most, total.currency))
        )


ONLINE: Final = (PaymentMethod(kind=PaymentKind.INVOICE), PaymentMethod(kind=PaymentKind.CARD))
"""What a shop offers that names nothing: Telegram's invoice where there is one, else Stripe's page."""


def offered(
    methods: Sequence[PaymentMethod], *, channel: str, country: str, total: Money, invoices: bool
) -> list[PaymentMethod]:
    """The ways to pay for such an order, the shop's first choice first.

    `invoices` tells whether the channel has native ones; where it has, and the shop lists them, a page is no other way to
    pay but the same card in another place, so it is left out.
    """
    serving = [each for each in methods if each.serves(channel, country, total)]
    native = invoices and any(each.kind is PaymentKind.INVOICE for each in serving)
    hidden = PaymentKind.CARD if native else PaymentKind.INVOICE
    return [each for each in serving if each.kind is not hidden]
