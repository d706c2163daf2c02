"""Flows: nested steps become a flat table that a conversation can find its place in."""

from pathlib import Path

import pytest

from bot.dialogue.flows import END, Flow, read
from storage.yaml_files import Mistakes

NESTED = """
version: "3.1"
flows:
  buy:
    description: buy something
    nlu_trigger: [{intent: buy}, {intent: fix, entity: size}]
    uses: [size]
    persisted_slots: [name]
    steps:
      - action: look
        next:
          - if: outcome = "gone"
            then: [{action: utter_gone, next: END}]
          - if: outcome = "choose"
            then:
              - collect: size
              - action: check
          - else: name
      - id: name
        collect: name
      - set_slots: [{done: true}]
"""


def flow(tmp_path: Path, text: str = NESTED, name: str = "buy") -> Flow:
    path = tmp_path / "flows.yml"
    path.write_text(text)
    return read([path])[name]


def walk(found: Flow, step: str, choices: list[int]) -> list[str]:
    """The steps passed when each branching takes the branch of that number, then the only one."""
    passed: list[str] = []
    while step != END:
        passed.append(found.steps[step].name)
        branches = found.steps[step].next
        step = branches[choices.pop(0) if len(branches) > 1 else 0].target
    return passed


def test_nested_steps_go_on_with_what_follows_them(tmp_path: Path) -> None:
    buy = flow(tmp_path)
    assert buy.first == "0_action"
    assert walk(buy, buy.first, [0]) == ["0_action", "0_action_0_0_action"]
    assert walk(buy, buy.first, [1])[1:] == [
        "0_action_1_0_collect",
        "0_action_1_1_action",
        "name",
        "2_set_slots",
    ]
    assert walk(buy, buy.first, [2])[1:] == ["name", "2_set_slots"]


def test_a_flow_knows_the_slots_that_end_with_it(tmp_path: Path) -> None:
    assert set(flow(tmp_path).slots) == {"size", "name", "done"}


def test_a_branching_without_else_goes_on_when_nothing_fits(tmp_path: Path) -> None:
    text = NESTED.replace("          - else: name\n", "")
    buy = flow(tmp_path, text)
    assert walk(buy, buy.first, [2])[1:] == ["name", "2_set_slots"]


def test_triggers_keep_their_detail_and_how_sure_they_must_be(tmp_path: Path) -> None:
    first, second = flow(tmp_path).text.nlu_trigger
    assert (first.intent, first.entity) == ("buy", None)
    assert (second.intent, second.entity) == ("fix", "size")
    assert 0 < first.confidence_threshold < 1


def test_a_mistake_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "flows.yml"
    path.write_text(NESTED.replace("          - else: name", "          - else: nmae"))
    with pytest.raises(Mistakes) as raised:
        read([path])
    (mistake,) = raised.value.mistakes
    assert mistake.line == 10
    assert (
        "flow 'buy': step '0_action' goes to 'nmae', which is not there — did you mean 'name'?"
        in mistake.message
    )
