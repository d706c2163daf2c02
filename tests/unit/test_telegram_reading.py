"""Telegram's updates in our vocabulary, from the JSON that Telegram sends."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_reading import read
from bot.events import (
    BotBlocked,
    Edited,
    Event,
    Inbound,
    InvoiceChecked,
    InvoicePaid,
    Membership,
    Opened,
    Person,
    Said,
    SentAttachment,
    SharedContact,
    SharedLocation,
    Tapped,
    Unreadable,
)

ANA = {
    "id": 700,
    "is_bot": False,
    "first_name": "Ana",
    "last_name": "Ruiz",
    "username": "ana",
    "language_code": "es-MX",
}
US = {"id": 110, "is_bot": True, "first_name": "Shop", "username": "ShopBot"}
PRIVATE = {"id": 700, "type": "private", "first_name": "Ana"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Neighbours"}
FILE = {"file_id": "F", "file_unique_id": "U"}


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1_760_000_000, "chat": PRIVATE, "from": ANA} | content


def received(update: dict[str, Any]) -> Inbound | None:
    return read({"update_id": 42} | update, bot_id=110, username="ShopBot")


def event_of(update: dict[str, Any]) -> Event | None:
    inbound = received(update)
    return inbound.event if inbound else None


def in_group(text: str, **content: Any) -> dict[str, Any]:
    entities = (
        [{"type": "mention", "offset": text.lower().find("@shopbot"), "length": 8}] if "@" in text else []
    )
    return {"message": message(chat=GROUP, text=text, entities=entities, **content)}


def test_a_message_is_kept_under_its_update_and_chat() -> None:
    assert received({"message": message(text="Do you have mugs?")}) == Inbound(
        source="telegram",
        external_id="42",
        conversation="telegram:700",
        sequence=42,
        event=Said(text="Do you have mugs?"),
        person=Person(id="700", name="Ana Ruiz", username="ana", language="es-MX"),
    )


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("/start", Opened()),
        ("/start deal_7", Opened(payload="deal_7")),
        ("/START@shopbot deal_7", Opened(payload="deal_7")),
        ("/help", Said(text="help")),
        ("/cart@ShopBot", Said(text="cart")),
        ("/search  red mugs\nplease", Said(text="search red mugs\nplease")),
        ("/cart@OtherBot", Said(text="/cart@OtherBot")),
        ("/5.99 or less", Said(text="/5.99 or less")),
        ("and/or", Said(text="and/or")),
    ],
)
def test_commands_are_words_and_start_opens(text: str, event: Event) -> None:
    assert event_of({"message": message(text=text)}) == event


@pytest.mark.parametrize(
    ("content", "event"),
    [
        (
            {
                "photo": [
                    FILE | {"width": 9, "height": 9},
                    {"file_id": "L", "file_unique_id": "V", "width": 90, "height": 90},
                ],
                "caption": "like this",
            },
            SentAttachment(attachment="photo", reference="L", caption="like this"),
        ),
        ({"voice": FILE | {"duration": 3}}, SentAttachment(attachment="voice", reference="F")),
        ({"document": FILE}, SentAttachment(attachment="document", reference="F")),
        (
            {"animation": FILE | {"width": 1, "height": 1, "duration": 1}, "document": FILE},
            SentAttachment(attachment="animation", reference="F"),
        ),
        (
            {"video": FILE | {"width": 1, "height": 1, "duration": 1}},
            SentAttachment(attachment="video", reference="F"),
        ),
        (
            {
                "sticker": FILE
                | {"type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}
            },
            SentAttachment(attachment="sticker", reference="F"),
        ),
        ({"dice": {"emoji": "🎲", "value": 4}}, SentAttachment(attachment="dice")),
        (
            {
                "contact": {
                    "phone_number": "49301234",
                    "first_name": "Ana",
                    "last_name": "Ruiz",
                    "user_id": 700,
                }
            },
            SharedContact(phone="+49301234", name="Ana Ruiz", own=True),
        ),
        (
            {"contact": {"phone_number": "0301234", "first_name": "Bo"}},
            SharedContact(phone="0301234", name="Bo", own=False),
        ),
        ({"location": {"latitude": 52.5, "longitude": 13.4}}, SharedLocation(latitude=52.5, longitude=13.4)),
        (
            {
                "venue": {"location": {"latitude": 1.0, "longitude": 2.0}, "title": "Home", "address": "x"},
                "location": {"latitude": 1.0, "longitude": 2.0},
            },
            SharedLocation(latitude=1.0, longitude=2.0),
        ),
        (
            {"pinned_message": {"message_id": 1, "date": 0, "chat": PRIVATE}},
            Unreadable(what="pinned_message"),
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_other_things_are_told_apart(content: dict[str, Any], event: Event) -> None:
    assert event_of({"message": message(**content)}) == event


def test_a_tap_carries_its_token_and_the_buttons_label() -> None:
    keyboard = {"inline_keyboard": [[{"text": "Add", "callback_data": "add?v=1.0.sig"}]]}
    query = {"id": "99", "from": ANA, "chat_instance": "1", "data": "add?v=1.0.sig"}
    tapped = Tapped(token="add?v=1.0.sig", tap="99", label="Add")
    asked = message(text="Which?", reply_markup=keyboard, **{"from": US})
    assert event_of({"callback_query": query | {"message": asked}}) == tapped

    too_old = {"message_id": 5, "date": 0, "chat": GROUP}
    inbound = received({"callback_query": query | {"message": too_old}})
    assert inbound
    assert (inbound.conversation, inbound.event) == (
        "telegram:-1001:700",
        tapped.model_copy(update={"label": None, "message": "5"}),
    )

    game = {name: value for name, value in query.items() if name != "data"} | {"game_short_name": "x"}
    assert event_of({"callback_query": game}) == Unreadable(what="callback_query")


def test_the_checkout_query_belongs_to_the_payers_own_chat() -> None:
    query = {"id": "7", "from": ANA, "currency": "EUR", "total_amount": 1299, "invoice_payload": "order:1"}
    inbound = received({"pre_checkout_query": query})
    assert inbound
    assert inbound.conversation == "telegram:700"
    assert inbound.event == InvoiceChecked(query="7", payload="order:1", amount_minor=1299, currency="EUR")


@pytest.mark.parametrize(("currency", "told", "minor"), [("ISK", 1250, 1250), ("RSD", 99_000, 990)])
def test_amounts_are_read_as_telegram_counts_them(currency: str, told: int, minor: int) -> None:
    query = {"id": "7", "from": ANA, "currency": currency, "total_amount": told, "invoice_payload": "order:1"}
    inbound = received({"pre_checkout_query": query})
    assert inbound
    assert inbound.event == InvoiceChecked(
        query="7", payload="order:1", amount_minor=minor, currency=currency
    )
    paid = {
        "currency": currency,
        "total_amount": told,
        "invoice_payload": "order:1",
        "telegram_payment_charge_id": "t1",
        "provider_payment_charge_id": "ch_1",
    }
    inbound = received({"message": message(successful_payment=paid)})
    assert inbound
    assert isinstance(inbound.event, InvoicePaid)
    assert (inbound.event.amount_minor, inbound.event.currency) == (minor, currency)


@pytest.mark.parametrize("chat", [PRIVATE, GROUP])
def test_a_payment_is_heard_wherever_it_was_made(chat: dict[str, Any]) -> None:
    paid = {
        "currency": "EUR",
        "total_amount": 1299,
        "invoice_payload": "order:1",
        "telegram_payment_charge_id": "t1",
        "provider_payment_charge_id": "ch_1",
    }
    inbound = received({"message": message(chat=chat, successful_payment=paid)})
    assert inbound
    assert inbound.conversation == "telegram:700"
    assert inbound.event == InvoicePaid(
        payload="order:1", amount_minor=1299, currency="EUR", charge="ch_1", telegram_charge="t1"
    )


@pytest.mark.parametrize(("status", "blocked"), [("kicked", True), ("member", False)])
def test_blocking_and_unblocking_is_heard(status: str, blocked: bool) -> None:
    change = {
        "chat": PRIVATE,
        "from": ANA,
        "date": 0,
        "old_chat_member": {"user": US, "status": "member"},
        "new_chat_member": {"user": US, "status": status} | ({"until_date": 0} if blocked else {}),
    }
    assert event_of({"my_chat_member": change}) == BotBlocked(blocked=blocked)


def came(*, before: str, now: str, chat: dict[str, Any] = GROUP, **details: Any) -> Inbound | None:
    """Told that the bot's standing in a chat has changed."""
    more = {"until_date": 0} | details

    def standing(status: str) -> dict[str, Any]:
        return {"user": US, "status": status} | (more if status in {"kicked", "restricted"} else {})

    change = {
        "chat": chat,
        "from": ANA,
        "date": 0,
        "old_chat_member": standing(before),
        "new_chat_member": standing(now),
    }
    return received({"my_chat_member": change})


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        ("left", "member", "added"),
        ("kicked", "member", "added"),
        ("member", "left", "removed"),
        ("member", "kicked", "removed"),
    ],
)
def test_coming_into_a_group_and_being_put_out_is_the_groups_own_affair(
    before: str, now: str, change: Any
) -> None:
    inbound = came(before=before, now=now)
    assert inbound
    assert inbound.conversation == "telegram:-1001:"
    assert inbound.event == Membership(change=change, name="ShopBot")


