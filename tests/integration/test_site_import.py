"""A site's pages come in by its sitemap: only its own, only what can be read, and what is gone goes."""

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from knowledge_base.importing import KnowledgeReport, import_knowledge
from knowledge_base.model import Document
from storage.engine import Database

AT = datetime(2026, 11, 22, tzinfo=UTC)
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Web:
    """A small site: what each path answers with."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])

    def page(self, path: str, words: str) -> None:
        self.answers[path] = (200, {}, f"<title>{path}</title><main><h1>T</h1><p>{words}</p></main>".encode())

    def sitemap(self, *urls: str, path: str = "/sitemap.xml", changed: str = "") -> str:
        lastmod = f"<lastmod>{changed}</lastmod>" if changed else ""
        entries = "".join(f"<url><loc>{url}</loc>{lastmod}</url>" for url in urls)
        space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        self.answers[path] = (200, {}, f"<?xml version='1.0'?><urlset {space}>{entries}</urlset>".encode())
        return self.url + path


@pytest.fixture
def web() -> Iterator[Web]:
    site = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = site.answers.get(self.path, (404, {}, b"nothing"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bring(database: Database) -> Callable[[str], KnowledgeReport]:
    return lambda sitemap: import_knowledge(database, [sitemap], at=AT)


def sources(database: Database) -> list[str]:
    return list(database.read(lambda session: session.scalars(select(Document.source)).all()))


def test_the_pages_of_a_site_come_in_once_and_go_with_it(
    web: Web, bring: Callable[[str], KnowledgeReport], database: Database
) -> None:
    web.page("/returns", "Thirty days.")
    web.page("/care", "Wash by hand.")
    sitemap = web.sitemap(f"{web.url}/returns", f"{web.url}/care", changed="2026-05-01")
    assert (bring(sitemap).added, bring(sitemap).unchanged) == (2, 2)
    found = database.read(
        lambda s: s.scalars(select(Document).where(Document.source == f"{web.url}/care")).one()
    )
    assert (found.url, found.updated_at) == (f"{web.url}/care", datetime(2026, 5, 1, tzinfo=UTC))
    web.sitemap(f"{web.url}/care")
    assert bring(sitemap).removed == 1
    assert sources(database) == [f"{web.url}/care"]


def test_an_index_of_packed_sitemaps_is_followed(
    web: Web, bring: Callable[[str], KnowledgeReport], database: Database
) -> None:
    web.page("/a", "Words.")
    web.sitemap(f"{web.url}/a", path="/pages.xml.gz")
    status, headers, body = web.answers["/pages.xml.gz"]
    web.answers["/pages.xml.gz"] = (status, headers, gzip.compress(body))
    index = f"<sitemapindex><sitemap><loc>{web.url}/pages.xml.gz</loc></sitemap></sitemapindex>"
    web.answers["/sitemap.xml"] = (200, {}, index.encode())
    assert bring(f"{web.url}/sitemap.xml").added == 1
    assert sources(database) == [f"{web.url}/a"]


def test_what_cannot_be_had_is_a_line_each_and_what_was_known_stays(
    web: Web, bring: Callable[[str], KnowledgeReport], database: Database
) -> None:
    web.page("/gone", "Was here.")
    sitemap = web.sitemap(f"{web.url}/gone")
    bring(sitemap)
    web.answers |= {
        "/gone": (500, {}, b""),
        "/away": (302, {"Location": "http://elsewhere.example/x"}, b""),
        "/moved": (301, {"Location": "/new"}, b""),
        "/huge": (200, {}, b"x" * (6 * 1024 * 1024)),
        "/menu": (200, {}, b"<nav>menu</nav>"),
    }
    web.page("/new", "Moved here.")
    paths = ("gone", "away", "moved", "huge", "menu", "missing")
    report = bring(web.sitemap(*(f"{web.url}/{path}" for path in paths), "http://elsewhere.example/y"))
    assert [str(problem).removeprefix(web.url) for problem in report.problems] == [
        "/gone: cannot be fetched: 500 Internal Server Error",
        "/away: leads to another site, elsewhere.example",
        "/huge: is larger than 5 MB",
        "/menu: has no text of its own: nothing is left without its menus and scripts",
        "/missing: cannot be fetched: 404 Not Found",
    ]
    assert sorted(sources(database)) == [f"{web.url}/gone", f"{web.url}/moved"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "is not a sitemap"),
        (b"<html></html>", "is not a sitemap"),
        (b"<urlset></urlset>", "lists no page"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><urlset>&a;</urlset>', "declares a document type"),
        (b"\x1f\x8bnot really", "cannot be unpacked"),
        (gzip.compress(b" " * (51 * 1024 * 1024)), "is larger than 50 MB"),
    ],
)
def test_what_is_no_sitemap_is_told_and_removes_nothing(
    web: Web, bring: Callable[[str], KnowledgeReport], database: Database, body: bytes, reason: str
) -> None:
    web.page("/kept", "Words.")
    sitemap = web.sitemap(f"{web.url}/kept")
    bring(sitemap)
    web.answers["/sitemap.xml"] = (200, {}, body)
    (problem,) = bring(sitemap).problems
    assert reason in problem.reason
    assert sources(database) == [f"{web.url}/kept"]


def test_a_site_that_does_not_answer_is_told(bring: Callable[[str], KnowledgeReport]) -> None:
    (problem,) = bring("http://127.0.0.1:1/sitemap.xml").problems
    assert "cannot be fetched" in problem.reason
