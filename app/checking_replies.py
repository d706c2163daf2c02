"""What sentences may speak of: the shop, the slots, and the facts that our code hands to them."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from jinja2 import meta, nodes
from rapidfuzz import fuzz, process

from app.settings import ROOT
from bot.dialogue.replies import Replies
from bot.dialogue.slots import Slot
from shop.profile import ShopProfile
from storage import yaml_files
from storage.yaml_files import Mistake

ALWAYS: Final = frozenset({"shop", "slots", "name", "noted"})
"""What every sentence may speak of (see Dialogue)."""

TELLING_ROOMS: Final = ("bot", "shop", "payments", "console")
"""Where facts for sentences are made."""


def check_placeholders(replies: Replies, slots: Mapping[str, Slot]) -> list[Mistake]:
    """Names that nobody would fill in: saying the sentence would fail."""
    return [
        replies.mistake(language, reply, text)
        for language in replies.languages
        for reply in replies.texts(language)
        for text in dict.fromkeys(_unknown(replies.parsed(language, reply), slots))
    ]


def _unknown(templates: Iterable[nodes.Template], slots: Mapping[str, Slot]) -> Iterator[str]:
    known = ALWAYS | told_facts()
    parts = {"shop": {*ShopProfile.model_fields, *_properties(ShopProfile)}, "slots": set(slots)}
    for template in templates:
        for name in sorted(meta.find_undeclared_variables(template) - known):
            yield f"nothing fills in {{{{ {name} }}}}{_nearest(name, known)}"
        for whole, part in _attributes(template):
            if whole in parts and part not in parts[whole]:
                yield f"there is no {whole}.{part}{yaml_files.nearest(part, parts[whole])}"


def _nearest(name: str, known: Iterable[str]) -> str:
    """What is probably meant; all that is known would be too much to read."""
    best = process.extractOne(name, sorted(known), scorer=fuzz.ratio, score_cutoff=60)
    return f" — did you mean {best[0]!r}?" if best else ": have an action tell it, or take it out"


def _attributes(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    for node in cast("Iterator[Any]", tree.find_all(nodes.Getattr)):
        if isinstance(node.node, nodes.Name):
            yield node.node.name, node.attr


def _properties(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


@cache
def told_facts() -> frozenset[str]:
    """Every name under which our code may hand a fact to a sentence, read from the code itself.

    These are the keys of dictionaries and the keywords of calls, in the rooms that tell facts: more than are ever
    handed over, and none that is handed over is missing.
    """
    files = (path for room in TELLING_ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return frozenset(name for path in files for name in _names_in(path))


def _names_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Dict(keys=keys):
                yield from (
                    key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
                )
            case ast.Call(keywords=keywords):
                yield from (keyword.arg for keyword in keywords if keyword.arg)
            case ast.Subscript(slice=ast.Constant(value=str(name)), ctx=ast.Store()):
                yield name
            case _:
                pass
