"""Dates and times as people write them, counted from the shop's own day."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.entities.extraction import EntityExtractor

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Europe/Brussels"))


def found(text: str, language: str = "en", *, region: str = "BE") -> list[tuple[str, str, str]]:
    extractor = EntityExtractor(language, region=region, now=lambda: SUNDAY)
    return [
        (each.name, each.value, each.text)
        for each in extractor.extract(text)
        if each.name in {"date", "time"}
    ]


@pytest.mark.parametrize(
    ("text", "day", "words"),
    [
        ("can it be here by Friday?", "2026-11-27", "Friday"),
        ("today please", "2026-11-22", "today"),
        ("the day after tomorrow would be great", "2026-11-24", "the day after tomorrow"),
        ("is it there tommorow", "2026-11-23", "tommorow"),
        ("in 3 days", "2026-11-25", "in 3 days"),
        ("on 3 December", "2026-12-03", "3 December"),
        ("on the 3rd of December", "2026-12-03", "3rd of December"),
        ("December 3rd at the latest", "2026-12-03", "December 3rd"),
        ("before 24/12", "2026-12-24", "24/12"),
        ("it was 24.12.2025", "2025-12-24", "24.12.2025"),
        ("2027-01-05 works", "2027-01-05", "2027-01-05"),
        ("5 january 2027", "2027-01-05", "5 january 2027"),
        ("next week", "2026-11-29", "next week"),
    ],
)
def test_a_day_is_found(text: str, day: str, words: str) -> None:
    assert found(text) == [("date", day, words)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("¿llega antes del viernes?", "2026-11-27"),
        ("pasado mañana", "2026-11-24"),
        ("mañana mejor", "2026-11-23"),
        ("el 3 de diciembre", "2026-12-03"),
        ("dentro de 3 días", "2026-11-25"),
        ("el 24/12", "2026-12-24"),
    ],
)
def test_a_day_is_found_in_spanish(text: str, day: str) -> None:
    assert [value for _, value, _ in found(text, "es")] == [day]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("at 5pm", "17:00"),
        ("around 17:30", "17:30"),
        ("11:15 am", "11:15"),
        ("12 am", "00:00"),
        ("12 p.m.", "12:00"),
        ("before noon", "12:00"),
    ],
)
def test_a_time_of_day_is_found(text: str, time: str) -> None:
    assert [(name, value) for name, value, _ in found(text)] == [("time", time)]


def test_a_day_and_a_time_together() -> None:
    assert found("on Tuesday at 9:30") == [("date", "2026-11-24", "Tuesday"), ("time", "09:30", "9:30")]


def test_the_month_comes_first_where_it_is_written_so() -> None:
    assert found("by 12/24", region="US") == [("date", "2026-12-24", "12/24")]
    assert found("by 12/11", region="BE")[0][1] == "2027-11-12"
    assert found("by 12/24", region="BE") == []  # there is no month 24


@pytest.mark.parametrize(
    "text",
    [
        "2 mugs",
        "may I have 2",
        "a march of 3 mugs",
        "size 36-39",
        "half, so 1/2 of them",
        "3.5 kg",
        "under 15 euros",
        "+32 9 123 45 67",
        "Main Street 5, 9000 Ghent",
        "order KQ-123456",
        "99/99",
        "on 31/02",
        "2026-99-99",
        "25:61",
        "in 99999 years",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    assert found(text) == []


def test_the_morning_is_not_tomorrow() -> None:
    assert found("por la mañana", "es") == []


def test_a_number_in_a_date_is_no_quantity() -> None:
    extractor = EntityExtractor("en", now=lambda: SUNDAY)
    heard = extractor.extract("3 mugs by 12 December")
    assert [(each.name, each.value) for each in heard] == [("quantity", 3), ("date", "2026-12-12")]


@given(st.text(alphabet="0123456789/.-: apm of december friday in days ,", max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found(text)
