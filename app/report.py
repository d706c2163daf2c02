"""Shows a command's answer to a person: a sentence, and a table where there are rows."""

from rich.console import Console
from rich.table import Table

from app.commands import Answer

CELL_LETTERS_MAX = 90


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
