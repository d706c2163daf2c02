"""A Messenger account's view of its conversation with the shop's Page."""

import html
from collections.abc import Callable
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qs, urlsplit

from app.phones.seen import (
    SHOWN_MAX,
    Attached,
    Bubble,
    CannotDo,
    Changes,
    Choice,
    ChoiceKind,
    Goods,
    Line,
    Screen,
    Slip,
    Welcome,
)
from sandbox.messenger import people
from sandbox.messenger.people import MessengerPerson
from sandbox.messenger.screen import Button, ShownCard, ShownFile, ShownMessage, ShownReceipt
from sandbox.messenger.world import MessengerWorld
from shop.money import Money

_KINDS: Final[dict[str, ChoiceKind]] = {
    "web_url": "link",
    "user_phone_number": "share",
    "user_email": "share",
}
_QUICK: Final = {"text", "user_phone_number", "user_email"}


class MessengerLine(Line):
    """What one person does and sees there. `language` is for amounts of money."""

    def __init__(self, world: MessengerWorld, account: MessengerPerson, *, language: str) -> None:
        self._world = world
        self._account = account
        self._language = language

    @property
    def changes(self) -> Changes:
        return self._world.changes

    def screen(self) -> Screen:
        messages = self._account.screen()[-SHOWN_MAX:]
        keys = tuple(_choice(reply) for reply in messages[-1].quick_replies) if messages else ()
        welcome = None if messages else self._welcome()
        bubbles = tuple(self._bubble(message) for message in messages)
        return Screen(bubbles, keys, self._account.typing, welcome)

    def begin(self) -> None:
        if self._account.welcome().get_started:
            self._do(self._account.open)
        else:
            self._do(lambda: self._account.say("Hello"))

    def say(self, text: str) -> None:
        self._do(lambda: self._account.say(text))

    def press(self, choice: Choice, bubble: str | None) -> None:
        if choice.kind == "share":
            phone = isinstance(choice.origin, Button) and choice.origin.kind == "user_phone_number"
            self._do(self._account.share_phone if phone else self._account.share_email)
        elif isinstance(choice.origin, Button):
            button = choice.origin
            self._do(lambda: self._account.press(button))
        else:
            self._do(lambda: self._account.tap(choice.label, mid=bubble))

    def send_photo(self, picture: bytes) -> None:
        self._do(lambda: self._account.send_photo(picture))

    def follow(self, link: str) -> None:
        ref = parse_qs(urlsplit(link).query).get("ref", [""])[0]
        self._do(lambda: self._account.open(ref))

    def _do(self, act: Callable[[], object]) -> None:
        try:
            act()
        except people.CannotDo as error:
            raise CannotDo(str(error)) from error

    def _welcome(self) -> Welcome:
        welcome = self._account.welcome()
        begin = "Get started" if welcome.get_started else "Say hello"
        return Welcome(welcome.greeting or self._world.page_name, begin, welcome.questions)

    def _bubble(self, message: ShownMessage) -> Bubble:
        return Bubble(
            id=message.id,
            mine=message.mine,
            at=message.sent_at // 1000,
            markup=html.escape(message.text).replace("\n", "<br>"),
            picture=self._own(message.picture),
            rows=tuple((_choice(button),) for button in message.buttons),
            goods=tuple(self._goods(card) for card in message.cards),
            file=self._file(message.file),
            slip=None if message.receipt is None else self._slip(message.receipt),
        )

    def _goods(self, card: ShownCard) -> Goods:
        choices = tuple(_choice(button) for button in card.buttons)
        return Goods(card.title, card.subtitle, self._own(card.picture), choices)

    def _file(self, file: ShownFile | None) -> Attached | None:
        return None if file is None else Attached(file.name, file.size_bytes, self._own(file.url) or file.url)

    def _own(self, url: str | None) -> str | None:
        """Our own server's pictures by their path alone: the page may be open under another name of this machine."""
        if url is None:
            return None
        parts, base = urlsplit(url), urlsplit(self._world.base_url)
        return parts.path if parts.netloc == base.netloc else url

    def _slip(self, receipt: ShownReceipt) -> Slip:
        lines = tuple(
            (
                f"{line.title} × {line.quantity:g}" if line.quantity else line.title,
                self._money(line.price, receipt),
            )
            for line in receipt.lines
        )
        return Slip(receipt.order_number, lines, self._money(receipt.total, receipt))

    def _money(self, units: float, receipt: ShownReceipt) -> str:
        return Money.from_decimal(Decimal(str(units)), receipt.currency).format(self._language)


def _choice(button: Button) -> Choice:
    return Choice(button.text, _KINDS.get(button.kind, "tap"), button.value, button)
