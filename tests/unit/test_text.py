"""Our small HTML: what it means, and how it is parted and cut."""

import pytest

from bot.channels.text import RichText, Span, parse, utf16_length

FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


def test_tags_become_spans_over_plain_text() -> None:
    text = parse(
        '<b>Blue mug</b>\n<i>hand made</i>, <s>€12</s> <code>MUG-1</code> <a href="https://shop.example/x?a=1&amp;b=2">more</a>'
    )
    assert text.plain == "Blue mug\nhand made, €12 MUG-1 more"
    assert text.spans == (
        Span(0, 8, "bold"),
        Span(9, 18, "italic"),
        Span(20, 23, "strike"),
        Span(24, 29, "code"),
        Span(30, 34, "link", "https://shop.example/x?a=1&b=2"),
    )


def test_escaped_text_stands_for_itself() -> None:
    assert (
        parse("Salt &amp; pepper &lt;b&gt; &quot;x&quot; &#39;y&#x27;").plain == "Salt & pepper <b> \"x\" 'y'"
    )


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("a < b & c > d", "a < b & c > d"),
        ("I <3 it, AT&T; 5&nbsp;kg", "I <3 it, AT&T; 5\u00a0kg"),
        ("<p>kept</p><div class='x'>too</div>", "kepttoo"),
        ("one<br>two<br/>three<BR />four\r\nfive", "one\ntwo\nthree\nfour\nfive"),
        ("<!-- x", "<!-- x"),
        ("<![", "<!["),
        ("&#" + "1" * 5000 + ";", "&#" + "1" * 5000 + ";"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("", ""),
    ],
)
def test_what_is_no_tag_of_ours_is_read_kindly(markup: str, plain: str) -> None:
    assert parse(markup) == RichText(plain)


def test_unclosed_and_crossing_tags_are_closed() -> None:
    assert parse("<b>one <i>two</b> three</i> four").spans == (Span(0, 7, "bold"), Span(4, 7, "italic"))
    assert parse("a <b>rest").spans == (Span(2, 6, "bold"),)
    assert parse("</b>a</i>") == RichText("a")
    assert parse("<b></b>nothing") == RichText("nothing")
    assert parse("<b>a<strong>b</strong>c</b>").spans == (Span(0, 3, "bold"),)


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "//shop.example", "", "https://a b"]
)
def test_a_link_that_is_not_safe_is_only_its_text(href: str) -> None:
    assert parse(f'<a href="{href}">here</a>') == RichText("here")


def test_html_written_back_is_escaped_and_nested() -> None:
    text = parse('<b>A &lt; B <i>c</i></b>\n<a href="https://x.example/?q=&quot;">d</a>')
    assert text.to_html() == '<b>A &lt; B <i>c</i></b><br><a href="https://x.example/?q=&quot;">d</a>'


def test_without_markup_links_show_their_address() -> None:
    text = parse(
        'See <a href="https://a.example">our page</a> or <a href="https://b.example">https://b.example</a>.'
    )
    assert text.without_markup() == "See our page (https://a.example) or https://b.example."


def test_only_the_chosen_links_are_spelled_out() -> None:
    text = parse(
        '<b><a href="http://localhost/a">one</a> x</b> <a href="https://b.example">two</a> <i>three</i>'
    )
    assert text.spell_out_links(lambda url: "localhost" in url) == parse(
        '<b>one (http://localhost/a) x</b> <a href="https://b.example">two</a> <i>three</i>'
    )
    assert parse('<a href="mailto:a@b.example">Mail</a> <a href="tel:+491">+491</a>').without_markup() == (
        "Mail (a@b.example) +491"
    )


def test_a_short_text_is_one_part() -> None:
    text = parse("<b>short</b>")
    assert text.split(10) == (text,)
    assert RichText("").split(10) == (RichText(""),)


@pytest.mark.parametrize(
    ("plain", "parts"),
    [
        ("First part here.\n\nSecond part", ["First part here.", "Second part"]),
        ("First. Line here\nSecond part", ["First. Line here", "Second part"]),
        ("It is so. It was not. Then", ["It is so. It was not.", "Then"]),
        (
            "これは長い文です。そしてこれは次の文章なのです",
            ["これは長い文です。そしてこれは次の文章なの", "です"],
        ),
        ("word after word after word after", ["word after word after", "word after"]),
        ("a word-that-never-ends-at-all-here", ["a", "word-that-never-ends-", "at-all-here"]),
        ("x" * 45, ["x" * 21, "x" * 21, "xxx"]),
        ("fits just in its limit rest", ["fits just in its", "limit rest"]),
        ("fits just to the limit rest", ["fits just to the", "limit rest"]),
        ("exactly up to the here. And more", ["exactly up to the", "here. And more"]),
        ("   leading and trailing space   ", ["leading and trailing", "space"]),
        ("the total of 1\u00a0299,00\u202f€ now", ["the total of", "1\u00a0299,00\u202f€ now"]),
    ],
)
def test_a_text_is_parted_where_a_reader_would(plain: str, parts: list[str]) -> None:
    assert [part.plain for part in RichText(plain).split(21)] == parts


def test_spans_are_carried_over_to_each_part() -> None:
    first, second = parse("an <b>all bold run</b> of words").split(12)
    assert (first.plain, first.spans) == ("an all bold", (Span(3, 11, "bold"),))
    assert (second.plain, second.spans) == ("run of words", (Span(0, 3, "bold"),))


@pytest.mark.parametrize("whole", [FAMILY, SCOTLAND, "🇩🇪", "👍🏽", "❤️", "e\u0301", "1️⃣", "\u1112\u1161\u11ab"])
def test_what_is_seen_as_one_character_is_never_parted(whole: str) -> None:
    limit = utf16_length(whole) + 1
    parts = RichText(whole * 20).split(limit, utf16_length)
    assert [part.plain for part in parts] == [whole] * 20


def test_a_character_larger_than_the_limit_is_parted_all_the_same() -> None:
    parts = RichText("a" + "\u0301" * 100).split(30)
    assert [len(part.plain) for part in parts] == [30, 30, 30, 11]


def test_cut_leaves_an_ellipsis_at_a_word_end() -> None:
    text = parse("<b>Twelve small cups</b> of tea")
    assert text.cut(27) is text
    assert text.cut(20) == RichText("Twelve small cups…", (Span(0, 17, "bold"),))
    assert text.cut(4).plain == "Twe…"
    assert text.cut(1).plain == "…"
    assert text.cut(0).plain == ""


def test_cut_never_leaves_half_a_character() -> None:
    assert RichText(FAMILY * 3).cut(13, utf16_length).plain == FAMILY + "…"
    assert RichText("😀😀").cut(2, utf16_length).plain == "…"


def test_two_texts_become_one() -> None:
    joined = parse("<b>a</b>").followed_by(parse("<i>b</i>"), between="\n")
    assert joined == parse("<b>a</b>\n<i>b</i>")


def test_utf16_length_counts_code_units() -> None:
    for text in ("", "abc", "é😀", FAMILY, SCOTLAND):
        assert utf16_length(text) == len(text.encode("utf-16-le")) // 2
