"""Meta's webhook notices in our own vocabulary.

Forms: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events. Events come under
`entry[].messaging[]`, as some pages have it as {field, value}, and under `entry[].standby[]` while somebody else looks after
the conversation. Whatever cannot be understood becomes Unreadable: a notice is never a reason to stop.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

import structlog

from bot.events import (
    Event,
    Inbound,
    Opened,
    Overheard,
    Person,
    Said,
    SentAttachment,
    SharedContact,
    SharedLocation,
    Tapped,
    Unreadable,
)

log = structlog.get_logger()

Json = Mapping[str, Any]

SOURCE: Final = "messenger"
GET_STARTED: Final = "get_started"  # the payload of the page's own first button
OUR_MARK: Final = "parley"  # the metadata of what we send; it comes back in its echo
_NOBODY: Final = "0"  # the lane of notices that name no person
_PERSON_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PHONE_NUMBER = re.compile(r"\+?[0-9][0-9 ()./-]{4,30}")
_ATTACHMENTS: Final = {"image": "photo", "audio": "voice", "file": "document"}  # other types keep their name
_PASSED_OVER: Final = (  # told to us, and nothing follows from it
    "read",
    "delivery",
    "reaction",
    "pass_thread_control",  # Meta itself moves what people write to `standby` and back
    "take_thread_control",
    "request_thread_control",
    "app_roles",
)
_SECONDS_MAX: Final = 100_000_000_000  # as seconds the year 5138, as milliseconds 1973


class _Notice(NamedTuple):
    """One event; `standby` says that the conversation is somebody else's now."""

    event: Json
    page: str
    standby: bool = False
    field: str = ""


def read(body: Any, *, page_id: str | None = None) -> list[Inbound]:
    """What a notice tells, in its order. With `page_id`, what other pages of the app hear is passed over. Never raises."""
    return [inbound for notice in _notices(body) if (inbound := _read(notice, page_id)) is not None]


# ── taking it apart ─────────────────────────────────────────────────────────────────────────────────


def _notices(body: Any) -> Iterator[_Notice]:
    whole = _mapping(body)
    if "field" in whole and "value" in whole:
        yield _changed(whole, "")
        return
    entries = _items(whole.get("entry"))
    if whole.get("object") != "page" or not entries:
        yield _Notice(whole, "", field=f"object:{_word(whole.get('object'))}")
    for entry in entries if whole.get("object") == "page" else ():
        yield from _notices_of_entry(_mapping(entry))


def _notices_of_entry(entry: Json) -> Iterator[_Notice]:
    page = str(entry.get("id", ""))
    for event in _items(entry.get("messaging")):
        yield _Notice(_mapping(event), page)
    for event in _items(entry.get("standby")):
        yield _Notice(_mapping(event), page, standby=True)
    for change in _items(entry.get("changes")):
        yield _changed(_mapping(change), page)
    if "field" in entry:
        yield _changed(entry, page)
    if not any(name in entry for name in ("messaging", "standby", "changes", "field")):
        yield _Notice(entry, page, field="entry")


def _changed(change: Json, page: str) -> _Notice:
    field = _word(change.get("field"))
    return _Notice(_mapping(change.get("value")), page, standby=field == "standby", field=field)


# ── reading one ─────────────────────────────────────────────────────────────────────────────────────


class _Found(NamedTuple):
    person: str
    event: Event
    id: str | None = None  # Meta's own, where the event has one


def _read(notice: _Notice, page_id: str | None) -> Inbound | None:
    event = notice.event
    if page_id is not None and _page(notice) not in {"", page_id}:
        log.warning("messenger.other_page", page=_page(notice))
        return None
    if any(kind in event for kind in _PASSED_OVER) or _is_our_echo(event):
        return None
    try:
        found = _found(event, standby=notice.standby) or _unreadable(notice)
    except Exception as error:  # noqa: BLE001 - no form of a notice may stop those beside it
        log.warning("messenger.notice_unreadable", what=_kind(notice), error=type(error).__name__)
        found = _unreadable(notice)
    return Inbound(
        source=SOURCE,
        external_id=found.id or _digest(event),
        conversation=f"{SOURCE}:{found.person}",
        sequence=_milliseconds(event.get("timestamp")),
        event=found.event,
        person=Person(id=found.person) if found.person != _NOBODY else None,
    )


