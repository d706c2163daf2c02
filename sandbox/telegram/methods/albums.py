"""Albums, and media that a bot describes in JSON: InputMedia."""

from typing import Any, Final

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import ApiError, bad_request, parsing
from sandbox.telegram.json_values import as_array, as_object, string_field
from sandbox.telegram.markup import Formatted
from sandbox.telegram.methods.media import PARAMETER, WRONG_FILE, file_message, find_file
from sandbox.telegram.methods.messages import caption_content, check_caption_length
from sandbox.telegram.methods.posting import posted_together
from sandbox.telegram.render import message_json
from sandbox.telegram.state import Json
from sandbox.telegram.text import read_text

_ALBUM: Final = range(2, 11)
_ALBUM_FAILURES: Final = {"PHOTO_INVALID_DIMENSIONS", "IMAGE_PROCESS_FAILED", WRONG_FILE}
_KINDS: Final = {"photo", "video", "audio", "document"}
# These go only with their own kind: https://core.telegram.org/bots/api#sendmediagroup, worded by TDLib.
_AMONG_THEMSELVES: Final = {"document": "Document", "audio": "Audio"}


@method("sendMediaGroup")
async def send_media_group(call: Call) -> list[Json]:
    """https://core.telegram.org/bots/api#sendmediagroup."""
    items: list[Any] = call.given["media"]
    if len(items) not in _ALBUM:
        raise bad_request(
            "Wrong number of media items in the request" if items else "there are no messages to send"
        )
    chat = call.chat()
    contents = [await _album_item(call, item, number) for number, item in enumerate(items, 1)]
    _check_mixture([next(kind for kind in _KINDS if kind in content) for content in contents])
    group = str(13_000_000_000_000_000 + call.world.number("album"))
    messages = posted_together(call, chat, contents, media_group=group)
    return [message_json(call.world, message, bot=call.bot) for message in messages]


async def read_input_media(call: Call, given: Any) -> Json:
    """An InputMedia as a message's content. Raises 400 in the server's words."""
    with parsing("InputMedia"):
        fields = as_object(given)
        if fields is None:
            raise bad_request("expected an Object")
        text = _caption_of(fields)
        media = string_field(fields, "media", default="")
        if not media:
            raise bad_request("media not found")
        if (kind := string_field(fields, "type")) not in _KINDS:
            raise bad_request(f'type "{kind}" is unsupported')
    check_caption_length(text)
    file = await find_file(call, kind, media, None)
    flags = {name: True for name, parameter in PARAMETER.items() if fields.get(parameter) is True}
    shown = flags if kind in {"photo", "video"} else {}
    return file_message(file, fields) | shown | caption_content(call, text)


def _check_mixture(kinds: list[str]) -> None:
    for kind, called in _AMONG_THEMSELVES.items():
        if kind in kinds and len(set(kinds)) > 1:
            raise bad_request(f"{called} can't be mixed with other media types")


def _caption_of(fields: Json) -> Formatted:
    entities = as_array(fields.get("caption_entities"))
    parse_mode = string_field(fields, "parse_mode", default="")
    return read_text(string_field(fields, "caption", default=""), parse_mode, entities)


async def _album_item(call: Call, given: Any, number: int) -> Json:
    try:
        return await read_input_media(call, given)
    except ApiError as error:
        if error.reason not in _ALBUM_FAILURES:
            raise
        reason = f'Failed to send message #{number} with the error message "{error.reason}"'
        raise bad_request(reason) from None
