"""What holds for any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.text import RichText, parse, utf16_length

PIECES = [
    *(
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<s>",
        "</s>",
        "<code>",
        "</code>",
        "</a>",
        "<br>",
        "<p>",
        "<",
        ">",
        "&",
        ";",
    ),
    *(
        '<a href="https://shop.example/?a=1&amp;b=2">',
        "<a href='javascript:x'>",
        "<a>",
        "&lt;",
        "&amp;",
        "&#10;",
    ),
    *("word", " ", "\n", "\n\n", "\r\n", "\r", ". ", "。", "! ", "\u00a0", "\u200d", "\ufe0f", "\u0301"),
    *("👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "مرحبا", "שלום", "\u202e", "한국어", "नमस्ते", "\ud800", "\x00", "x" * 40),
]
markups = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=60).map("".join)
measures = st.sampled_from([len, utf16_length])


def bare(text: str) -> str:
    return "".join(text.split())


@given(markups | st.text())
def test_written_back_as_html_it_is_read_as_the_same(markup: str) -> None:
    text = parse(markup)
    assert parse(text.to_html()) == text


@given(markups)
def test_spans_lie_in_their_text_and_nest(markup: str) -> None:
    assert_sound(parse(markup))


@given(markups, st.integers(2, 80), measures)
def test_parts_fit_and_together_hold_everything(markup: str, limit: int, measure) -> None:
    text = parse(markup)
    parts = text.split(limit, measure)
    assert "".join(bare(part.plain) for part in parts) == bare(text.plain)
    for part in parts:
        assert measure(part.plain) <= limit
        assert_sound(part)
        assert len(parts) == 1 or part.plain.strip()


@given(markups, st.integers(2, 80))
def test_parts_mark_what_the_whole_marks(markup: str, limit: int) -> None:
    text = parse(markup)
    together = [mark for part in text.split(limit) for mark in marked(part)]
    assert [mark for mark in together if not mark[0].isspace()] == [
        mark for mark in marked(text) if not mark[0].isspace()
    ]


@given(markups, st.integers(0, 80), measures)
def test_what_is_cut_fits_and_is_the_beginning(markup: str, limit: int, measure) -> None:
    text = parse(markup)
    short = text.cut(limit, measure)
    assert measure(short.plain) <= limit
    assert_sound(short)
    assert text.plain.startswith(short.plain if short == text else short.plain.removesuffix("…"))


@pytest.mark.parametrize(
    "piece",
    [
        *PIECES,
        "<b",
        '<a href="',
        "</",
        "<!--",
        "<![",
        "&#",
        "<b>x</b>",
        "<b><i>x</b></i>",
        "<i><s>",
        "a ",
        "...",
        "\n ",
        " \u0301",
    ],
)
def test_long_texts_are_parted_and_cut_like_short_ones(piece: str) -> None:
    markup = (piece * (100_000 // len(piece) + 1))[:100_000]
    text = parse(markup)
    for limit in (4096, 30):
        parts = text.split(limit, utf16_length)
        assert all(utf16_length(part.plain) <= limit for part in parts)
    assert utf16_length(text.cut(4096, utf16_length).plain) <= 4096


def test_nesting_that_never_ends_is_read_to_its_words() -> None:
    text = parse("<i>" * 30_000 + "<s>" * 30_000 + "<b>x</b>" * 5_000 + "</s>" * 30_000)
    assert text.plain == "x" * 5_000


def assert_sound(text: RichText) -> None:
    opened = [len(text.plain)]
    before = 0
    for span in text.spans:
        assert before <= span.start < span.end <= len(text.plain)
        while span.start >= opened[-1] and len(opened) > 1:
            opened.pop()
        assert span.end <= opened[-1], "spans cross"
        assert bool(span.href) == (span.kind == "link")
        opened.append(span.end)
        before = span.start


def marked(text: RichText) -> list[tuple[str, frozenset[tuple[str, str]]]]:
    """Each character with how it is marked."""
    return [
        (character, frozenset((s.kind, s.href) for s in text.spans if s.start <= place < s.end))
        for place, character in enumerate(text.plain)
    ]
