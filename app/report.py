"""What a command tells: its answer, which a person sees as a sentence and a table, and how far it is meanwhile."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

PROBLEMS_SHOWN_MAX = 50
CELL_LETTERS_MAX = 90


class Failure(Exception):  # noqa: N818 - the command's answer when it cannot be done
    """A command cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: `facts` for machines, `text` for people.

    `fine` and `stopped` decide the exit code: 1 where something is wrong, or else 130 where Ctrl-C ended it.
    """

    facts: dict[str, Any]
    text: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    lines: list[str] = field(default_factory=list[str])  # printed as they are, with or without --json
    view: RenderableType | None = None  # what people see below the text
    fine: bool = True
    stopped: bool = False


def show(answer: Answer) -> None:
    """Print it on standard output."""
    console = Console(highlight=False)
    if answer.text:
        console.print(answer.text, markup=False, soft_wrap=True)
    if answer.rows:
        columns = list(answer.rows[0])
        table = Table(*[column.replace("_", " ") for column in columns])
        for row in answer.rows:
            table.add_row(*[str(row.get(column, ""))[:CELL_LETTERS_MAX] for column in columns])
        console.print(table, markup=False)
    if answer.view is not None:
        console.print(answer.view)


@contextmanager
def bar(what: str, *, quiet: bool) -> Generator[Callable[[float], None]]:
    """A progress bar on standard error; tell it the share that is done, 0 to 1."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task(what, total=1.0)
        yield lambda share: progress.update(task, completed=share)
