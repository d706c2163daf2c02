"""How a person pays an invoice: shipping, the bot's last word within ten seconds, the card, the receipt.

https://core.telegram.org/bots/payments#the-payments-api
"""

import inspect
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

from sandbox.telegram import stars
from sandbox.telegram.errors import bad_request
from sandbox.telegram.group_state import Group
from sandbox.telegram.render import user_json
from sandbox.telegram.state import Bot, Chat, Invoice, Json, Message, User, total

if TYPE_CHECKING:
    from sandbox.telegram.world import TelegramWorld

QUERY_GONE: Final = "query is too old and response timeout expired or query ID is invalid"


class CardDeclined(Exception):  # noqa: N818 - the card's answer, not a fault
    """The provider refuses the card; `code` is its reason, such as "insufficient_funds"."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class CardPayments(Protocol):
    """The payment provider behind a provider token."""

    def charge(self, amount_minor: int, currency: str, card: str, description: str) -> str | Awaitable[str]:
        """Charge a card by name ("visa", …) at once and return the charge's id.

        A decline is an exception with the reason in `code`, such as CardDeclined.
        """
        ...


class TestCards:
    """Cards for worlds without a provider: "visa" and "mastercard" pay, every other name is a decline code."""

    __test__ = False  # no test class for pytest

    def __init__(self) -> None:
        self.charges: list[Json] = []

    def charge(self, amount_minor: int, currency: str, card: str, description: str) -> str:
        if card not in {"visa", "mastercard"}:
            raise CardDeclined(card)
        self.charges.append({"amount": amount_minor, "currency": currency, "description": description})
        return f"ch_sandbox_{len(self.charges)}"


@dataclass(frozen=True)
class PaymentOutcome:
    """How a payment ended for the person.

    paid        money moved; `message` is the receipt in the chat (none for a link paid outside it)
    refused     the bot said no; `reason` is its sentence
    timed_out   the bot did not answer in time; no charge
    declined    the provider refused the card; `reason` is its code
    """

    status: Literal["paid", "refused", "timed_out", "declined"]
    reason: str = ""
    message: Message | None = None
    telegram_charge: str = ""
    provider_charge: str = ""

    @property
    def paid(self) -> bool:
        return self.status == "paid"


@dataclass(frozen=True)
class OrderDetails:
    """What the person fills in when the invoice asks for it."""

    name: str = "Ada Lovelace"
    phone_number: str = "15550100"
    email: str = "ada@example.com"
    country_code: str = "US"
    state: str = "NY"
    city: str = "New York"
    street_line1: str = "1 Main Street"
    street_line2: str = ""
    post_code: str = "10001"

    @property
    def address(self) -> Json:
        names = ("country_code", "state", "city", "street_line1", "street_line2", "post_code")
        return {name: getattr(self, name) for name in names}

    def asked_by(self, invoice: Json) -> Json:
        """An OrderInfo with what this invoice needs, and no more."""
        info: Json = {
            name: getattr(self, name)
            for name in ("name", "phone_number", "email")
            if invoice.get(f"need_{name}")
        }
        if invoice.get("need_shipping_address") or invoice.get("is_flexible"):
            info["shipping_address"] = self.address
        return info


@dataclass
class _Query:
    """A question to the bot that a paying person waits on."""

    bot_id: int
    kind: str
    answer: Json | None = None


@dataclass
class Checkouts:
    """The shipping and pre-checkout queries that are open. They do not survive a restart: nobody waits then."""

    open: dict[str, _Query] = field(default_factory=dict[str, _Query])

    def answer(self, bot: Bot, kind: str, query_id: str, answer: Json) -> None:
        """The bot's answer. Raises 400 when nobody waits for it any more."""
        query = self.open.get(query_id)
        if query is None or query.bot_id != bot.id or query.kind != kind or query.answer is not None:
            raise bad_request(QUERY_GONE)
        query.answer = answer


