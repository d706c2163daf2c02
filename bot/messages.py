"""What the bot sends, in one vocabulary for every channel.

Text is a small, safe HTML: <b>, <i>, <s>, <code>, <a href>, and line breaks; everything that came from
people or the database was escaped when it was put in. A channel turns it into its platform's form,
or into the nearest thing the platform has.
"""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator


class MessageModel(BaseModel):
    """Common shape: frozen, and strict about what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Button(MessageModel):
    """A labelled button. Exactly one of: a signed `token` of ours, a `url`, a request to share something, `private`, or
    `invite`.

    `private` stands in a group and opens the private chat with us; what it holds comes along. `invite` passes a link on
    to others, which opens their chat with us and brings along what it holds.
    """

    label: str
    token: str | None = None
    url: str | None = None
    private: str | None = None
    share: Literal["phone", "location"] | None = None
    invite: str | None = None


Rows = tuple[tuple[Button, ...], ...]
Purpose = Literal["answer", "order_update", "staff"]
"""Why it is said: to answer, because an order, a payment or a refund has moved, or because staff wrote it.

Messenger lets news of an order and words of staff through when a mere answer comes too late.
"""


class DealPicture(MessageModel):
    """A deal's picture to pass on, or a group's of it, drawn when it is sent; here is only which one it is.

    Its code leads to the chat with us and brings along what is `carried`: the channel that sends it knows the `link`.
    """

    deal: UUID
    group: UUID | None = None
    language: str
    carried: str
    link: str = ""
    name: str  # of the file


class Picture(MessageModel):
    """A picture by its place in the shop's media folder, or by a public URL; where that can be done, one that is drawn."""

    path: str | None = None
    url: str | None = None
    alt: str = ""
    drawn: DealPicture | None = None


PaperKind = Literal["invoice", "receipt"]


class Document(MessageModel):
    """A paper of an order as a PDF, which is drawn when it is sent; here is only which one it is.

    Where no file can be sent, the words carry `url`, under which it can be opened.
    """

    order: UUID
    paper: PaperKind
    language: str
    name: str  # of the file
    url: str


class Say(MessageModel):
    """Words, maybe under a picture or a file, maybe with buttons."""

    kind: Literal["say"] = "say"
    text: str
    buttons: Rows = ()
    picture: Picture | None = None
    document: Document | None = None
    purpose: Purpose = "answer"
    reply: str = ""  # the sentence of flows/replies that it was made from; not shown
    answers: str = ""  # in a group: the platform's id of the message that it answers

    @model_validator(mode="after")
    def _has_one_thing_above_it(self) -> Self:
        if self.picture is not None and self.document is not None:
            raise ValueError("words stand under a picture or under a file, not under both")
        return self


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
    answers: str = ""  # as in Say


class Post(MessageModel):
    """Something that many read, and that is changed in its place when it is no longer true.

    `place` is the platform's id of the message to change; what was deleted there is posted anew. How it went comes back
    as CallReturned("post", …), with the id that it has now.
    """

    kind: Literal["post"] = "post"
    say: Say
    place: str = ""
    group: UUID | None = None  # the group of a deal whose card it is


class PriceLine(MessageModel):
    """A part of a price; a discount is negative."""

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
    form: bool = (
        False  # name, phone, e-mail and address are filled in there, and the delivery is chosen there
    )


class ShippingWay(MessageModel):
    """A way of delivery in Telegram's form; `code` comes back when it is chosen, its lines are added to the price."""

    code: str
    title: str
    lines: tuple[PriceLine, ...]


class AnswerShipping(MessageModel):
    """What there is to choose from for the country in the form, or why there is nothing; urgent."""

    kind: Literal["answer_shipping"] = "answer_shipping"
    query: str
    currency: str  # of what the ways cost
    ways: tuple[ShippingWay, ...] = ()
    error: str | None = None


class ReceiptLine(MessageModel):
    title: str
    units: int
    unit_price_minor: int


class Receipt(MessageModel):
    """What was bought and paid, for channels that show receipts; the words of thanks go before it."""

    kind: Literal["receipt"] = "receipt"
    order: str
    name: str
    currency: str
    payment: str  # what it was paid with, in words
    lines: tuple[ReceiptLine, ...]
    discounts: tuple[PriceLine, ...] = ()  # negative
    delivery_minor: int
    tax_minor: int = 0
    tax_included: bool = True  # within the prices; else on top of them
    total_minor: int


class AnswerInvoiceCheck(MessageModel):
    """The yes or no to a pre-checkout query; urgent."""

    kind: Literal["answer_invoice_check"] = "answer_invoice_check"
    query: str
    error: str | None = None


class AnswerTap(MessageModel):
    """Acknowledges a tap so that the person's spinner stops; `text` shows as a brief notice.

    With `private` it opens that person's private chat with us, as such a button does.
    """

    kind: Literal["answer_tap"] = "answer_tap"
    tap: str
    text: str = ""
    private: str | None = None


class ShowTyping(MessageModel):
    """The sign that an answer is being written: worth nothing if late, so it is sent once, never retried."""

    kind: Literal["show_typing"] = "show_typing"


class InlineOffer(MessageModel):
    """One thing to choose for whoever types our name in any chat: a line of a list, and the message that it becomes.

    No message of ours: it is answered with at once, and sent by whoever chooses it.
    """

    id: str  # at most 64 letters
    title: str
    description: str
    say: Say
    picture: Picture | None


class InlineOffers(MessageModel):
    """What there is to choose from; without any, words that lead into the private chat."""

    offers: tuple[InlineOffer, ...]
    otherwise: str


Message = Annotated[
    Say
    | ShowCards
    | Post
    | SendInvoice
    | Receipt
    | AnswerShipping
    | AnswerInvoiceCheck
    | AnswerTap
    | ShowTyping,
    Field(discriminator="kind"),
]
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)
