"""Fetches the pages of a site that its sitemap lists (https://www.sitemaps.org/protocol.html)."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx

from knowledge_base.reading.document import UnreadableDocument, moment

PAGES_MAX: Final = 2000
SITEMAPS_MAX: Final = 50  # that an index may lead to
SITEMAP_BYTES_MAX: Final = 50 * 1024 * 1024  # unpacked, as the protocol has it
PAGE_BYTES_MAX: Final = 5 * 1024 * 1024
SECONDS_MAX: Final = 20.0
NAME: Final = "Parley (knowledge import)"
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Page:
    """A page that a sitemap lists, and when it was changed last, where it says so."""

    url: str
    updated: datetime | None = None


class Site:
    """One site, by the address of its sitemap. Pages of other sites are left alone."""

    def __init__(self, sitemap: str) -> None:
        self._sitemap = sitemap
        self.host = urlsplit(sitemap).netloc
        self._client = httpx.Client(timeout=SECONDS_MAX, headers={"User-Agent": NAME})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ended: object) -> None:
        self._client.close()

    def pages(self) -> list[Page]:
        """Every page once, in the sitemap's order. Raises UnreadableDocument."""
        found = {page.url: page for page in self._listed(self._sitemap, deeper=True)}
        if not found:
            raise UnreadableDocument(f"lists no page of {self.host}")
        if len(found) > PAGES_MAX:
            raise UnreadableDocument(f"lists {len(found)} pages; {PAGES_MAX} are read at most")
        return list(found.values())

    def fetch(self, url: str, *, bytes_max: int = PAGE_BYTES_MAX) -> bytes:
        """What is at that address, or one step further on the same site. Raises UnreadableDocument."""
        found = self._get(url, bytes_max)
        if not isinstance(found, httpx.URL):
            return found
        if found.netloc.decode() != self.host:  # what is elsewhere is not the shop's to answer from
            raise UnreadableDocument(f"leads to another site, {found.host}")
        content = self._get(str(found), bytes_max)
        if isinstance(content, httpx.URL):
            raise UnreadableDocument(f"cannot be fetched: it leads to {found}, which leads on")
        return content

    def _get(self, url: str, bytes_max: int) -> bytes | httpx.URL:
        """What is there, or where it leads to; nothing is read beyond the limit."""
        try:
            with self._client.stream("GET", url) as answer:
                if answer.is_redirect:
                    return answer.url.join(answer.headers.get("Location", ""))
                if answer.is_error:
                    raise UnreadableDocument(
                        f"cannot be fetched: {answer.status_code} {answer.reason_phrase}"
                    )
                return _at_most(answer.iter_bytes(), bytes_max)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreadableDocument(f"cannot be fetched: {str(error) or type(error).__name__}") from error

    def _listed(self, sitemap: str, *, deeper: bool) -> Iterator[Page]:
        root = _xml(_unpacked(self.fetch(sitemap, bytes_max=SITEMAP_BYTES_MAX)))
        kind = root.tag.rpartition("}")[2]
        if kind == "sitemapindex" and deeper:
            for entry in list(root)[:SITEMAPS_MAX]:
                yield from self._listed(_child(entry, "loc"), deeper=False)
        elif kind == "urlset":
            for entry in root:
                url = _child(entry, "loc")
                if urlsplit(url).netloc == self.host:
                    yield Page(url, moment(_child(entry, "lastmod")))
        else:
            raise UnreadableDocument("is not a sitemap")


def _at_most(chunks: Iterator[bytes], bytes_max: int) -> bytes:
    content = b""
    for chunk in chunks:
        content += chunk
        if len(content) > bytes_max:
            raise UnreadableDocument(f"is larger than {bytes_max // 1024 // 1024} MB")
    return content


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            unpacked = packed.read(SITEMAP_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableDocument(f"cannot be unpacked: {error}") from error
    return _at_most(iter([unpacked]), SITEMAP_BYTES_MAX)


def _xml(content: bytes) -> ET.Element:
    """Parsed, unless it declares entities: small files can blow up by them, and sitemaps have none."""
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content[:2048]:
        raise UnreadableDocument("is not a sitemap: it declares a document type")
    try:
        return ET.fromstring(content)  # noqa: S314 - see above
    except ET.ParseError as error:
        raise UnreadableDocument(f"is not a sitemap ({error})") from error


def _child(entry: ET.Element, name: str) -> str:
    found = next((child for child in entry if child.tag.rpartition("}")[2] == name), None)
    return (found.text or "").strip() if found is not None else ""
