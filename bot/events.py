"""What reaches the bot, in one vocabulary for every channel.

A channel turns its platform's update into one of these; nothing after it knows the platform.
They are frozen pydantic models so that they can be stored, replayed and shown.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class EventModel(BaseModel):
    """Common shape: frozen, and strict about what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Spoken(EventModel):
    """What somebody says or does to us. In a group `message` is the platform's id of it, for our answer to refer to."""

    message: str = ""


class Said(Spoken):
    """Words, typed or as the caption of a picture."""

    kind: Literal["said"] = "said"
    text: str


class Edited(Spoken):
    """Words that were said before were changed to these."""

    kind: Literal["edited"] = "edited"
    text: str


class Tapped(Spoken):
    """A button of ours. `token` is what we put into it and is checked before it is believed."""

    kind: Literal["tapped"] = "tapped"
    token: str
    tap: str | None = None  # the platform's id of the tap, where it wants an answer
    label: str | None = None


class Opened(Spoken):
    """The conversation was started or a deep link followed; `payload` is the link's, if any."""

    kind: Literal["opened"] = "opened"
    payload: str = ""


class SentAttachment(Spoken):
    """Something other than words: "photo", "voice", "sticker", "document", "video", …"""

    kind: Literal["sent_attachment"] = "sent_attachment"
    attachment: str
    reference: str = ""  # the platform's file id or URL
    caption: str = ""


class SharedContact(Spoken):
    """A contact card; `own` says whether it is the sender's."""

    kind: Literal["shared_contact"] = "shared_contact"
    phone: str
    name: str = ""
    own: bool = False


class SharedLocation(Spoken):
    """A point on the map, in degrees."""

    kind: Literal["shared_location"] = "shared_location"
    latitude: float
    longitude: float


class FilledForm(EventModel):
    """What somebody put into Telegram's own form while paying; only what the invoice asked for."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: dict[str, str] = Field(default_factory=dict[str, str])  # street, postcode, city, state, country


class ShippingAsked(EventModel):
    """Telegram's shipping query: what there is for the country in its form, and what it costs (10 s)."""

    kind: Literal["shipping_asked"] = "shipping_asked"
    query: str
    payload: str
    country: str


class InvoiceChecked(EventModel):
    """Telegram's pre-checkout query: the last place to say no before money moves (10 s).

    `shipping` is the way of delivery that was chosen in Telegram's form, `form` what was filled in there.
    """

    kind: Literal["invoice_checked"] = "invoice_checked"
    query: str
    payload: str
    amount_minor: int
    currency: str
    shipping: str | None = None
    form: FilledForm | None = None


class InvoicePaid(EventModel):
    """Money moved for an invoice of ours; `charge` is the provider's own id of the payment."""

    kind: Literal["invoice_paid"] = "invoice_paid"
    payload: str
    amount_minor: int
    currency: str
    charge: str
    telegram_charge: str = ""


class BotBlocked(EventModel):
    """The person stopped the bot (or started it again): notices stop, money keeps moving."""

    kind: Literal["bot_blocked"] = "bot_blocked"
    blocked: bool


class Membership(EventModel):
    """We were brought into a group or put out of it, or it goes on here under another id. `name` is ours there.

    Where it has moved, `before` is the lane that it had.
    """

    kind: Literal["membership"] = "membership"
    change: Literal["added", "removed", "moved"]
    name: str = ""
    before: str = ""


class TimerFired(EventModel):
    """A timer of ours is due. The state is read again: it may no longer matter."""

    kind: Literal["timer_fired"] = "timer_fired"
    timer: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class CallReturned(EventModel):
    """A call that a turn asked for (Stripe) is done: `result` of the provider, or why it failed for good."""

    kind: Literal["call_returned"] = "call_returned"
    call: str
    arguments: dict[str, Any]
    result: dict[str, Any] | None = None
    error: str | None = None


class ProviderNotified(EventModel):
    """A verified payment-provider notice (Stripe event), as the provider wrote it."""

    kind: Literal["provider_notified"] = "provider_notified"
    type: str
    object: dict[str, Any]


class Overheard(EventModel):
    """Words in the chat while others look after it (staff at the platform's own inbox, another app): not for the bot."""

    kind: Literal["overheard"] = "overheard"
    author: Literal["customer", "staff"]
    text: str


class Unreadable(EventModel):
    """An update of a form we know nothing about (a new platform feature): kept, answered by nothing."""

    kind: Literal["unreadable"] = "unreadable"
    what: str


Event = Annotated[
    Said
    | Edited
    | Tapped
    | Opened
    | SentAttachment
    | SharedContact
    | SharedLocation
    | ShippingAsked
    | InvoiceChecked
    | InvoicePaid
    | BotBlocked
    | Membership
    | TimerFired
    | CallReturned
    | ProviderNotified
    | Overheard
    | Unreadable,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class Person(EventModel):
    """Who sent it, as far as the platform says."""

    id: str
    name: str = ""
    username: str = ""
    language: str = ""  # a BCP 47 tag the platform reports, such as "es-MX"


class Inbound(EventModel):
    """One event as the inbox keeps it.

    `source` and `external_id` together name it for good: a second delivery is recognised by them.
    `conversation` is the lane it belongs to; `sequence` orders events of one source within the lane.
    """

    source: str
    external_id: str
    conversation: str
    sequence: int
    event: Event
    person: Person | None = None
