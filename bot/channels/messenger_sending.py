"""Messages on their way to Messenger, one Send API call after the other."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from bot.channels.documents import TYPE, file_of, link_to
from bot.channels.messenger_graph import BadRequest, GraphApi, OutsideWindow, Upload
from bot.channels.messenger_pictures import BYTES_MAX as PICTURE_BYTES_MAX
from bot.channels.messenger_pictures import Pictures
from bot.channels.messenger_reading import OUR_MARK
from bot.channels.messenger_rendering import Part, into_chat, invites, parts_of, plain_words, with_invitations
from bot.channels.messenger_window import Way, way
from bot.channels.port import Draw
from bot.channels.progress import Progress
from bot.messages import DealPicture, Document, Message, Purpose, Receipt, Say, ShowCards, ShowTyping
from shop.errors import Rejected
from storage.clock import Clock

log = structlog.get_logger()

Json = dict[str, Any]
LastHeard = Callable[[str], Awaitable[datetime | None]]
"""When the person of a chat last wrote or tapped; None for never."""

MESSAGES: Final = "messages"
# https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/saving-assets: of any type
DOCUMENT_BYTES_MAX: Final = 25 * 1024 * 1024
_FILE: Final[Json] = {"attachment": {"type": "file", "payload": {}}}
_IMAGE: Final[Json] = {"attachment": {"type": "image", "payload": {}}}


class Sending:
    """The sending side of one page."""

    def __init__(
        self,
        api: GraphApi,
        pictures: Pictures,
        *,
        clock: Clock,
        last_heard: LastHeard,
        media_url: str,
        templates: Mapping[Purpose, str],
        language: str,
        draw: Draw | None = None,
    ) -> None:
        self._api = api
        self._pictures = pictures
        self._clock = clock
        self._last_heard = last_heard
        self._media_url = media_url
        self._templates = templates
        self._language = language
        self._draw = draw
        self._progress = Progress()

    async def send(self, chat: str, message: Message) -> str | None:
        """Deliver it; the id of its last part. Raises Rejected, Blocked, TooFast or Unavailable."""
        match message:
            case Say() | ShowCards() | Receipt():
                return await self._send_spoken(chat, message)
            case ShowTyping():
                await self._show_typing(chat)
                return None
            case _:
                raise Rejected(f"Messenger has no {message.kind!r}")

    async def _send_spoken(self, chat: str, message: Say | ShowCards | Receipt) -> str | None:
        out = await self._way(chat, _purpose(message))
        if out.template is None:
            return await self._send_parts(chat, message, out)
        if not isinstance(message, Say):
            raise OutsideWindow("Messenger's 24 hours are over, and a template holds words only")
        return await self._post(chat, out, _filled(out.template, message, self._language))

    async def _way(self, chat: str, purpose: Purpose) -> Way:
        heard_at = await self._last_heard(chat)
        return way(purpose, heard_at=heard_at, now=self._clock.now(), templates=self._templates)

    async def _send_parts(self, chat: str, message: Say | ShowCards | Receipt, out: Way) -> str | None:
        """Send what of it was not sent yet."""
        reference = None
        sent = self._progress.take(chat, message)
        try:
            for part in (await self._parts(message))[sent:]:
                reference = await self._send_part(chat, out, part) or reference
                sent += 1
        except Rejected:
            raise
        except Exception:
            self._progress.keep(chat, message, sent=sent)
            raise
        return reference

    async def _parts(self, message: Say | ShowCards | Receipt) -> list[Part]:
        if isinstance(message, Say) and invites(message):
            message = with_invitations(message, await self._api.page_id())
        return parts_of(message, media_url=self._media_url)

    async def _send_part(self, chat: str, out: Way, part: Part) -> str | None:
        if part.picture and part.picture.drawn and (file := await self._drawn(part.picture.drawn)):
            try:
                return await self._post(chat, out, _IMAGE, file)
            except BadRequest as error:
                log.warning("messenger.picture_refused", picture=file.name, error=str(error))
        if part.picture and (image := await self._pictures.image(part.picture)):
            try:
                return await self._post(chat, out, image.message)
            except BadRequest as error:
                if image.known:  # an id that Meta has forgotten is worth another upload
                    self._pictures.forget(image)
                    return await self._send_part(chat, out, part)
                name = part.picture.path or part.picture.url
                log.warning("messenger.picture_refused", picture=name, error=str(error))
        if part.document and (file := await self._file(part.document)):
            try:
                return await self._post(chat, out, _FILE, file)
            except BadRequest as error:
                log.warning("messenger.document_refused", document=part.document.name, error=str(error))
        return await self._post(chat, out, part.message) if part.message is not None else None

    async def _drawn(self, picture: DealPicture) -> Upload | None:
        link = into_chat(await self._api.page_id(), picture.carried)
        drawn = picture.model_copy(update={"link": link})
        content = await file_of(drawn, self._draw, bytes_max=PICTURE_BYTES_MAX)
        return Upload(picture.name, content, "image/png") if content else None

    async def _file(self, document: Document) -> Upload | None:
        content = await file_of(document, self._draw, bytes_max=DOCUMENT_BYTES_MAX)
        return Upload(document.name, content, TYPE) if content else None

    async def _post(self, chat: str, out: Way, message: Json, file: Upload | None = None) -> str | None:
        """Send it, with the file that it brings along: "upload and send in one step", as the page above has it."""
        body = {"recipient": {"id": chat}, **out.fields, "message": message | {"metadata": OUR_MARK}}
        if file is None:
            answer = await self._api.post(MESSAGES, body)
        else:
            answer = await self._api.upload(MESSAGES, body, file)
        reference = answer.get("message_id")
        return reference if isinstance(reference, str) else None

    async def _show_typing(self, chat: str) -> None:
        """https://developers.facebook.com/docs/messenger-platform/send-messages/sender-actions: it takes no other field."""
        await self._api.post(MESSAGES, {"recipient": {"id": chat}, "sender_action": "typing_on"})


def _purpose(message: Say | ShowCards | Receipt) -> Purpose:
    match message:
        case Say(purpose=purpose):
            return purpose
        case Receipt():
            return "order_update"
        case ShowCards():
            return "answer"


def _filled(template: str, message: Say, language: str) -> Json:
    """The template with our words as its one variable, in a body such as "News of your order: {{1}} Thank you."

    https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages:
    it stands in the message as `template`, beside `metadata` and no text, and not in an attachment.
    """
    link = f" {link_to(message.document)}" if message.document else ""
    words = {"type": "text", "text": plain_words(message.text) + link}
    components = [{"type": "body", "parameters": [words]}]
    return {"template": {"name": template, "language": {"code": language}, "components": components}}
