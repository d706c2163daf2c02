"""Pictures for Messenger: a file of the media folder is uploaded once and then known by Meta's id for it."""

import asyncio
import mimetypes
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from bot.channels.messenger_graph import BadRequest, GraphApi, Upload
from bot.messages import Picture

log = structlog.get_logger()

Json = dict[str, Any]

BYTES_MAX: Final = (
    8 * 1024 * 1024
)  # https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets
_REMEMBERED_MAX: Final = 5_000
_SAVED: Final[Json] = {"attachment": {"type": "image", "payload": {"is_reusable": True}}}

_FileState = tuple[str, int, int]
"""Name, time of change and size: another picture under the same name is uploaded anew."""


@dataclass(frozen=True, slots=True)
class Image:
    """A message that shows a picture; `state` says of which file, and `known` that Meta has it since an earlier time."""

    message: Json
    state: _FileState | None = None
    known: bool = False


class Pictures:
    """The media folder and the ids, in memory, that Meta gave to its files."""

    def __init__(self, folder: Path, api: GraphApi) -> None:
        self._folder = folder.resolve()
        self._api = api
        self._ids: OrderedDict[_FileState, str] = OrderedDict()

    async def image(self, picture: Picture) -> Image | None:
        """The message that shows it, uploaded if need be; None, with a line in the log, when there is none to send.

        Raises Rejected or Unavailable as every call does.
        """
        if picture.path is None:
            return Image(_image({"url": picture.url})) if picture.url else None
        try:
            state, file = await asyncio.to_thread(self._read, picture.path)
            known = self._ids.get(state)
            attachment = known or await self._upload(state, file)
        except (OSError, ValueError, BadRequest) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            log.warning("messenger.picture_unfit", picture=picture.path, error=reason)
            return None
        return Image(_image({"attachment_id": attachment}), state, known=known is not None)

    def forget(self, image: Image) -> None:
        """Meta does not know its id any more: they last 90 days."""
        if image.state:
            self._ids.pop(image.state, None)

    async def _upload(self, state: _FileState, file: Upload) -> str:
        """https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api"""
        answer = await self._api.upload("message_attachments", {"message": _SAVED}, file)
        attachment = answer.get("attachment_id")
        if not isinstance(attachment, str):
            raise BadRequest("Meta gave the upload no id")
        self._ids[state] = attachment
        if len(self._ids) > _REMEMBERED_MAX:
            self._ids.popitem(last=False)
        return attachment

    def _read(self, name: str) -> tuple[_FileState, Upload]:
        file = (self._folder / name).resolve()
        if not file.is_relative_to(self._folder):
            raise ValueError("it lies outside of the media folder")
        found = file.stat()
        if not 0 < found.st_size <= BYTES_MAX:
            raise ValueError(f"{found.st_size} bytes; Messenger takes 1 to {BYTES_MAX}")
        type_ = mimetypes.guess_type(file.name)[0] or ""
        if not type_.startswith("image/"):
            raise ValueError("it is no picture by its name")
        state = (name, found.st_mtime_ns, found.st_size)
        return state, Upload(file.name, file.read_bytes(), type_)


def _image(payload: Json) -> Json:
    return {"attachment": {"type": "image", "payload": payload}}
