"""Makes bot_api.json from the Bot API description in aiogram's source archive.

    pip download --no-deps --no-binary aiogram aiogram==3.31.0 && tar xf aiogram-3.31.0.tar.gz
    python -m sandbox.telegram.schema_from_aiogram aiogram-3.31.0/.butcher/schema/schema.json

Only names, types and "required" are kept. aiogram is MIT-licensed, (c) 2017-present Alex Root Junior.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("bot_api.json")
LICENCE = "Derived from the schema in aiogram's source archive (MIT, (c) 2017-present Alex Root Junior)."


def compact(schema: dict[str, Any]) -> dict[str, Any]:
    """Methods, types and unions as name → field → [type, required]."""
    entries = [entry for section in schema["items"] for entry in section["children"]]
    types = [entry for entry in entries if entry["category"] == "types"]
    return {
        "licence": LICENCE,
        "version": schema["api"]["version"],
        "methods": {e["name"]: fields(e) for e in entries if e["category"] == "methods"},
        "types": {e["name"]: fields(e) for e in types if not members(e)},
        "unions": {e["name"]: members(e) for e in types if members(e)},
    }


def fields(entry: dict[str, Any]) -> dict[str, list[Any]]:
    return {field["name"]: [field["type"], bool(field["required"])] for field in entry["annotations"]}


def members(entry: dict[str, Any]) -> list[str]:
    """What a type without fields of its own may be: its description lists them line by line."""
    if entry["annotations"]:
        return []
    return re.findall(r"^ - (\w+)$", entry["description"], re.MULTILINE)


def main(source: str) -> None:
    schema = json.loads(Path(source).read_text(encoding="utf-8"))
    lines = json.dumps(compact(schema), ensure_ascii=False, indent=1, sort_keys=True)
    # One line a field keeps the file readable in a diff.
    TARGET.write_text(
        re.sub(r"\[\s+(\"[^\"]+\"),\s+(true|false)\s+\]", r"[\1, \2]", lines) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
