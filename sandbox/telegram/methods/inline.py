"""answerInlineQuery: results read as strictly as the Bot API server, TDLib and its servers read them."""

from typing import Any, Final

from sandbox.telegram import inline
from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.json_values import as_array, as_object, string_field
from sandbox.telegram.keyboards import check_for_sending, inline_only, read_markup
from sandbox.telegram.markup import Formatted, utf16_length
from sandbox.telegram.methods.media import file_message, find_file
from sandbox.telegram.methods.messages import caption_content, text_content
from sandbox.telegram.people.following import PAYLOAD
from sandbox.telegram.state import Json
from sandbox.telegram.text import CAPTION_LENGTH_MAX, TEXT_LENGTH_MAX, read_text

RESULTS_MAX: Final = 50
_ID_BYTES_MAX: Final = 64
_OFFSET_BYTES_MAX: Final = 64
_START_PARAMETER_MAX: Final = 64
_CACHE_SECONDS: Final = 300
_CACHE_SECONDS_MAX: Final = 24 * 3600


@method("answerInlineQuery")
async def answer_inline_query(call: Call) -> bool:
    """https://core.telegram.org/bots/api#answerinlinequery."""
    given: list[Any] = call.given["results"]
    if len(given) > RESULTS_MAX:
        raise bad_request("Too many inline query results specified")
    button = _button(call.given.get("button"))
    results = [await _read(call, result) for result in given]
    if len(call.text("next_offset").encode()) > _OFFSET_BYTES_MAX:
        raise bad_request("NEXT_OFFSET_INVALID")
    if len({result["id"] for result in results}) < len(results):
        raise bad_request("RESULT_ID_DUPLICATE")
    answer: Json = {
        "results": results,
        "next_offset": call.text("next_offset"),
        "button": button,
        "cache_time": call.integer("cache_time", _CACHE_SECONDS, least=0, most=_CACHE_SECONDS_MAX),
        "is_personal": call.flag("is_personal"),
    }
    inline.answer(call.world, call.bot, call.text("inline_query_id"), answer)
    return True


async def _read(call: Call, given: Any) -> Json:
    try:
        result = await _result(call, given)
    except ApiError as error:
        # Client.cpp, get_inline_query_results; what its servers refuse comes as a code, without this prefix.
        if error.reason.isupper():
            raise
        raise bad_request(f"Can't parse inline query result: {error.reason}") from None
    check_for_sending(result["markup"])
    return result


async def _result(call: Call, given: Any) -> Json:
    fields = as_object(given)
    if fields is None:
        raise bad_request("Inline query result must be an object")
    kind = string_field(fields, "type").lower()
    identifier = string_field(fields, "id")
    shown: Json = {
        "id": identifier,
        "type": kind,
        "title": string_field(fields, "title", default=""),
        "description": string_field(fields, "description", default=""),
        "markup": inline_only(read_markup(fields.get("reply_markup"))),
        "content": await _content(call, kind, fields),
    }
    if not identifier or len(identifier.encode()) > _ID_BYTES_MAX:
        raise bad_request("RESULT_ID_INVALID" if identifier else "RESULT_ID_EMPTY")
    return shown


async def _content(call: Call, kind: str, fields: Json) -> Json | None:
    """The message that choosing the result sends; None when its picture cannot be had."""
    instead = fields.get("input_message_content")
    match kind:
        case "article":
            if not string_field(fields, "title"):
                raise bad_request("ARTICLE_TITLE_EMPTY")
            return _message(call, instead)
        case "photo":
            if "photo_url" in fields and not string_field(fields, "thumbnail_url", default=""):
                raise bad_request("PHOTO_THUMB_URL_EMPTY")
            own = await _photo(call, fields)
        case "location" | "venue" | "contact":
            own = _place_or_card(kind, fields)
        case _:
            raise bad_request(f'type "{kind}" is unsupported for the inline query result')
    return own if instead is None else _message(call, instead)


def _message(call: Call, given: Any) -> Json:
    """An InputMessageContent."""
    fields = as_object(given)
    if fields is None:
        raise bad_request("Input message content is not specified")
    if "message_text" in fields:
        text = _text(fields, "message_text", "entities", TEXT_LENGTH_MAX, "MESSAGE_TOO_LONG")
        if not text.text:
            raise bad_request("Message text is empty")
        return text_content(call, text)
    for kind, mark in (("venue", "address"), ("contact", "phone_number"), ("location", "latitude")):
        if mark in fields:
            return _place_or_card(kind, fields)
    raise bad_request("Input message content is not specified")


def _text(fields: Json, name: str, entities: str, length_max: int, too_long: str) -> Formatted:
    parse_mode = string_field(fields, "parse_mode", default="")
    given = string_field(fields, name, default="")
    text = read_text(given, parse_mode, as_array(fields.get(entities)))
    if utf16_length(text.text) > length_max:
        raise bad_request(too_long)
    return text


async def _photo(call: Call, fields: Json) -> Json | None:
    text = _text(fields, "caption", "caption_entities", CAPTION_LENGTH_MAX, "MEDIA_CAPTION_TOO_LONG")
    url = string_field(fields, "photo_url", default="")
    reference = url or string_field(fields, "photo_file_id")
    try:
        file = await find_file(call, "photo", reference, None)
    except ApiError:
        if not url:
            raise
        return None  # Telegram offers it all the same, and fails when it is chosen
    return file_message(file, fields) | caption_content(call, text)


def _place_or_card(kind: str, fields: Json) -> Json:
    if kind == "contact":
        names = {name: string_field(fields, name) for name in ("phone_number", "first_name")}
        return {"contact": names}
    location = {name: _degrees(fields, name) for name in ("latitude", "longitude")}
    if kind == "location":
        return {"location": location}
    named = {name: string_field(fields, name) for name in ("title", "address")}
    return {"venue": named | {"location": location}}


def _degrees(fields: Json, name: str) -> float:
    try:
        return float(string_field(fields, name))
    except ValueError:
        raise bad_request(f'Field "{name}" must be a valid Number') from None


def _button(given: Any) -> Json | None:
    """InlineQueryResultsButton; the start parameter's sentences are TDLib's (InlineQueriesManager)."""
    if given is None:
        return None
    fields = as_object(given)
    if fields is None:
        raise bad_request(
            "Can't parse inline query results button: InlineQueryResultsButton must be an Object"
        )
    shown: Json = {"text": string_field(fields, "text")}
    if "start_parameter" in fields:
        return shown | {"start_parameter": _start_parameter(string_field(fields, "start_parameter"))}
    web_app = as_object(fields.get("web_app"))
    if web_app is None:
        reason = "InlineQueryResultsButton must have exactly one optional field"
        raise bad_request(f"Can't parse inline query results button: {reason}")
    return shown | {"web_app": {"url": string_field(web_app, "url")}}


def _start_parameter(given: str) -> str:
    if not given:
        raise bad_request("Can't use empty start_parameter")
    if len(given) > _START_PARAMETER_MAX:
        raise bad_request("Too long start_parameter specified")
    if not PAYLOAD.fullmatch(given):
        raise bad_request("Unallowed characters in start_parameter are used")
    return given
