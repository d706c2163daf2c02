"""The training data as a project of Rasa 3 (format 3.1), which `rasa train` trains as it is.

The formats: https://rasa.com/docs/rasa/training-data-format, …/domain, …/model-configuration. The pipeline is the one that Rasa
suggests for a language whose words are parted by spaces, without what only answers with fixed texts.
"""

import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from nlu.training_data import OUT_OF_SCOPE, Example, TrainingData

VERSION: Final = "3.1"
EPOCHS: Final = 100
FALLBACK_THRESHOLD: Final = 0.3
AMBIGUITY_THRESHOLD: Final = 0.1

README: Final = """# What Parley's customers say, for Rasa 3.6

Written by `parley nlu export --rasa`: {intents} intents, {examples} examples, language `{language}`. In this folder:

    rasa train
    rasa run --enable-api --interface 127.0.0.1 --port 5005 --model models
    curl http://127.0.0.1:5005/model/parse --json '{{"text": "where is my order?"}}'

Then, in Parley's config.yml:

    nlu: {{engine: rasa, url: "http://127.0.0.1:5005"}}

`parley check` says whether the server answers and knows every intent that the flows use. Started with
`--auth-token TOKEN`, it is asked with the token that the environment variable PARLEY_RASA_TOKEN holds.
Beyond this machine, put it behind HTTPS: what customers write goes there.
"""


class FolderInUse(Exception):  # noqa: N818 - what it is
    """The folder holds something already."""


def files(data: TrainingData, *, language: str, epochs: int = EPOCHS) -> dict[str, str]:
    """The project's files, by their path in its folder."""
    entities = _entities(data)
    intents = [*data.intents, *([OUT_OF_SCOPE] if data.out_of_scope else [])]
    examples = len(data.examples) + len(data.out_of_scope)
    return {
        "config.yml": _yaml(_config(language, epochs, reads_words=bool(data.lookups or data.regexes))),
        "domain.yml": _yaml({"version": VERSION, "intents": intents, "entities": entities}),
        "data/nlu.yml": _yaml({"version": VERSION, "nlu": list(_nlu(data))}),
        "endpoints.yml": "# No action server and no tracker store: Parley asks for /model/parse alone.\n",
        "README.md": README.format(intents=len(intents), examples=examples, language=language),
    }


def write(folder: Path, project: Mapping[str, str], *, force: bool = False) -> list[Path]:
    """Write the files; where they are now. Raises FolderInUse, and OSError.

    With `force` files of these names are written anew; others, such as trained models, stay.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not force:
        raise FolderInUse(f"{folder} is not empty: choose another folder, or write over it with --force")
    written: list[Path] = []
    for name, text in project.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        written.append(path)
    return written


def _config(language: str, epochs: int, *, reads_words: bool) -> dict[str, Any]:
    by_words: list[dict[str, Any]] = [{"name": "RegexEntityExtractor"}] if reads_words else []
    return {
        "recipe": "default.v1",
        "assistant_id": "parley",
        "language": language,
        "pipeline": [
            {"name": "WhitespaceTokenizer"},
            {"name": "RegexFeaturizer"},
            {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
            {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True},
            *by_words,
            {"name": "EntitySynonymMapper"},
            {
                "name": "FallbackClassifier",
                "threshold": FALLBACK_THRESHOLD,
                "ambiguity_threshold": AMBIGUITY_THRESHOLD,
            },
        ],
    }


def _entities(data: TrainingData) -> list[str]:
    annotated = {each.entity for example in data.examples for each in example.annotations}
    return sorted(annotated | set(data.lookups) | set(data.regexes))


def _nlu(data: TrainingData) -> Iterable[dict[str, Any]]:
    by_intent: dict[str, list[str]] = defaultdict(list)
    for example in data.examples:
        by_intent[example.intent].append(_annotated(example))
    if data.out_of_scope:
        by_intent[OUT_OF_SCOPE] = list(data.out_of_scope)
    by_value: dict[str, list[str]] = defaultdict(list)
    for said, value in data.synonyms.items():
        by_value[value].append(said)
    sections: tuple[tuple[str, Mapping[str, Iterable[str]]], ...] = (
        ("intent", by_intent),
        ("synonym", by_value),
        ("lookup", data.lookups),
        ("regex", data.regexes),
    )
    for kind, named in sections:
        for name in sorted(named):
            yield {kind: name, "examples": _block(named[name])}


def _annotated(example: Example) -> str:
    """The example with its entities as Rasa marks them: `[noir]{"entity": "color", "value": "black"}`."""
    text = example.text
    for each in sorted(example.annotations, key=lambda annotation: -annotation.start):
        words = text[each.start : each.end]
        details = {"entity": each.entity} | ({"value": each.value} if each.value != words else {})
        mark = f"({each.entity})" if len(details) == 1 else json.dumps(details, ensure_ascii=False)
        text = f"{text[: each.start]}[{words}]{mark}{text[each.end :]}"
    return text


def _block(lines: Iterable[str]) -> LiteralScalarString:
    """One "- …" a line, as Rasa has it; what was written over two lines is one."""
    return LiteralScalarString("".join(f"- {' '.join(line.split())}\n" for line in lines))


def _yaml(content: dict[str, Any]) -> str:
    yaml, out = YAML(), io.StringIO()
    yaml.width = 10_000  # an example stays on its line
    yaml.allow_unicode = True
    yaml.dump(content, out)  # pyright: ignore[reportUnknownMemberType] - ruamel's own types are partial
    return out.getvalue()