def _found(event: Json, *, standby: bool) -> _Found | None:
    sender = _id(event, "sender")
    if "message" in event:
        message = _mapping(event["message"])
        mid = _text(message.get("mid")) or None
        if message.get("is_echo"):  # of staff at the page's inbox, or of another app
            return _Found(_id(event, "recipient"), Overheard(author="staff", text=_words_of(message)), mid)
        content = Overheard(author="customer", text=_words_of(message)) if standby else _content(message)
        return _Found(sender, content, mid) if content else None
    if "postback" in event:
        postback = _mapping(event["postback"])
        content = (
            Overheard(author="customer", text=_text(postback.get("title"))) if standby else _tapped(postback)
        )
        return _Found(sender, content, _text(postback.get("mid")) or None) if content else None
    if "referral" in event:
        return _Found(sender, Opened(payload=_text(_mapping(event["referral"]).get("ref"))))
    return None


def _content(message: Json) -> Event | None:
    text = _text(message.get("text"))
    answer = message.get("quick_reply")
    if answer is not None:
        return _quick_reply(_text(_mapping(answer).get("payload")), text)
    attachments = [_mapping(each) for each in _items(message.get("attachments"))]
    if attachments and not (
        text and _kind_of(attachments[0]) == "fallback"
    ):  # a shared link: its words hold it
        return _attachment(attachments[0], text)
    return Said(text=text) if text else None


def _quick_reply(payload: str, text: str) -> Event:
    """Ours carries a token; the one that Meta fills with the person's number carries that number."""
    if _PHONE_NUMBER.fullmatch(payload):
        return SharedContact(phone=payload, own=True)
    return Tapped(token=payload, label=text or None)


def _attachment(attachment: Json, caption: str) -> Event:
    payload = _mapping(attachment.get("payload"))
    kind = _kind_of(attachment)
    if kind == "location":
        point = _mapping(payload.get("coordinates"))
        return SharedLocation(latitude=_degrees(point["lat"]), longitude=_degrees(point["long"]))
    return SentAttachment(
        attachment=_ATTACHMENTS.get(kind, kind), reference=_text(payload.get("url")), caption=caption
    )


def _kind_of(attachment: Json) -> str:
    """Its type; until August 2026 stickers came as images with a number."""
    if "sticker_id" in _mapping(attachment.get("payload")):
        return "sticker"
    return _word(attachment.get("type"))


def _degrees(value: Any) -> float:
    """Raises ValueError for what is no number on the globe, which no database could keep."""
    degrees = float(value)
    if not -180 <= degrees <= 180:
        raise ValueError("no degrees")
    return degrees


def _tapped(postback: Json) -> Event | None:
    payload = _text(postback.get("payload"))
    if payload == GET_STARTED:
        return Opened(payload=_text(_mapping(postback.get("referral")).get("ref")))
    return Tapped(token=payload, label=_text(postback.get("title")) or None) if payload else None


def _is_our_echo(event: Json) -> bool:
    message = _mapping(event.get("message"))
    return bool(message.get("is_echo")) and message.get("metadata") == OUR_MARK


def _words_of(message: Json) -> str:
    """The text, or else what kind of thing was sent."""
    kinds = ", ".join(_kind_of(_mapping(each)) for each in _items(message.get("attachments")))
    return _text(message.get("text")) or f"[{kinds or 'message'}]"


# ── what every notice has ───────────────────────────────────────────────────────────────────────────


def _unreadable(notice: _Notice) -> _Found:
    return _Found(_id(notice.event, "sender"), Unreadable(what=_kind(notice)))


def _kind(notice: _Notice) -> str:
    """The name of what a notice carries."""
    if notice.field:
        return notice.field
    known = ("sender", "recipient", "timestamp")
    return next((_word(name) for name in notice.event if name not in known), "empty")


def _page(notice: _Notice) -> str:
    """The page it is about: the entry's, or else the one that people wrote to."""
    if notice.page:
        return notice.page
    is_echo = _mapping(notice.event.get("message")).get("is_echo")
    page = _id(notice.event, "sender" if is_echo else "recipient")
    return "" if page == _NOBODY else page


def _id(event: Json, side: str) -> str:
    given = _mapping(event.get(side)).get("id")
    text = str(given) if isinstance(given, str | int) else ""
    return text if _PERSON_ID.fullmatch(text) else _NOBODY


def _digest(event: Json) -> str:
    """A name for an event that has none: the same for every delivery of it."""
    whole = json.dumps(event, sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"


def _milliseconds(timestamp: Any) -> int:
    """Events under `messaging` count in milliseconds, those as {field, value} in seconds and as text."""
    try:
        given = int(timestamp)
    except (TypeError, ValueError, OverflowError):
        return 0
    if not 0 <= given < 2**53:
        return 0
    return given * 1000 if given < _SECONDS_MAX else given


def _mapping(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _word(value: Any) -> str:
    """A name that a notice gives, short enough to be kept."""
    return str(value)[:60] if isinstance(value, str) and value else "unknown"
