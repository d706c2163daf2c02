"""Media: uploaded, fetched from a URL, or sent again by id.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/saving-assets
and https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api. Of the network,
this emulator fetches from this machine alone: any other URL counts as one that cannot be reached.
"""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from sandbox.messenger.calls import Call, Upload, endpoint
from sandbox.messenger.errors import error, invalid
from sandbox.messenger.rules import ATTACHMENT_DAYS, IMAGE_FROM_URL_BYTES_MAX, MEDIA, MEDIA_BYTES_MAX
from sandbox.messenger.shapes import Id, Object, is_this_machine
from sandbox.messenger.state import Json, StoredFile
from sandbox.pictures import MIME_TYPES, picture_format

if TYPE_CHECKING:
    from sandbox.messenger.world import MessengerWorld

_FETCH_SECONDS = 10.0


@endpoint(
    "POST",
    "message_attachments",
    params={"message": Object(fields={"attachment": MEDIA}, required=("attachment",))},
    required=("message",),
    answer=Object(fields={"attachment_id": Id()}, required=("attachment_id",)),
    uploads=True,
)
async def upload(call: Call) -> Json:
    """Keep a file for later messages."""
    attachment = call.params["message"]["attachment"]
    if attachment["payload"].get("attachment_id"):
        raise invalid("Param message[attachment][payload] must have a url, or a file must be uploaded")
    file = await _taken_in(call.world, attachment, call.upload)
    return {"attachment_id": file.key}


async def deliverable(
    world: "MessengerWorld", attachment: Json, uploaded: Upload | None
) -> tuple[Json, str | None]:
    """The attachment as the person gets it, and the id under which it may be sent again, if it may.

    Raises GraphError 100, with 2018047 when the file cannot be had and 2018109 when it is too large.
    """
    if attachment["type"] == "template":
        return attachment, None
    number = attachment["payload"].get("attachment_id")
    file = (
        await _taken_in(world, attachment, uploaded) if number is None else _kept(world, attachment, number)
    )
    file.spent = True
    world.save(file)
    shown = {"type": file.type, "payload": {"url": world.file_url(file.number)}}
    return shown, file.key if file.reusable and number is None else None


def _kept(world: "MessengerWorld", attachment: Json, number: str) -> StoredFile:
    file = world.store.find(StoredFile, number)
    age = 0 if file is None else world.now_ms() - file.saved_at
    if file is None or (file.spent and not file.reusable) or age > ATTACHMENT_DAYS * 24 * 3600 * 1000:
        raise invalid("Param message[attachment][payload][attachment_id] is no attachment of this Page")
    if file.type != attachment["type"]:
        raise invalid(f"Attachment {number} is of type {file.type}")
    return file


async def _taken_in(world: "MessengerWorld", attachment: Json, uploaded: Upload | None) -> StoredFile:
    kind, payload = attachment["type"], attachment["payload"]
    url = payload.get("url")
    if (url is None) == (uploaded is None):
        raise invalid("An incorrect number of files uploaded. Must upload exactly one file")
    found = uploaded if uploaded is not None else await _fetched(world, str(url))
    most = MEDIA_BYTES_MAX if url is None or kind != "image" else IMAGE_FROM_URL_BYTES_MAX
    if len(found.content) > most:
        raise error("too_large")
    return world.keep_file(
        found.content,
        kind,
        name=found.name,
        mime_type=_mime_type(kind, found),
        reusable=bool(payload.get("is_reusable", False)),
    )


def _mime_type(kind: str, found: Upload) -> str:
    """The media type, if the file is what it is said to be."""
    declared = found.mime_type.partition(";")[0].strip().lower()
    if kind == "image":
        picture = picture_format(found.content)
        if picture is None:
            raise error("fetch")
        return MIME_TYPES[picture]
    if kind in {"audio", "video"} and not declared.startswith(f"{kind}/"):
        raise error("fetch")
    return declared or "application/octet-stream"


async def _fetched(world: "MessengerWorld", url: str) -> Upload:
    if not is_this_machine(urlsplit(url).hostname or ""):
        raise error("fetch")
    options: dict[str, Any] = {
        "transport": world.media_transport,
        "timeout": _FETCH_SECONDS,
        "trust_env": False,
    }
    try:
        async with httpx.AsyncClient(**options) as client:
            response = await client.get(url, follow_redirects=False)
    except httpx.HTTPError:
        raise error("fetch") from None
    if not response.is_success:
        raise error("fetch")
    name = urlsplit(url).path.rsplit("/", 1)[-1] or "file"
    return Upload(name, response.content, response.headers.get("content-type", ""))
