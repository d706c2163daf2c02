"""Telegram's updates in our own vocabulary.

Forms: https://core.telegram.org/bots/api#update. Whatever cannot be understood becomes Unreadable: an update is
never a reason to stop.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

import structlog
from aiogram.enums import ChatMemberStatus, ChatType, ContentType
from aiogram.types import (
    CallbackQuery,
    Chat,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Contact,
    InlineKeyboardMarkup,
    Message,
    OrderInfo,
    PreCheckoutQuery,
    ResultChatMemberUnion,
    ShippingQuery,
    SuccessfulPayment,
    Update,
    User,
)

from bot import conversations
from bot.channels.telegram_currencies import from_telegram
from bot.events import (
    BotBlocked,
    Edited,
    Event,
    FilledForm,
    Inbound,
    InvoiceChecked,
    InvoicePaid,
    Membership,
    Opened,
    Person,
    Said,
    SentAttachment,
    SharedContact,
    SharedLocation,
    ShippingAsked,
    Spoken,
    Tapped,
    Unreadable,
)

log = structlog.get_logger()

SOURCE: Final = "telegram"
ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "callback_query",
    "inline_query",  # answered beside the events: bot.channels.telegram_inline
    "shipping_query",
    "pre_checkout_query",
    "my_chat_member",
)
_ATTACHMENTS: Final = (
    "animation",  # before "document": Telegram sends both for one
    "audio",
    "checklist",
    "dice",
    "document",
    "game",
    "live_photo",
    "paid_media",
    "photo",
    "poll",
    "sticker",
    "story",
    "video",
    "video_note",
    "voice",
)
_NOBODY: Final = 0  # the lane of updates that name no chat
_COMMAND = re.compile(r"/([a-zA-Z0-9_]{1,32})(?:@([a-zA-Z0-9_]+))?(?:\s+(.*))?", re.DOTALL)


def conversation_of(chat_id: int) -> str:
    """The key of the private conversation in that chat."""
    return f"{SOURCE}:{chat_id}"


def read(update: Mapping[str, Any], *, bot_id: int, username: str) -> Inbound | None:
    """One update as an event, or None when it is none of our business (a group's own talk).

    `username` is the bot's, without "@"; empty while unknown. Never raises: a malformed update becomes
    Unreadable under its own id; one without an id cannot be kept at all and is logged.
    """
    update_id = update.get("update_id")
    if not isinstance(update_id, int) or isinstance(update_id, bool):
        log.warning("telegram.update_without_id", fields=sorted(map(str, update))[:10])
        return None
    try:
        found = _Reader(bot_id, username).read(Update.model_validate(update), update)
    except Exception as error:  # noqa: BLE001 - no form of an update may stop those behind it
        log.warning("telegram.update_unreadable", update_id=update_id, error=type(error).__name__)
        found = _unknown(update)
    if found is None:
        return None
    return Inbound(
        source=SOURCE,
        external_id=str(update_id),
        conversation=found.conversation,
        sequence=update_id,
        event=found.event,
        person=person_of(found.user) if found.user else None,
    )


class _Found(NamedTuple):
    """Where it happened, who acted, and what it was."""

    conversation: str
    user: User | None
    event: Event


class _Reader:
    """Reads updates of one bot."""

    def __init__(self, bot_id: int, username: str) -> None:
        self._bot_id = bot_id
        self._username = username.lower()
        name = re.escape(username)
        self._mention = re.compile(rf"^@{name}\b[\s,:]*|(?<!\w)@{name}$", re.IGNORECASE) if username else None

    def read(self, update: Update, raw: Mapping[str, Any]) -> _Found | None:
        if update.message:
            return self._message(update.message)
        if update.callback_query:
            return _tap(update.callback_query)
        if asked := update.shipping_query or update.pre_checkout_query:
            return _shipping_asked(asked) if isinstance(asked, ShippingQuery) else _checked(asked)
        if update.my_chat_member:
            return _membership(update.my_chat_member)
        if update.edited_message:
            return self._edited(update.edited_message)
        return _unknown(raw)

    @staticmethod
    def _edited(message: Message) -> _Found | None:
        """Other words for a message of theirs; a place that moves (a live location) is an edit, too, and none of these."""
        text = message.text or message.caption
        if message.chat.type != ChatType.PRIVATE or not text:
            return None
        return _Found(conversation_of(message.chat.id), message.from_user, Edited(text=text))

    def _message(self, message: Message) -> _Found | None:
        user, payment = message.from_user, message.successful_payment
        if payment:  # heard wherever it happened, and like the query before it the payer's
            return _Found(conversation_of(user.id if user else message.chat.id), user, _paid(payment))
        if message.chat.type != ChatType.PRIVATE:
            return self._message_in_group(message)
        event = self._content(message)
        return _Found(conversation_of(message.chat.id), user, event) if event else None

    def _message_in_group(self, message: Message) -> _Found | None:
        """Each member has a conversation of their own there; what starts us is for the group."""
        group, user = message.chat, message.from_user
        if message.migrate_from_chat_id:
            before = conversations.in_group(SOURCE, message.migrate_from_chat_id)
            return _Found(_in_group(group), user, Membership(change="moved", before=before))
        event = self._content(message)
        if event is None or user is None or message.is_automatic_forward:
            return None
        if isinstance(event, Spoken):
            event = event.model_copy(update={"message": str(message.message_id)})
        starts = isinstance(event, Opened) and (message.text or "").startswith("/")
        return _Found(_in_group(group, None if starts else user), user, event)

    def _content(self, message: Message) -> Event | None:
        """What was sent, or None when it was not for us."""
        if self._is_by_a_bot(message):
            return None
        private = message.chat.type == ChatType.PRIVATE
        if not private and not self._is_addressed(message):
            return None
        if message.text:
            return self._words(message.text, private=private)
        if message.contact:
            return _contact(message.contact, message.from_user)
        if message.location:  # a venue carries one, too
            return SharedLocation(latitude=message.location.latitude, longitude=message.location.longitude)
        return self._attachment(message)

    def _is_by_a_bot(self, message: Message) -> bool:
        """Another bot, for two that answer each other never end; or our own words, which somebody chose inline."""
        other = message.from_user is not None and message.from_user.is_bot and not message.sender_chat
        return other or (message.via_bot is not None and message.via_bot.id == self._bot_id)

    def _words(self, text: str, *, private: bool) -> Event | None:
        text = self._without_mention(text)
        command = _COMMAND.fullmatch(text)
        if command is None:
            return Said(text=text) if text else Opened()  # a bare mention: "are you there?"
        word, addressee, rest = command.groups(default="")
        if addressee and addressee.lower() != self._username:
            return Said(text=text) if private else None
        if word.lower() == "start":
            return Opened(payload=rest.strip())
        return Said(text=f"{word} {rest}".strip())

    def _attachment(self, message: Message) -> Event:
        for name in _ATTACHMENTS:
            content: Any = getattr(message, name)
            if content:
                return SentAttachment(
                    attachment=name,
                    reference=_file_id(content),
                    caption=self._without_mention(message.caption or ""),
                )
        return Unreadable(what=ContentType(message.content_type).value)

    def _without_mention(self, text: str) -> str:
        """The words without the name they are addressed to."""
        return self._mention.sub("", text.strip(), count=1).strip() if self._mention else text.strip()

    def _is_addressed(self, message: Message) -> bool:
        """In a group we answer replies to us, commands, and words that name us."""
        answered = message.reply_to_message
        # In a forum every message "replies" to the one that made the topic, which may well be ours.
        if answered and answered.from_user and not answered.forum_topic_created:
            replies = answered.from_user.id == self._bot_id
        else:
            replies = False
        return replies or _COMMAND.fullmatch(message.text or "") is not None or self._is_named(message)

    def _is_named(self, message: Message) -> bool:
        text = message.text or message.caption or ""
        for entity in message.entities or message.caption_entities or ():
            if entity.type == "mention" and entity.extract_from(text).lower() == f"@{self._username}":
                return True
            if entity.type == "text_mention" and entity.user and entity.user.id == self._bot_id:
                return True
        return False


def _tap(query: CallbackQuery) -> _Found:
    """A button under a message in a group is for everybody there: who taps it does so for themselves."""
    user, message = query.from_user, query.message
    in_group = message is not None and message.chat.type != ChatType.PRIVATE
    conversation = _in_group(message.chat, user) if message and in_group else conversation_of(user.id)
    if query.data is None:
        return _Found(conversation, user, Unreadable(what="callback_query"))
    markup = message.reply_markup if isinstance(message, Message) else None
    event = Tapped(
        token=query.data,
        tap=query.id,
        label=_label(markup, query.data),
        message=str(message.message_id) if message and in_group else "",
    )
    return _Found(conversation, user, event)


def _label(markup: InlineKeyboardMarkup | None, data: str) -> str | None:
    """What stood on the button."""
    rows = markup.inline_keyboard if markup else []
    return next((button.text for row in rows for button in row if button.callback_data == data), None)


def _shipping_asked(query: ShippingQuery) -> _Found:
    """https://core.telegram.org/bots/api#shippingquery"""
    event = ShippingAsked(
        query=query.id, payload=query.invoice_payload, country=query.shipping_address.country_code
    )
    return _Found(conversation_of(query.from_user.id), query.from_user, event)


def _form(info: OrderInfo) -> FilledForm:
    """https://core.telegram.org/bots/api#orderinfo"""
    told = info.shipping_address
    address = (
        {
            "street": ", ".join(line for line in (told.street_line1, told.street_line2) if line),
            "postcode": told.post_code,
            "city": told.city,
            "state": told.state,
            "country": told.country_code,
        }
        if told
        else {}
    )
    return FilledForm(
        name=info.name or "",
        phone=info.phone_number or "",
        email=info.email or "",
        address={part: words for part, words in address.items() if words},
    )


def _checked(query: PreCheckoutQuery) -> _Found:
    """It names no chat; the answer and all that follows belong to the payer's own."""
    event = InvoiceChecked(
        query=query.id,
        payload=query.invoice_payload,
        amount_minor=from_telegram(query.total_amount, query.currency),
        currency=query.currency,
        shipping=query.shipping_option_id,
        form=_form(query.order_info) if query.order_info else None,
    )
    return _Found(conversation_of(query.from_user.id), query.from_user, event)


def _membership(change: ChatMemberUpdated) -> _Found | None:
    """Somebody stopped the bot or started it again; or it came into a group, or was put out of one."""
    if change.chat.type != ChatType.PRIVATE:
        return _membership_in_group(change)
    conversation, status = conversation_of(change.chat.id), change.new_chat_member.status
    if status not in {"kicked", "member"}:
        return _Found(conversation, change.from_user, Unreadable(what=f"my_chat_member:{status}"))
    return _Found(conversation, change.from_user, BotBlocked(blocked=status == "kicked"))


def _membership_in_group(change: ChatMemberUpdated) -> _Found | None:
    """A channel is read by many and answered by none; being made an administrator is no coming."""
    before, now = _is_inside(change.old_chat_member), _is_inside(change.new_chat_member)
    if change.chat.type == ChatType.CHANNEL or before == now:
        return None
    name = change.new_chat_member.user.username or ""
    event = Membership(change="added", name=name) if now else Membership(change="removed", name=name)
    return _Found(_in_group(change.chat), change.from_user, event)


def _is_inside(member: ResultChatMemberUnion) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in {ChatMemberStatus.LEFT, ChatMemberStatus.KICKED}


def _in_group(group: Chat, member: User | None = None) -> str:
    return conversations.in_group(SOURCE, group.id, member.id if member else "")


def _paid(payment: SuccessfulPayment) -> InvoicePaid:
    return InvoicePaid(
        payload=payment.invoice_payload,
        amount_minor=from_telegram(payment.total_amount, payment.currency),
        currency=payment.currency,
        charge=payment.provider_payment_charge_id,
        telegram_charge=payment.telegram_payment_charge_id,
    )


def _contact(contact: Contact, sender: User | None) -> SharedContact:
    own = sender is not None and contact.user_id == sender.id
    phone = contact.phone_number
    if own and phone.isdigit():  # a person's own number is always international, with or without its plus
        phone = f"+{phone}"
    name = " ".join(filter(None, [contact.first_name, contact.last_name]))
    return SharedContact(phone=phone, name=name, own=own)


def _file_id(content: Any) -> str:
    """The file to download; of a picture the largest size."""
    largest: Any = cast("list[Any]", content)[-1] if isinstance(content, list) else content
    return str(getattr(largest, "file_id", None) or "")


def person_of(user: User) -> Person:
    """Who somebody is on Telegram."""
    return Person(
        id=str(user.id),
        name=user.full_name,
        username=user.username or "",
        language=user.language_code or "",
    )


def _kind(update: Mapping[str, Any]) -> str:
    """The name of what an update carries."""
    return next((str(name) for name in update if name != "update_id"), "empty")


def _unknown(update: Mapping[str, Any]) -> _Found:
    """An update of no form we know."""
    return _Found(conversation_of(_raw_chat_id(update)), None, Unreadable(what=_kind(update)))


def _raw_chat_id(update: Mapping[str, Any]) -> int:
    """The chat of an update whose form we do not know, looked for where updates have it."""
    content = _mapping(update.get(_kind(update)))
    holders = [_mapping(content.get("chat")), _mapping(_mapping(content.get("message")).get("chat"))]
    for holder in (*holders, _mapping(content.get("from")), _mapping(content.get("user"))):
        chat_id = holder.get("id")
        if isinstance(chat_id, int):
            return chat_id
    return _NOBODY


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
