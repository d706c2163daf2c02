"""Thousands of texts with markup, read by the emulator and by TDLib itself: not one may differ.

test_telegram_markup.json stays beside this: its cases are chosen, not drawn, and run where TDLib has no wheel.
"""

import pytest

from sandbox.telegram.markup import Formatted, MarkupError, parse
from sandbox.telegram.markup.markdown_v2 import _V2_ENDS
from tests.emulators.tdlib_markup import MISSING, corpus, tdlib_reads

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

NUMBERS = {"HTML": 10_000, "MarkdownV2": 10_000, "Markdown": 2_000}


def emulator_reads(text: str, mode: str) -> Formatted | str:
    try:
        return parse(text, mode)
    except MarkupError as error:
        return str(error)


def differences(mode: str, number: int) -> list[str]:
    """Texts on which the two do not agree, with what each says."""
    return [
        f"{text!r}: TDLib says {theirs}, we say {ours}"
        for text in corpus(mode, number)
        if (theirs := tdlib_reads(text, mode)) != (ours := emulator_reads(text, mode))
    ]


@pytest.mark.parametrize("mode", NUMBERS)
def test_every_text_is_read_or_refused_as_tdlib_does(mode: str) -> None:
    assert differences(mode, NUMBERS[mode]) == []


@pytest.mark.parametrize("mode", NUMBERS)
def test_the_texts_are_the_same_each_time_and_of_both_kinds(mode: str) -> None:
    texts = list(corpus(mode, 500))
    assert texts == list(corpus(mode, 500))
    refused = sum(isinstance(tdlib_reads(text, mode), str) for text in texts)
    assert 100 < refused < 400
    assert any(isinstance(found := tdlib_reads(text, mode), Formatted) and found.entities for text in texts)


def test_a_reader_with_a_mistake_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_V2_ENDS, "spoiler", "|")  # type: ignore[misc]
    assert differences("MarkdownV2", 500) != []
