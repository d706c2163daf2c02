"""Our messages as Telegram messages, for any text and link: measured by the emulator's own rules."""

from typing import Any
from uuid import UUID

import pytest
from aiogram.types import InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyKeyboardRemove
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_rendering import entities, parts_of, takes_link
from bot.channels.text import parse, utf16_length
from bot.messages import Button, Card, Document, Picture, Say, ShowCards
from sandbox.telegram.links import WrongLink, normal_link

PICTURE = Picture(path="mug.png")
INVOICE = Document(
    order=UUID(int=7),
    paper="invoice",
    language="en",
    name="invoice-DTV5GJ.pdf",
    url="https://shop.example/papers/x.pdf",
)
MORE = ((Button(label="More", token="more"),),)
texts = st.lists(
    st.sampled_from(
        ["<b>", "</b>", "<i>", "😀", "word ", "\n\n", '<a href="http://localhost/">x</a>', "x" * 500]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)
urls = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTPS://", "tg://", "ftp://", "", "http:", "mailto:"]),
    st.sampled_from(
        [
            "shop.example",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "[::x]",
            "a b.c",
            "bücher.example",
            "",
            "x_y.z",
            "u@a.b",
        ]
    )
    | st.text(max_size=6),
    st.sampled_from(["", ":80", ":0", ":99999", ":x", ":8080"]),
    st.sampled_from(["", "/", "/a?b=c#d", "?q", "/a b"]) | st.text(max_size=4),
)


def telegram_takes(url: str) -> bool:
    try:
        normal_link(url)
    except WrongLink:
        return False
    return True


@given(urls)
def test_no_link_is_sent_that_telegram_refuses(url: str) -> None:
    assert not takes_link(url) or telegram_takes(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "http://a.b:8080/x?y=1#z",
        "https://bücher.example/ä",
        "http://127.0.0.1",
        "tg://user?id=5",
    ],
)
def test_ordinary_links_are_taken(url: str) -> None:
    assert takes_link(url)
    assert telegram_takes(url)


@given(texts, st.sampled_from([{}, {"picture": PICTURE}, {"document": INVOICE}]))
def test_every_part_is_within_telegrams_limits(text: str, above: dict[str, Any]) -> None:
    message = Say(text=text, **above, buttons=((Button(label="A", token="a"),),))
    parts = parts_of(message, private=True)
    assert parts == parts_of(message.model_copy(), private=True)
    for part in parts:
        length = utf16_length(part.text.plain)
        assert length <= (1024 if part.picture or part.document else 4096)
        for entity in entities(part.text) or ():
            assert 0 <= entity.offset < entity.offset + entity.length <= length
            assert entity.url is None or telegram_takes(entity.url)
    assert [part.keyboard is not None for part in parts] == [False] * (len(parts) - 1) + [True]


@given(texts)
def test_what_is_marked_is_the_same_text(text: str) -> None:
    rich = parse(text)
    units = rich.plain.encode("utf-16-le")
    for span, entity in zip(rich.spans, entities(rich) or (), strict=True):
        marked = units[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le")
        assert marked == rich.plain[span.start : span.end]


def test_a_link_to_pay_beside_a_sharing_button_is_written_out() -> None:
    share, pay = Button(label="Share", share="phone"), Button(label="Pay", url="https://pay.example")
    (part,) = parts_of(Say(text="x", buttons=((share,), (pay,))), private=True)
    assert part.text.plain == "x\nPay: https://pay.example"
    assert isinstance(part.keyboard, ReplyKeyboardMarkup)
    assert [[key.text for key in row] for row in part.keyboard.keyboard] == [["Share"]]


def test_in_a_group_nothing_can_be_shared_and_no_keyboard_is_taken_away() -> None:
    share, more = Button(label="Share", share="location"), Button(label="More", token="more")
    (part,) = parts_of(Say(text="x", buttons=((share,), (more,))), private=False)
    assert isinstance(part.keyboard, InlineKeyboardMarkup)
    assert [[key.text for key in row] for row in part.keyboard.inline_keyboard] == [["More"]]
    (part,) = parts_of(Say(text="x", buttons=((share,),)), private=False)
    assert part.keyboard is None


def test_words_without_buttons_take_a_sharing_keyboard_away() -> None:
    (part,) = parts_of(Say(text="x"), private=True)
    assert isinstance(part.keyboard, ReplyKeyboardRemove)


def test_a_card_with_too_many_words_follows_its_picture() -> None:
    card = Card(
        title="Mug", text="word " * 1000, picture=PICTURE, buttons=(Button(label="Buy", token="buy"),)
    )
    picture, *words = parts_of(ShowCards(cards=(card,)), private=True)
    assert (picture.text.plain, picture.picture, picture.keyboard) == ("", PICTURE, None)
    assert [bool(part.keyboard) for part in words] == [False, True]
    assert parts_of(ShowCards(cards=()), private=True) == []


def test_a_file_has_its_words_as_a_caption_or_before_them() -> None:
    (part,) = parts_of(Say(text="<b>Here</b>", document=INVOICE, buttons=MORE), private=True)
    assert (part.document, part.text.plain, part.keyboard is not None) == (INVOICE, "Here", True)
    file, words = parts_of(Say(text="word " * 300, document=INVOICE, buttons=MORE), private=True)
    assert (file.document, file.text.plain, file.keyboard) == (INVOICE, "", None)
    assert (words.document, words.keyboard is not None) == (None, True)


def test_words_have_a_picture_or_a_file_above_them() -> None:
    with pytest.raises(ValueError, match="not under both"):
        Say(text="x", picture=PICTURE, document=INVOICE)
