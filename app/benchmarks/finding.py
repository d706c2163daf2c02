"""How well and how fast products are found: known items, plain and mistyped, in real exports and in a made-up catalogue.

Parley and what it could be compared with get the same products and the same queries, each in a process of its own with one
thread for numbers. Recall is the share of queries that have the product, or one of the very same title, among the first ten.

How hard the made-up catalogue is, SQLite's FTS5 tells: of 43,000 products it finds 93 of 100 known items, as in the catalogue of 48,000 that
the search was designed on, and 37 with two typos, where it was 27 there: fewer words are here left after both typos hit.
Where three words fit more than ten products nobody can do better than chance, so 93 is nearly all that can be had.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.benchmarks.cost import ONE_THREAD, CannotMeasure
from app.benchmarks.known_items import KnownItem, known_items
from app.benchmarks.search_engines import installed_engines, read_documents
from app.scratch_databases import empty_database
from app.settings import ROOT

PARLEY: Final = "Parley"
FEW_PRODUCTS: Final = 3000
FEW_QUERIES: Final = 200

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one way of searching got on one catalogue. Recall is a share, 0 to 1."""

    catalogue: str
    products: int
    method: str
    queries: int
    recall_at_10: float
    recall_at_10_mistyped: float
    p50_ms: float
    p99_ms: float
    mistyped_p50_ms: float
    mistyped_p99_ms: float
    cpu_ms: float  # a query's mean time on the processor, whatever else the machine does
    build_seconds: float  # the catalogue into its full-text index; of Parley with the database it lives in
    ready_seconds: float  # from the files to the first answer
    megabytes: float  # of the process that answers, all that it has loaded included
    vectors_seconds: float | None = None
    limited_p50_ms: float | None = None  # a query with limits, which the other engines do not know
    limited_p99_ms: float | None = None
    limited_met: float | None = None  # the share of those whose first ten are all within the limits
    changed_product_ms: float | None = None  # from a product's change to finding it, the slowest of some


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is searched: files of a Shopify export, or so many made-up products."""

    name: str
    files: Sequence[Path] = ()
    products: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure."""

    catalogues: Sequence[Catalogue]
    queries: int
    config: Path | None  # whose embedding is used; None: words alone
    postgres: str | None = None  # "postgresql" or a server's URL: Parley is measured there too


def measure(plan: Plan, tell: Tell) -> Iterator[Finding]:
    """Every catalogue with every engine. Raises CannotMeasure."""
    for catalogue in plan.catalogues:
        with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
            yield from _measure(plan, catalogue, Path(folder), tell)


def _measure(plan: Plan, catalogue: Catalogue, folder: Path, tell: Tell) -> Iterator[Finding]:
    documents = folder / "documents.jsonl"
    place = _Place(catalogue, f"sqlite:///{folder}/parley.db", documents)
    yield from _parley(plan, place, PARLEY, tell)
    if plan.postgres is not None:
        with ExitStack() as stack:
            url = stack.enter_context(empty_database(plan.postgres))
            place = _Place(catalogue, url, folder / "postgresql.jsonl")
            # Meaning is compared in memory either way; to embed the catalogue once more would tell nothing.
            yield from _parley(replace(plan, config=None), place, f"{PARLEY}, PostgreSQL, words alone", tell)
    for engine in installed_engines():
        tell(f"{catalogue.name}: {engine.name}")
        task = {"engine": engine.name, "folder": str(folder), "documents": str(documents)}
        built = _probe(task | {"task": "build"})
        items = _items(plan, documents)
        yield _finding(catalogue, documents, engine.name, items, task, build_seconds=built["seconds"])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a catalogue is put for Parley."""

    catalogue: Catalogue
    url: str
    documents: Path


def _parley(plan: Plan, place: _Place, method: str, tell: Tell) -> Iterator[Finding]:
    """By words alone and, where there is an embedding, by meaning as well."""
    catalogue, documents = place.catalogue, str(place.documents)
    files = [str(file) for file in catalogue.files]
    task: dict[str, Any] = {"url": place.url, "documents": documents, "engine": PARLEY, "config": None}
    tell(f"{catalogue.name}: {method}, writing the catalogue")
    written = _probe(task | {"task": "write", "files": files, "products": catalogue.products})
    items = _items(plan, place.documents)
    vectors: float | None = None
    if plan.config is not None:
        tell(f"{catalogue.name}: {method}, words alone")
        built = written["seconds"]
        yield _finding(catalogue, place.documents, f"{method}, words alone", items, task, build_seconds=built)
        task["config"] = str(plan.config)
        tell(f"{catalogue.name}: {method}, embedding the catalogue")
        vectors = _probe(task | {"task": "vectors"})["seconds"]
    tell(f"{catalogue.name}: {method}")
    timed = {"build_seconds": written["seconds"], "vectors_seconds": vectors}
    found = _finding(catalogue, place.documents, method, items, task, **timed)
    found = _limited(found, _probe(task | {"task": "limits", "count": len(items)}))
    changed = _probe(task | {"task": "change"})["milliseconds"]  # last: it renames products
    yield replace(found, changed_product_ms=max(changed))


def _limited(found: Finding, got: dict[str, Any]) -> Finding:
    """With what queries with limits took; nothing of a catalogue that has no categories to ask for."""
    milliseconds = got["milliseconds"]
    if not milliseconds:
        return found
    return replace(
        found,
        limited_p50_ms=float(np.percentile(milliseconds, 50)),
        limited_p99_ms=float(np.percentile(milliseconds, 99)),
        limited_met=got["met"] / len(milliseconds),
    )


def _items(plan: Plan, documents: Path) -> list[KnownItem]:
    items = known_items([document.title for document in read_documents(documents)], plan.queries)
    if not items:
        raise CannotMeasure("No product has a title of three words or more: there is nothing to look for.")
    return items


def _finding(
    catalogue: Catalogue,
    documents: Path,
    method: str,
    items: Sequence[KnownItem],
    task: dict[str, Any],
    **timed: Any,
) -> Finding:
    texts = [item.words for item in items] + [item.mistyped for item in items]
    got = _probe(task | {"task": "ask", "texts": texts})
    found = [
        bool(item.wanted & {*answer}) for item, answer in zip([*items, *items], got["answers"], strict=True)
    ]
    plain, mistyped = got["milliseconds"][: len(items)], got["milliseconds"][len(items) :]
    return Finding(
        catalogue=catalogue.name,
        products=len(read_documents(documents)),
        method=method,
        queries=len(items),
        recall_at_10=float(np.mean(found[: len(items)])),
        recall_at_10_mistyped=float(np.mean(found[len(items) :])),
        p50_ms=float(np.percentile(plain, 50)),
        p99_ms=float(np.percentile(plain, 99)),
        mistyped_p50_ms=float(np.percentile(mistyped, 50)),
        mistyped_p99_ms=float(np.percentile(mistyped, 99)),
        cpu_ms=got["cpu_ms"],
        ready_seconds=got["ready_seconds"],
        megabytes=got["megabytes"],
        **timed,
    )


def _probe(wanted: dict[str, Any]) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    finished = subprocess.run(
        [sys.executable, "-m", "app.benchmarks.search_probe"],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment | ONE_THREAD | {"TOKENIZERS_PARALLELISM": "false"},
    )
    if finished.returncode:
        raise CannotMeasure(finished.stderr.strip() or f"the process ended with {finished.returncode}")
    figures: dict[str, Any] = json.loads(finished.stdout)
    return figures
