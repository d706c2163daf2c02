"""What becomes of a text that a bot or a person sends: markup read, entities checked, found and put in order."""

import re
from itertools import pairwise
from typing import Any, Final

from sandbox.telegram.errors import bad_request, parsing
from sandbox.telegram.json_values import JsonObject, as_object, integer_field, string_field
from sandbox.telegram.links import WrongLink, normal_link
from sandbox.telegram.markup import Entity, Formatted, MarkupError, in_order, link_entity, parse, utf16_length

TEXT_LENGTH_MAX: Final = 4096
CAPTION_LENGTH_MAX: Final = 1024
_TEXT_BYTES_MAX: Final = 1 << 15

_STYLES: Final = {"bold", "italic", "underline", "strikethrough", "spoiler"}
_WITHOUT_DETAILS: Final = {*_STYLES, "code", "blockquote", "expandable_blockquote"}
_FOUND_BY_TELEGRAM: Final = {
    *("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number")
}
_CONTROL: Final = {code: " " for code in range(32) if code != 10} | {13: None}
_TOP_DOMAINS = "com|org|net|edu|gov|io|me|co|app|shop|store|dev|info|biz|eu|uk|us|de|fr|es|it|nl|pl|pt|br|mx|in|ru|ua|jp|cn"
_FOUND: Final = (
    ("bot_command", re.compile(r"(?<![\w/<>])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/<>])")),
    ("email", re.compile(r"(?<![\w.+-])[a-zA-Z0-9._+-]+@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}")),
    (
        "url",
        re.compile(
            r"(?<![\w@.])https?://(?:[\w-]+\.)+(?:[^\W_]{2,}|\d+)(?::\d+)?(?:[/?#][^\s<>\"]*)?", re.IGNORECASE
        ),
    ),
    (
        "url",
        re.compile(
            rf"(?<![\w@./])(?:[a-z0-9-]+\.)+(?:{_TOP_DOMAINS})(?![\w-])(?::\d+)?(?:[/?#][^\s<>\"]*)?",
            re.IGNORECASE,
        ),
    ),
    ("mention", re.compile(r"(?<!\w)@[a-zA-Z0-9_]{2,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d_])\w{1,256}(?![\w#])")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])")),
)
_URL_TAIL = re.compile(r"[.,:;!?'\")\]}]+$")


def read_text(text: str, parse_mode: str, entities: list[Any] | None) -> Formatted:
    """A message's or caption's text as Telegram keeps it. Raises 400; length limits are the caller's."""
    if len(text.encode()) > _TEXT_BYTES_MAX:
        raise bad_request("Text is too long")
    text = text.translate(_CONTROL)
    if text and parse_mode and parse_mode.lower() != "none":
        formatted = _parsed(text, parse_mode)
    else:
        formatted = Formatted(text, given_entities(text, entities or []))
    return with_found_entities(tidied(formatted))


def plain(text: str) -> Formatted:
    """What a person types: no markup, but commands, links and tags are found in it."""
    return with_found_entities(tidied(Formatted(text.translate(_CONTROL))))


def _parsed(text: str, parse_mode: str) -> Formatted:
    try:
        return parse(text, parse_mode)
    except MarkupError as error:
        if str(error) == "Unsupported parse_mode":
            raise bad_request(str(error)) from None
        raise bad_request(f"Can't parse entities: {error}") from None


# ── entities that the bot gives itself ──────────────────────────────────────────────────────────────


def given_entities(text: str, entities: list[Any]) -> list[Entity]:
    """The explicit entities, checked one by one; kinds that Telegram finds itself are ignored."""
    units = _code_units(text)
    found = [_given_entity(entity) for entity in entities]
    kept = [entity for entity in found if entity is not None]
    for entity in kept:
        _check_place(entity, text, units)
    return in_order(kept)


def _given_entity(given: Any) -> Entity | None:
    with parsing("MessageEntity"):
        fields = as_object(given)
        if fields is None:
            raise bad_request("expected an Object")
        offset, length = integer_field(fields, "offset"), integer_field(fields, "length")
        details = _details(fields)
    return None if details is None else {"offset": offset, "length": length} | details


def _details(given: JsonObject) -> Entity | None:
    kind = string_field(given, "type")
    if kind in _FOUND_BY_TELEGRAM:
        return None
    return {"type": kind} if kind in _WITHOUT_DETAILS else _detailed(kind, given)


def _detailed(kind: str, given: JsonObject) -> Entity | None:
    match kind:
        case "pre":
            language = string_field(given, "language", default="")
            return {"type": "pre"} | ({"language": language} if language else {})
        case "text_link":
            return _given_link(string_field(given, "url"))
        case "text_mention":
            user = as_object(given.get("user"))
            if user is None:
                raise bad_request('Can\'t find field "user"')
            return {"type": "text_mention", "user": {"id": integer_field(user, "id")}}
        case "custom_emoji":
            return {"type": "custom_emoji", "custom_emoji_id": string_field(given, "custom_emoji_id")}
        case "date_time":
            date_format = string_field(given, "date_time_format", default="")
            known: Entity = {"type": "date_time", "unix_time": integer_field(given, "unix_time")}
            return known | ({"date_time_format": date_format} if date_format else {})
        case _:
            raise bad_request("Unsupported type specified")


