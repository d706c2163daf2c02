"""What every reader makes of a document: passages under their headings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

PASSAGE_WORDS_MAX: Final = 160  # a longer section is cut between paragraphs


class UnreadableDocument(ValueError):  # noqa: N818 - reads as what happened
    """The document cannot be taken in; the message says why, `line` where."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message, line)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class ParsedPassage:
    """A stretch of text under its headings, and the questions it is known to answer."""

    headings: tuple[str, ...]
    text: str
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document as its file says; what the file does not say is None."""

    passages: tuple[ParsedPassage, ...]
    title: str | None = None
    language: str | None = None
    owner: str = ""
    url: str | None = None
    updated: datetime | None = None
    review: datetime | None = None  # when it shall be looked at again


@dataclass(slots=True)
class Outline:
    """Headings above the place that is being read, and the blocks of its section so far."""

    headings: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    blocks: list[str] = field(default_factory=list[str])
    asked: list[str] = field(default_factory=list[str])

    def enter(self, level: int, heading: str) -> None:
        """A heading begins: 1 is the outermost."""
        self.headings = [(above, text) for above, text in self.headings if above < level] + [(level, heading)]

    def passages(self) -> Iterator[ParsedPassage]:
        """The section's text, in stretches of a readable length; empties the section."""
        path = tuple(heading for _, heading in self.headings)
        asked = tuple(
            dict.fromkeys([*(heading for heading in path[-1:] if heading.endswith("?")), *self.asked])
        )
        stretch: list[str] = []
        for block in self.blocks:
            if stretch and _words(*stretch, block) > PASSAGE_WORDS_MAX:
                yield ParsedPassage(path, "\n\n".join(stretch), asked)
                stretch = []
            stretch.append(block)
        if stretch:
            yield ParsedPassage(path, "\n\n".join(stretch), asked)
        self.blocks = []
        self.asked = []


def _words(*texts: str) -> int:
    return sum(len(text.split()) for text in texts)


def moment(written: str) -> datetime | None:
    """An ISO 8601 date or moment, in UTC where it does not say; None for anything else, such as a month alone."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)
