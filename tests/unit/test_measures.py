"""What amounts a shop's own words name, and that nothing is read that is not there for sure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.measures import UNITS, extent, measures, sides


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("330 ml", "volume", (330, 330)),
        ("250 or 350 ml", "volume", (250, 350)),
        ("0.5, 1 or 2 l", "volume", (500, 2000)),
        ("350 ml or 1 l", "volume", (350, 1000)),
        ("0,5 l", "volume", (500, 500)),
        ("80 ml each", "volume", (80, 80)),
        ("1.05 kg", "weight", (1050, 1050)),
        ("3 × 250 g", "weight", (750, 750)),
        ("About four hours each", "time", (240, 240)),
        ("120 g about 25 hours, 220 g about 45 hours", "time", (1500, 2700)),
        ("24 or 28 cm wide", "length", (240, 280)),
        ("272g/pair", "weight", (272, 272)),
        ("10 in", "length", (254, 254)),
    ],
)
def test_an_amount_is_read_with_its_unit(text: str, kind, expected: tuple[float, float]) -> None:
    found = extent(text, kind)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "Yes, up to 60 °C", "550 g/m²", "18/10 steel", "2 in blue", "1.500 g", "A5", "16–18 °C, dry",
        "S 30 × 20, M 38 × 26, L 48 × 32 cm", "Hand 50 × 100, bath 70 × 140 cm", "140 × 180 or 140 × 250 cm", "", "ml",
    ],
)  # fmt: skip
def test_what_is_no_amount_for_sure_is_none(text: str) -> None:
    assert measures(text) == []


def test_the_sides_of_a_thing_are_told_apart_by_their_names() -> None:
    cup = sides("9 cm wide, 10 cm high")
    assert {name: side.low for name, side in cup.items()} == {"width": 90, "height": 100}
    towel = sides("50 × 70 cm")
    assert {name: side.low for name, side in towel.items()} == {"0": 700, "1": 500}
    assert sides("10 cm ancho, 5 cm alto").keys() == {"width", "height"}
    assert sides("cup 8 cm wide, saucer 15 cm wide") == {}, "of two things"


@given(
    st.integers(1, 9999), st.sampled_from([(kind, unit) for kind, units in UNITS.items() for unit in units])
)
def test_every_unit_is_read_in_its_own_kind(number: int, unit) -> None:
    kind, name = unit
    found = extent(f"about {number} {name}", kind)
    assert found is not None
    assert found.low == found.high == pytest.approx(number * UNITS[kind][name])


@given(st.text(max_size=120) | st.text("0123456789., ×xmlkgcow-–/or", max_size=60))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert all(0 <= each.low <= each.high for each in measures(text))