@dataclass
class Payment:
    """One person paying one invoice."""

    world: "TelegramWorld"
    bot: Bot
    user: User
    invoice: Invoice
    card: str
    details: OrderDetails
    shipping_option: str | None = None
    tip: int = 0
    where: Bot | Group | None = None  # the chat in which the receipt appears; the private one with the bot

    async def make(self) -> PaymentOutcome:
        """Go through with it."""
        order = self.details.asked_by(self.invoice.details)
        amount = self.invoice.total + self.tip
        chosen: Json = {}
        if self.invoice.details.get("is_flexible"):
            shipping = await self._ask("shipping_query", {"shipping_address": self.details.address})
            if failure := _failure(shipping):
                return failure
            option = self._chosen_option(shipping or {})
            chosen = {"shipping_option_id": option["id"]}
            amount += total(option["prices"])
        chosen |= {"order_info": order} if order else {}
        bill: Json = {"currency": self.invoice.details["currency"], "total_amount": amount} | chosen
        last_word = await self._ask("pre_checkout_query", bill)
        return _failure(last_word) or await self._charge(bill)

    def _chosen_option(self, answer: Json) -> Json:
        options: list[Json] = answer["shipping_options"]
        if self.shipping_option is None:
            return options[0]
        return next(option for option in options if option["id"] == self.shipping_option)

    async def _ask(self, kind: str, body: Json) -> Json | None:
        """Put a question to the bot; None when its ten seconds are over."""
        checkouts = self.world.checkouts
        query_id = str(10**17 + self.world.number("query"))
        query = checkouts.open[query_id] = _Query(self.bot.id, kind)
        asked: Json = {
            "id": query_id,
            "from": user_json(self.user),
            "invoice_payload": self.invoice.details["payload"],
        }
        self.world.updates.push(self.bot, kind, asked | body, lane=self.user.id)
        try:
            return await self.world.changes.wait_until(
                lambda: query.answer, clock=self.world.clock, seconds=self.world.limits.checkout_seconds
            )
        finally:
            del checkouts.open[query_id]

    async def _charge(self, bill: Json) -> PaymentOutcome:
        if bill["currency"] == "XTR":
            return self._take_stars(bill)
        title = self.invoice.details["title"]
        try:
            charged = self.world.payments.charge(bill["total_amount"], bill["currency"], self.card, title)
            charge = await charged if inspect.isawaitable(charged) else charged
        except Exception as error:
            code = getattr(error, "code", None)
            if not isinstance(code, str):  # no decline: a mistake of the provider's emulator
                raise
            return PaymentOutcome("declined", code)
        return self._receipt(bill, charge)

    def _take_stars(self, bill: Json) -> PaymentOutcome:
        """Telegram itself is the provider of Stars: no card, no provider's charge but a number of its own."""
        charge, amount = self._telegram_charge(), bill["total_amount"]
        if not stars.take(self.world, self.bot, self.user, self.invoice, charge=charge, amount=amount):
            return PaymentOutcome("declined", "BALANCE_TOO_LOW")
        return self._receipt(bill, f"{self.user.id}_{self.invoice.slug}", telegram_charge=charge)

    def _telegram_charge(self) -> str:
        return f"tg_charge_{self.bot.id}_{self.world.number('charge')}"

    def _receipt(
        self, bill: Json, provider_charge: str, *, telegram_charge: str | None = None
    ) -> PaymentOutcome:
        telegram_charge = telegram_charge or self._telegram_charge()
        payment = bill | {
            "invoice_payload": self.invoice.details["payload"],
            "telegram_payment_charge_id": telegram_charge,
            "provider_payment_charge_id": provider_charge,
        }
        self.invoice.paid_by.append(self.user.id)
        self.world.save(self.invoice)
        chat = self.world.private_chat(self.bot, self.user.id) if self._is_private else self.where
        assert isinstance(chat, Chat), "a payment in a chat"
        message = self.world.post_service(chat, self.user.id, {"successful_payment": payment})
        return PaymentOutcome("paid", "", message, telegram_charge, provider_charge)

    @property
    def _is_private(self) -> bool:
        return not isinstance(self.where, Group)


def _failure(answer: Json | None) -> PaymentOutcome | None:
    if answer is None:
        return PaymentOutcome("timed_out", "the bot did not answer in time")
    if not answer["ok"]:
        return PaymentOutcome("refused", answer["error_message"])
    return None