def test_who_stays_in_a_group_or_comes_to_a_channel_says_nothing() -> None:
    assert came(before="member", now="member") is None
    assert came(before="left", now="member", chat=GROUP | {"type": "channel"}) is None


def test_a_group_that_goes_on_under_another_id_is_known_there() -> None:
    moved = message(chat=GROUP, migrate_from_chat_id=-5)
    inbound = received({"message": moved})
    assert inbound
    came_here = Membership(change="moved", before="telegram:-5:")
    assert (inbound.conversation, inbound.event) == ("telegram:-1001:", came_here)
    old = message(chat=GROUP | {"id": -5, "type": "group"}, migrate_to_chat_id=-1001)
    assert received({"message": old}) is None


@pytest.mark.parametrize(
    ("update", "event"),
    [
        (in_group("@ShopBot show me mugs"), Said(text="show me mugs", message="5")),
        (in_group("@shopbot, show me mugs"), Said(text="show me mugs", message="5")),
        (in_group("mugs, @shopbot"), Said(text="mugs,", message="5")),
        (in_group("is @ShopBot any good?"), Said(text="is @ShopBot any good?", message="5")),
        (in_group("@ShopBot"), Opened(message="5")),
        (in_group("/cart"), Said(text="cart", message="5")),
        (
            in_group("yes", reply_to_message=message(chat=GROUP, text="Sure?", **{"from": US})),
            Said(text="yes", message="5"),
        ),
    ],
    ids=lambda value: str(value.get("message", {}).get("text")) if isinstance(value, dict) else "",
)
def test_in_a_group_the_bot_hears_what_is_for_it(update: dict[str, Any], event: Event) -> None:
    inbound = received(update)
    assert inbound
    assert (inbound.conversation, inbound.event) == ("telegram:-1001:700", event)


