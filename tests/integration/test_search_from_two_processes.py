"""Two processes search while a third changes the catalogue: whatever is committed, the next search of each of them finds."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.benchmarks.catalogue import made_products, write
from shop.catalogue.model import Product, Variant
from storage.engine import Database

AT = datetime(2026, 11, 22, tzinfo=UTC)
MADE = 300
ROUNDS = 8


class Searcher:
    """A process that searches."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def find(self, words: str) -> list[str]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the searching process ended"
        return json.loads(answer)


@contextmanager
def searcher(url: str) -> Iterator[Searcher]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.searching", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Searcher(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(30) == 0


def product(session: Session, handle: str) -> Product:
    return session.scalars(select(Product).where(Product.handle == handle)).one()


@pytest.fixture
def stocked(database: Database) -> Database:
    write(database, made_products(MADE), currency="EUR", at=AT)
    return database


def test_what_is_renamed_added_and_taken_away_is_found_so_by_both(
    stocked: Database, database_url: str
) -> None:
    with ExitStack() as both:
        searchers = [both.enter_context(searcher(database_url)) for _ in range(2)]

        def found(words: str) -> list[list[str]]:
            return [each.find(words) for each in searchers]

        assert found("zephyrine") == [[], []]
        for number in range(ROUNDS):
            handle, new = f"made-{number}", f"new-{number}"
            stocked.write_now(lambda s, h=handle: setattr(product(s, h), "title", "Zephyrine umbrella"))
            assert found("zephyrine umbrella") == [[handle], [handle]]
            variants = [Variant(price_minor=900, currency="EUR", on_hand=1)]
            added = Product(handle=new, title="Quoll brooch", updated_at=AT, variants=variants)
            stocked.write_now(lambda s, added=added: s.add(added))
            assert found("quol broch") == [[new], [new]]
            stocked.write_now(lambda s, h=handle, n=new: [s.delete(product(s, each)) for each in (h, n)])
            assert found("zephyrine") == found("quoll") == [[], []]


def test_after_most_of_the_catalogue_changed_at_once_both_find_it_as_it_is(
    stocked: Database, database_url: str
) -> None:
    with ExitStack() as both:
        searchers = [both.enter_context(searcher(database_url)) for _ in range(2)]
        assert [each.find("zephyrine") for each in searchers] == [[], []]

        def rename(session: Session) -> None:
            for each in session.scalars(select(Product).where(Product.handle != "made-1")):
                each.title = "Zephyrine umbrella"

        stocked.write_now(rename)
        for each in searchers:
            assert len(each.find("zephyrine umbrella")) == 10
            assert "made-1" not in each.find("zephyrine umbrella")
