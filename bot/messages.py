"""What the bot sends, in one vocabulary for every channel.

Text is a small, safe HTML: <b>, <i>, <s>, <code>, <a href>, and line breaks; everything that came from
people or the database was escaped when it was put in. A channel turns it into its platform's form,
or into the nearest thing the platform has.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class MessageModel(BaseModel):
    """Common shape: frozen, and strict about what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Button(MessageModel):
    """A labelled button. Exactly one of: a signed `token` of ours, a `url`, or a request to share something."""

    label: str
    token: str | None = None
    url: str | None = None
    share: Literal["phone", "location"] | None = None


Rows = tuple[tuple[Button, ...], ...]


class Picture(MessageModel):
    """A picture by its place in the shop's media folder, or by a public URL."""

    path: str | None = None
    url: str | None = None
    alt: str = ""


class Say(MessageModel):
    """Words, maybe under a picture, maybe with buttons."""

    kind: Literal["say"] = "say"
    text: str
    buttons: Rows = ()
    picture: Picture | None = None


class Card(MessageModel):
    """One product (later: deal, order) at a glance. The title is plain words, not HTML."""

    title: str
    text: str
    picture: Picture | None = None
    buttons: tuple[Button, ...] = ()


class ShowCards(MessageModel):
    """Several cards side by side where the channel can, one below the other where it cannot."""

    kind: Literal["show_cards"] = "show_cards"
    cards: tuple[Card, ...]
    buttons: Rows = ()  # below all of them: more, cheaper …


class PriceLine(MessageModel):
    label: str
    amount_minor: int


class SendInvoice(MessageModel):
    """A native invoice, for channels that have one."""

    kind: Literal["send_invoice"] = "send_invoice"
    title: str
    description: str
    payload: str
    currency: str
    lines: tuple[PriceLine, ...]
    picture: Picture | None = None


class AnswerInvoiceCheck(MessageModel):
    """The yes or no to a pre-checkout query; urgent."""

    kind: Literal["answer_invoice_check"] = "answer_invoice_check"
    query: str
    error: str | None = None


class AnswerTap(MessageModel):
    """Acknowledges a tap so that the person's spinner stops; `text` shows as a brief notice."""

    kind: Literal["answer_tap"] = "answer_tap"
    tap: str
    text: str = ""


class ShowTyping(MessageModel):
    """The sign that an answer is being written: worth nothing if late, so it is sent once, never retried."""

    kind: Literal["show_typing"] = "show_typing"


Message = Annotated[
    Say | ShowCards | SendInvoice | AnswerInvoiceCheck | AnswerTap | ShowTyping, Field(discriminator="kind")
]
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)
