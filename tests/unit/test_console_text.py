"""What the pages make of markup, money and times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.elements import clean, is_web_address, picture_source, plain
from console.notation import notation_of
from console.reads.problems import reason_of
from console.shop_front import initials
from shop.profile import ShopProfile

AFTERNOON = datetime(2026, 11, 21, 13, 5, tzinfo=UTC)


def profile(**details: object) -> ShopProfile:
    delivery = [{"code": "post", "label": "Post", "price": "5", "time": "soon"}]
    return ShopProfile.model_validate({"name": "Shop", "currency": "EUR", "delivery": delivery} | details)


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<b>bold</b> & <i>more</i>", "<b>bold</b> &amp; <i>more</i>"),
        ("two\nlines", "two<br>lines"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<img src=x onerror=alert(1)>", ""),
        ("<b onclick='x()' style='color:red'>b</b>", "<b>b</b>"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ("1 &lt; 2", "1 &lt; 2"),
    ],
)
def test_only_our_small_html_is_left(markup: str, shown: str) -> None:
    assert clean(markup) == shown


def test_links_open_beside_the_chat_and_give_nothing_away() -> None:
    shown = clean('<a href="https://shop.example/?a=1&amp;b=2" onclick="x()">here</a>')
    assert 'href="https://shop.example/?a=1&amp;b=2"' in shown
    assert 'target="_blank"' in shown
    assert 'rel="noopener noreferrer"' in shown
    assert "onclick" not in shown


@given(
    st.text(alphabet=st.characters(codec="utf-8"))
    | st.from_regex(r"(<[/!]?[a-z]{1,6}[ a-z=\"':]*>?|&#?[a-z0-9]*;?)+")
)
def test_cleaning_what_is_clean_changes_nothing(markup: str) -> None:
    once = clean(markup)
    assert clean(once) == once


def test_lists_show_plain_words_in_one_line() -> None:
    assert plain("<b>Your order</b>\n1 × Mug &amp; saucer") == "Your order 1 × Mug & saucer"


def test_pictures_come_from_the_media_folder_or_the_web() -> None:
    assert picture_source("a b/ü.jpg", None) == "/media/a%20b/%C3%BC.jpg"
    assert picture_source(None, "https://shop.example/mug.jpg") == "https://shop.example/mug.jpg"
    assert picture_source(None, "javascript:alert(1)") is None
    assert picture_source(None, None) is None
    assert not is_web_address("data:text/html,x")


def test_dates_are_written_as_in_the_shops_country() -> None:
    belgian = notation_of(profile(locale="en", country="BE", time_zone="Europe/Brussels"))
    assert belgian.moment(AFTERNOON) == "21 Nov 2026, 14:05"
    american = notation_of(profile(locale="en-US", country="BE", time_zone="America/New_York"))
    assert american.time(AFTERNOON).replace("\u202f", " ") == "8:05 AM"
    german = notation_of(profile(locale="de", country="DE", time_zone="Europe/Berlin"))
    assert german.moment(AFTERNOON) == "21.11.2026, 14:05"


def test_near_days_have_names_by_the_shops_own_midnight() -> None:
    notation = notation_of(profile(locale="en", country="BE", time_zone="Europe/Brussels"))
    just_after_midnight_there = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert notation.day(just_after_midnight_there, now=AFTERNOON) == "Today"
    assert notation.day(just_after_midnight_there - timedelta(hours=1), now=AFTERNOON) == "Yesterday"
    assert notation.day(AFTERNOON - timedelta(days=2), now=AFTERNOON) == "19 November 2026"
    assert notation.brief(AFTERNOON, now=AFTERNOON) == "14:05"


@pytest.mark.parametrize(
    ("name", "letters"), [("Kettle & Quay", "KQ"), ("shop", "S"), ("Ann's Corner Store", "AC"), ("&", "&")]
)
def test_a_shop_is_marked_by_its_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_the_reason_is_the_last_line_of_a_traceback() -> None:
    assert reason_of("Traceback …\n  File x\nKeyError: 'slot'\n") == "KeyError: 'slot'"
    assert reason_of(None) == "unknown"
