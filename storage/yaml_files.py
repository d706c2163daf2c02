"""Reads the YAML files that people write, and says where a mistake is and how to mend it."""

import re
import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from rapidfuzz import process
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

M = TypeVar("M", bound=BaseModel)
DUPLICATE = re.compile(r'found duplicate key "(?P<key>[^"]*)"')
MENDS = {
    "'\\t'": ": indent with spaces",
    "mapping values are not allowed": ": put quotes around a text that holds a colon, and indent keys alike",
    "expected <block end>": ": what belongs together is indented alike",
    "did not find expected ',' or": ": a [ or { was not closed",
    "expected ',' or": ": a [ or { was not closed",
    "unexpected end of stream": ": a quote was not closed",
    "undefined alias": ": put quotes around a text that begins with *",
}
"""What mends the mistakes that people make most, by the parser's words for them."""
Location = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a file: where it is, what is wrong, what would be right."""

    file: Path
    line: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class Mistakes(Exception):  # noqa: N818 - what they are
    """Everything that is wrong in what people wrote, not only the first thing."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = list(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def load(path: Path) -> Any:
    """The file's content, with line numbers kept inside; not to be changed by the reader. Raises Mistakes."""
    try:
        content = _parsed(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Mistakes([Mistake(path, None, "there is no such file")]) from None
    except UnicodeDecodeError as error:
        raise Mistakes([Mistake(path, None, f"is not UTF-8 text (byte {error.start})")]) from error
    except MarkedYAMLError as caught:
        line, message = explain_yaml(caught)
        raise Mistakes([Mistake(path, line, f"is not valid YAML: {message}")]) from caught
    return {} if content is None else content


def explain_yaml(caught: MarkedYAMLError) -> tuple[int | None, str]:
    """The line (from 1) where reading YAML failed, and why, with what mends it where that is known."""
    error: Any = caught  # ruamel's errors carry no types
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context)
    if twice := DUPLICATE.match(problem):
        return mark.line + 1 if mark else None, f"{twice['key']!r} is there twice: rename or remove one"
    mend = next((mend for part, mend in MENDS.items() if part in problem), "")
    return mark.line + 1 if mark else None, f"{problem}{mend}"


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """Kept, because whatever opens the shop anew in the same process reads the same files again."""
    return YAML(typ="rt").load(text)  # pyright: ignore[reportUnknownMemberType]


def parse(model: type[M], content: Any, path: Path) -> M:
    """`content` of `path` as a `model`. Raises Mistakes, unknown keys with the nearest known one."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        mistakes = [
            Mistake(
                path,
                line_of(content, detail["loc"]),
                _explain(model, detail["loc"], detail["type"], detail["msg"]),
            )
            for detail in error.errors(include_url=False, include_context=False)
        ]
        raise Mistakes(mistakes) from error


def line_of(content: Any, location: Location) -> int | None:
    """The line (from 1) of what `location` leads to, or of the deepest part of the way that is there."""
    line: int | None = None
    for key in location:
        marks = getattr(content, "lc", None)
        try:
            if marks is not None:
                line = (marks.key(key)[0] if hasattr(content, "keys") else marks.item(key)[0]) + 1
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return line
    return line


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: "did you mean" when something known is close, else what is known."""
    options = sorted(known)
    best = process.extractOne(name, options, score_cutoff=60)
    if best:
        return f" — did you mean {best[0]!r}?"
    return f" — known here: {', '.join(options)}" if options else ""


def _explain(model: type[BaseModel], location: Location, kind: str, message: str) -> str:
    where = ".".join(str(part) for part in location)
    if kind == "extra_forbidden":
        return f"unknown key {where!r}{nearest(str(location[-1]), _fields_at(model, location[:-1]))}"
    if kind == "missing":
        return f"{where!r} is missing"
    return (
        f"{where!r}: {message.removeprefix('Value error, ')}"
        if where
        else message.removeprefix("Value error, ")
    )


def _fields_at(model: Any, location: Location) -> list[str]:
    """The keys that the model knows at `location`."""
    for part in location:
        model = _inside(model, part)
    return [name for kind in _models(model) for name in kind.model_fields]


def _inside(kind: Any, part: str | int) -> Any:
    """The type of what lies under `part` of `kind`."""
    for model in _models(kind):
        if part in model.model_fields:
            return model.model_fields[str(part)].annotation
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Annotated:
        return _inside(arguments[0], part)
    return arguments[-1 if typing.get_origin(kind) is dict else 0] if arguments else None


def _models(kind: Any) -> list[type[BaseModel]]:
    """The pydantic models that `kind` may stand for."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    if typing.get_origin(kind) in {typing.Union, types.UnionType, typing.Annotated}:
        return [model for argument in typing.get_args(kind) for model in _models(argument)]
    return []
