"""The old Markdown style: https://core.telegram.org/bots/api#markdown-style."""

from typing import Final

from sandbox.telegram.markup.reading import (
    Formatted,
    MarkupError,
    Open,
    Output,
    Source,
    block_language,
    code_entity,
    link_entity,
)

_MARKDOWN_KINDS: Final = {"_": "italic", "*": "bold"}


def read_markdown(text: str) -> Formatted:
    """Legacy Markdown: *bold*, _italic_, `code`, ```pre``` and [links](…); nothing nests."""
    source, output = Source(text), Output()
    while not source.done:
        character = source.peek()
        if character == "\\" and source.peek(1) and source.peek(1) in "_*`[":
            output.write(source.peek(1))
            source.at += 2
        elif character in "_*`[":
            _read_markdown_entity(source, output)
        else:
            output.write(character)
            source.at += 1
    return output.result()


def _read_markdown_entity(source: Source, output: Output) -> None:
    begin, character = source.at, source.peek()
    block = source.sees("```")
    source.at += 3 if block else 1
    language = block_language(source) if block else ""
    end = "```" if block else {"[": "]"}.get(character, character)
    closes_at = source.text.find(end, source.at)
    if closes_at < 0:
        offset = source.byte_offset(begin)
        raise MarkupError(f"Can't find end of the entity starting at byte offset {offset}")
    opened = Open(character, begin, output.offset, len(output.text))
    output.write(source.text[source.at : closes_at])
    source.at = closes_at + len(end)
    if character == "[" and output.since(opened):
        output.mark(opened, link_entity(_markdown_url(source) or output.since(opened)))
    elif character == "`":
        output.mark(opened, code_entity(block=block, language=language))
    elif character != "[":
        output.mark(opened, {"type": _MARKDOWN_KINDS[character]})


def _markdown_url(source: Source) -> str:
    """The (url) after a link's text; an unclosed one runs to the end, as Telegram has it."""
    if source.peek() != "(":
        return ""
    source.at += 1
    url = source.take_while(lambda c: c != ")")
    source.at += 1
    return url
