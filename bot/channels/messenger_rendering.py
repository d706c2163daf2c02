"""Our messages in the form of Messenger's Send API: texts, templates, quick replies, and what goes into one call.

Limits: https://developers.facebook.com/docs/messenger-platform/reference/send-api and the pages of each template below
/docs/messenger-platform/send-messages/template. Meta does not say how it counts; UTF-16 code units are never fewer.
Messenger shows no markup to everyone, so there is none: links are spelled out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from bot.channels.documents import link_to
from bot.channels.text import ELLIPSIS, RichText, parse, utf16_length
from bot.messages import Button, Card, Document, Picture, Receipt, Rows, Say, ShowCards
from shop.money import Money

Json = dict[str, Any]
T = TypeVar("T")

TEXT_LENGTH_MAX: Final = 2000
TEMPLATE_TEXT_LENGTH_MAX: Final = 640
LABEL_LENGTH_MAX: Final = 20
TEMPLATE_BUTTONS_MAX: Final = 3
QUICK_REPLIES_MAX: Final = 13
ELEMENTS_MAX: Final = 10
ELEMENT_TEXT_LENGTH_MAX: Final = 80  # of title and subtitle, each
RECEIPT_LINES_MAX: Final = 100
_LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}  # the sandbox has no certificates
_INTO_CHAT: Final = (
    "https://m.me/"  # /documentation/business-messaging/messenger-platform/discovery/m-me-links
)
_NO_LINK = re.compile(r"[\s<>\"]")


@dataclass(frozen=True, slots=True)
class Part:
    """One call: a message in the Send API's form, or a picture or file with what to send where there is none."""

    message: Json | None = None
    picture: Picture | None = None
    document: Document | None = None


def parts_of(message: Say | ShowCards | Receipt, *, media_url: str) -> list[Part]:
    """The calls that `message` becomes, always the same ones for an equal message.

    `media_url` is where Meta finds the shop's pictures for cards, which take no uploaded ones.
    """
    match message:
        case Say():
            return _parts_of_say(
                parse(message.text), message.buttons, message.picture, document=message.document
            )
        case ShowCards():
            return _parts_of_cards(message, media_url)
        case Receipt():
            return [Part(_template("receipt", _receipt(message)))]


def plain_words(markup: str) -> str:
    """A text as a template's variable takes it: no markup, one line."""
    return " ".join(parse(markup).without_markup().split())


def with_invitations(message: Say, page_id: str) -> Say:
    """The message with a link into our chat for each button that leads there, or passes one on."""
    rows = tuple(tuple(_as_link(button, page_id) for button in row) for row in message.buttons)
    return message.model_copy(update={"buttons": rows})


def invites(message: Say) -> bool:
    """Whether a button of it leads into our chat, or passes a link there on."""
    return any(_carried(button) is not None for row in message.buttons for button in row)


def _as_link(button: Button, page_id: str) -> Button:
    carried = _carried(button)
    if carried is None:
        return button
    return Button(label=button.label, url=into_chat(page_id, carried))


def into_chat(page_id: str, carried: str) -> str:
    """A link that opens our chat and brings something along."""
    return f"{_INTO_CHAT}{page_id}?ref={quote(carried)}"


def _carried(button: Button) -> str | None:
    return button.private if button.invite is None else button.invite


def takes_link(url: str) -> bool:
    """Whether a button may lead there: https only, /docs/messenger-platform/reference/buttons/url.

    A link into our own chat is written out instead, so that it can be passed on: its button would open this chat.
    """
    if url.startswith(_INTO_CHAT):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises for what is none
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or _NO_LINK.search(url):
        return False
    return host in _LOOPBACK or (parts.scheme == "https" and "." in host.strip("."))


# ── words ───────────────────────────────────────────────────────────────────────────────────────────


def _parts_of_say(
    text: RichText, rows: Rows, picture: Picture | None, *, document: Document | None = None
) -> list[Part]:
    buttons = [button for row in rows for button in row]
    choices = _Choices.of(buttons)
    words = _with_plain_links(text, buttons).strip()
    if picture and not words and not choices:
        return [Part(_text(RichText(picture.alt or ELLIPSIS)), picture)]
    parts = [Part(picture=picture)] if picture else []
    if document:
        parts = [Part(_text(RichText(link_to(document))), document=document)]
        if not words and not choices:
            return parts
    spoken = RichText(words or (ELLIPSIS if choices else ""))
    return parts + [Part(message) for message in _messages(spoken, choices)]