def test_started_in_a_group_it_greets_the_group_and_no_member() -> None:
    inbound = received(in_group("/start@ShopBot deal_7"))
    assert inbound
    assert (inbound.conversation, inbound.event) == (
        "telegram:-1001:",
        Opened(payload="deal_7", message="5"),
    )


@pytest.mark.parametrize(
    "update",
    [
        in_group("nice weather"),
        in_group("@ShopBot has new mugs", is_automatic_forward=True, sender_chat=GROUP),
        in_group("@ShopBotFan hello") | {},
        in_group("/cart@OtherBot"),
        {"message": message(chat=GROUP, photo=[FILE | {"width": 1, "height": 1}])},
        {"message": message(chat=GROUP, new_chat_members=[ANA])},
        in_group("yes", reply_to_message=message(chat=GROUP, text="?", **{"from": ANA})),
        in_group(
            "in a topic",
            reply_to_message=message(
                chat=GROUP, forum_topic_created={"name": "x", "icon_color": 1}, **{"from": US}
            ),
        ),
        {"edited_message": message(chat=GROUP, text="nice weather!", edit_date=1)},
        {"edited_message": message(location={"latitude": 52.5, "longitude": 13.4}, edit_date=1)},  # it moves
        {"message": message(text="I am a bot, too", **{"from": ANA | {"is_bot": True}})},
    ],
)
def test_what_is_not_for_the_bot_is_passed_over(update: dict[str, Any]) -> None:
    if "message" in update and "@ShopBotFan" in update["message"].get("text", ""):
        update["message"]["entities"][0]["length"] = len("@ShopBotFan")
    assert received(update) is None


def test_a_picture_in_a_group_is_heard_when_its_caption_names_the_bot() -> None:
    photo = message(
        chat=GROUP,
        photo=[FILE | {"width": 1, "height": 1}],
        caption="😀 this? @ShopBot",
        caption_entities=[{"type": "mention", "offset": 9, "length": 8}],
    )
    assert event_of({"message": photo}) == SentAttachment(
        attachment="photo", reference="F", caption="😀 this?", message="5"
    )


def test_changed_words_are_known_to_be_changed() -> None:
    update = {"edited_message": message(text="changed", edit_date=1)}
    assert event_of(update) == Edited(text="changed")


@pytest.mark.parametrize(
    ("update", "what", "conversation"),
    [
        ({"a_new_thing": {"chat": {"id": 700}}}, "a_new_thing", "telegram:700"),
        ({"a_new_thing": {"user": {"id": 701}}}, "a_new_thing", "telegram:701"),
        ({"a_new_thing": 5}, "a_new_thing", "telegram:0"),
        ({}, "empty", "telegram:0"),
        ({"message": {"chat": {"id": 700}, "text": {}}}, "message", "telegram:700"),
        ({"message": {"chat": {"id": "x"}}}, "message", "telegram:0"),
        ({"message": None}, "message", "telegram:0"),
    ],
)
def test_what_cannot_be_understood_is_kept_as_unreadable(
    update: dict[str, Any], what: str, conversation: str
) -> None:
    inbound = received(update)
    assert inbound
    assert (inbound.event, inbound.external_id, inbound.conversation) == (
        Unreadable(what=what),
        "42",
        conversation,
    )


@pytest.mark.parametrize("update_id", [None, "5", True, 1.5])
def test_an_update_without_an_id_cannot_be_kept(update_id: Any) -> None:
    assert received({"update_id": update_id, "message": message(text="x")}) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["chat", "from", "id", "text"]) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=12,
)
KINDS = [
    "message",
    "edited_message",
    "callback_query",
    "pre_checkout_query",
    "my_chat_member",
    "poll",
    "unknown",
]


@given(st.sampled_from(KINDS), json_values, st.sampled_from(sorted(message(text="", entities=[]))))
def test_no_update_ever_raises(kind: str, value: Any, field: str) -> None:
    for content in (
        value,
        message(text="hello", **{field: value}) if field != "text" else message(text=value),
    ):
        inbound = received({kind: content})
        assert inbound is None or inbound.external_id == "42"
