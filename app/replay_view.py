"""Shows a replayed conversation in the terminal: a block a turn, readable at 80 columns."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, cast

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from storage.types import JsonObject

INTENTS_SHOWN: Final = 3
FLEETING: Final = {"show_typing", "answer_tap"}  # worth a line only where they did not leave
UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What could steer the terminal, or turn its words around."""

Line = tuple[str, Text]


def view(facts: JsonObject) -> RenderableType:
    """Every turn of `app.replay.replay`'s answer."""
    turns: list[JsonObject] = facts["turns"]
    return Group(*(_block(turn) for turn in turns))


def _block(turn: JsonObject) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=8, style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in _lines(turn):
        table.add_row(label, text)
    kind = str(turn["event"]["kind"]).replace("_", " ")
    head = Text(f"{turn['turn']} · {turn['at']:%Y-%m-%d %H:%M:%S} · {kind}", style="bold")
    return Padding(Group(Rule(head, align="left", style="dim"), table), (0, 0, 1, 0))


def _lines(turn: JsonObject) -> Iterator[Line]:
    yield from _came(turn)
    if turn["open_question"]:
        yield "asked", _text(f"the question for {turn['open_question']} was open")
    if turn["understood"]:
        yield from _understood(turn["understood"])
    if turn["why"]["text"]:
        yield "why", _text(turn["why"]["text"])
    for command in turn["commands"]:
        yield "does", _text(_command(command), style="bold")
        yield from (("", _text(f"  {step}", style="dim")) for step in _steps(command))
    if turn["steps_left_out"]:
        yield "", _text(f"  … and {turn['steps_left_out']} more steps", style="dim")
    yield from (("slot", _text(_slot(name, change))) for name, change in turn["slots"].items())
    yield from _went(turn)
    if turn["stack"]:
        yield "open", _text(" › ".join(turn["stack"]))
    yield from (("staff", _text(each["text"], style="cyan")) for each in turn["staff"])


def _came(turn: JsonObject) -> Iterator[Line]:
    event = dict(cast("JsonObject", turn["event"]))
    kind = event.pop("kind")
    words = event.pop("text", None) or event.pop("label", None) or event.pop("caption", None)
    if words:
        yield "they" if kind != "overheard" else str(event.get("author", "")), _text(words, style="green")
    elif event:
        yield "event", _text(_pairs(event))
    if not turn["traced"]:
        yield "", _text(_untraced(turn), style="yellow")
    if turn["error"]:
        yield "error", _text(turn["error"], style="red")


def _untraced(turn: JsonObject) -> str:
    match turn["state"]:
        case "waiting":
            return "its turn has not come yet"
        case "parked":
            return "the turn failed, nothing of it was kept: see /staff/problems"
        case _:
            return "no trace of the turn: nothing was to be decided, or it is older than traces are"


def _understood(heard: JsonObject) -> Iterator[Line]:
    yield "heard", _text(_intents(heard))
    if heard["entities"]:
        yield "", _text("  ".join(f"{each['name']}={_value(each['value'])}" for each in heard["entities"]))
    for number, part in enumerate(heard.get("parts", []), start=1):
        yield "", _text(f"part {number}: {_intents(part, most=1)}", style="dim")


def _intents(heard: JsonObject, *, most: int = INTENTS_SHOWN) -> str:
    guesses = [f"{each['name']} {each['probability']:.2f}" for each in heard["intents"][:most]]
    refused = f" (refused, score {heard['refusal_score']:.2f})" if heard["refused"] else ""
    return (" · ".join(guesses) or "nothing") + refused


def _command(command: JsonObject) -> str:
    details = [str(command[name]) for name in ("flow", "reply") if name in command]
    details += [", ".join(command["names"])] if "names" in command else []
    details += [_pairs(command["slots"])] if "slots" in command else []
    details += [f"(for its part {command['part']})"] if "part" in command else []
    return " ".join([str(command["do"]).replace("_", " "), *details])


def _steps(command: JsonObject) -> Iterator[str]:
    """The steps, with the flow's name where it changes."""
    flow = None
    for step in command["steps"]:
        if step["flow"] != flow:
            flow = step["flow"]
            yield f"{flow}:"
        result = f" → {step['result']}" if step.get("result") else ""
        yield f"  {step['step']}: {step['what']}{result}"


def _slot(name: str, change: JsonObject | None) -> str:
    return f"{name}: {_value(change['before'])} → {_value(change['after'])}" if change else f"{name} changed"


def _went(turn: JsonObject) -> Iterator[Line]:
    for reply in turn["replies"]:
        if reply["kind"] in FLEETING and reply["state"] == "sent":
            continue
        yield "says", _text(_reply(reply))
        if reply["state"] != "sent":
            yield "", _text(f"{reply['state']}: {reply['error'] or 'not sent yet'}", style="yellow")
    for call in turn["calls"]:
        yield "calls", _text(f"{call['call']} ({call['state']})")
    for timer in turn["timers"]:
        yield "timer", _text(timer)


def _reply(reply: JsonObject) -> str:
    words = reply.get("text") or " · ".join(reply.get("cards", []))
    buttons = " ".join(f"[{label}]" for label in reply.get("buttons", []))
    name = reply.get("reply") or str(reply["kind"]).replace("_", " ")
    return " ".join(part for part in (f"{name}:" if words else name, words, buttons) if part)


def _pairs(values: JsonObject) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    match value:
        case None:
            return "–"
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


def _text(words: str, *, style: str = "") -> Text:
    return Text(UNSAFE.sub("�", words), style=style)
