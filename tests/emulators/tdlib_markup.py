"""Markup of every shape, made by chance from a seed, and what TDLib's own parser says to it.

tdjson carries TDLib and has wheels for the usual platforms; where it has none, `parser` says why.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

from sandbox.telegram.markup import Entity, Formatted

try:
    import tdjson
except ImportError as error:
    tdjson = None
    MISSING = f"no TDLib here: {error}"
else:
    MISSING = ""
    tdjson.td_execute(b'{"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}')

_MODES = {
    "HTML": {"@type": "textParseModeHTML"},
    "MarkdownV2": {"@type": "textParseModeMarkdown", "version": 2},
    "Markdown": {"@type": "textParseModeMarkdown", "version": 1},
}
_KINDS = {
    "textEntityTypeBold": "bold",
    "textEntityTypeItalic": "italic",
    "textEntityTypeUnderline": "underline",
    "textEntityTypeStrikethrough": "strikethrough",
    "textEntityTypeSpoiler": "spoiler",
    "textEntityTypeCode": "code",
    "textEntityTypePre": "pre",
    "textEntityTypePreCode": "pre",
    "textEntityTypeBlockQuote": "blockquote",
    "textEntityTypeExpandableBlockQuote": "expandable_blockquote",
    "textEntityTypeTextUrl": "text_link",
    "textEntityTypeMentionName": "text_mention",
    "textEntityTypeCustomEmoji": "custom_emoji",
    "textEntityTypeDateTime": "date_time",
}

_WORDS = ["a", "b c", "é", "😀", "\n", " ", "x\ny", "1", "@", "#", "Ω", "👩‍🚀", "\t", "ab\ncd\n"]
_HTML_NAMES = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "tg-spoiler",
    "code",
    "pre",
    "B",
    "I",
]
_HTML_OPENINGS = [
    *("<{}>", "<{} >", "<{} class=x>", '<{} a="&lt;">', "<{} expandable>", "<{}\n>"),
    *('<{} class="language-py">', "<{} class='language-'>", "<{} class=tg-spoiler>", "<{} a = 'b' c>"),
]
_HTML_LINKS = [
    *(
        '<a href="http://x.yz/?a=1&amp;b">',
        "<a href='tg://user?id=7'>",
        "<a href=x.yz>",
        "<a>",
        '<a href="">',
    ),
    *(
        '<a href="http://localhost">',
        "<a HREF='HTTPS://X.YZ'>",
        "<a href='tg:user?id=x'>",
        "<a href='ftp://x.y'>",
    ),
    *("<a href='mailto:a@b.cd'>", "<a href='http://é.com/ ü'>", "<a href='tg://resolve?domain=x'>"),
    *(
        "<a href='tg://user?x&id=7#y'>",
        "<a href='tg://user?id=07'>",
        "<a href=' x.yz '>",
        "<a href='tg://USER/?ID=9'>",
    ),
    *(
        "<a href='http://x.yz:80/'>",
        "<a href='http://[::1]/'>",
        "<a href='http://a@b.cd:8'>",
        "<a href='//x.yz'>",
    ),
    *(
        "<a href='x.yz' href='y.zz'>",
        "<a href='http://x..yz'>",
        "<a href='http://x_y.zz?q#f'>",
        "<a href='http://1.2.3.4'>",
    ),
]
_HTML_SPECIAL = [
    *(
        '<tg-emoji emoji-id="5">',
        "<tg-emoji emoji-id=''>",
        "<tg-emoji emoji-id='x'>",
        "<tg-emoji emoji-id='-3'>",
    ),
    *(
        '<tg-time unix="1700000000">',
        '<tg-time unix="5" format="wDT">',
        "<tg-time unix=x>",
        "<tg-time unix=9 format=q>",
    ),
    *(
        "<tg-time unix=7x format=Td>",
        "<tg-time unix=99999999999>",
        "<tg-time unix=7 format=W>",
        "<tg-time unix=3 format=rt>",
    ),
    *(
        "<tg-time unix=-7>",
        "<tg-time unix=2147483648>",
        "<tg-time unix=8 format=dDtTw>",
        "<tg-time unix=1 format=R>",
    ),
    *('<span class="tg-spoiler">', "<span>", "<span class=x>", "<blockquote>", "<blockquote expandable>"),
    *("<blockquote EXPANDABLE=1>", '<pre><code class="language-c++">', "<code><pre>", "<pre><code>"),
]
_HTML_ENDS = ["</{}>", "</>", "</{} >", "</ {}>", "</{}", "<{}", "</q>"]
_HTML_CHARACTERS = [
    *(
        "&lt;",
        "&gt;",
        "&amp;",
        "&quot;",
        "&apos;",
        "&nbsp;",
        "&#60;",
        "&#x1F600;",
        "&#xD800;",
        "&#0;",
        "&",
        "&lt",
    ),
    *(
        "&#",
        "&#x",
        "&#99999999;",
        "&#x10FFFF;",
        "&AMP;",
        "&amp;lt;",
        "&#1114110;",
        "&#38",
        "<",
        ">",
        "<>",
        "< b>",
    ),
]
_V2_MARKS = ["*", "_", "__", "~", "||", "`", "```", "___", "**", "_**", "|", "``"]
_V2_LINKS = [
    *(
        "[",
        "]",
        "](http://x.yz)",
        "](tg://user?id=7)",
        "](http://x.yz/\\))",
        "](",
        "]()",
        "](ftp://x)",
        "](x.yz)",
    ),
    *(
        "![",
        "![😀](tg://emoji?id=5)",
        "![a](tg://time?unix=5&format=r)",
        "](tg://emoji?id=x)",
        "![x](http://x.yz)",
    ),
    *(
        "![a](tg://emoji?x&id=5#y)",
        "![a](tg://emoji?id=05)",
        "![a](TG://TIME/?format=Dt&unix=7)",
        "![a](tg://time?unix=2147483648)",
    ),
    *(
        "](tg://user?id=9&x)",
        "](http://localhost)",
        "](\\\\x.yz)",
        "](http://x.yz/a b)",
        "](tg://user)",
        "![a](x.yz)",
    ),
    *(
        "![a](tg://time?unix=1700000000)",
        "![a](tg://time?unix=0)",
        "![a](tg:emoji?id=7)",
        "![b](tg://time?unix=5&format=x)",
    ),
]
_V2_QUOTES = ["\n>", ">", "\n>a\n>b", "||\n", "\n**>c", ">a||", "\n>||", ">\n", "\n\n>", ">*b*\n>", "**>q||"]
_V2_ESCAPES = ["\\*", "\\_", "\\\\", "\\", "\\a", "\\\n", "\\😀", "\\`", "\\>", "\\.", "\\]", "\\|\\|"]
_V2_RESERVED = [".", "!", "-", "+", "=", "#", "{", "}", "(", ")", "|"]
_V2_BLOCKS = [
    "```py\nx\n```",
    "```\nx```",
    "```x```",
    "```py x\n```",
    "`a*b`",
    "```\n\ny\n```",
    "```py\r\nx```",
    "```c`",
]


def corpus(mode: str, number: int, *, seed: int = 20261121) -> Iterator[str]:
    """That many texts, always the same."""
    chance = random.Random(f"{seed} {mode}")
    make = {"HTML": _html, "MarkdownV2": _markdown_v2, "Markdown": _markdown}[mode]
    for _ in range(number):
        yield make(chance)


def tdlib_reads(text: str, mode: str) -> Formatted | str:
    """TDLib's reading, or its refusal."""
    assert tdjson is not None, MISSING
    query = {"@type": "parseTextEntities", "text": text, "parse_mode": _MODES[mode]}
    answer: dict[str, Any] = json.loads(tdjson.td_execute(json.dumps(query).encode()))
    if answer["@type"] == "error":
        return str(answer["message"]).removeprefix("Can't parse entities: ")
    return Formatted(answer["text"], [_entity(entity) for entity in answer["entities"]])


