"""A process of its own that builds one search engine's index, or asks it known items, and says what that took.

Nothing that another engine loaded is in its memory. `app/benchmarks/finding.py` starts it; what to do comes as one JSON object
on standard input, and figures leave as one.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.benchmarks.catalogue import made_products, write
from app.benchmarks.limited_queries import limited_queries, meets, sold
from app.benchmarks.memory import resident_megabytes
from app.benchmarks.search_engines import (
    WANTED,
    Ask,
    SearchDocument,
    engine_named,
    read_documents,
    write_documents,
)
from knowledge_base.embedding import Embedder
from knowledge_base.indexing import refresh_product_vectors
from knowledge_base.query import Hit, ProductQuery
from knowledge_base.search import ProductSearch
from shop.catalogue.importing import import_products
from shop.catalogue.model import Product, Variant
from storage.engine import Database
from storage.migrate import upgrade

CURRENCY: Final = "USD"
WARM_UP: Final = 20  # queries before the clock starts
CHANGES: Final = 20


def main() -> None:
    """Do what standard input says."""
    wanted: dict[str, Any] = json.load(sys.stdin)
    tasks: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "write": _write,
        "vectors": _vectors,
        "build": _build,
        "ask": _ask,
        "limits": _limits,
        "change": _change,
    }
    sys.stdout.write(json.dumps(tasks[wanted["task"]](wanted)))


def _write(wanted: dict[str, Any]) -> dict[str, Any]:
    """A catalogue into the database, which indexes its words; what is on sale, for the other engines, into a file."""
    database, at = Database.open(wanted["url"]), datetime.now(UTC)
    upgrade(database)
    began = time.perf_counter()
    for file in wanted["files"]:
        import_products(database, Path(file), currency=CURRENCY, at=at)
    if not wanted["files"]:
        write(database, made_products(wanted["products"]), currency=CURRENCY, at=at)
    seconds = time.perf_counter() - began
    write_documents(Path(wanted["documents"]), database.read(_on_sale))
    database.close()
    return {"seconds": seconds}


def _on_sale(session: Session) -> list[SearchDocument]:
    sold = exists().where(Variant.product_id == Product.id, Variant.published)
    products = session.scalars(select(Product).where(Product.published, sold).order_by(Product.id))
    return [
        SearchDocument(
            key=product.id.hex,
            title=product.title,
            labels=" ".join((product.vendor, product.category, *product.tags)),
            text=" ".join((product.description, *map(str, product.attributes.values()))),
        )
        for product in products
    ]


def _vectors(wanted: dict[str, Any]) -> dict[str, Any]:
    """Every product's embedding into the database."""
    database, embedder = Database.open(wanted["url"]), _embedder(wanted)
    assert embedder is not None
    began = time.perf_counter()
    refresh_product_vectors(database, embedder)
    seconds = time.perf_counter() - began
    database.close()
    return {"seconds": seconds}


def _build(wanted: dict[str, Any]) -> dict[str, Any]:
    """Another engine's index."""
    documents = read_documents(Path(wanted["documents"]))
    began = time.perf_counter()
    engine_named(wanted["engine"]).build(Path(wanted["folder"]), documents)
    return {"seconds": time.perf_counter() - began}


def _ask(wanted: dict[str, Any]) -> dict[str, Any]:
    """Every query once, on an index that was built before."""
    began = time.perf_counter()
    ask = _parley(wanted) if wanted["engine"] == "Parley" else _other(wanted)
    ask("anything at all")  # an engine may read what it needs only now
    ready = time.perf_counter() - began
    for text in wanted["texts"][:WARM_UP]:
        ask(text)
    answers: list[list[int]] = []
    milliseconds: list[float] = []
    processor = time.process_time()
    for text in wanted["texts"]:
        at = time.perf_counter()
        answers.append(ask(text))
        milliseconds.append(1000 * (time.perf_counter() - at))
    return {
        "cpu_ms": 1000 * (time.process_time() - processor) / len(answers),
        "answers": answers,
        "milliseconds": milliseconds,
        "ready_seconds": ready,
        "megabytes": resident_megabytes(),
    }


def _other(wanted: dict[str, Any]) -> Ask:
    return engine_named(wanted["engine"]).open(Path(wanted["folder"]))


def _parley(wanted: dict[str, Any]) -> Ask:
    database = Database.open(wanted["url"])
    search = ProductSearch(embedder=_embedder(wanted))
    places = {UUID(d.key): place for place, d in enumerate(read_documents(Path(wanted["documents"])))}

    def ask(text: str) -> list[int]:
        query = ProductQuery(text, limit=WANTED)
        found = database.read(lambda session: search.find(session, query))
        return [places[hit.product_id] for hit in found.hits]

    return ask


def _limits(wanted: dict[str, Any]) -> dict[str, Any]:
    """Every query within limits once; in how many all that is found first is within them, none of them let go."""
    database = Database.open(wanted["url"])
    search = ProductSearch(embedder=_embedder(wanted))
    queries = limited_queries(database.read(sold), wanted["count"])
    for query in queries[:WARM_UP]:
        database.read(lambda session, query=query: search.find(session, query))
    milliseconds: list[float] = []
    met = 0
    for query in queries:
        at = time.perf_counter()
        found = database.read(lambda session, query=query: search.find(session, query))
        milliseconds.append(1000 * (time.perf_counter() - at))
        met += bool(found.hits) and not found.relaxed and database.read(_all_meet(query, found.hits))
    database.close()
    return {"milliseconds": milliseconds, "met": met}


def _all_meet(query: ProductQuery, hits: Sequence[Hit]) -> Callable[[Session], bool]:
    return lambda session: all(meets(session, query, hit) for hit in hits)


def _change(wanted: dict[str, Any]) -> dict[str, Any]:
    """From the commit that renames a product until it is found by its new name, each time by a search that is kept."""
    database = Database.open(wanted["url"])
    search = ProductSearch(embedder=_embedder(wanted))
    database.read(lambda session: search.find(session, ProductQuery("anything at all")))
    keys = [UUID(document.key) for document in read_documents(Path(wanted["documents"]))[:CHANGES]]
    milliseconds: list[float] = []
    for number, key in enumerate(keys):
        name = f"qzv{'abcdefghijklmnopqrstuvwxyz'[number]}wort"
        began = time.perf_counter()
        database.write_now(
            lambda session, key=key, name=name: setattr(session.get_one(Product, key), "title", name)
        )
        found = database.read(lambda session, name=name: search.find(session, ProductQuery(name)))
        assert [hit.product_id for hit in found.hits][:1] == [key], f"{name} is not found"
        milliseconds.append(1000 * (time.perf_counter() - began))
    database.close()
    return {"milliseconds": milliseconds}


def _embedder(wanted: dict[str, Any]) -> Embedder | None:
    """What the config names for English; loaded only where it is used, so that other engines' memory is their own."""
    if not wanted["config"]:
        return None
    from app.settings import read_settings  # noqa: PLC0415
    from nlu.embedding import MiniLmEmbedder  # noqa: PLC0415
    from nlu.multilingual import installed_embedder  # noqa: PLC0415

    named = read_settings(Path(wanted["config"])).understanding_of("en").embedding
    if named is None:
        return None
    return MiniLmEmbedder(named.model) if named.model else installed_embedder("en")


if __name__ == "__main__":
    main()
