"""Our messages in Telegram's form: texts with entities, keyboards, and what goes into one message.

No parse_mode is ever used: entities cannot be broken by what a text contains. Limits:
https://core.telegram.org/bots/api#sendmessage, #sendphoto and #senddocument, counted in UTF-16 code units.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote

from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.channels.text import Kind, RichText, Span, parse, utf16_length
from bot.messages import Button, Card, Document, Picture, Rows, Say, ShowCards

TEXT_LENGTH_MAX: Final = 4096
CAPTION_LENGTH_MAX: Final = 1024
_ROW_LABELS_LENGTH_MAX: Final = 28  # of a card's buttons side by side: more is cut off on a phone
_ROW_BUTTONS_MAX: Final = 3

T = TypeVar("T", bound=Say | ShowCards)
Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove

_ENTITIES: Final[dict[Kind, str]] = {
    "bold": "bold",
    "italic": "italic",
    "strike": "strikethrough",
    "code": "code",
    "link": "text_link",
}
_WEB_LINK = re.compile(
    r"https?://(?:[^/?#@\s]*@)?(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=\x80-\U0010ffff-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_APP_LINK = re.compile(r"(?:tg|ton)://[A-Za-z0-9_-]+(?:[/?#]\S*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One Telegram message: words, maybe as the caption of a picture or a file, and what is under it."""

    text: RichText
    picture: Picture | None = None
    keyboard: Keyboard | None = None
    document: Document | None = None


def parts_of(message: Say | ShowCards, *, private: bool) -> list[Part]:
    """The Telegram messages that `message` becomes, always the same ones for an equal message."""
    if isinstance(message, Say):
        return _parts_of_say(message, private=private)
    last = len(message.cards) - 1
    return [
        part
        for number, card in enumerate(message.cards)
        for part in _parts_of_card(card, message.buttons if number == last else ())
    ]


def part_of_post(say: Say) -> Part:
    """All of it as one message, for that is what can be changed later; what is too long ends in an ellipsis."""
    text = _with_plain_links(parse(say.text), say.buttons)
    length_max = CAPTION_LENGTH_MAX if say.picture else TEXT_LENGTH_MAX
    return Part(text.cut(length_max, utf16_length), say.picture, _inline_keyboard(say.buttons))


def private_link(username: str, carried: str) -> str:
    """Where the private chat with the bot opens: https://core.telegram.org/bots/features#deep-linking"""
    return f"https://t.me/{username}" + (f"?start={carried}" if carried else "")


def invitation(username: str, carried: str) -> str:
    """Where people choose a chat to pass the link on to: https://core.telegram.org/widgets/share"""
    return f"https://t.me/share/url?url={quote(private_link(username, carried), safe='')}"


def leads_elsewhere(message: Say | ShowCards) -> bool:
    """Whether a button of it opens the private chat, or passes a link to it on."""
    buttons = (button for row in message.buttons for button in row)
    return any(button.private is not None or button.invite is not None for button in buttons)


def with_private_links(message: T, username: str) -> T:
    """The message with links for its buttons into the private chat."""
    rows = tuple(tuple(_as_link(button, username) for button in row) for row in message.buttons)
    return message.model_copy(update={"buttons": rows})


def _as_link(button: Button, username: str) -> Button:
    if button.invite is not None:
        return Button(label=button.label, url=invitation(username, button.invite))
    if button.private is None:
        return button
    return Button(label=button.label, url=private_link(username, button.private))


def entities(text: RichText) -> list[MessageEntity] | None:
    """What is marked, counted as Telegram counts."""
    return [_entity(text.plain, span) for span in text.spans] or None


