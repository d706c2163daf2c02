"""Web pages, PDFs and Word files become passages under their headings; what cannot be read is said, and harms nothing."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge_base.reading.apart import SeparateReader
from knowledge_base.reading.document import ParsedDocument, UnreadableDocument
from knowledge_base.reading.web import read_html
from tests.documents import write_docx, write_locked_pdf, write_pdf

PAGE = """<!doctype html><html lang="en-GB"><head><title>Returns | Kettle &amp; Quay</title>
<link rel="canonical" href="https://shop.example/returns"><meta property="article:modified_time" content="2026-05-01T10:00:00+02:00">
<script>window.secret = "steal"</script><style>h1 {color: red}</style></head><body>
<header><a href="/">Home</a></header><nav>Menu Menu</nav><div class="cookie" role="dialog">We use cookies</div>
<main><h1>Returns</h1><p>You have <b>30 days</b> to send things back.</p><h2>What it costs</h2>
<p>Nothing within Belgium.<br>Elsewhere you pay the postage.</p><ul><li>Unworn</li><li>With its label</li></ul>
<table><tr><th>Country</th><th>Price</th></tr><tr><td>Spain</td><td>12.90 EUR</td></tr></table>
<p onclick="steal()">2. Not a list</p><script>document.write("steal")</script></main><footer>Imprint</footer></body></html>"""


@pytest.fixture(scope="module")
def reader() -> Iterator[SeparateReader]:
    with SeparateReader() as reader:
        yield reader


def passages(document: ParsedDocument) -> list[tuple[tuple[str, ...], str]]:
    return [(passage.headings, passage.text) for passage in document.passages]


# ---------------------------------------------------------------------- web pages


def test_a_web_page_is_its_own_text_without_menus_and_scripts() -> None:
    document = read_html(PAGE)
    assert passages(document) == [
        (("Returns",), "You have 30 days to send things back."),
        (
            ("Returns", "What it costs"),
            (
                "Nothing within Belgium. Elsewhere you pay the postage.\n\n• Unworn\n• With its label\n\n"
                "• Spain – Price: 12.90 EUR\n\n2. Not a list"
            ),
        ),
    ]
    assert (document.title, document.language, document.url) == (
        "Returns",
        "en",
        "https://shop.example/returns",
    )
    assert document.updated is not None
    assert document.updated.isoformat() == "2026-05-01T10:00:00+02:00"


@pytest.mark.parametrize(
    "page",
    ["", "<html></html>", "<nav>only a menu</nav>", "<script>alert(1)</script>", "<p hidden>not for you</p>"],
)
def test_a_page_without_text_of_its_own_is_refused(page: str) -> None:
    with pytest.raises(UnreadableDocument, match="no text of its own"):
        read_html(page)


def test_broken_markup_is_read_as_far_as_it_goes() -> None:
    (passage,) = read_html("<h2>Care</h2><p>Wash by <b>hand</div></p> only").passages
    assert "Wash by hand" in " ".join((*passage.headings, passage.text))


def test_a_page_in_another_encoding_is_read() -> None:
    page = '<meta charset="iso-8859-1"><p>Lavar a máquina, señor</p>'.encode("latin-1")
    assert read_html(page).passages[0].text == "Lavar a máquina, señor"


# ---------------------------------------------------------------------- PDF


def test_larger_type_is_a_heading_and_lines_are_paragraphs(tmp_path: Path, reader: SeparateReader) -> None:
    path = write_pdf(
        tmp_path / "care.pdf",
        [
            [
                (24, "Care guide"),
                (11, "Everything here lasts when it is"),
                (11, "washed with care."),
                (16, "Mugs"),
                (11, "Stoneware goes into the dish-"),
                (11, "washer, always."),
                (11, ""),
                (11, "- not with a gold rim"),
                (11, "- not the lids"),
            ],
            [(16, "Cutlery"), (11, "By hand (with a soft sponge).")],
        ],
    )
    assert passages(reader.read(path)) == [
        (("Care guide",), "Everything here lasts when it is washed with care."),
        (
            ("Care guide", "Mugs"),
            "Stoneware goes into the dishwasher, always.\n\n• not with a gold rim\n• not the lids",
        ),
        (("Care guide", "Cutlery"), "By hand (with a soft sponge)."),
    ]


def test_running_heads_and_page_numbers_are_left_out(tmp_path: Path, reader: SeparateReader) -> None:
    pages = [
        [(9, "Kettle & Quay handbook"), (11, f"Rule {name} is written on this page."), (9, f"Page {number}")]
        for number, name in enumerate(("one", "two", "three", "four"), start=1)
    ]
    text = " ".join(passage.text for passage in reader.read(write_pdf(tmp_path / "h.pdf", pages)).passages)
    assert "Rule three is written on this page." in text
    assert "handbook" not in text
    assert "Page 2" not in text


def test_a_pdf_with_a_password_is_told(tmp_path: Path, reader: SeparateReader) -> None:
    with pytest.raises(UnreadableDocument, match=r"^is protected by a password$"):
        reader.read(write_locked_pdf(tmp_path / "locked.pdf", "pass"))


def test_a_pdf_that_only_forbids_copying_is_read(tmp_path: Path, reader: SeparateReader) -> None:
    assert reader.read(write_locked_pdf(tmp_path / "open.pdf", "")).passages[0].text == "secret"


def test_a_scan_is_told(tmp_path: Path, reader: SeparateReader) -> None:
    with pytest.raises(UnreadableDocument, match="only pictures"):
        reader.read(write_pdf(tmp_path / "scan.pdf", [[]]))


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4\n", b"%PDF-1.4\n" + b"\xff" * 5000, b"PK\x03\x04"])
def test_what_is_no_pdf_is_told(tmp_path: Path, reader: SeparateReader, content: bytes) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(content)
    with pytest.raises(UnreadableDocument):
        reader.read(path)


# ---------------------------------------------------------------------- Word


def test_a_word_files_headings_are_headings(tmp_path: Path, reader: SeparateReader) -> None:
    path = write_docx(
        tmp_path / "returns.docx",
        [
            ("Heading1", "Returns"),
            ("Normal", "Thirty days &amp; no questions."),
            ("Heading2", "# Costs *all*"),
            ("Normal", "1. Nothing."),
        ],
    )
    assert passages(reader.read(path)) == [
        (("Returns",), "Thirty days & no questions."),
        (("Returns", "# Costs *all*"), "1. Nothing."),
    ]


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, reader: SeparateReader) -> None:
    path = write_docx(tmp_path / "bomb.docx", [("Normal", "hi")], padding=300 * 1024 * 1024)
    assert path.stat().st_size < 1024 * 1024
    with pytest.raises(UnreadableDocument, match="would unpack to 300 MB"):
        reader.read(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_what_is_no_word_file_is_told(tmp_path: Path, reader: SeparateReader, content: bytes) -> None:
    path = tmp_path / "broken.docx"
    path.write_bytes(content)
    with pytest.raises(UnreadableDocument, match="not a Word document"):
        reader.read(path)


# ---------------------------------------------------------------------- too much


def test_what_takes_too_long_is_given_up_and_the_next_document_is_read(tmp_path: Path) -> None:
    slow = write_pdf(tmp_path / "slow.pdf", [[(11, f"line {n}") for n in range(60)] for _ in range(400)])
    quick = tmp_path / "quick.html"
    quick.write_text("<p>quick</p>")
    with (
        SeparateReader(seconds_max=0.0) as impatient,
        pytest.raises(UnreadableDocument, match="takes longer"),
    ):
        impatient.read(slow)
    with SeparateReader() as reader:
        assert reader.read(quick).passages[0].text == "quick"


@pytest.mark.skipif(sys.platform != "linux", reason="a process's memory can be limited on Linux alone")
def test_what_takes_too_much_memory_is_given_up_and_the_next_document_is_read(tmp_path: Path) -> None:
    large, small = tmp_path / "large.html", tmp_path / "small.html"
    large.write_text("<p>many words</p>" * 2_000_000)
    small.write_text("<p>words</p>")
    with SeparateReader(memory_bytes_max=256 * 1024 * 1024) as reader:
        with pytest.raises(UnreadableDocument, match="needs more than 256 MB of memory"):
            reader.read(large)
        assert reader.read(small).passages[0].text == "words"


def test_a_reader_that_was_ended_while_nobody_asked_begins_anew(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>words</p>")
    others = set(multiprocessing.active_children())
    with SeparateReader() as reader:
        reader.read(page)
        (own,) = set(multiprocessing.active_children()) - others
        os.kill(own.pid or 0, signal.SIGKILL)  # as the system ends who takes all memory
        own.join()
        assert reader.read(page).passages[0].text == "words"
