"""What a person sees of a conversation, drawn from the messages as they went over the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.messenger.state import Json, Message, Person, StoredFile


@dataclass(frozen=True)
class Button:
    """A button as it is drawn: `kind` is Meta's word for what it does, `value` its payload, URL or number."""

    text: str
    kind: str  # postback, web_url, phone_number; quick replies: text, user_phone_number, user_email
    value: str = ""


@dataclass(frozen=True)
class ShownCard:
    """One card of a generic template."""

    title: str
    subtitle: str = ""
    picture: str | None = None
    link: str | None = None  # where a tap on the card leads
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class ReceiptLine:
    """One article on a receipt."""

    title: str
    subtitle: str
    quantity: float | None
    price: float


@dataclass(frozen=True)
class ShownReceipt:
    """A receipt; amounts are in units of the currency."""

    order_number: str
    currency: str
    payment_method: str
    total: float
    lines: tuple[ReceiptLine, ...]
    content: Json


@dataclass(frozen=True)
class ShownFile:
    """A file to open: its name, how large it is, and where it is fetched."""

    name: str
    size_bytes: int
    url: str


@dataclass(frozen=True)
class ShownMessage:
    """A message as the person sees it at this moment. Quick replies are shown on the newest alone."""

    id: str
    number: int
    mine: bool
    text: str
    buttons: tuple[Button, ...]
    quick_replies: tuple[Button, ...]
    cards: tuple[ShownCard, ...]
    receipt: ShownReceipt | None
    picture: str | None  # where it is fetched
    file: ShownFile | None
    content: Json
    sent_at: int  # Unix milliseconds
    reply_to: str | None
    reaction: str | None

    @property
    def pressable(self) -> list[Button]:
        """The buttons of the message and of its cards."""
        return [*self.buttons, *(button for card in self.cards for button in card.buttons)]

    def button(self, label: str) -> Button | None:
        """The button of the message or of its cards with that label, or the first whose label begins so."""
        return labelled(self.pressable, label)


def labelled(buttons: Sequence[Button], label: str) -> Button | None:
    """The button with that label, or the first whose label begins so."""
    exact = (button for button in buttons if button.text == label)
    return next(exact, next((button for button in buttons if button.text.startswith(label)), None))


def shown(message: Message, person: Person, *, file: StoredFile | None, newest: bool) -> ShownMessage:
    """Draw one message for this person; `file` is what is kept of what it has attached."""
    content = message.content
    payload = _template(content)
    kind = payload.get("template_type")
    return ShownMessage(
        id=message.mid,
        number=message.number,
        mine=message.mine,
        text=content.get("text") or payload.get("text", ""),
        buttons=drawn(payload.get("buttons", ())),
        quick_replies=_quick_replies(content, person) if newest and not message.mine else (),
        cards=tuple(_card(element) for element in payload["elements"]) if kind == "generic" else (),
        receipt=_receipt(payload) if kind == "receipt" else None,
        picture=attached_url(content, "image"),
        file=_file(content, file),
        content=content,
        sent_at=message.sent_at,
        reply_to=message.reply_to,
        reaction=message.reaction,
    )


def drawn(buttons: Sequence[Json]) -> tuple[Button, ...]:
    """Buttons as the wire has them."""
    return tuple(
        Button(button["title"], button["type"], button.get("payload", button.get("url", "")))
        for button in buttons
    )


def _quick_replies(content: Json, person: Person) -> tuple[Button, ...]:
    """Without a number or an address in their profile a person is not shown the button that shares it."""
    own = {"user_phone_number": person.phone, "user_email": person.email}
    replies = [
        Button(str(own[reply["content_type"]]), reply["content_type"], str(own[reply["content_type"]]))
        if reply["content_type"] in own
        else Button(reply["title"], "text", str(reply["payload"]))
        for reply in content.get("quick_replies", ())
        if own.get(reply["content_type"], "text")
    ]
    return tuple(replies)


def _template(content: Json) -> Json:
    attachment: Json = content.get("attachment", {})
    return attachment["payload"] if attachment.get("type") == "template" else {}


def attached_url(content: Json, *kinds: str) -> str | None:
    """Where the first attachment of one of these kinds is fetched."""
    attached: list[Any] = content.get("attachments", [content.get("attachment", {})])
    return next((a["payload"]["url"] for a in attached if a.get("type") in kinds), None)


def _file(content: Json, file: StoredFile | None) -> ShownFile | None:
    url = attached_url(content, "file")
    return None if url is None or file is None else ShownFile(file.name, file.size, url)


def _card(element: Json) -> ShownCard:
    return ShownCard(
        title=element["title"],
        subtitle=element.get("subtitle", ""),
        picture=element.get("image_url"),
        link=element.get("default_action", {}).get("url"),
        buttons=drawn(element.get("buttons", ())),
    )


def _receipt(payload: Json) -> ShownReceipt:
    return ShownReceipt(
        order_number=payload["order_number"],
        currency=payload["currency"],
        payment_method=payload["payment_method"],
        total=payload["summary"]["total_cost"],
        lines=tuple(
            ReceiptLine(line["title"], line.get("subtitle", ""), line.get("quantity"), line["price"])
            for line in payload.get("elements", ())
        ),
        content=payload,
    )
