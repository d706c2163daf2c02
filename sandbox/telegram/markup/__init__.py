"""Telegram's three markup languages, turned into plain text and entities as the Bot API server does.

The rules are those of https://core.telegram.org/bots/api#formatting-options; the error sentences and the
corner cases were compared with TDLib's own parser (parseTextEntities), on thousands of texts.
"""

from collections.abc import Callable

from sandbox.telegram.markup.html import read_html
from sandbox.telegram.markup.markdown import read_markdown
from sandbox.telegram.markup.markdown_v2 import read_markdown_v2
from sandbox.telegram.markup.reading import (
    Entity,
    Formatted,
    MarkupError,
    in_order,
    link_entity,
    utf16_length,
)

__all__ = ["Entity", "Formatted", "MarkupError", "in_order", "link_entity", "parse", "utf16_length"]


def parse(text: str, mode: str) -> Formatted:
    """Read `text` in that parse_mode. Raises MarkupError; an unknown mode is an error too."""
    readers: dict[str, Callable[[str], Formatted]] = {
        "html": read_html,
        "markdown": read_markdown,
        "markdownv2": read_markdown_v2,
    }
    reader = readers.get(mode.lower())
    if reader is None:
        raise MarkupError("Unsupported parse_mode")
    return reader(text)
