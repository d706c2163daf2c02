"""Pictures of flows: every step, branch, question, outcome, link and call of what was loaded."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.flow_drawing import NoSuchFlow, draw
from app.wiring import flow_files
from bot.actions import ACTIONS
from bot.dialogue.dialogue import DeclaredAction
from bot.dialogue.flows import Flow, read

FLOWS = """
flows:
  buy:
    description: buy "it" & <b>more</b>#1
    nlu_trigger: [{intent: buy, entity: size}]
    steps:
      - action: look
        next:
          - if: outcome = "gone"
            then: [{action: utter_gone, next: END}]
          - if: outcome = "there"
            then: size
      - id: size
        collect: size
        ask_before_filling: true
        rejections: [{if: slots.size > 9, utter: utter_too_big}]
        next:
          - if: slots.size < 3
            then: [{link: rest}]
          - else: done
      - id: done
        set_slots: [{done: true}]
      - call: rest
      - noop: true
  rest:
    description: the rest
    steps:
      - collect: name
"""
LOOK = {"look": DeclaredAction(lambda _dialogue: None, ("gone", "there"))}


@pytest.fixture
def flows(tmp_path: Path) -> dict[str, Flow]:
    path = tmp_path / "flows.yml"
    path.write_text(FLOWS)
    return read([path])


def test_a_picture_shows_all_that_a_flow_says(flows: dict[str, Flow]) -> None:
    lines = [line.strip() for line in draw(flows, LOOK, ["buy"], form="mermaid").splitlines()]
    assert lines == [
        "flowchart TD",
        'subgraph flow0["buy: buy #34;it#34; #38; #60;b#62;more#60;/b#62;#35;1"]',
        'f0(["buy<br/>when buy + size ≥ 0.55"])',
        'f0s0["look<br/>→ gone | there"]',
        'f0s1("utter_gone")',
        'f0s2{{"collect size<br/>utter_ask_size<br/>always asked<br/>not if slots.size #62; 9: utter_too_big"}}',
        'f0s3[["link rest"]]',
        'f0s4[/"done := True"/]',
        'f0s5[["call rest"]]',
        'f0s6[/"4_noop"/]',
        'f0z(("END"))',
        "f0 --> f0s0",
        'f0s0 -->|"outcome = #34;gone#34;"| f0s1',
        'f0s0 -->|"outcome = #34;there#34;"| f0s2',
        'f0s0 -.->|"refused"| f0s2',
        "f0s1 --> f0z",
        'f0s2 -->|"slots.size #60; 3"| f0s3',
        'f0s2 -->|"else"| f0s4',
        "f0s4 --> f0s5",
        "f0s5 --> f0s6",
        "f0s6 --> f0z",
        "end",
    ]


def test_flows_in_one_picture_are_joined_by_their_links_and_calls(flows: dict[str, Flow]) -> None:
    lines = [line.strip() for line in draw(flows, LOOK, [], form="mermaid").splitlines()]
    assert 'f0s3 -.->|"link"| f1' in lines
    assert 'f0s5 -.->|"call"| f1' in lines


def test_dot_escapes_what_would_end_its_strings(flows: dict[str, Flow]) -> None:
    text = draw(flows, LOOK, ["buy"], form="dot")
    assert 'label="buy: buy \\"it\\" & <b>more</b>#1";' in text
    assert 'f0s0 -> f0s1 [style=solid, label="outcome = \\"gone\\""];' in text
    assert text.count("{") == text.count("}")


def test_an_unknown_flow_is_refused_with_the_nearest_names(flows: dict[str, Flow]) -> None:
    with pytest.raises(NoSuchFlow, match=r"There is no flow 'bye'\. Did you mean 'buy'\?"):
        draw(flows, LOOK, ["bye"], form="mermaid")
    with pytest.raises(NoSuchFlow, match=r"There is no flow 'xxxxxx'\. Flows: buy, rest\."):
        draw(flows, LOOK, ["xxxxxx"], form="mermaid")


def test_every_flow_of_the_shop_is_drawn_whole() -> None:
    flows = read(flow_files())
    text = draw(flows, ACTIONS, [], form="mermaid")
    drawn = re.findall(r"^ *(f\d+(?:s\d+|z)?)[\[({]", text, re.MULTILINE)
    assert len(drawn) == len(set(drawn)), "each box once"
    assert sum("s" in each for each in drawn) == sum(len(flow.steps) for flow in flows.values())
    ends = re.findall(r"^ *(f\w+) -\.?->(?:\|\"[^\"]*\"\|)? (f\w+)$", text, re.MULTILINE)
    assert len(ends) == text.count(">|") + len(re.findall(r"--> f|-\.-> f", text)), "each arrow is read"
    assert {each for pair in ends for each in pair} <= set(drawn)


def test_the_command_draws_to_standard_output_to_a_file_or_as_json(tmp_path: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["flows", "draw", "view_cart"])
    assert (shown.exit_code, shown.stdout.split("\n", 1)[0]) == (0, "flowchart TD")
    facts = json.loads(runner.invoke(app, ["flows", "draw", "view_cart", "--json"]).stdout)
    assert facts["drawing"] + "\n" == shown.stdout
    assert (facts["flows"], facts["format"], facts["output"]) == (["view_cart"], "mermaid", None)
    file = tmp_path / "cart.dot"
    written = runner.invoke(app, ["flows", "draw", "view_cart", "--format", "dot", "--output", str(file)])
    assert written.exit_code == 0
    assert file.read_text("utf-8").startswith("digraph flows {")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["flows", "draw", "chekout"], "There is no flow 'chekout'. Did you mean 'checkout'"),
        (["flows", "draw", "--output", "/nowhere/at/all.mmd"], "cannot be written"),
        (["flows", "draw", "--format", "svg"], "mermaid"),
    ],
)
def test_what_cannot_be_drawn_is_said(words: list[str], told: str) -> None:
    refused = CliRunner().invoke(app, [*words, "--json"])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert told in refused.stderr
