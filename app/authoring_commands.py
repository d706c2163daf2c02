"""The commands about what authors write: checking all of it, drawing flows, schemas for editors."""

import json
from pathlib import Path

from app import checking, flow_drawing, schemas
from app.options import DrawingFormat, FileKind
from app.report import Answer, Failure
from app.wiring import flow_files
from bot.actions import ACTIONS
from bot.dialogue import flows


def check(config: Path) -> Answer:
    """Every authoring mistake at once."""
    mistakes = [str(mistake) for mistake in checking.mistakes(config)]
    text = "\n".join(mistakes) if mistakes else "Everything fits together."
    return Answer({"mistakes": mistakes}, text, fine=not mistakes)


def draw_flows(names: list[str], *, form: DrawingFormat, output: Path | None) -> Answer:
    """A picture of flows, on standard output or in a file."""
    loaded = flows.read(flow_files())
    try:
        drawing = flow_drawing.draw(loaded, ACTIONS, names, form=form)
    except flow_drawing.NoSuchFlow as error:
        raise Failure(str(error)) from error
    facts = {"format": form, "flows": list(dict.fromkeys(names)) or list(loaded), "drawing": drawing}
    if output is None:
        return Answer({**facts, "output": None}, drawing)
    try:
        output.write_text(f"{drawing}\n", "utf-8")
    except OSError as error:
        raise Failure(f"{output} cannot be written: {error.strerror}") from error
    return Answer({**facts, "output": str(output)}, f"Drawn into {output}.")


def flow_schema(kind: FileKind) -> Answer:
    """The JSON Schema of a kind of file, for editors; the schema itself is the object that --json prints."""
    found = schemas.schema(kind)
    return Answer(found, lines=[json.dumps(found, ensure_ascii=False, indent=2)])