def _entity(given: dict[str, Any]) -> Entity:
    kind = given["type"]
    entity: Entity = {
        "offset": given["offset"],
        "length": given["length"],
        "type": _KINDS[kind["@type"]],
    }
    match kind["@type"]:
        case "textEntityTypePreCode":
            return entity | {"language": kind["language"]}
        case "textEntityTypeTextUrl":
            return entity | {"url": kind["url"]}
        case "textEntityTypeMentionName":
            return entity | {"user": {"id": kind["user_id"]}}
        case "textEntityTypeCustomEmoji":
            return entity | {"custom_emoji_id": str(kind["custom_emoji_id"])}
        case "textEntityTypeDateTime":
            shown = _date_format(kind.get("formatting_type"))
            return entity | {"unix_time": kind["unix_time"]} | ({"date_time_format": shown} if shown else {})
        case _:
            return entity


def _date_format(given: dict[str, Any] | None) -> str:
    """TDLib's formatting type in the Bot API's letters: https://core.telegram.org/bots/api#date-time-entity-formatting."""
    if given is None:
        return ""
    if given["@type"] == "dateTimeFormattingTypeRelative":
        return "r"
    lengths = {
        "dateTimePartPrecisionNone": 0,
        "dateTimePartPrecisionShort": 1,
        "dateTimePartPrecisionLong": 2,
    }
    day, time = (lengths[given[f"{part}_precision"]["@type"]] for part in ("date", "time"))
    return ("w" if given["show_day_of_week"] else "") + ["", "d", "D"][day] + ["", "t", "T"][time]


