"""Our messages in the Send API's form: whatever they hold, they stay within Messenger's limits."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.messenger_rendering import parts_of, plain_words, takes_link
from bot.channels.text import utf16_length
from bot.messages import Button, Card, Document, Picture, Receipt, ReceiptLine, Say, ShowCards

MEDIA = "https://shop.example/media"
PICTURE = Picture(path="black mug.jpg", alt="A black mug")
INVOICE = Document(
    order=UUID(int=7),
    paper="invoice",
    language="en",
    name="invoice-DTV5GJ.pdf",
    url="https://shop.example/papers/x.pdf",
)
PAY = Button(label="Pay", url="https://pay.example/1")
PHONE = Button(label="Share my number", share="phone")


def taps(number: int) -> list[Button]:
    return [Button(label=f"Choice {each}", token=f"t{each}.0.sig") for each in range(number)]


def say(text: str = "Which?", *buttons: Button, picture: Picture | None = None) -> list[dict[str, Any]]:
    message = Say(text=text, buttons=tuple((button,) for button in buttons), picture=picture)
    return rendered(message)


def rendered(message: Say | ShowCards | Receipt) -> list[dict[str, Any]]:
    return [part.message or {"picture": part.picture} for part in parts_of(message, media_url=MEDIA)]


def template(message: dict[str, Any]) -> dict[str, Any]:
    assert message["attachment"]["type"] == "template"
    return message["attachment"]["payload"]


def titles(buttons: list[dict[str, Any]]) -> list[str]:
    return [button["title"] for button in buttons]


def test_words_lose_their_markup_and_keep_their_links() -> None:
    assert say('<b>Hi</b> &lt;Ada&gt;, see <a href="https://a.example/y">this</a><br>bye') == [
        {"text": "Hi <Ada>, see this (https://a.example/y)\nbye"}
    ]


def test_up_to_three_buttons_stay_under_the_words() -> None:
    (message,) = say("Which?", *taps(2), PAY)
    assert template(message) == {
        "template_type": "button",
        "text": "Which?",
        "buttons": [
            {"type": "postback", "title": "Choice 0", "payload": "t0.0.sig"},
            {"type": "postback", "title": "Choice 1", "payload": "t1.0.sig"},
            {"type": "web_url", "title": "Pay", "url": "https://pay.example/1"},
        ],
    }


def test_more_buttons_are_quick_replies() -> None:
    (message,) = say("Which?", *taps(13))
    assert message["text"] == "Which?"
    assert message["quick_replies"][0] == {
        "content_type": "text",
        "title": "Choice 0",
        "payload": "t0.0.sig",
    }
    assert len(message["quick_replies"]) == 13


def test_links_among_many_buttons_stay_buttons() -> None:
    (message,) = say("Which?", PAY, *taps(4))
    assert titles(template(message)["buttons"]) == ["Pay"]
    assert len(message["quick_replies"]) == 4


def test_more_than_quick_replies_hold_come_three_by_three() -> None:
    messages = say("Which?", *taps(14))
    assert [len(template(message)["buttons"]) for message in messages] == [3, 3, 3, 3, 2]
    assert [template(message)["text"] for message in messages] == ["Which?", "…", "…", "…", "…"]


def test_a_number_is_shared_by_a_quick_reply_of_messengers_own() -> None:
    (message,) = say("Your number?", PHONE, *taps(1))
    assert message["quick_replies"] == [
        {"content_type": "text", "title": "Choice 0", "payload": "t0.0.sig"},
        {"content_type": "user_phone_number"},
    ]


def test_a_place_cannot_be_asked_for() -> None:
    assert say("Where?", Button(label="Here", share="location")) == [{"text": "Where?"}]


def test_long_labels_are_cut_with_an_ellipsis() -> None:
    (message,) = say("Which?", Button(label="Stoneware mug with a long name", token="t"))
    (title,) = titles(template(message)["buttons"])
    assert title == "Stoneware mug with…"


@pytest.mark.parametrize(
    "url",
    ["http://shop.example/pay", "ftp://a.example", "https://shop/x", "mailto:a@b.example", "https://a.b:x/"],
)
def test_a_link_that_no_button_takes_is_written_out(url: str) -> None:
    assert not takes_link(url)
    assert say("Pay here", Button(label="Pay", url=url)) == [{"text": f"Pay here\nPay: {url}"}]


@pytest.mark.parametrize(
    "url", ["https://a.example", "https://a.example:8443/x?y#z", "http://127.0.0.1:8080/pay"]
)
def test_ordinary_links_are_taken(url: str) -> None:
    assert takes_link(url)


def test_a_picture_goes_before_its_words() -> None:
    assert say("Mug", picture=PICTURE) == [{"picture": PICTURE}, {"text": "Mug"}]
    assert [part.message for part in parts_of(Say(text="", picture=PICTURE), media_url=MEDIA)] == [
        {"text": "A black mug"}
    ]
    picture, words = say("", *taps(1), picture=PICTURE)
    assert (picture, template(words)["text"]) == ({"picture": PICTURE}, "…")


def card(title: str = "Black mug", text: str = "<b>€12.00</b><br>in stock", *buttons: Button) -> Card:
    return Card(title=title, text=text, picture=PICTURE, buttons=buttons or tuple(taps(2)))


def test_cards_are_a_carousel_with_the_common_buttons_below() -> None:
    (message,) = rendered(ShowCards(cards=(card(), card("White mug")), buttons=(tuple(taps(1)),)))
    payload = template(message)
    assert payload["template_type"] == "generic"
    assert payload["elements"][0] == {
        "title": "Black mug",
        "subtitle": "€12.00 in stock",
        "image_url": f"{MEDIA}/black%20mug.jpg",
        "buttons": [
            {"type": "postback", "title": "Choice 0", "payload": "t0.0.sig"},
            {"type": "postback", "title": "Choice 1", "payload": "t1.0.sig"},
        ],
    }
    assert titles(message["quick_replies"]) == ["Choice 0"]


def test_more_cards_than_a_carousel_holds_fill_another() -> None:
    messages = rendered(ShowCards(cards=(card(),) * 12, buttons=(tuple(taps(1)),)))
    assert [len(template(message)["elements"]) for message in messages] == [10, 2]
    assert ["quick_replies" in message for message in messages] == [False, True]


def test_a_single_card_loses_no_words() -> None:
    picture, words = rendered(ShowCards(cards=(card(text="word " * 40),)))
    assert picture == {"picture": PICTURE}
    assert template(words)["text"] == ("Black mug\n" + "word " * 40).strip()


def test_a_card_with_more_buttons_than_an_element_holds_loses_none() -> None:
    full = card("Full", "words", *taps(4))
    messages = rendered(ShowCards(cards=(card(), full, card()), buttons=((PAY,),)))
    assert [list(message) for message in messages] == [
        ["attachment"],
        ["picture"],
        ["text", "quick_replies"],
        ["attachment"],
        ["attachment"],
    ]
    assert titles(template(messages[-1])["buttons"]) == ["Pay"]


def test_a_receipt_adds_up_in_major_units() -> None:
    receipt = Receipt(
        order="K7F2",
        name="Ana Ruiz",
        currency="EUR",
        payment="Stripe",
        lines=(ReceiptLine(title="Black mug", units=2, unit_price_minor=1200),),
        delivery_minor=490,
        total_minor=2890,
    )
    (message,) = rendered(receipt)
    payload = template(message)
    assert (payload["template_type"], payload["order_number"], payload["currency"]) == (
        "receipt",
        "K7F2",
        "EUR",
    )
    assert payload["summary"] == {"subtotal": 24.0, "shipping_cost": 4.9, "total_cost": 28.9}
    assert payload["elements"] == [{"title": "Black mug", "quantity": 2, "price": 12.0, "currency": "EUR"}]
    (yen,) = rendered(receipt.model_copy(update={"currency": "JPY"}))
    assert template(yen)["summary"]["total_cost"] == 2890


def test_a_template_takes_words_on_one_line() -> None:
    assert plain_words("<b>Sent</b> today,<br><br>see <a href='https://a.example'>here</a>") == (
        "Sent today, see here (https://a.example)"
    )


texts = st.lists(
    st.sampled_from(["<b>", "</b>", "😀", "word ", "\n\n", '<a href="http://x.example/">x</a>', "x" * 500])
    | st.text(max_size=5),
    max_size=40,
).map("".join)
buttons = st.lists(
    st.builds(Button, label=st.text(max_size=40), token=st.just("t.0.sig"))
    | st.builds(
        Button, label=st.text(max_size=40), url=st.sampled_from(["https://a.example/", "http://b.example"])
    )
    | st.builds(Button, label=st.text(max_size=9), share=st.sampled_from(["phone", "location"])),
    max_size=20,
).map(tuple)
pictures = st.sampled_from([None, PICTURE])
cards = st.lists(
    st.builds(Card, title=st.text(max_size=120), text=texts, picture=pictures, buttons=buttons),
    min_size=1,
    max_size=12,
).map(tuple)


@given(
    st.builds(Say, text=texts, buttons=st.tuples(buttons), picture=pictures)
    | st.builds(ShowCards, cards=cards, buttons=st.tuples(buttons))
)
def test_every_part_is_within_messengers_limits(message: Say | ShowCards) -> None:
    parts = parts_of(message, media_url=MEDIA)
    assert parts == parts_of(message.model_copy(deep=True), media_url=MEDIA)
    for part in parts:
        if part.message is None:
            assert part.picture
            continue
        assert utf16_length(part.message.get("text", "")) <= 2000
        replies = part.message.get("quick_replies", [])
        assert len(replies) <= 13
        if "attachment" in part.message:
            check_template(template(part.message))
        for each in replies:
            assert each["content_type"] == "user_phone_number" or 0 < utf16_length(each["title"]) <= 20


def check_template(payload: dict[str, Any]) -> None:
    if payload["template_type"] == "button":
        assert 0 < utf16_length(payload["text"]) <= 640
        check_buttons(payload["buttons"])
        return
    assert 1 <= len(payload["elements"]) <= 10
    for element in payload["elements"]:
        assert len(element) > 1
        assert utf16_length(element["title"]) <= 80
        assert utf16_length(element.get("subtitle", "")) <= 80
        if "buttons" in element:
            check_buttons(element["buttons"])


def check_buttons(shown: list[dict[str, Any]]) -> None:
    assert 1 <= len(shown) <= 3
    for button in shown:
        assert 0 < utf16_length(button["title"]) <= 20
        assert takes_link(button["url"]) if button["type"] == "web_url" else button["payload"]


def test_a_file_comes_before_its_words_and_a_link_stands_in_for_it() -> None:
    file, words = parts_of(Say(text="<b>Here</b> it is", document=INVOICE), media_url=MEDIA)
    assert file.document == INVOICE
    assert file.message == {"text": "invoice-DTV5GJ.pdf: https://shop.example/papers/x.pdf"}
    assert (words.document, words.message) == (None, {"text": "Here it is"})
    (alone,) = parts_of(Say(text="", document=INVOICE), media_url=MEDIA)
    assert alone == file