def _given_link(url: str) -> Entity | None:
    try:
        normal_link(url)
    except WrongLink as wrong:
        raise bad_request(f"Entity URL '{url}' is invalid: {wrong.reason}") from None
    return link_entity(url)


def _check_place(entity: Entity, text: str, units: list[int]) -> None:
    """The entity must lie on whole characters of the text; the sentences are TDLib's."""
    begin, end, size = entity["offset"], entity["offset"] + entity["length"], utf16_length(text)
    if begin < 0 or entity["length"] < 0:
        raise bad_request(f"Receive an entity with incorrect offset {begin}")
    if begin > size:
        raise bad_request(f"Entity begins after the end of the text at UTF-16 offset {begin}")
    if end > size:
        raise bad_request(
            f"Entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}"
        )
    if begin < size and units[begin] < 0:
        raise bad_request(f"Entity begins in a middle of a UTF-16 symbol at byte offset {-units[begin]}")
    if end < size and units[end] < 0:
        raise bad_request(
            f"Entity beginning at UTF-16 offset {begin} ends in a middle of a UTF-16 symbol at byte offset {-units[end]}"
        )


def _code_units(text: str) -> list[int]:
    """For each UTF-16 unit the byte offset where its character begins; negative end for a second half."""
    units: list[int] = []
    offset = 0
    for character in text:
        size = len(character.encode())
        units.append(offset)
        offset += size
        if character > "\uffff":
            units.append(-offset)
    return units


# ── the form that is kept ───────────────────────────────────────────────────────────────────────────


def tidied(formatted: Formatted) -> Formatted:
    """White space at the ends goes (marked white space at the beginning stays); entities do not overlap oddly."""
    entities = _without_overlaps(formatted.entities)
    text = formatted.text.rstrip(" \n")
    first = min((entity["offset"] for entity in entities), default=utf16_length(text))
    skipped = min(len(text) - len(text.lstrip(" \n")), first)
    text = text[skipped:]
    size = utf16_length(text)
    kept: list[Entity] = []
    for entity in entities:
        offset = entity["offset"] - skipped
        length = min(entity["length"], size - offset)
        if length > 0:
            kept.append(entity | {"offset": offset, "length": length})
    return Formatted(text, in_order(kept))


def _without_overlaps(entities: list[Entity]) -> list[Entity]:
    """Code and links stand alone (the first wins), styles are cut around code and joined where they touch."""
    blocks = [e for e in entities if e["type"] not in _STYLES]
    kept: list[Entity] = []
    code: list[Entity] = []
    for entity in in_order(blocks):
        if not any(_forbids(other, entity) for other in kept):
            kept.append(entity)
            code += [entity] if entity["type"] in {"code", "pre"} else []
    for style in _STYLES:
        spans = [(e["offset"], e["offset"] + e["length"]) for e in entities if e["type"] == style]
        kept += [{"offset": a, "length": b - a, "type": style} for a, b in _cut(_joined(spans), code)]
    return in_order(kept)


def _forbids(one: Entity, other: Entity) -> bool:
    """Whether `other` may not be where it is because of `one`: quotes may hold anything whole."""
    begin, end = one["offset"], one["offset"] + one["length"]
    overlaps = other["offset"] < end and begin < other["offset"] + other["length"]
    holds_it = begin <= other["offset"] and other["offset"] + other["length"] <= end
    return overlaps and not ("blockquote" in one["type"] and holds_it)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _cut(spans: list[tuple[int, int]], around: list[Entity]) -> list[tuple[int, int]]:
    pieces: list[tuple[int, int]] = []
    for begin, end in spans:
        edges = [begin]
        for entity in around:
            if entity["offset"] < end and begin < entity["offset"] + entity["length"]:
                edges += [entity["offset"], entity["offset"] + entity["length"]]
        edges.append(end)
        pieces += [(a, b) for a, b in list(pairwise(edges))[::2] if a < b]
    return pieces


def with_found_entities(formatted: Formatted) -> Formatted:
    """Commands, links, addresses and tags are marked wherever nothing but a style is already."""
    taken = [entity for entity in formatted.entities if entity["type"] not in _STYLES]
    taken = [entity for entity in taken if "blockquote" not in entity["type"]]
    found: list[Entity] = []
    for kind, pattern in _FOUND:
        for match in pattern.finditer(formatted.text):
            entity = _found_entity(kind, match)
            if not any(_overlap(entity, other) for other in [*taken, *found]):
                found.append(entity)
    return Formatted(formatted.text, in_order([*formatted.entities, *found]))


def _found_entity(kind: str, match: re.Match[str]) -> Entity:
    shown = _URL_TAIL.sub("", match.group()) if kind == "url" else match.group()
    return {
        "offset": utf16_length(match.string[: match.start()]),
        "length": utf16_length(shown),
        "type": kind,
    }


def _overlap(one: Entity, other: Entity) -> bool:
    return (
        one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"]
    )
