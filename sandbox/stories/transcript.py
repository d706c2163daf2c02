"""What was said in a story, in order, side by side for its people."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 150
LETTERS_MAX = 400  # of one message: a failure is read, not archived


@dataclass(frozen=True, slots=True)
class Line:
    """Something said or done. `who` is the person in whose chat it was; `mine` if they did it themselves."""

    at: datetime
    who: str
    text: str
    mine: bool


@dataclass
class Transcript:
    """The lines so far."""

    people: Sequence[str]
    lines: list[Line] = field(default_factory=list[Line])

    def add(self, at: datetime, who: str, text: str, *, mine: bool) -> None:
        self.lines.append(Line(at, who, text, mine))

    def happened(self, at: datetime, text: str) -> None:
        """Something that is nobody's: time passes, the shop is killed."""
        self.lines.append(Line(at, "", text, mine=False))

    def __str__(self) -> str:
        """A table with a column a person; what they did themselves begins with ▸."""
        table = Table("time", *self.people, show_lines=False, expand=True)
        for line in self.lines:
            words = f"▸ {line.text}" if line.mine else line.text
            cells = [_short(words) if line.who in {name, ""} else Text() for name in self.people]
            table.add_row(f"{line.at:%d %H:%M:%S}", *cells)
        paper = io.StringIO()
        console = Console(file=paper, width=WIDTH, highlight=False, color_system=None)
        console.print(table)
        return paper.getvalue()

    def as_rows(self) -> list[dict[str, str]]:
        """For machines."""
        return [
            {
                "at": line.at.isoformat(),
                "who": line.who,
                "by": "person" if line.mine else "shop",
                "text": line.text,
            }
            for line in self.lines
        ]


def _short(text: str) -> Text:
    """As it is: what people write is no markup of ours."""
    return Text(text if len(text) <= LETTERS_MAX else f"{text[:LETTERS_MAX]}…")
