"""Photos and files: uploaded, by file id or by URL; and getting them back. Albums are in albums.py."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import httpx

from sandbox.pictures import picture_size
from sandbox.telegram.calls import Call, Upload, method
from sandbox.telegram.errors import bad_request
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.methods.messages import caption, caption_content, check_caption_length
from sandbox.telegram.methods.posting import send
from sandbox.telegram.render import FILE_TYPES, file_content, file_ids, file_number, photo_content
from sandbox.telegram.state import Json, StoredFile

# https://core.telegram.org/bots/api#sending-files and #sendphoto
UPLOADED_PHOTO_BYTES_MAX: Final = 10 * 1024 * 1024
LINKED_PHOTO_BYTES_MAX: Final = 5 * 1024 * 1024
FILE_BYTES_MAX: Final = 50 * 1024 * 1024
DOWNLOAD_BYTES_MAX: Final = 20 * 1024 * 1024
_SIDES_SUM_MAX: Final = 10_000
_SIDES_RATIO_MAX: Final = 20
_LINK_SECONDS: Final = 10.0
WRONG_FILE: Final = "wrong file identifier/HTTP URL specified"
# What a link may lead to: https://core.telegram.org/bots/api#sending-files, "Sending by URL".
_LINKED_TYPES: Final = {
    "photo": ("image/",),
    "video": ("video/",),
    "audio": ("audio/",),
    "document": ("application/pdf", "application/zip", "image/gif"),
}
MEDIA: Final = frozenset({"photo", "video", "audio", "document", "voice"})  # what has a caption
# What a photo message shows ← the parameter that asks for it.
PARAMETER: Final = {
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
    file = await find_file(call, "photo", call.text("photo"), call.uploads.get("photo"))
    content = file_message(file, call.given) | photo_flags(call) | caption_content(call, text)
    return send(call, chat, content, markup)


@method("sendDocument", "sendVideo", "sendAudio")
async def send_file(call: Call) -> Json:
    """https://core.telegram.org/bots/api#senddocument and its siblings."""
    kind = call.method.removeprefix("send").lower()
    if not call.text(kind) and kind not in call.uploads:
        raise bad_request(f"There is no {kind} in the request")
    text = caption(call)
    markup = read_markup(call.given.get("reply_markup"))
    chat = call.chat()
    check_caption_length(text)
    file = await find_file(call, kind, call.text(kind), call.uploads.get(kind))
    flags = photo_flags(call) if kind == "video" else {}
    return send(call, chat, file_message(file, call.given) | flags | caption_content(call, text), markup)


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


async def find_file(call: Call, kind: str, reference: str, upload: Upload | None) -> StoredFile:
    """The file that a parameter means: an upload, attach://name, a file id or a URL. Raises 400."""
    if reference.startswith("attach://"):
        upload = call.uploads.get(reference.removeprefix("attach://"))
        if upload is None:
            raise bad_request(WRONG_FILE)
    if upload is not None:
        bytes_max = UPLOADED_PHOTO_BYTES_MAX if kind == "photo" else FILE_BYTES_MAX
        return _kept(call, kind, upload.content, bytes_max, name=upload.name, mime_type=upload.mime_type)
    if reference.startswith(("http://", "https://")):
        bytes_max = LINKED_PHOTO_BYTES_MAX if kind == "photo" else DOWNLOAD_BYTES_MAX
        return _kept(call, kind, await _downloaded(reference, kind), bytes_max)
    file = _known_file(call, reference)
    if file is None:
        raise bad_request(WRONG_FILE)
    if file.type != kind:
        given, wanted = file.type.title(), kind.title()
        raise bad_request(f"type of file mismatch: can't use file of type {given} as {wanted}")
    return file


def file_message(file: StoredFile, given: Json) -> Json:
    """The file as a message's content; what is told of its length and size is taken as it is."""
    if file.type == "photo":
        return {"photo": photo_content(file)}
    named: Json = {"file_name": file.name, "mime_type": file.mime_type}
    if file.type in {"video", "audio"}:
        named["duration"] = int(given.get("duration") or 0)
    if file.type == "video":
        named |= {side: int(given.get(side) or 0) for side in ("width", "height")}
    return {file.type: file_content(file) | named}


def photo_flags(call: Call) -> Json:
    return {name: True for name, parameter in PARAMETER.items() if call.flag(parameter)}


def _known_file(call: Call, file_id: str) -> StoredFile | None:
    number = file_number(call.bot, file_id)
    return None if number is None else call.world.store.find(StoredFile, str(number))


def _kept(
    call: Call, kind: str, content: bytes, bytes_max: int, *, name: str = "", mime_type: str = ""
) -> StoredFile:
    if not content:
        raise bad_request("file must be non-empty")
    if len(content) > bytes_max:
        raise bad_request("file is too big")
    if kind != "photo":
        return call.world.keep_file(content, kind, name=name, mime_type=mime_type)
    size = picture_size(content)
    if size is None or 0 in size:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if sum(size) > _SIDES_SUM_MAX or max(size) > _SIDES_RATIO_MAX * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return call.world.keep_file(content, "photo", name=name)


async def _downloaded(url: str, kind: str) -> bytes:
    """A file from this machine: the emulator reaches for nothing beyond loopback."""
    if not is_loopback(url):
        raise bad_request("Failed to get HTTP URL content")
    try:
        async with httpx.AsyncClient(timeout=_LINK_SECONDS, trust_env=False) as client:
            response = await client.get(url, follow_redirects=False)
    except httpx.HTTPError:
        raise bad_request("Failed to get HTTP URL content") from None
    if not response.is_success:
        raise bad_request("Failed to get HTTP URL content")
    if not response.headers.get("content-type", "").startswith(_LINKED_TYPES[kind]):
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
