"""Photos: uploaded, by file id or by URL, alone and in albums; and getting files back."""

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from sandbox.telegram.calls import Call, Upload, method
from sandbox.telegram.errors import ApiError, bad_request, parsing
from sandbox.telegram.json_values import as_array, as_object, string_field
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.markup import Formatted
from sandbox.telegram.methods.messages import (
    admit,
    caption,
    caption_content,
    check_caption_length,
    replied_message,
    send,
)
from sandbox.telegram.pictures import picture_size
from sandbox.telegram.render import FILE_TYPES, file_ids, file_number, message_json, photo_content
from sandbox.telegram.state import Json, StoredFile
from sandbox.telegram.text import read_text

# https://core.telegram.org/bots/api#sending-files and #sendphoto
UPLOADED_PHOTO_BYTES_MAX: Final = 10 * 1024 * 1024
LINKED_PHOTO_BYTES_MAX: Final = 5 * 1024 * 1024
FILE_BYTES_MAX: Final = 50 * 1024 * 1024
DOWNLOAD_BYTES_MAX: Final = 20 * 1024 * 1024
_SIDES_SUM_MAX: Final = 10_000
_SIDES_RATIO_MAX: Final = 20
_ALBUM: Final = range(2, 11)
_LINK_SECONDS: Final = 10.0
_WRONG_FILE: Final = "wrong file identifier/HTTP URL specified"
_ALBUM_FAILURES: Final = {"PHOTO_INVALID_DIMENSIONS", "IMAGE_PROCESS_FAILED", _WRONG_FILE}
# What a photo message shows ← the parameter that asks for it.
_PARAMETER: Final = {
    "has_media_spoiler": "has_spoiler",
    "show_caption_above_media": "show_caption_above_media",
}


@method("sendPhoto")
async def send_photo(call: Call) -> Json:
    """https://core.telegram.org/bots/api#sendphoto."""
    if not call.text("photo") and "photo" not in call.uploads:
        raise bad_request("There is no photo in the request")
    text = caption(call)
    markup = read_markup(call.given.get("reply_markup"))
    chat = call.chat()
    check_caption_length(text)
    file = await find_photo(call, call.text("photo"), call.uploads.get("photo"))
    return send(call, chat, photo_message(call, file) | caption_content(call, text), markup)


@method("sendMediaGroup")
async def send_media_group(call: Call) -> list[Json]:
    """https://core.telegram.org/bots/api#sendmediagroup, for photos."""
    items: list[Any] = call.given["media"]
    if len(items) not in _ALBUM:
        raise bad_request(
            "Wrong number of media items in the request" if items else "there are no messages to send"
        )
    chat = call.chat()
    contents = [await _album_item(call, item, number) for number, item in enumerate(items, 1)]
    reply_to = replied_message(call, chat)
    admit(call, chat, messages=len(contents))
    group = str(13_000_000_000_000_000 + call.world.number("album"))
    protected = call.flag("protect_content")
    messages = [
        call.world.post(chat, call.bot.id, content, media_group=group, reply_to=reply_to, protected=protected)
        for content in contents
    ]
    return [message_json(call.world, message) for message in messages]


@method("getFile")
async def get_file(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getfile."""
    if not call.text("file_id"):
        raise bad_request("file_id not specified")
    file = _known_file(call, call.text("file_id"))
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if file.size > DOWNLOAD_BYTES_MAX:
        raise bad_request("file is too big")
    ids = file_ids(call.bot, file.number, file.type)
    return ids | {"file_size": file.size, "file_path": file_path(file)}


def file_path(file: StoredFile) -> str:
    """Where /file/bot{token}/ offers it."""
    folder = FILE_TYPES[file.type].folder
    extension = file.name.rpartition(".")[2] or FILE_TYPES[file.type].extension
    return f"{folder}/file_{file.number}.{extension}"


async def read_input_media(call: Call, given: Any) -> Json:
    """An InputMediaPhoto as a message's content. Raises 400 in the server's words."""
    with parsing("InputMedia"):
        fields = as_object(given)
        if fields is None:
            raise bad_request("expected an Object")
        text = _caption_of(fields)
        media = string_field(fields, "media", default="")
        if not media:
            raise bad_request("media not found")
        if (kind := string_field(fields, "type")) != "photo":
            raise bad_request(f'type "{kind}" is unsupported')
    check_caption_length(text)
    file = await find_photo(call, media, None)
    flags = {name: True for name, parameter in _PARAMETER.items() if fields.get(parameter) is True}
    return {"photo": photo_content(file)} | flags | caption_content(call, text)


def _caption_of(fields: Json) -> Formatted:
    entities = as_array(fields.get("caption_entities"))
    parse_mode = string_field(fields, "parse_mode", default="")
    return read_text(string_field(fields, "caption", default=""), parse_mode, entities)


async def find_photo(call: Call, reference: str, upload: Upload | None) -> StoredFile:
    """The photo that a parameter means: an upload, attach://name, a file id or a URL."""
    if reference.startswith("attach://"):
        upload = call.uploads.get(reference.removeprefix("attach://"))
        if upload is None:
            raise bad_request(_WRONG_FILE)
    if upload is not None:
        return _checked_photo(call, upload.content, UPLOADED_PHOTO_BYTES_MAX, name=upload.name)
    if reference.startswith(("http://", "https://")):
        return _checked_photo(call, await _downloaded(reference), LINKED_PHOTO_BYTES_MAX)
    file = _known_file(call, reference)
    if file is None:
        raise bad_request(_WRONG_FILE)
    if file.type != "photo":
        raise bad_request(f"type of file mismatch: can't use file of type {file.type.title()} as Photo")
    return file


def photo_message(call: Call, file: StoredFile) -> Json:
    flags = {
        name: True
        for name in ("has_media_spoiler", "show_caption_above_media")
        if call.flag(_PARAMETER[name])
    }
    return {"photo": photo_content(file)} | flags


async def _album_item(call: Call, given: Any, number: int) -> Json:
    try:
        return await read_input_media(call, given)
    except ApiError as error:
        if error.reason not in _ALBUM_FAILURES:
            raise
        reason = f'Failed to send message #{number} with the error message "{error.reason}"'
        raise bad_request(reason) from None


def _known_file(call: Call, file_id: str) -> StoredFile | None:
    number = file_number(call.bot, file_id)
    return None if number is None else call.world.store.find(StoredFile, str(number))


def _checked_photo(call: Call, content: bytes, bytes_max: int, *, name: str = "") -> StoredFile:
    if not content:
        raise bad_request("file must be non-empty")
    if len(content) > bytes_max:
        raise bad_request("file is too big")
    size = picture_size(content)
    if size is None or 0 in size:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if sum(size) > _SIDES_SUM_MAX or max(size) > _SIDES_RATIO_MAX * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return call.world.keep_file(content, "photo", name=name)


async def _downloaded(url: str) -> bytes:
    """A picture from this machine: the emulator reaches for nothing beyond loopback."""
    if not is_loopback(url):
        raise bad_request("Failed to get HTTP URL content")
    try:
        async with httpx.AsyncClient(timeout=_LINK_SECONDS, trust_env=False) as client:
            response = await client.get(url, follow_redirects=False)
    except httpx.HTTPError:
        raise bad_request("Failed to get HTTP URL content") from None
    if not response.is_success:
        raise bad_request("Failed to get HTTP URL content")
    if not response.headers.get("content-type", "").startswith("image/"):
        raise bad_request("Wrong type of the web page content")
    return response.content


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
