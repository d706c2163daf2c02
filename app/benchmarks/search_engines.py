"""What Parley's search is measured beside: each engine as its makers present it, fields weighted as Parley weights them.

They are tools of development. A name weighs 5, maker and labels 3, text 1; bm25s knows no fields, so there words repeat.
"""

import importlib.util
import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

WANTED: Final = 10
WORD: Final = re.compile(r"[^\W_]+")
TITLE, LABELS, TEXT = 5, 3, 1

Ask = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """A product in words; its place in the list is its number."""

    key: str
    title: str
    labels: str  # maker, category and tags
    text: str  # description, facts and options


class SearchEngine(Protocol):
    """Builds an index in a folder, and opens it again in another process."""

    @property
    def name(self) -> str: ...

    @property
    def package(self) -> str | None:
        """What has to be installed for it; None: comes with Python."""
        ...

    def build(self, folder: Path, documents: Sequence[SearchDocument]) -> None: ...

    def open(self, folder: Path) -> Ask: ...


class Fts5Alone:
    """SQLite's FTS5: any of the words, bm25."""

    name = "SQLite FTS5 alone"
    package = None

    def build(self, folder: Path, documents: Sequence[SearchDocument]) -> None:
        with closing(sqlite3.connect(folder / "fts5.db")) as connection, connection:
            connection.execute(
                "CREATE VIRTUAL TABLE product USING fts5 (title, labels, text, tokenize = 'porter unicode61 remove_diacritics 2')"
            )
            rows = ((place, d.title, d.labels, d.text) for place, d in enumerate(documents))
            connection.executemany(
                "INSERT INTO product (rowid, title, labels, text) VALUES (?, ?, ?, ?)", rows
            )

    def open(self, folder: Path) -> Ask:
        connection = sqlite3.connect(folder / "fts5.db")
        statement = "SELECT rowid FROM product WHERE product MATCH ? ORDER BY bm25(product, ?, ?, ?) LIMIT ?"
        rest = (TITLE, LABELS, TEXT, WANTED)

        def ask(text: str) -> list[int]:
            words = " OR ".join(f'"{word}"' for word in WORD.findall(text))
            return [row[0] for row in connection.execute(statement, (words, *rest))] if words else []

        return ask


class Bm25s:
    """bm25s: a sparse matrix of scores, with its own stop words and no stemmer."""

    name = "bm25s"
    package = "bm25s"

    def build(self, folder: Path, documents: Sequence[SearchDocument]) -> None:
        bm25s: Any = __import__("bm25s")
        texts = [" ".join([d.title] * TITLE + [d.labels] * LABELS + [d.text] * TEXT) for d in documents]
        retriever = bm25s.BM25()
        retriever.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)
        retriever.save(folder / "bm25s")

    def open(self, folder: Path) -> Ask:
        bm25s: Any = __import__("bm25s")
        retriever = bm25s.BM25.load(folder / "bm25s")
        wanted = min(WANTED, int(retriever.scores["num_docs"]))  # it refuses to be asked for more

        def ask(text: str) -> list[int]:
            tokens = bm25s.tokenize([text], show_progress=False, return_ids=False)
            if not tokens[0]:
                return []
            found, _ = retriever.retrieve(tokens, k=wanted, show_progress=False)
            return [int(place) for place in found[0]]

        return ask


class Tantivy:
    """tantivy: a search library in Rust; any of the words, with its English stemmer."""

    name = "tantivy"
    package = "tantivy"

    def build(self, folder: Path, documents: Sequence[SearchDocument]) -> None:
        tantivy: Any = __import__("tantivy")
        schema = tantivy.SchemaBuilder().add_unsigned_field("place", stored=True)
        for field in ("title", "labels", "text"):
            schema.add_text_field(field, tokenizer_name="en_stem")
        (folder / "tantivy").mkdir()
        writer = tantivy.Index(schema.build(), path=str(folder / "tantivy")).writer(num_threads=1)
        for place, document in enumerate(documents):
            fields = {"title": document.title, "labels": document.labels, "text": document.text}
            writer.add_document(tantivy.Document(place=place, **fields))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path) -> Ask:
        tantivy: Any = __import__("tantivy")
        index = tantivy.Index.open(str(folder / "tantivy"))
        searcher = index.searcher()
        weights = {"title": float(TITLE), "labels": float(LABELS), "text": float(TEXT)}

        def ask(text: str) -> list[int]:
            words = " ".join(WORD.findall(text))
            query = index.parse_query(words.lower(), list(weights), field_boosts=weights)
            found = searcher.search(query, WANTED).hits
            return [searcher.doc(address)["place"][0] for _, address in found]

        return ask


ENGINES: Final[tuple[SearchEngine, ...]] = (Fts5Alone(), Bm25s(), Tantivy())


def engine_named(name: str) -> SearchEngine:
    return next(engine for engine in ENGINES if engine.name == name)


def installed_engines() -> list[SearchEngine]:
    """Those that can be measured here."""
    return [engine for engine in ENGINES if not engine.package or importlib.util.find_spec(engine.package)]


def missing_packages() -> list[str]:
    """What has to be installed before all engines can be measured."""
    there = installed_engines()
    return [engine.package for engine in ENGINES if engine.package and engine not in there]


def write_documents(path: Path, documents: Sequence[SearchDocument]) -> None:
    """One JSON array a line."""
    lines = (json.dumps([d.key, d.title, d.labels, d.text]) for d in documents)
    path.write_text("\n".join(lines), "utf-8")


def read_documents(path: Path) -> list[SearchDocument]:
    return [SearchDocument(*json.loads(line)) for line in path.read_text("utf-8").split("\n") if line]
