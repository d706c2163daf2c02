"""Messages on their way to Telegram, one Bot API call after the other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from aiogram.enums import ChatAction
from aiogram.methods import (
    AnswerCallbackQuery,
    AnswerPreCheckoutQuery,
    AnswerShippingQuery,
    EditMessageCaption,
    EditMessageText,
    SendChatAction,
    SendDocument,
    SendInvoice,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardMarkup,
    LabeledPrice,
    LinkPreviewOptions,
    ReplyParameters,
    ShippingOption,
)
from aiogram.types import Message as SentMessage

from bot import messages
from bot.channels.documents import file_of, link_to
from bot.channels.port import Draw
from bot.channels.progress import Progress
from bot.channels.telegram_calls import BadRequest, BotApi, ChatMoved, UnreadableAnswer
from bot.channels.telegram_currencies import to_telegram
from bot.channels.telegram_pictures import BYTES_MAX as PICTURE_BYTES_MAX
from bot.channels.telegram_pictures import Photo, Pictures
from bot.channels.telegram_rendering import (
    Keyboard,
    Part,
    entities,
    leads_elsewhere,
    part_of_post,
    parts_of,
    private_link,
    with_private_links,
)
from bot.channels.text import ELLIPSIS, RichText, parse, utf16_length
from bot.messages import (
    AnswerInvoiceCheck,
    AnswerShipping,
    AnswerTap,
    Message,
    Picture,
    Post,
    Receipt,
    Say,
    ShowCards,
    ShowTyping,
)
from shop.errors import Rejected

log = structlog.get_logger()

# https://core.telegram.org/bots/api#sendinvoice and #answercallbackquery
TITLE_LENGTH_MAX: Final = 32
DESCRIPTION_LENGTH_MAX: Final = 255
NOTICE_LENGTH_MAX: Final = 200
DOCUMENT_BYTES_MAX: Final = 50 * 1024 * 1024  # https://core.telegram.org/bots/api#senddocument
_URGENT_SECONDS: Final = 5  # of the ten that Telegram gives for a pre-checkout answer
_HELLO: Final = "hello"  # a tap's answer may only open us with something to start with
_QUERY_GONE: Final = ("query is too old", "query id is invalid")
# In the words of the Bot API server (Client.cpp) and of TDLib (MessagesManager.cpp); their documentation names no errors.
_UNCHANGED: Final = "message is not modified"
_OTHER_KIND: Final = ("there is no caption in the message to edit", "there is no text in the message to edit")
_NOT_THERE: Final = ("message to edit not found", "message can't be edited", "message_id_invalid")
_NO_PREVIEW: Final = LinkPreviewOptions(
    is_disabled=True
)  # nobody's payment page is to be fetched for a picture


class Sending:
    """The sending side of one bot. `name` tells its username, which links into private chats are made of."""

    def __init__(
        self,
        api: BotApi,
        pictures: Pictures,
        *,
        name: Callable[[], Awaitable[str]],
        payment_token: str | None,
        draw: Draw | None = None,
    ) -> None:
        self._api = api
        self._draw = draw
        self._name = name
        self._pictures = pictures
        self._payment_token = payment_token
        self._progress = Progress()
        self._moved: dict[str, int] = {}

    async def send(self, chat: str, message: Message) -> str | None:
        """Deliver it; the id of its last part. Raises Rejected, Blocked, TooFast or Unavailable."""
        moved_to = self._moved.get(chat)
        if moved_to is not None:
            return await self._send(moved_to, _without_place(message))
        try:
            return await self._send(_chat_id(chat), message)
        except ChatMoved as moved:
            self._moved[chat] = moved.chat_id
            return await self._send(moved.chat_id, _without_place(message))

    async def _send(self, chat_id: int, message: Message) -> str | None:
        match message:
            case Say() | ShowCards():
                return await self._send_parts(chat_id, message)
            case Post():
                return await self._post_in_place(chat_id, message)
            case messages.SendInvoice():
                return await self._send_invoice(chat_id, message)
            case AnswerShipping():
                await self._answer_shipping(message)
            case AnswerInvoiceCheck():
                await self._answer_invoice_check(message)
            case AnswerTap():
                await self._answer_tap(message)
            case ShowTyping():
                await self._api.call(SendChatAction(chat_id=chat_id, action=ChatAction.TYPING))
            case Receipt():
                raise Rejected("Telegram shows no receipts beside its own invoices")
        return None

    async def _send_parts(self, chat_id: int, message: Say | ShowCards) -> str | None:
        """Send what of it was not sent yet."""
        chat, reference = str(chat_id), None
        sent = self._progress.take(chat, message)
        shown = with_private_links(message, await self._name()) if leads_elsewhere(message) else message
        parts = parts_of(shown, private=chat_id > 0)
        answered = _answered(message)
        try:
            for part in parts[sent:]:
                reference = await self._send_part(chat_id, part, answered) or reference
                sent += 1
        except Rejected:
            raise
        except Exception:
            self._progress.keep(chat, message, sent=sent)
            raise
        return reference

    # ── what is changed in its place ────────────────────────────────────────────────────────────────

    async def _post_in_place(self, chat_id: int, post: Post) -> str | None:
        """Change the message that is there, or send it where there is none (any more); its id."""
        part = part_of_post(with_private_links(post.say, await self._name()))
        if post.place and await self._edit(chat_id, int(post.place), part):
            return post.place
        return await self._send_part(chat_id, part, None)

    async def _edit(self, chat_id: int, message_id: int, part: Part) -> bool:
        """False when the message is not there any more. https://core.telegram.org/bots/api#updating-messages"""
        try:
            await self._change(chat_id, message_id, part)
        except UnreadableAnswer:
            log.warning("telegram.unreadable_answer", method="edit")
        except BadRequest as error:
            words = str(error).lower()
            if any(gone in words for gone in _NOT_THERE):
                return False
            if _UNCHANGED not in words:
                raise
        return True

    async def _change(self, chat_id: int, message_id: int, part: Part) -> None:
        """Other words: below its picture, or, where it could only be sent without one, as its text."""
        marked, keyboard = entities(part.text), _inline(part.keyboard)
        caption = EditMessageCaption(
            chat_id=chat_id,
            message_id=message_id,
            caption=part.text.plain,
            parse_mode=None,
            caption_entities=marked,
            reply_markup=keyboard,
        )
        text = EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=part.text.plain,
            parse_mode=None,
            entities=marked,
            link_preview_options=_NO_PREVIEW,
            reply_markup=keyboard,
        )
        likely, other = (caption, text) if part.picture else (text, caption)
        try:
            await self._api.call(likely)
        except BadRequest as error:
            if not any(words in str(error).lower() for words in _OTHER_KIND):
                raise
            await self._api.call(other)

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────

    async def _send_part(self, chat_id: int, part: Part, answered: ReplyParameters | None) -> str | None:
        if part.picture and (photo := await self._photo(part.picture)):
            try:
                return await self._send_photo(chat_id, part, photo, answered)
            except BadRequest as error:
                if photo.known:  # Telegram may have forgotten its id, which is worth an upload
                    self._pictures.forget(photo)
                    return await self._send_part(chat_id, part, answered)
                name = part.picture.path or part.picture.url
                log.warning("telegram.picture_refused", picture=name, error=str(error))
        if part.document and (file := await self._file(part.document)):
            try:
                return await self._send_document(chat_id, part, file, answered)
            except BadRequest as error:
                log.warning("telegram.document_refused", document=part.document.name, error=str(error))
        return await self._send_text(chat_id, part, answered)

    async def _photo(self, picture: Picture) -> Photo | None:
        """One that is drawn, else the file; None, with a line in the log, when there is neither."""
        if picture.drawn is not None:
            link = private_link(await self._name(), picture.drawn.carried)
            drawn = picture.drawn.model_copy(update={"link": link})
            if content := await file_of(drawn, self._draw, bytes_max=PICTURE_BYTES_MAX):
                return Photo(BufferedInputFile(content, filename=drawn.name))
        return await self._pictures.photo(picture)

    async def _send_photo(
        self, chat_id: int, part: Part, photo: Photo, answered: ReplyParameters | None
    ) -> str | None:
        sent = await self._post(
            SendPhoto(
                chat_id=chat_id,
                photo=photo.content,
                caption=part.text.plain or None,
                parse_mode=None,
                caption_entities=entities(part.text),
                reply_parameters=answered,
                reply_markup=part.keyboard,
            )
        )
        if sent:
            self._pictures.learn(photo, sent)
        return _reference(sent)

    async def _file(self, document: messages.Document) -> BufferedInputFile | None:
        content = await file_of(document, self._draw, bytes_max=DOCUMENT_BYTES_MAX)
        return BufferedInputFile(content, filename=document.name) if content else None

    async def _send_document(
        self, chat_id: int, part: Part, file: BufferedInputFile, answered: ReplyParameters | None
    ) -> str | None:
        sent = await self._post(
            SendDocument(
                chat_id=chat_id,
                document=file,
                caption=part.text.plain or None,
                parse_mode=None,
                caption_entities=entities(part.text),
                reply_parameters=answered,
                reply_markup=part.keyboard,
            )
        )
        return _reference(sent)

    async def _send_text(self, chat_id: int, part: Part, answered: ReplyParameters | None) -> str | None:
        text = part.text
        if part.document:
            text = text.followed_by(
                RichText(link_to(part.document)), between="\n" if text.plain.strip() else ""
            )
        if part.picture and not text.plain.strip():
            if not part.keyboard:
                return None  # a picture that is missing; its words follow in the next part
            text = RichText(part.picture.alt or ELLIPSIS)  # something must carry the buttons
        sent = await self._post(
            SendMessage(
                chat_id=chat_id,
                text=text.plain,
                parse_mode=None,
                entities=entities(text),
                link_preview_options=_NO_PREVIEW,
                reply_parameters=answered,
                reply_markup=part.keyboard,
            )
        )
        return _reference(sent)

    async def _post(self, method: TelegramMethod[SentMessage]) -> SentMessage | None:
        """Send it; None when it was sent and its id cannot be read: to send it again would be worse."""
        try:
            return await self._api.call(method)
        except UnreadableAnswer:
            log.warning("telegram.unreadable_answer", method=method.__api_method__)
            return None

    # ── payment and taps ────────────────────────────────────────────────────────────────────────────

    async def _send_invoice(self, chat_id: int, invoice: messages.SendInvoice) -> str | None:
        if self._payment_token is None:
            raise Rejected("no payment provider token is set, so Telegram takes no invoice")
        method = SendInvoice(
            chat_id=chat_id,
            title=_short(invoice.title, TITLE_LENGTH_MAX),
            description=_short(invoice.description, DESCRIPTION_LENGTH_MAX),
            payload=invoice.payload,
            provider_token=self._payment_token,
            currency=invoice.currency.upper(),
            prices=_prices(invoice.lines, invoice.currency.upper()),
            photo_url=invoice.picture.url if invoice.picture else None,  # Telegram takes no file here
            need_name=invoice.form or None,
            need_phone_number=invoice.form or None,
            need_email=invoice.form or None,
            need_shipping_address=invoice.form or None,
            is_flexible=invoice.form or None,  # the delivery chosen there is added
        )
        try:
            return _reference(await self._post(method))
        except BadRequest:
            if method.photo_url is None:
                raise
            return _reference(await self._post(method.model_copy(update={"photo_url": None})))

    async def _answer_shipping(self, answer: AnswerShipping) -> None:
        error = None if answer.error is None else parse(answer.error).plain
        options = [
            ShippingOption(
                id=way.code,
                title=way.title,
                prices=_prices(way.lines, answer.currency),
            )
            for way in answer.ways
        ]
        method = AnswerShippingQuery(
            shipping_query_id=answer.query,
            ok=error is None,
            shipping_options=options or None,
            error_message=error,
        )
        await self._api.call(method, seconds=_URGENT_SECONDS)

    async def _answer_invoice_check(self, answer: AnswerInvoiceCheck) -> None:
        error = None if answer.error is None else parse(answer.error).plain
        method = AnswerPreCheckoutQuery(
            pre_checkout_query_id=answer.query, ok=error is None, error_message=error
        )
        await self._api.call(method, seconds=_URGENT_SECONDS)

    async def _answer_tap(self, answer: AnswerTap) -> None:
        text = _short(answer.text, NOTICE_LENGTH_MAX) or None
        url = None if answer.private is None else private_link(await self._name(), answer.private or _HELLO)
        method = AnswerCallbackQuery(callback_query_id=answer.tap, text=text, url=url)
        try:
            await self._api.call(method, seconds=_URGENT_SECONDS)
        except BadRequest as error:  # the spinner has stopped by itself long ago
            if not any(words in str(error).lower() for words in _QUERY_GONE):
                raise