def _messages(words: RichText, choices: "_Choices") -> Iterator[Json]:
    """The words in as many messages as they take; what can be tapped is under the last."""
    *earlier, last = words.split(TEXT_LENGTH_MAX, utf16_length)
    if choices.templates:
        *more, last = last.split(TEMPLATE_TEXT_LENGTH_MAX, utf16_length)
        earlier += more
    whole = [_text(piece) for piece in earlier]
    if choices.templates:
        texts = [last.plain] + [ELLIPSIS] * (len(choices.templates) - 1)
        whole += [_button_template(text, group) for text, group in zip(texts, choices.templates, strict=True)]
    else:
        whole.append(_text(last))
    whole[-1] |= _quick_replies(choices.replies)
    yield from whole


def _text(text: RichText) -> Json:
    return {"text": text.plain}


def _with_plain_links(text: RichText, buttons: Iterable[Button]) -> str:
    """The words, with every link written out, and the addresses that no button takes below them."""
    lines = [text.without_markup()]
    lines += [
        f"{button.label}: {button.url}" for button in buttons if button.url and not takes_link(button.url)
    ]
    return "\n".join(line for line in lines if line)


# ── what can be tapped ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Choices:
    """Buttons as Messenger has them: three at most under a template, thirteen quick replies above the keyboard.

    Buttons stay where they are, quick replies go with the next message. So few become buttons, many quick replies,
    and more than that buttons again, in several templates. Links are always buttons, a number is always a reply.
    """

    templates: tuple[tuple[Button, ...], ...] = ()
    replies: tuple[Button, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.templates or self.replies)

    @classmethod
    def of(cls, buttons: Sequence[Button]) -> "_Choices":
        links = [button for button in buttons if button.url and takes_link(button.url)]
        taps = [button for button in buttons if button.token]
        shares = [button for button in buttons if button.share == "phone"]  # a place cannot be asked for
        firm = [button for button in buttons if button in links or button in taps]
        if len(taps) + len(shares) > QUICK_REPLIES_MAX or (not shares and len(firm) <= TEMPLATE_BUTTONS_MAX):
            return cls(_groups(firm, TEMPLATE_BUTTONS_MAX), tuple(shares[:1]))
        return cls(_groups(links, TEMPLATE_BUTTONS_MAX), tuple(taps + shares[:1]))


def _button_template(text: str, buttons: Iterable[Button]) -> Json:
    return _template("button", {"text": text, "buttons": [_button(button) for button in buttons]})


def _button(button: Button) -> Json:
    if button.url:
        return {"type": "web_url", "title": _label(button), "url": button.url}
    return {"type": "postback", "title": _label(button), "payload": button.token}


def _quick_replies(buttons: Sequence[Button]) -> Json:
    return {"quick_replies": [_quick_reply(button) for button in buttons]} if buttons else {}


def _quick_reply(button: Button) -> Json:
    """https://developers.facebook.com/docs/messenger-platform/reference/buttons/quick-replies"""
    if button.share:
        return {"content_type": "user_phone_number"}  # Messenger writes the person's own number on it
    return {"content_type": "text", "title": _label(button), "payload": button.token}


def _label(button: Button) -> str:
    return _short(button.label, LABEL_LENGTH_MAX) or ELLIPSIS


# ── cards ───────────────────────────────────────────────────────────────────────────────────────────


def _parts_of_cards(message: ShowCards, media_url: str) -> list[Part]:
    """Cards side by side, ten at a time; those with more than an element holds as words under their picture."""
    parts: list[Part] = []
    run: list[Json] = []
    for card in message.cards:
        element = _element(card, media_url, alone=len(message.cards) == 1)
        if element is not None:
            run.append(element)
            continue
        parts += _carousels(run)
        run = []
        parts += _parts_of_say(_card_text(card), (card.buttons,), card.picture)
    parts += _carousels(run)
    return _with_common_buttons(parts, [button for row in message.buttons for button in row])


