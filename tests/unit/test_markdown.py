"""How Markdown documents become passages."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.reading.document import PASSAGE_WORDS_MAX, UnreadableDocument
from knowledge_base.reading.markdown import read_markdown

DOCUMENT = """---
title: Delivery
language: en
owner: Femke
updated: 2026-11-21
url: https://shop.example/delivery
---

# Delivery

We *pack* with [care](https://x.example).

## How long does it take?
<!-- asked: When will it come? | Is it fast? -->
Two days.

- Belgium: 4.90
- Abroad: 12.90

| Zone | Price | Days |
|---|---|---|
| EU | 12.90 | 4 |

### Express
Tomorrow.

## Next
`code`
"""


def test_front_matter_says_what_the_document_is() -> None:
    document = read_markdown(DOCUMENT)
    assert (document.title, document.language, document.owner) == ("Delivery", "en", "Femke")
    assert document.url == "https://shop.example/delivery"
    assert document.updated == datetime(2026, 11, 21, tzinfo=UTC)


def test_each_section_is_a_passage_under_its_headings() -> None:
    passages = read_markdown(DOCUMENT).passages
    assert [p.headings for p in passages] == [
        ("Delivery",),
        ("Delivery", "How long does it take?"),
        ("Delivery", "How long does it take?", "Express"),
        ("Delivery", "Next"),
    ]
    assert passages[0].text == "We pack with care."
    assert passages[1].text == "Two days.\n\n• Belgium: 4.90\n• Abroad: 12.90\n\n• EU – Price: 12.90, Days: 4"


def test_questions_in_headings_and_comments_are_phrasings() -> None:
    assert read_markdown(DOCUMENT).passages[1].phrasings == (
        "How long does it take?",
        "When will it come?",
        "Is it fast?",
    )


def test_a_long_section_is_cut_between_paragraphs() -> None:
    paragraph = "word " * 70
    passages = read_markdown("# Long\n\n" + "\n\n".join([paragraph] * 5)).passages
    assert len(passages) == 3
    assert all(len(p.text.split()) <= PASSAGE_WORDS_MAX for p in passages)
    assert {p.headings for p in passages} == {("Long",)}


def test_without_a_title_the_first_heading_is_the_title() -> None:
    assert read_markdown("# Care\n\nWash it.").title == "Care"


@pytest.mark.parametrize(
    ("source", "reason", "line"),
    [
        ("---\ntitle: x\n", "never closed", 1),
        ("---\ntitle: [x\n---\n", "not valid YAML", 2),
        ("---\njust words\n---\n", "key: value", 2),
        ("---\nupdated: 2026-13-45\n---\ntext", "no date|cannot be read", 1),
        ("---\nupdated: soon\n---\ntext", "no date", 1),
    ],
)
def test_a_broken_front_matter_is_named(source: str, reason: str, line: int) -> None:
    with pytest.raises(UnreadableDocument, match=reason) as caught:
        read_markdown(source)
    assert caught.value.line == line


@given(st.text(max_size=500) | st.text("#-*|`>[]()<! \nab1.:", max_size=500), st.booleans())
def test_any_text_is_a_document_or_says_why_not(text: str, in_front: bool) -> None:
    with suppress(UnreadableDocument):
        read_markdown(f"---\n{text}\n---\n" if in_front else text)
