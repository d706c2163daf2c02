"""The commands about products: bringing them in, and finding them."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from app.opening import Shop, opened
from app.report import PROBLEMS_SHOWN_MAX, Answer, Failure, bar
from app.wiring import embedder_for
from knowledge_base import indexing
from knowledge_base.means import Means
from knowledge_base.query import ProductQuery, why_found
from knowledge_base.service import KnowledgeBase
from shop.catalogue import importing, queries
from shop.catalogue.sheet import UnreadableFile

SEARCH_HITS = 10


def import_products(home: Path, config: Path, file: Path, *, quiet: bool) -> Answer:
    """Products from a CSV into the catalogue, and their vectors."""
    with opened(home, config) as shop, bar(f"Reading {file.name}", quiet=quiet) as tell:
        try:
            report = importing.import_products(
                shop.database,
                file,
                currency=shop.settings.shop.currency,
                media=shop.home.media,
                at=datetime.now(UTC),
                progress=tell,
            )
        except UnreadableFile as error:
            raise Failure(str(error)) from error
        _embed_products(shop, quiet=quiet)
    problems = [asdict(problem) for problem in report.problems]
    text = f"{report.added} products added, {report.changed} changed, {report.unchanged} as they were."
    if problems:
        text += f" {len(problems)} rows could not be taken:"
    facts = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "problems": problems,
    }
    return Answer(facts, text, rows=problems[:PROBLEMS_SHOWN_MAX], fine=not problems)


def _embed_products(shop: Shop, *, quiet: bool) -> None:
    embedder = embedder_for(shop.settings)
    if embedder is None:
        return
    with bar("Reading what they mean", quiet=quiet) as tell:
        indexing.refresh_product_vectors(
            shop.database, embedder, progress=lambda done, all_: tell(done / max(1, all_))
        )


def search(home: Path, config: Path, text: str) -> Answer:
    """Products that fit the words."""
    with opened(home, config) as shop:
        knowledge = KnowledgeBase(means=Means(embedder_for(shop.settings)))
        started = time.perf_counter()
        result = shop.database.read(
            lambda session: knowledge.search(
                session, ProductQuery(text=text, limit=SEARCH_HITS), language=shop.settings.language
            )
        )
        milliseconds = 1000 * (time.perf_counter() - started)
        found = shop.database.read(
            lambda session: queries.by_ids(session, [hit.product_id for hit in result.hits])
        )
    titles = {product.id: product for product in found}
    rows = [
        {
            "handle": titles[hit.product_id].handle,
            "title": titles[hit.product_id].title,
            "price": next(
                v.price.format(shop.settings.shop.locale)
                for v in titles[hit.product_id].variants
                if v.id == hit.variant_id
            ),
            "score": round(hit.score, 3),
            "reasons": ", ".join(
                f"{reason.kind.value}: {reason.text}".removesuffix(": ")
                for reason in why_found(hit, titles[hit.product_id], result, language=shop.settings.language)
            ),
        }
        for hit in result.hits
    ]
    facts = {
        "hits": rows,
        "total": result.total,
        "corrected": dict(result.corrected),
        "relaxed": [limit.value for limit in result.relaxed],
        "milliseconds": round(milliseconds, 2),
    }
    return Answer(facts, f"{result.total} found in {milliseconds:.0f} ms.", rows=rows)