def _html(chance: random.Random) -> str:
    """Mostly well nested, with a mistake now and then."""
    parts: list[str] = []
    opened: list[str] = []
    for _ in range(chance.randint(1, 9)):
        roll = chance.random()
        if roll < 0.35:
            parts.append(chance.choice(_WORDS))
        elif roll < 0.45:
            parts.append(chance.choice(_HTML_CHARACTERS))
        elif roll < 0.75 or not opened:
            parts.append(_opened(chance, opened))
        else:
            end = "</{}>" if chance.random() < 0.9 else chance.choice(_HTML_ENDS)
            parts.append(end.format(opened.pop()))
    if chance.random() < 0.85:
        parts += [f"</{name}>" for name in reversed(opened)]
    return "".join(parts)


def _opened(chance: random.Random, opened: list[str]) -> str:
    roll = chance.random()
    if roll < 0.6:
        name = chance.choice(_HTML_NAMES)
        opened.append(name)
        form = "<{}>" if chance.random() < 0.6 else chance.choice(_HTML_OPENINGS)
        return form.format(name)
    tag = chance.choice(_HTML_LINKS if roll < 0.8 else _HTML_SPECIAL)
    opened += [part[1:].split()[0].rstrip(">") for part in tag.replace("><", ">\0<").split("\0")]
    return tag


def _markdown_v2(chance: random.Random) -> str:
    """Marks that open and mostly close, among everything that may go wrong."""
    parts: list[str] = []
    opened: list[str] = []
    for _ in range(chance.randint(1, 10)):
        roll = chance.random()
        if roll < 0.35:
            parts.append(chance.choice(_WORDS).replace("#", "h"))
        elif roll < 0.6:
            mark = chance.choice(_V2_MARKS)
            closes = mark in opened
            (opened.remove if closes else opened.append)(mark)
            parts.append(mark)
        elif roll < 0.95:
            parts.append(chance.choice(chance.choice([_V2_LINKS, _V2_QUOTES, _V2_ESCAPES, _V2_BLOCKS])))
        else:
            parts.append(chance.choice(_V2_RESERVED))
    if chance.random() < 0.8:
        parts += reversed(opened)
    return "".join(parts)


def _markdown(chance: random.Random) -> str:
    pieces = [
        "*",
        "_",
        "`",
        "```",
        "[",
        "](http://x.yz)",
        "](x",
        "\\*",
        "\\",
        "a",
        "b c",
        "\n",
        "😀",
        "```py\n",
    ]
    return "".join(chance.choice(pieces) for _ in range(chance.randint(1, 9)))
