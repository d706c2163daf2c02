"""Training data: Rasa's NLU YAML and CSV, read with every mistake's file and line.

YAML (`version`, and `nlu` with intents, synonyms, lookups and regexes) is what a merchant writes; a mistake in it
is an error. CSV (text,intent; sentence,label; text,category) is what data sets come in; contradictions in
one are kept, as they are part of what is measured.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import charset_normalizer
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from nlu.text import clean
from storage.yaml_files import explain_yaml

OUT_OF_SCOPE: Final = "out_of_scope"  # the label of examples of what must be refused

KINDS: Final = ("intent", "synonym", "lookup", "regex")
CSV_COLUMNS: Final = (("text", "intent"), ("sentence", "label"), ("text", "category"), ("text", "label"))

_ANNOTATION: Final = re.compile(r"\[([^\[\]]+)\](?:\(([^()\[\]]*)\)|(\{[^{}]*\}))")
_LEFTOVER: Final = re.compile(r"\[[^\]]*\]\s*[({]|\]\(|\]\{")


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in training data, and where it is."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class TrainingDataError(ValueError):
    """Training data that cannot be used; `problems` has every mistake, the message lists the first ones."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        shown = [str(problem) for problem in self.problems[:20]]
        if len(self.problems) > len(shown):
            shown.append(f"… and {len(self.problems) - len(shown)} more")
        super().__init__("\n".join(shown))


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotated entity of an example: `text[start:end]` is an `entity` of that value."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """One thing people say, and what they want by it."""

    text: str
    intent: str
    annotations: tuple[Annotation, ...] = ()
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Everything a model learns from. `out_of_scope` only ever serves to refuse what is like it."""

    examples: tuple[Example, ...] = ()
    out_of_scope: tuple[str, ...] = ()
    synonyms: dict[str, str] = field(default_factory=dict[str, str])  # how people say it → how we say it
    lookups: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    regexes: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def intents(self) -> tuple[str, ...]:
        """Every intent, sorted."""
        return tuple(sorted({example.intent for example in self.examples}))

    @property
    def counts(self) -> dict[str, int]:
        """How many examples each intent has."""
        counts = dict.fromkeys(self.intents, 0)
        for example in self.examples:
            counts[example.intent] += 1
        return counts

    def taught(self, labelled: Iterable[Example]) -> "TrainingData":
        """With what staff labelled. Their word counts where a text is an example of something else.

        What has an intent that is none of ours is left out: see `labelled.without_a_flow`.
        """
        known = {*self.intents, OUT_OF_SCOPE}
        told = {text_key(example.text): example for example in labelled if example.intent in known}
        kept = [example for example in self.examples if text_key(example.text) not in told]
        alien = [text for text in self.out_of_scope if text_key(text) not in told]
        for example in told.values():
            if example.intent == OUT_OF_SCOPE:
                alien.append(example.text)
            else:
                kept.append(example)
        return replace(self, examples=tuple(kept), out_of_scope=tuple(alien))

    def digest(self) -> str:
        """SHA-256 of what the intent model learns from; the order of files and examples does not matter."""
        lines = sorted(f"{example.intent}\t{example.text}" for example in self.examples)
        content = json.dumps([lines, sorted(self.out_of_scope)], ensure_ascii=False)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def text_key(text: str) -> str:
    """What examples are told apart by: two of the same key are one and the same text."""
    return clean(text).casefold()


def shipped(language: str) -> Path:
    """The folder of the training data that comes with Parley; a shop adds its own files to it."""
    return Path(__file__).parent / "data" / language


@dataclass(slots=True)
class _Collected:
    examples: list[Example] = field(default_factory=list[Example])
    out_of_scope: list[str] = field(default_factory=list[str])
    synonyms: dict[str, str] = field(default_factory=dict[str, str])
    lookups: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    regexes: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    problems: list[Problem] = field(default_factory=list[Problem])

    def data(self) -> TrainingData:
        return TrainingData(
            tuple(self.examples), tuple(self.out_of_scope), self.synonyms, self.lookups, self.regexes
        )


def load(paths: Path | Iterable[Path], *, out_of_scope: str = OUT_OF_SCOPE) -> TrainingData:
    """Read files and folders (every .yml, .yaml and .csv in them). Raises TrainingDataError with all mistakes."""
    data, problems = read(paths, out_of_scope=out_of_scope)
    if problems:
        raise TrainingDataError(problems)
    return data