def _element(card: Card, media_url: str, *, alone: bool) -> Json | None:
    """The card in a carousel, where long words are cut; None when it would lose buttons, or `alone` any words."""
    words = " ".join(parse(card.text).without_markup().split())
    choices = [
        _button(button) for button in card.buttons if button.token or (button.url and takes_link(button.url))
    ]
    cut = max(utf16_length(card.title), utf16_length(words)) > ELEMENT_TEXT_LENGTH_MAX
    image = _image_url(card.picture, media_url)
    if len(choices) < len(card.buttons) or len(choices) > TEMPLATE_BUTTONS_MAX or (alone and cut):
        return None
    if not card.title.strip() or not (
        words or choices or image
    ):  # an element is a title and something besides
        return None
    element: Json = {"title": _short(card.title, ELEMENT_TEXT_LENGTH_MAX)}
    if words:
        element["subtitle"] = _short(words, ELEMENT_TEXT_LENGTH_MAX)
    if image:
        element["image_url"] = image
    return element | ({"buttons": choices} if choices else {})


def _carousels(elements: Sequence[Json]) -> list[Part]:
    return [
        Part(_template("generic", {"elements": list(group)})) for group in _groups(elements, ELEMENTS_MAX)
    ]


def _with_common_buttons(parts: list[Part], buttons: Sequence[Button]) -> list[Part]:
    """Buttons that belong to all cards: quick replies under the last, or a message of their own."""
    if not buttons:
        return parts
    simple = all(button.token or button.share == "phone" for button in buttons)
    last = parts[-1].message if parts else None
    if not simple or len(buttons) > QUICK_REPLIES_MAX or last is None or "quick_replies" in last:
        return parts + _parts_of_say(RichText(ELLIPSIS), (tuple(buttons),), None)
    return [*parts[:-1], Part(last | _quick_replies(buttons))]


def _card_text(card: Card) -> RichText:
    title = RichText(card.title)
    body = parse(card.text)
    return title.followed_by(body, between="\n" if title.plain and body.plain else "")


def _image_url(picture: Picture | None, media_url: str) -> str | None:
    if picture is None:
        return None
    return picture.url or (f"{media_url}/{quote(picture.path)}" if picture.path else None)


# ── receipts ────────────────────────────────────────────────────────────────────────────────────────


def _receipt(receipt: Receipt) -> Json:
    """https://developers.facebook.com/docs/messenger-platform/send-messages/template/receipt; whole orders only."""

    def amount(minor: int) -> float:
        return float(
            Money(minor, receipt.currency).decimal
        )  # JSON's numbers; exact to the cent after rounding

    shown = receipt.lines[:RECEIPT_LINES_MAX]
    added = 0 if receipt.tax_included else receipt.tax_minor
    adjustments = [{"name": each.label, "amount": amount(-each.amount_minor)} for each in receipt.discounts]
    off = sum(each.amount_minor for each in receipt.discounts)
    subtotal = receipt.total_minor - receipt.delivery_minor - added - off
    return {
        "recipient_name": receipt.name,
        "order_number": receipt.order,
        "currency": receipt.currency,
        "payment_method": receipt.payment,
        "elements": [
            {
                "title": line.title,
                "quantity": line.units,
                "price": amount(line.unit_price_minor),
                "currency": receipt.currency,
            }
            for line in shown
        ],
        "summary": {
            "subtotal": amount(subtotal),
            "shipping_cost": amount(receipt.delivery_minor),
            **({"total_tax": amount(added)} if added else {}),  # what is within the prices would not add up
            "total_cost": amount(receipt.total_minor),
        },
        **({"adjustments": adjustments} if adjustments else {}),
    }


def _template(kind: str, payload: Json) -> Json:
    return {"attachment": {"type": "template", "payload": {"template_type": kind} | payload}}


def _short(text: str, length_max: int) -> str:
    return RichText(text).cut(length_max, utf16_length).plain


def _groups(items: Sequence[T], size: int) -> tuple[tuple[T, ...], ...]:
    return tuple(tuple(items[start : start + size]) for start in range(0, len(items), size))