def takes_link(url: str) -> bool:
    """Whether Telegram takes this URL for a button or a marked link; it refuses the whole message otherwise.

    The rules are those of TDLib's LinkManager.cpp (get_checked_link): http or https, or a tg:// link, and a
    host with a dot in it, so 127.0.0.1 passes and localhost does not.
    """
    if _APP_LINK.fullmatch(url):
        return True
    parts = _WEB_LINK.fullmatch(url)
    if parts is None or not 0 < int(parts["port"] or 80) < 65536:
        return False
    host = parts["host"]
    return _is_address(host[1:-1]) if host.startswith("[") else "." in host.strip(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


# ── Parts ───────────────────────────────────────────────────────────────────────────────────────────


def _parts_of_say(message: Say, *, private: bool) -> list[Part]:
    text = _with_plain_links(parse(message.text), message.buttons)
    keyboard = _sharing_keyboard(message.buttons) if private else None
    keyboard = keyboard or _inline_keyboard(message.buttons)
    if keyboard is None and private:
        # Nobody remembers after a restart whether a sharing keyboard is open; removing none does no harm.
        keyboard = ReplyKeyboardRemove(remove_keyboard=True)
    return _parts(text, keyboard, picture=message.picture, document=message.document)


def _parts_of_card(card: Card, common: Rows) -> list[Part]:
    rows = (*_rows(card.buttons), *common)
    title = RichText(card.title, (Span(0, len(card.title), "bold"),) if card.title else ())
    body = parse(card.text)
    text = title.followed_by(body, between="\n") if title.plain and body.plain else title.followed_by(body)
    return _parts(_with_plain_links(text, rows), _inline_keyboard(rows), picture=card.picture)


def _parts(
    text: RichText,
    keyboard: Keyboard | None,
    *,
    picture: Picture | None = None,
    document: Document | None = None,
) -> list[Part]:
    """One message if it fits, else the picture or file first; what can be tapped is under the last."""
    above = picture or document
    if above and utf16_length(text.plain) <= CAPTION_LENGTH_MAX:
        return [Part(text, picture, keyboard, document)]
    *earlier, last = text.split(TEXT_LENGTH_MAX, utf16_length)
    parts = [Part(RichText(""), picture, document=document)] if above else []
    return [*parts, *(Part(piece) for piece in earlier), Part(last, keyboard=keyboard)]


def _entity(plain: str, span: Span) -> MessageEntity:
    return MessageEntity(
        type=_ENTITIES[span.kind],
        offset=utf16_length(plain[: span.start]),
        length=utf16_length(plain[span.start : span.end]),
        url=span.href or None,
    )


def _with_plain_links(text: RichText, rows: Rows) -> RichText:
    """The text, with every address that Telegram takes neither as a link nor as a button written out."""
    text = text.spell_out_links(lambda url: not takes_link(url))
    buttons = [button for row in rows for button in row]
    sharing = any(button.share for button in buttons)  # its keyboard knows no links
    for button in buttons:
        if button.url and (sharing or not takes_link(button.url)):
            line = RichText(f"{button.label}: {button.url}")
            text = text.followed_by(line, between="\n" if text.plain else "")
    return text


# ── Keyboards ───────────────────────────────────────────────────────────────────────────────────────


def _rows(buttons: Iterable[Button]) -> Rows:
    """A card's buttons, side by side as long as their labels stay readable."""
    rows: list[tuple[Button, ...]] = []
    for button in buttons:
        together = (*(rows[-1] if rows else ()), button)
        fits = sum(len(b.label) for b in together) <= _ROW_LABELS_LENGTH_MAX
        if rows and fits and len(together) <= _ROW_BUTTONS_MAX:
            rows[-1] = together
        else:
            rows.append((button,))
    return tuple(rows)


def _inline_keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    keys = [[key for button in row if (key := _inline_key(button))] for row in rows]
    keys = [row for row in keys if row]
    return InlineKeyboardMarkup(inline_keyboard=keys) if keys else None


def _inline_key(button: Button) -> InlineKeyboardButton | None:
    if button.token:
        return InlineKeyboardButton(text=button.label, callback_data=button.token)
    if button.url and takes_link(button.url):
        return InlineKeyboardButton(text=button.label, url=button.url)
    return None  # written into the text, or impossible in a group


def _sharing_keyboard(rows: Rows) -> ReplyKeyboardMarkup | None:
    """The keyboard that offers to share something. Its other buttons say their label, for there are no tokens."""
    if not any(button.share for row in rows for button in row):
        return None
    keys = [[_key(button) for button in row if not button.url] for row in rows]
    return ReplyKeyboardMarkup(
        keyboard=[row for row in keys if row], resize_keyboard=True, one_time_keyboard=True
    )


def _key(button: Button) -> KeyboardButton:
    return KeyboardButton(
        text=button.label,
        request_contact=True if button.share == "phone" else None,
        request_location=True if button.share == "location" else None,
    )