def _answered(message: Say | ShowCards) -> ReplyParameters | None:
    """The message in a group that this one answers, if it is still there."""
    if not message.answers:
        return None
    return ReplyParameters(message_id=int(message.answers), allow_sending_without_reply=True)


def _prices(lines: Sequence[messages.PriceLine], currency: str) -> list[LabeledPrice]:
    """A breakdown as Telegram counts that currency."""
    return [LabeledPrice(label=line.label, amount=to_telegram(line.amount_minor, currency)) for line in lines]


def _without_place(message: Message) -> Message:
    """A chat under another id has other messages: none of them is the one that was to be changed."""
    return message.model_copy(update={"place": ""}) if isinstance(message, Post) else message


def _inline(keyboard: Keyboard | None) -> InlineKeyboardMarkup | None:
    """What may be under a message that is changed."""
    return keyboard if isinstance(keyboard, InlineKeyboardMarkup) else None


def _reference(sent: SentMessage | None) -> str | None:
    return str(sent.message_id) if sent else None


def _short(markup: str, length_max: int) -> str:
    """For places that know no markup and little room."""
    return parse(markup).cut(length_max, utf16_length).plain


def _chat_id(chat: str) -> int:
    try:
        return int(chat)
    except ValueError:
        raise Rejected(f"{chat!r} is no Telegram chat") from None
