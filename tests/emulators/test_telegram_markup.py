"""Markup and links, against what TDLib's own parser said (test_telegram_markup.json holds its verdicts).

The verdicts come from tdjson 1.8.69, td_execute({"@type": "parseTextEntities", …}); the cases are ours.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.telegram.links import WrongLink, checked_link, normal_link
from sandbox.telegram.markup import Formatted, MarkupError, parse, utf16_length
from sandbox.telegram.text import given_entities, plain, tidied

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
ACCEPTED = [case for case in CASES if "error" not in case]
REFUSED = [case for case in CASES if "error" in case]
PIECES = [
    "*",
    "_",
    "__",
    "~",
    "||",
    "`",
    "```",
    "[",
    "](http://x.yz)",
    "\\",
    ">",
    "\n",
    "a",
    "😀",
    "é",
    "<b>",
    "</b>",
    "&lt;",
]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: f"{case['mode']}: {case['text']!r}")
def test_markup_is_read_as_tdlib_reads_it(case: dict[str, Any]) -> None:
    formatted = parse(case["text"], case["mode"])
    assert formatted.text == case["plain"]
    assert formatted.entities == case["entities"]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case['mode']}: {case['text']!r}")
def test_markup_is_refused_in_tdlib_s_words(case: dict[str, Any]) -> None:
    with pytest.raises(MarkupError) as refused:
        parse(case["text"], case["mode"])
    assert str(refused.value) == case["error"]


@given(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.sampled_from(["HTML", "Markdown", "MarkdownV2"]),
)
def test_whatever_is_read_has_its_entities_inside_the_text(text: str, mode: str) -> None:
    try:
        formatted = parse(text, mode)
    except MarkupError:
        return
    size = utf16_length(formatted.text)
    places = [(entity["offset"], -entity["length"]) for entity in formatted.entities]
    assert places == sorted(places)
    assert all(
        e["length"] > 0 and e["offset"] >= 0 and e["offset"] + e["length"] <= size for e in formatted.entities
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_escaped_text_comes_back_unchanged(text: str) -> None:
    html = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    v2 = "".join(f"\\{character}" if "\0" < character <= "~" else character for character in text)
    assert parse(html, "HTML").text == text
    assert parse(v2, "MarkdownV2").text == text


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("example.com", "http://example.com/"),
        ("HTTPS://Example.com/A?b#c", "https://example.com/A?b#c"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("tg://resolve?domain=x", "tg://resolve?domain=x"),
        ("http://a.b/c d", "http://a.b/c%20d"),
        ("http://localhost", None),
        ("ftp://a.b", None),
        ("http://a.b:70000", None),
        ("http://exa mple.com", None),
    ],
)
def test_links_get_their_normal_form_or_are_none(link: str, kept: str | None) -> None:
    assert checked_link(link) == kept


def test_a_wrong_link_says_why() -> None:
    with pytest.raises(WrongLink) as wrong:
        normal_link("http://localhost:3000/")
    assert wrong.value.reason == "Wrong HTTP URL"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start hello", [("bot_command", "/start")]),
        ("see https://shop.example/pay/1).", [("url", "https://shop.example/pay/1")]),
        ("hi @user_name, #tag $USD", [("mention", "@user_name"), ("hashtag", "#tag"), ("cashtag", "$USD")]),
        ("ada@example.com or example.com", [("email", "ada@example.com"), ("url", "example.com")]),
        ("1.5 a/b //x #1 http://localhost:80", []),
    ],
)
def test_commands_links_and_tags_are_found(text: str, found: list[tuple[str, str]]) -> None:
    formatted = plain(text)
    assert [(e["type"], text[e["offset"] : e["offset"] + e["length"]]) for e in formatted.entities] == found


@pytest.mark.parametrize(
    ("entities", "kept"),
    [
        ([("bold", 0, 6), ("code", 2, 2)], [("bold", 0, 2), ("code", 2, 2), ("bold", 4, 2)]),
        ([("bold", 0, 4), ("bold", 2, 4)], [("bold", 0, 6)]),
        ([("code", 0, 6), ("italic", 2, 2)], [("code", 0, 6)]),
        ([("blockquote", 0, 4), ("code", 2, 4)], [("blockquote", 0, 4)]),
    ],
)
def test_overlapping_entities_are_cut_and_joined_as_tdlib_does(
    entities: list[tuple[str, int, int]], kept: list[tuple[str, int, int]]
) -> None:
    wanted = [{"type": kind, "offset": offset, "length": length} for kind, offset, length in entities]
    formatted = tidied(Formatted("abcdef", given_entities("abcdef", wanted)))
    assert [(e["type"], e["offset"], e["length"]) for e in formatted.entities] == kept


def test_white_space_at_the_ends_goes_and_offsets_follow() -> None:
    formatted = tidied(parse("  a <b>b </b> \n", "HTML"))
    assert (formatted.text, formatted.entities) == ("a b", [{"type": "bold", "offset": 2, "length": 1}])
