"""Pictures for Telegram: a file of the media folder is uploaded once and then known by Telegram's id for it."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from aiogram.types import BufferedInputFile, Message

from bot.messages import Picture

log = structlog.get_logger()

BYTES_MAX: Final = 10 * 1024 * 1024  # https://core.telegram.org/bots/api#sendphoto
_REMEMBERED_MAX: Final = 5_000

_FileState = tuple[str, int, int]
"""Name, time of change and size: another picture under the same name is uploaded anew."""


@dataclass(frozen=True, slots=True)
class Photo:
    """What sendPhoto takes; `state` says which file it is, and `known` that Telegram has it already."""

    content: str | BufferedInputFile
    state: _FileState | None = None
    known: bool = False


class Pictures:
    """The media folder and the ids, in memory, that Telegram gave to its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._ids: OrderedDict[_FileState, str] = OrderedDict()

    async def photo(self, picture: Picture) -> Photo | None:
        """The picture as sendPhoto takes it, or None, with a line in the log, when there is none to send."""
        if picture.path is None:
            return Photo(picture.url) if picture.url else None
        try:
            return await asyncio.to_thread(self._read, picture.path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            log.warning("telegram.picture_missing", picture=picture.path, error=reason)
            return None

    def learn(self, photo: Photo, sent: Message) -> None:
        """Remember Telegram's id of a file that was just sent."""
        if photo.state and sent.photo:
            self._ids[photo.state] = sent.photo[-1].file_id
            self._ids.move_to_end(photo.state)
            if len(self._ids) > _REMEMBERED_MAX:
                self._ids.popitem(last=False)

    def forget(self, photo: Photo) -> None:
        """Telegram does not know its id any more."""
        if photo.state:
            self._ids.pop(photo.state, None)

    def _read(self, name: str) -> Photo:
        file = (self._folder / name).resolve()
        if not file.is_relative_to(self._folder):
            raise ValueError("it lies outside of the media folder")
        found = file.stat()
        state = (name, found.st_mtime_ns, found.st_size)
        if known := self._ids.get(state):
            return Photo(known, state, known=True)
        if not 0 < found.st_size <= BYTES_MAX:
            raise ValueError(f"{found.st_size} bytes; Telegram takes 1 to {BYTES_MAX}")
        return Photo(BufferedInputFile(file.read_bytes(), filename=file.name), state)
