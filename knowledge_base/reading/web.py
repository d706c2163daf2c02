"""Reads a web page: its own text with its headings, without menus, banners, forms and scripts."""

from dataclasses import replace
from typing import Final

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from knowledge_base.reading.document import ParsedDocument, UnreadableDocument, moment
from knowledge_base.reading.markdown import read_markdown

NOT_CONTENT: Final = (
    "script, style, noscript, template, svg, iframe, object, form, button, dialog, nav, aside, header, footer,"
    " [hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo], [role=dialog], [role=search]"
)
CONTENT: Final = (
    "main",
    "[role=main]",
    "article",
    "body",
)  # the first of these that holds words is the page's own text
TITLE_ENDS: Final = (" | ", " – ", " — ", " · ")  # what stands between a page's title and its site's name


class _Converter(MarkdownConverter):
    """Markdown that our reader takes: words alone, and quoted where Markdown would read a sign in them."""


def read_html(source: str | bytes) -> ParsedDocument:
    """A page's title, language, address, date and passages. Raises UnreadableDocument."""
    page = BeautifulSoup(source, "html.parser")
    parsed = read_markdown(to_markdown(page))
    if not parsed.passages:
        raise UnreadableDocument("has no text of its own: nothing is left without its menus and scripts")
    html = page.find("html")
    language = str(html.get("lang") or "") if isinstance(html, Tag) else ""
    return replace(
        parsed,
        title=_title(page) or parsed.title,
        language=language.partition("-")[0].strip() or None,
        url=_attribute(page, "link[rel=canonical]", "href") or None,
        updated=moment(_attribute(page, 'meta[property="article:modified_time"]', "content")),
    )


def to_markdown(page: BeautifulSoup) -> str:
    """The page's own text as Markdown; takes everything else out of `page`."""
    for element in page.select(NOT_CONTENT):
        element.decompose()
    found = (page.select_one(where) for where in CONTENT)
    content = next((each for each in found if each is not None and each.get_text(strip=True)), page)
    converter = _Converter(heading_style="ATX", bullets="-", strip=["a", "img"], escape_misc=True)
    return str(converter.convert_soup(content))


def _title(page: BeautifulSoup) -> str:
    """The page's title without the site's name."""
    title = " ".join(page.title.get_text().split()) if page.title else ""
    for end in TITLE_ENDS:
        title = title.partition(end)[0]
    return title.strip()


def _attribute(page: BeautifulSoup, where: str, name: str) -> str:
    element = page.select_one(where)
    return str(element.get(name) or "").strip() if element is not None else ""
