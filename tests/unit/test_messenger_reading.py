"""Messenger's notices in our vocabulary, from the JSON that Meta sends."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.messenger_reading import read
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

PAGE, ANA = "100200300", "7400000001"
AT = 1_795_000_000_123


def happening(**content: Any) -> dict[str, Any]:
    return {"sender": {"id": ANA}, "recipient": {"id": PAGE}, "timestamp": AT} | content


def message(**content: Any) -> dict[str, Any]:
    return happening(message={"mid": "m_1"} | content)


def echo(**content: Any) -> dict[str, Any]:
    event = message(is_echo=True, app_id=263902037430900, **content)
    return event | {"sender": {"id": PAGE}, "recipient": {"id": ANA}}


def notice(*events: dict[str, Any], channel: str = "messaging") -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": PAGE, "time": AT, channel: list(events)}]}


def only(body: Any) -> Inbound:
    (inbound,) = read(body, page_id=PAGE)
    return inbound


def event_of(event: dict[str, Any]) -> Event:
    return only(notice(event)).event


def test_a_message_is_kept_under_its_id_and_person() -> None:
    assert only(notice(message(text="Do you have mugs?"))) == Inbound(
        source="messenger",
        external_id="m_1",
        conversation=f"messenger:{ANA}",
        sequence=AT,
        event=Said(text="Do you have mugs?"),
        person=Person(id=ANA),
    )


@pytest.mark.parametrize(
    ("content", "event"),
    [
        (
            {"text": "Red", "quick_reply": {"payload": "color?x=red.0.sig"}},
            Tapped(token="color?x=red.0.sig", label="Red"),
        ),
        (
            {"text": "+15550100", "quick_reply": {"payload": "+15550100"}},
            SharedContact(phone="+15550100", own=True),
        ),
        (
            {"attachments": [{"type": "image", "payload": {"url": "https://cdn.example/1.jpg"}}]},
            SentAttachment(attachment="photo", reference="https://cdn.example/1.jpg"),
        ),
        (
            {"attachments": [{"type": "audio", "payload": {"url": "u"}}]},
            SentAttachment(attachment="voice", reference="u"),
        ),
        (
            {"attachments": [{"type": "video", "payload": {"url": "u"}}], "text": "look"},
            SentAttachment(attachment="video", reference="u", caption="look"),
        ),
        (
            {"attachments": [{"type": "file", "payload": {"url": "u"}}]},
            SentAttachment(attachment="document", reference="u"),
        ),
        (
            {"attachments": [{"type": "sticker", "payload": {"sticker_id": 369239263222822}}]},
            SentAttachment(attachment="sticker"),
        ),
        (
            {"attachments": [{"type": "image", "payload": {"url": "u", "sticker_id": 369239263222822}}]},
            SentAttachment(attachment="sticker", reference="u"),
        ),
        (
            {"attachments": [{"type": "location", "payload": {"coordinates": {"lat": 52.5, "long": 13.4}}}]},
            SharedLocation(latitude=52.5, longitude=13.4),
        ),
        (
            {"text": "https://a.example", "attachments": [{"type": "fallback", "payload": {"url": "x"}}]},
            Said(text="https://a.example"),
        ),
        ({"attachments": [{"type": "fallback"}]}, SentAttachment(attachment="fallback")),
        ({"attachments": [{"type": "a_new_kind", "payload": None}]}, SentAttachment(attachment="a_new_kind")),
        ({}, Unreadable(what="message")),
        (
            {"attachments": [{"type": "location", "payload": {"coordinates": {"lat": 1e999, "long": 0}}}]},
            Unreadable(what="message"),
        ),
    ],
)
def test_what_people_send_is_told_apart(content: dict[str, Any], event: Event) -> None:
    assert event_of(message(**content)) == event


@pytest.mark.parametrize(
    ("content", "event"),
    [
        (
            {"postback": {"mid": "m_2", "title": "Add", "payload": "add?v=1.0.sig"}},
            Tapped(token="add?v=1.0.sig", label="Add"),
        ),
        ({"postback": {"mid": "m_2", "title": "Get Started", "payload": "get_started"}}, Opened()),
        (
            {"postback": {"title": "Get Started", "payload": "get_started", "referral": {"ref": "deal_7"}}},
            Opened(payload="deal_7"),
        ),
        (
            {"referral": {"ref": "deal_7", "source": "SHORTLINK", "type": "OPEN_THREAD"}},
            Opened(payload="deal_7"),
        ),
        ({"referral": {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "6"}}, Opened()),
        ({"postback": {"title": "Another app's"}}, Unreadable(what="postback")),
        ({"optin": {"ref": "x"}}, Unreadable(what="optin")),
        ({}, Unreadable(what="empty")),
    ],
)
def test_taps_and_links_are_told_apart(content: dict[str, Any], event: Event) -> None:
    assert event_of(happening(**content)) == event


def test_an_event_without_an_id_has_the_same_one_in_every_delivery() -> None:
    followed = happening(referral={"ref": "deal_7"})
    first, again = only(notice(followed)), only(notice(dict(reversed(followed.items()))))
    assert first.external_id == again.external_id
    assert first.external_id != only(notice(happening(referral={"ref": "deal_8"}))).external_id


@pytest.mark.parametrize(
    "event",
    [
        happening(read={"watermark": AT}),
        happening(delivery={"mids": ["m_1"], "watermark": AT}),
        happening(reaction={"mid": "m_1", "action": "react", "reaction": "love"}),
        happening(pass_thread_control={"new_owner_app_id": "1"}),
        happening(take_thread_control={"previous_owner_app_id": "1"}),
        echo(text="ours", metadata="parley"),
    ],
)
def test_what_nothing_follows_from_is_passed_over(event: dict[str, Any]) -> None:
    assert read(notice(event), page_id=PAGE) == []


@pytest.mark.parametrize(
    ("event", "channel", "heard"),
    [
        (echo(text="Hello, this is Eva"), "messaging", Overheard(author="staff", text="Hello, this is Eva")),
        (
            echo(attachments=[{"type": "image", "payload": {}}]),
            "standby",
            Overheard(author="staff", text="[image]"),
        ),
        (message(text="Thanks!"), "standby", Overheard(author="customer", text="Thanks!")),
        (
            happening(postback={"mid": "m_1", "title": "Add"}),
            "standby",
            Overheard(author="customer", text="Add"),
        ),
    ],
)
def test_what_others_look_after_is_only_overheard(event: dict[str, Any], channel: str, heard: Event) -> None:
    inbound = only(notice(event, channel=channel))
    assert (inbound.event, inbound.conversation) == (heard, f"messenger:{ANA}")
    assert inbound.person == Person(id=ANA)


def test_a_batch_keeps_its_order_and_what_cannot_be_read_does_not_harm_it() -> None:
    body = {
        "object": "page",
        "entry": [
            {"id": PAGE, "messaging": [message(text="one"), {"sender": 5}, message(mid="m_2", text="two")]},
            {"id": PAGE, "standby": [message(mid="m_3", text="three")]},
            {"id": PAGE, "a_new_thing": []},
            "nonsense",
        ],
    }
    events = [inbound.event for inbound in read(body, page_id=PAGE)]
    assert events == [
        Said(text="one"),
        Unreadable(what="empty"),
        Said(text="two"),
        Overheard(author="customer", text="three"),
        Unreadable(what="entry"),
        Unreadable(what="entry"),
    ]


POSTBACK = {
    "sender": {"id": ANA},
    "recipient": {"id": PAGE},
    "timestamp": "1795000000",
    "postback": {"mid": "m_2", "title": "Add", "payload": "add.0.sig"},
}


@pytest.mark.parametrize(
    "body",
    [
        {"field": "messaging_postbacks", "value": POSTBACK},
        {
            "object": "page",
            "entry": [{"id": PAGE, "changes": [{"field": "messaging_postbacks", "value": POSTBACK}]}],
        },
        {"object": "page", "entry": [{"id": PAGE, "field": "messaging_postbacks", "value": POSTBACK}]},
    ],
)
def test_the_other_form_of_an_event_is_read_alike(body: dict[str, Any]) -> None:
    inbound = only(body)
    assert inbound.event == Tapped(token="add.0.sig", label="Add")
    assert (inbound.external_id, inbound.sequence) == ("m_2", 1_795_000_000_000)


def test_standby_in_the_other_form_is_overheard_too() -> None:
    change = {"field": "standby", "value": message(text="Thanks!")}
    assert only({"object": "page", "entry": [{"id": PAGE, "changes": [change]}]}).event == Overheard(
        author="customer", text="Thanks!"
    )


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"object": "instagram", "entry": [{}]}, "object:instagram"),
        ({"object": "page"}, "object:page"),
        ([], "object:unknown"),
        (None, "object:unknown"),
        (
            {
                "object": "page",
                "entry": [{"id": PAGE, "changes": [{"field": "feed", "value": {"item": "x"}}]}],
            },
            "feed",
        ),
    ],
)
def test_what_is_no_messenger_event_is_kept_as_unreadable(body: Any, what: str) -> None:
    inbound = only(body)
    assert (inbound.event, inbound.conversation, inbound.person) == (
        Unreadable(what=what),
        "messenger:0",
        None,
    )


def test_other_pages_of_the_app_are_passed_over() -> None:
    other = notice(message(text="hello"))
    other["entry"][0]["id"] = "999"
    assert read(other, page_id=PAGE) == []
    assert len(read(other)) == 1
    assert (
        read({"field": "messages", "value": message(text="x") | {"recipient": {"id": "9"}}}, page_id=PAGE)
        == []
    )


def test_a_person_without_a_page_scoped_id_has_no_lane_of_their_own() -> None:
    inbound = only(notice(message(text="hello") | {"sender": {"user_ref": "box"}}))
    assert (inbound.conversation, inbound.person) == ("messenger:0", None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["object", "entry", "messaging", "message", "mid", "text", "id", "payload", "sender"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values, st.sampled_from(["mid", "text", "attachments", "quick_reply", "is_echo"]))
def test_no_notice_ever_raises(value: Any, field: str) -> None:
    for body in (
        value,
        notice(value) if isinstance(value, dict) else value,
        notice(message(**{"text": "hello", field: value})),
        notice(happening(postback=value)),
        notice(happening(referral=value)),
        notice(message(text="x") | {"timestamp": value, "sender": value}),
        notice(message(attachments=[{"type": "location", "payload": value}])),
    ):
        for inbound in read(body):
            assert Inbound.model_validate_json(inbound.model_dump_json()) == inbound
