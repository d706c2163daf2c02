"""A Telegram account's view of a chat: the private one with the shop's bot, or a group."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from app.phones.seen import (
    SHOWN_MAX,
    Attached,
    Bill,
    Bubble,
    CannotDo,
    Changes,
    Choice,
    ChoiceKind,
    Line,
    Screen,
    Welcome,
)
from bot.channels.text import RichText, Span
from sandbox.telegram import people
from sandbox.telegram.markup import Entity
from sandbox.telegram.people import Button, Pressed, ShownMessage, TelegramUser
from sandbox.telegram.people.person import Where
from sandbox.telegram.state import Bot, StoredFile
from sandbox.telegram.world import TelegramWorld
from shop.money import Money

FILES: Final = "/sandbox/telegram/_people/files"
SPINNING_SECONDS: Final = 10.0  # so long an answer to a press is waited for
_KINDS: Final[dict[str, ChoiceKind]] = {"url": "link", "pay": "pay", "request_contact": "share"}
_MARKS: Final[dict[str, Any]] = {
    "bold": "bold",
    "italic": "italic",
    "strikethrough": "strike",
    "code": "code",
    "text_link": "link",
    "url": "link",
}


class TelegramLine(Line):
    """What one user does and sees there. `language` is for amounts of money."""

    def __init__(self, world: TelegramWorld, user: TelegramUser, where: Where, *, language: str) -> None:
        self._world = world
        self._user = user
        self._where = where
        self._language = language
        self._pressed: Pressed | None = None

    @property
    def changes(self) -> Changes:
        return self._world.changes

    def screen(self) -> Screen:
        messages = self._user.chat(self._where)[-SHOWN_MAX:]
        welcome = None
        if not messages and isinstance(self._where, Bot):
            welcome = Welcome(f"This is where you talk to {self._where.first_name}.", "Start")
        keys = tuple(_choice(key) for row in self._user.keyboard(self._where) for key in row)
        typing = self._user.typing(self._where) is not None
        return Screen(tuple(self._bubble(message) for message in messages), keys, typing, welcome)

    def begin(self) -> None:
        if isinstance(self._where, Bot):
            self._user.start(self._where)

    def say(self, text: str) -> None:
        with_their_words(lambda: self._user.say(self._where, text))

    def press(self, choice: Choice, bubble: str | None) -> None:
        message = None if bubble is None else int(bubble)
        with_their_words(lambda: self._tap(choice.label, message))

    def _tap(self, label: str, message: int | None) -> None:
        self._pressed = None
        self._pressed = self._user.tap(self._where, label, message_id=message)

    async def led_to(self) -> str | None:
        pressed, self._pressed = self._pressed, None
        if pressed is None or pressed.tap is None:
            return None
        try:
            answer = await pressed.answered(SPINNING_SECONDS)
        except TimeoutError:
            return None
        return str(answer["url"]) or None

    def send_photo(self, picture: bytes) -> None:
        with_their_words(lambda: self._user.send_photo(self._where, picture))

    def follow(self, link: str) -> None:
        with_their_words(lambda: self._user.open(link))

    async def pay(self, bubble: str, card: str) -> str:
        try:
            outcome = await self._user.pay(self._where, card, int(bubble))
        except people.CannotDo as error:
            raise CannotDo(str(error)) from error
        match outcome.status:
            case "paid":
                return ""
            case "declined":
                return f"The card was declined: {outcome.reason.replace('_', ' ')}."
            case "timed_out":
                return "The shop did not answer in time. Nothing was charged."
            case "refused":
                return outcome.reason

    def _bubble(self, message: ShownMessage) -> Bubble:
        if message.notice:
            return Bubble(str(message.id), mine=False, at=message.sent_at, notice=message.notice)
        invoice = message.content.get("invoice")
        in_group = not isinstance(self._where, Bot)
        bill = None if invoice is None else self._bill(invoice)
        return Bubble(
            id=str(message.id),
            mine=message.mine,
            at=message.sent_at,
            markup=markup_of(message.text, message.entities) or _other_words(message.content),
            author=message.author if in_group and not message.mine else "",
            picture=None if message.photo is None else f"{FILES}/{message.photo.number}",
            rows=tuple(tuple(_choice(button, bill) for button in row) for row in message.buttons),
            bill=bill,
            file=_file(message.document),
        )

    def _bill(self, invoice: dict[str, Any]) -> Bill:
        total = Money(invoice["total_amount"], invoice["currency"])
        return Bill(invoice["title"], invoice["description"], total.format(self._language))


def with_their_words(act: Callable[[], object]) -> None:
    """Do it; what Telegram would not let them do is said in its words. Raises CannotDo."""
    try:
        act()
    except people.CannotDo as error:
        raise CannotDo(str(error)) from error


def markup_of(text: str, entities: Iterable[Entity]) -> str:
    """A text and its entities, which count UTF-16 units, as our small HTML."""
    places = _places(text)
    spans = [
        Span(
            places[int(entity["offset"])],
            places[int(entity["offset"] + entity["length"])],
            _MARKS[entity["type"]],
            _href(text, entity, places),
        )
        for entity in entities
        if entity["type"] in _MARKS
    ]
    return RichText(text, tuple(sorted(spans, key=lambda span: (span.start, -span.end)))).to_html()


def _href(text: str, entity: dict[str, Any], places: list[int]) -> str:
    if entity["type"] == "text_link":
        return str(entity["url"])
    if entity["type"] != "url":
        return ""
    words = text[places[int(entity["offset"])] : places[int(entity["offset"] + entity["length"])]]
    return words if "://" in words else f"https://{words}"


def _places(text: str) -> list[int]:
    """For each UTF-16 offset the character it is in."""
    places: list[int] = []
    for place, character in enumerate(text):
        places += [place] * (2 if ord(character) > 0xFFFF else 1)
    return [*places, len(text)]


def _file(document: StoredFile | None) -> Attached | None:
    if document is None:
        return None
    return Attached(document.name, document.size, f"{FILES}/{document.number}")


def _other_words(content: dict[str, Any]) -> str:
    """What is no text and no picture, by its name."""
    if "contact" in content:
        return f"☎ {content['contact']['phone_number']}"
    names = {"voice": "🎤 Voice message", "sticker": "Sticker", "location": "📍 Place"}
    return next((words for name, words in names.items() if name in content), "")


def _choice(button: Button, bill: Bill | None = None) -> Choice:
    if button.kind == "pay" and bill is not None:
        return Choice(f"Pay {bill.total}", "pay")  # Telegram writes the amount on it
    return Choice(button.text, _KINDS.get(button.kind, "tap"), button.value)
