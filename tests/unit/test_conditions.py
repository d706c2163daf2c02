"""Conditions of flows: what they mean, and what is refused."""

import pytest

from bot.dialogue.conditions import BadCondition, Condition

NAMES = {"slots": {"quantity": 3, "name": "Ana", "empty": None}, "outcome": "full"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('outcome = "full"', True),
        ("outcome = 'held'", False),
        ("outcome is not 'held'", True),
        ("outcome != 'held' and slots.quantity > 2", True),
        ("slots.quantity < 1 or slots.quantity >= 3", True),
        ("not slots.quantity < 1", True),
        ("not (slots.quantity < 5)", False),
        ("slots.name", True),
        ("not slots.unknown", True),
        ("slots.empty is null", True),
        ("slots.empty < 1", False),
        ("slots.unknown.deeper = 1", False),
        ("slots.name contains 'n'", True),
        ("true", True),
        ("slots.quantity = 3.0", True),
    ],
)
def test_a_condition_says_what_it_reads_like(text: str, holds: bool) -> None:
    assert Condition(text).holds(NAMES) is holds


@pytest.mark.parametrize("text", ["", "slots.", "a = ", "import os", 'outcome = "x', "f(1)", "a b"])
def test_what_is_no_condition_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(BadCondition, match="is no condition"):
        Condition(text)


def test_a_condition_knows_the_words_a_name_is_compared_with() -> None:
    condition = Condition('outcome = "full" or not outcome = "held" and slots.x = "y"')
    assert condition.compared_with("outcome") == {"full", "held"}