def read(
    paths: Path | Iterable[Path], *, out_of_scope: str = OUT_OF_SCOPE
) -> tuple[TrainingData, list[Problem]]:
    """As `load`, but hand back what could be read together with what could not."""
    collected = _Collected()
    roots = [paths] if isinstance(paths, Path) else list(paths)
    for file in _files(roots, collected.problems):
        try:
            content = _decode(file.read_bytes())
        except (OSError, UnicodeError) as error:
            collected.problems.append(Problem(str(file), 1, f"cannot be read: {error}"))
            continue
        if file.suffix == ".csv":
            _read_csv(content, str(file), out_of_scope, collected)
        else:
            _read_yaml(content, str(file), out_of_scope, collected)
    _refuse_duplicates(collected)
    if not collected.examples and not collected.problems:
        where = ", ".join(str(root) for root in roots)
        collected.problems.append(Problem(where or "nothing", 1, "no training examples found"))
    return collected.data(), collected.problems


def _files(roots: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    for root in roots:
        if root.is_dir():
            yield from sorted(file for file in root.rglob("*") if file.suffix in {".yml", ".yaml", ".csv"})
        elif root.exists():
            yield root
        else:
            problems.append(Problem(str(root), 1, "there is no such file or folder"))


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(content).best()
        if best is None:
            raise
        return str(best)


# --- CSV --------------------------------------------------------------------------------------------------


def _read_csv(content: str, file: str, out_of_scope: str, collected: _Collected) -> None:
    rows = csv.DictReader(io.StringIO(content, newline=""), delimiter=_delimiter(content), strict=True)
    try:
        header = [name.strip().lower() for name in rows.fieldnames or ()]
        columns = next((pair for pair in CSV_COLUMNS if set(pair) <= set(header)), None)
        if columns is None:
            wanted = " or ".join(",".join(pair) for pair in CSV_COLUMNS[:3])
            collected.problems.append(
                Problem(file, 1, f"the first line must name the columns {wanted}; found {','.join(header)}")
            )
            return
        rows.fieldnames = header
        for row in rows:
            _take_row(row, columns, file, rows.line_num, out_of_scope, collected)
    except csv.Error as error:
        collected.problems.append(Problem(file, rows.line_num, f"broken CSV: {error}"))


def _delimiter(content: str) -> str:
    header = content.split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _take_row(  # noqa: PLR0917 - a row and where it came from
    row: dict[str, str | None],
    columns: tuple[str, str],
    file: str,
    line: int,
    out_of_scope: str,
    collected: _Collected,
) -> None:
    text, intent = ((row.get(column) or "").strip() for column in columns)
    if not intent:
        collected.problems.append(Problem(file, line, f"no {columns[1]} for {text[:40]!r}"))
    elif intent == out_of_scope:
        collected.out_of_scope.append(text)
    elif clean(text):
        collected.examples.append(Example(text, intent, file=file, line=line))
    else:
        collected.problems.append(Problem(file, line, f"no text for {intent!r}"))


# --- YAML -------------------------------------------------------------------------------------------------


def _read_yaml(content: str, file: str, out_of_scope: str, collected: _Collected) -> None:
    try:
        parser: Any = YAML(typ="rt")
        document: Any = parser.load(content)
    except MarkedYAMLError as error:
        line, message = explain_yaml(error)
        collected.problems.append(Problem(file, line or 1, f"broken YAML: {message}"))
        return
    except YAMLError as error:
        collected.problems.append(Problem(file, 1, f"broken YAML: {error}"))
        return
    if not _is_map(document) or not _is_list(document.get("nlu")):
        collected.problems.append(Problem(file, 1, 'must hold version: "3.1" and a list under nlu:'))
        return
    if str(document.get("version", "")).split(".")[0] != "3":
        collected.problems.append(Problem(file, 1, 'begins with version: "3.1"'))
    reader = _NluReader(file, out_of_scope, collected)
    for index, entry in enumerate(document["nlu"]):
        reader.entry(entry, int(document["nlu"].lc.item(index)[0]) + 1)


def _is_map(value: Any) -> bool:
    """Whether it is a YAML mapping; a function, because the library's own types say nothing."""
    return isinstance(value, CommentedMap)


def _is_list(value: Any) -> bool:
    return isinstance(value, CommentedSeq)


class _NluReader:
    """Reads the entries of one file's `nlu:` list into what was collected so far."""

    def __init__(self, file: str, out_of_scope: str, collected: _Collected) -> None:
        self._file = file
        self._out_of_scope = out_of_scope
        self._collected = collected

    def entry(self, entry: Any, line: int) -> None:
        kind = next((kind for kind in KINDS if _is_map(entry) and kind in entry), None)
        if kind is None:
            self._problem(line, f"an entry of nlu: is one of {', '.join(KINDS)}, with examples")
            return
        unknown = sorted(str(key) for key in entry if key not in {kind, "examples", "metadata"})
        if unknown:
            self._problem(line, f"unknown key {unknown[0]!r} beside {kind}")
        name = str(entry[kind] or "").strip()
        lines = list(self._lines(entry, line))
        if not name:
            self._problem(line, f"{kind} has no name")
        elif not lines:
            self._problem(line, f"{kind} {name!r} has no examples")
        else:
            getattr(self, f"_take_{kind}")(name, lines)

    def _lines(self, entry: Any, line: int) -> Iterator[tuple[int, str]]:
        """The examples with their lines: a literal block of "- …" lines, or a list of texts."""
        examples: Any = entry.get("examples")
        if _is_list(examples):
            for index, item in enumerate(examples):
                text: Any = item.get("text") if _is_map(item) else item
                yield int(examples.lc.item(index)[0]) + 1, str(text or "").strip().removeprefix("- ")
        elif isinstance(examples, str):
            first = int(entry.lc.value("examples")[0]) + 2  # the block begins under its key
            for number, raw in enumerate(examples.split("\n"), start=first):
                stripped = raw.strip()
                if stripped.startswith("- ") and stripped != "-":
                    yield number, stripped[2:].strip()
                elif stripped and not stripped.startswith("#"):
                    self._problem(number, f'an example begins with "- ": {stripped[:40]!r}')
        elif examples is not None:
            self._problem(line, "examples: is a block of lines that begin with - (examples: |)")

    def _take_intent(self, intent: str, lines: list[tuple[int, str]]) -> None:
        for number, raw in lines:
            try:
                text, annotations = annotated(raw)
            except ValueError as error:
                self._problem(number, str(error))
                continue
            if not clean(text):
                self._problem(number, f"an example of {intent!r} is empty")
            elif intent == self._out_of_scope:
                self._collected.out_of_scope.append(text)
            else:
                example = Example(text, intent, annotations, file=self._file, line=number)
                self._collected.examples.append(example)

    def _take_synonym(self, value: str, lines: list[tuple[int, str]]) -> None:
        for number, text in lines:
            known = self._collected.synonyms.setdefault(text.casefold(), value)
            if known != value:
                self._problem(number, f"{text!r} is a synonym of {known!r} already, not of {value!r}")

    def _take_lookup(self, name: str, lines: list[tuple[int, str]]) -> None:
        before = self._collected.lookups.get(name, ())
        self._collected.lookups[name] = (*before, *(text for _, text in lines))

    def _take_regex(self, name: str, lines: list[tuple[int, str]]) -> None:
        for number, pattern in lines:
            try:
                re.compile(pattern)
            except re.error as error:
                self._problem(number, f"broken regular expression {pattern!r}: {error}")
            else:
                before = self._collected.regexes.get(name, ())
                self._collected.regexes[name] = (*before, pattern)

    def _problem(self, line: int, message: str) -> None:
        self._collected.problems.append(Problem(self._file, line, message))


def annotated(raw: str) -> tuple[str, tuple[Annotation, ...]]:
    """Take Rasa's annotations out of an example: `[noir](color:black)`, `[noir]{"entity": "color"}`.

    Returns the plain text and where the entities are in it. Raises ValueError for a broken annotation.
    """
    plain = ""
    annotations: list[Annotation] = []
    position = 0
    for match in _ANNOTATION.finditer(raw):
        plain += raw[position : match.start()]
        words, short, details = match.groups()
        entity, value = _short(short, words) if short is not None else _detailed(details, words)
        annotations.append(Annotation(entity, value, len(plain), len(plain) + len(words)))
        plain += words
        position = match.end()
    plain += raw[position:]
    if _LEFTOVER.search(plain):
        raise ValueError(f"broken annotation in {raw!r}: write [words](entity)")
    return plain.strip(), tuple(annotations)


def _short(written: str, words: str) -> tuple[str, str]:
    entity, _, value = written.partition(":")
    if not entity.strip():
        raise ValueError(f"[{words}]({written}) names no entity")
    return entity.strip(), value.strip() or words


def _detailed(written: str, words: str) -> tuple[str, str]:
    try:
        details: Any = json.loads(written)
    except ValueError as error:
        raise ValueError(f"[{words}]{written} is not JSON: {error}") from error
    if not isinstance(details.get("entity"), str) or not details["entity"]:
        raise ValueError(f'[{words}]{written} names no entity: {{"entity": "color"}}')
    return str(details["entity"]), str(details.get("value", words))


def _refuse_duplicates(collected: _Collected) -> None:
    """One text teaches one intent; the same text twice in one intent is kept once."""
    first: dict[str, Example] = {}
    kept: list[Example] = []
    for example in collected.examples:
        key = text_key(example.text)
        known = first.setdefault(key, example)
        if known is example or example.file.endswith(".csv"):
            kept.append(example)
        elif known.intent != example.intent:
            where = f"{known.file}:{known.line}"
            message = f"{example.text!r} is an example of {example.intent!r} here and of {known.intent!r} in {where}: take one away"
            collected.problems.append(Problem(example.file, example.line, message))
    collected.examples[:] = kept
