"""A turn's trace: small whatever happened, and without the number of any payment card."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.commands import AskAgain, CancelFlow, ForgetSlots, Repeat, SetSlots, StartFlow, Utter
from bot.dialogue.hearing import Heard
from bot.dialogue.trace import BYTES_MAX, DO, MASK, STEPS_MAX, Trace, brief, masked
from nlu.understanding import Entity, IntentGuess, Understanding

CARDS = ["4242 4242 4242 4242", "4242424242424242", "5555-5555-5555-4444", "378282246310005"]


def understanding(**details: Any) -> Understanding:
    return Understanding("two mugs", "en", (IntentGuess("add_to_cart", 0.98765),), **details)


def test_a_trace_says_what_was_understood_and_done_in_its_order() -> None:
    trace = Trace()
    trace.hear(
        Heard(understanding(entities=(Entity("quantity", 2, "two", 0, 3),), seconds=0.004)), awaited="variant"
    )
    start = StartFlow("add_to_cart", {"quantity": 2})
    assert trace.because("request", []) == [], "no commands, no reason"
    assert trace.because("answer", [start]) == [start]
    trace.because("later", [start])
    trace.begin(start)
    trace.step("add_to_cart", "find", "find_wanted", "chosen")
    trace.begin(Utter("utter_x"))
    trace.step("add_to_cart", "END", "left")
    stack = [{"flow": "checkout", "step": "confirm"}]
    assert trace.summary({"slots": {"a": 1, "b": 1}}, {"slots": {"a": 2, "c": [1]}, "stack": stack}) == {
        "why": "answer",
        "open": "variant",
        "heard": {
            "language": "en",
            "intents": [["add_to_cart", 0.988]],
            "entities": [["quantity", 2, 0, 3]],
            "refused": False,
            "refusal_score": 0.0,
            "milliseconds": 4.0,
        },
        "commands": [
            {
                "do": "start_flow",
                "flow": "add_to_cart",
                "slots": {"quantity": 2},
                "steps": [["add_to_cart", "find", "find_wanted", "chosen"]],
            },
            {"do": "utter", "reply": "utter_x", "steps": [["add_to_cart", "END", "left"]]},
        ],
        "slots": {"a": [1, 2], "b": [1, None], "c": [None, [1]]},
        "stack": ["checkout/confirm"],
    }


def test_every_kind_of_command_has_a_name() -> None:
    trace = Trace()
    commands = [
        StartFlow("f"), SetSlots({}), ForgetSlots(("a",)), CancelFlow(), AskAgain("r"), Utter("r"), Repeat()
    ]  # fmt: skip
    for command in commands:
        trace.begin(command)
    assert [each["do"] for each in trace.summary({}, {})["commands"]] == list(DO.values())


def test_steps_that_no_command_led_to_belong_to_a_reaction() -> None:
    trace = Trace()
    trace.step("checkout", "place", "place_order", "invoice")
    assert trace.summary({}, {})["commands"] == [
        {"do": "react", "steps": [["checkout", "place", "place_order", "invoice"]]}
    ]


@pytest.mark.parametrize("number", CARDS)
def test_a_payment_cards_number_is_masked_however_it_is_written(number: str) -> None:
    assert masked(f"my card is {number}, thanks") == f"my card is {MASK}, thanks"
    assert brief({"phone": number}) == {"phone": MASK}


def test_a_card_number_that_was_read_as_a_number_is_masked_too() -> None:
    assert brief(4242424242424242) == MASK
    assert brief(10**40) == MASK
    assert brief(3) == 3


@pytest.mark.parametrize("number", ["4242 4242 4242 4241", "+32 9 123 45 67", "7K3Q9T", "20261122"])
def test_other_numbers_are_kept(number: str) -> None:
    assert masked(number) == number


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=200), inner, max_size=20),
    max_leaves=60,
)


@given(slots=st.dictionaries(st.text(max_size=300), values, max_size=40), steps=st.integers(0, 300))
def test_a_trace_is_small_whatever_a_turn_did(slots: dict[str, Any], steps: int) -> None:
    trace = Trace()
    entities = tuple(Entity(name, value, "x", 0, 1) for name, value in slots.items())
    trace.hear(Heard(understanding(entities=entities), (understanding(),) * 8), awaited=None)
    for _ in range(15):
        trace.begin(trace.because("items", [StartFlow("add_to_cart", slots)])[0])
    for number in range(steps):
        trace.step("a_flow_with_a_long_name", f"step_{number}", "an_action", "an_outcome")
    summary = trace.summary({}, {"slots": slots})
    assert len(json.dumps(summary, ensure_ascii=False).encode("utf-8", "replace")) <= BYTES_MAX
    assert "steps_left_out" not in summary or summary["steps_left_out"] == steps - STEPS_MAX
