"""What the app is told: the body of every event, and the form each must have.

Pages: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events
and its sub-pages messages, message-echoes, message-deliveries, message-reads, message-reactions,
messaging_postbacks, messaging_referrals, messaging_handovers and standby.
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.messenger.shapes import Array, Flag, Id, Link, Number, Object, Shape, Tagged, Text, check
from sandbox.messenger.state import Json, Message

_PARTY: Final = Object(fields={"id": Id()}, required=("id",))
_WHEN: Final = Number(whole=True, least=0)

_REFERRAL: Final = Object(
    fields={
        "ref": Text(pattern=r"[\w=-]*"),
        "source": Text(choices=("SHORTLINK", "ADS")),
        "type": Text(choices=("OPEN_THREAD",)),
        "ad_id": Id(),
        "ads_context_data": Object(fields={"ad_title": Text()}),
    },
    required=("source", "type"),
)
_SHOWN: Final = Object(fields={"url": Link(), "sticker_id": Number(whole=True)}, required=("url",))
_MEDIA: Final[dict[str, Object]] = dict.fromkeys(
    ("image", "audio", "video", "file", "sticker"),
    Object(fields={"type": Text(), "payload": _SHOWN}, required=("payload",)),
)


def _event(name: str, shape: Shape) -> Object:
    parts: dict[str, Shape] = {"sender": _PARTY, "recipient": _PARTY, "timestamp": _WHEN, name: shape}
    return Object(fields=parts, required=tuple(parts))


_MESSAGE: Final[Mapping[str, Shape]] = {
    "mid": Text(),
    "text": Text(),
    "quick_reply": Object(fields={"payload": Text(longest=1000)}, required=("payload",)),
    "reply_to": Object(fields={"mid": Text(), "is_self_reply": Flag()}, required=("mid",)),
    "attachments": Array(of=Tagged(by="type", forms=_MEDIA), least=1),
}
_ECHO: Final[Mapping[str, Shape]] = {
    "mid": Text(),
    "text": Text(),
    "is_echo": Flag(),
    "app_id": Number(whole=True),
    "metadata": Text(),
    "reply_to": Object(fields={"mid": Text()}, required=("mid",)),
}
_CONTROL: Final[Mapping[str, Shape]] = {
    "previous_owner_app_id": Id(),
    "new_owner_app_id": Id(),
    "metadata": Text(),
}

FORMS: Final[dict[str, Object]] = {
    "messages": _event("message", Object(fields=_MESSAGE, required=("mid",))),
    "messaging_postbacks": _event(
        "postback",
        Object(
            fields={"mid": Text(), "title": Text(), "payload": Text(longest=1000), "referral": _REFERRAL},
            required=("mid", "title"),
        ),
    ),
    "messaging_referrals": _event("referral", _REFERRAL),
    "message_deliveries": _event(
        "delivery",
        Object(fields={"mids": Array(of=Text(), least=1), "watermark": _WHEN}, required=("watermark",)),
    ),
    "message_reads": _event("read", Object(fields={"watermark": _WHEN}, required=("watermark",))),
    "message_reactions": _event(
        "reaction",
        Object(
            fields={
                "reaction": Text(
                    choices=("smile", "angry", "sad", "wow", "love", "like", "dislike", "other")
                ),
                "emoji": Text(),
                "action": Text(choices=("react", "unreact")),
                "mid": Text(),
            },
            required=("action", "mid"),
        ),
    ),
    "pass_thread_control": _event(
        "pass_thread_control", Object(fields=_CONTROL, required=("new_owner_app_id",))
    ),
    "take_thread_control": _event(
        "take_thread_control", Object(fields=_CONTROL, required=("previous_owner_app_id", "new_owner_app_id"))
    ),
}

_NAMES_OF_EMOJI: Final = {
    "😆": "smile",
    "😠": "angry",
    "😢": "sad",
    "😮": "wow",
    "❤": "love",
    "❤️": "love",
    "👍": "like",
    "👎": "dislike",
}


def checked(form: str, body: Json) -> Json:
    """The body, unless it is not what Meta documents: then this emulator has a bug."""
    if form != "message_echoes":
        check(FORMS[form], body, form)
    else:
        _check_echo(body)
    return body


def message(page_id: str, told: Message, content: Json) -> Json:
    """A person's message; `content` is the "message" object without its id."""
    return _from_person(page_id, told.psid, told.sent_at) | {"message": {"mid": told.mid} | content}


def echo(page_id: str, told: Message, content: Json) -> Json:
    """What the Page itself sent, by whichever app."""
    parts: Json = {"mid": told.mid, "is_echo": True}
    if told.app_id is not None:
        parts["app_id"] = int(told.app_id)
    return {
        "sender": {"id": page_id},
        "recipient": {"id": told.psid},
        "timestamp": told.sent_at,
        "message": parts | content,
    }


def postback(page_id: str, told: Message, title: str, payload: str, referral: Json | None) -> Json:
    """A tapped button, menu item, question or Get Started."""
    tapped: Json = {"mid": told.mid, "title": title, "payload": payload}
    if referral is not None:
        tapped["referral"] = referral
    return _from_person(page_id, told.psid, told.sent_at) | {"postback": tapped}


def happening(page_id: str, psid: str, at: int, name: str, content: Json) -> Json:
    """Any other thing that a person or the Page Inbox caused: referral, delivery, read, reaction, …"""
    return _from_person(page_id, psid, at) | {name: content}


def referral(ref: str, *, ad_id: str | None = None, ad_title: str | None = None) -> Json:
    """How a person came: by an m.me link, or by an ad."""
    came: Json = {"ref": ref} if ref else {}
    if ad_id is None:
        return came | {"source": "SHORTLINK", "type": "OPEN_THREAD"}
    context = {"ads_context_data": {"ad_title": ad_title}} if ad_title else {}
    return came | {"ad_id": ad_id, "source": "ADS", "type": "OPEN_THREAD"} | context


def reaction_name(emoji: str) -> str:
    """Meta's word for an emoji."""
    return _NAMES_OF_EMOJI.get(emoji, "other")


def _from_person(page_id: str, psid: str, at: int) -> Json:
    return {"sender": {"id": psid}, "recipient": {"id": page_id}, "timestamp": at}


def _check_echo(body: Json) -> None:
    content: dict[str, Any] = dict(body["message"])
    content.pop("attachments", None)  # media or a template, in the form in which it was sent
    check(
        _event("message", Object(fields=_ECHO, required=("mid", "is_echo"))),
        body | {"message": content},
        "message_echoes",
    )
