"""A record as a story file, which `parley scenario` plays: the same people, doings, times and faults."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML

from sandbox.simulation.acts import Act, Do, Moment, Step
from sandbox.simulation.faults import DECLINE, KILL, Fault
from sandbox.simulation.run import AFTERWARDS, Cast

_ANSWERS: Final = {
    "drop": "lost", "drop served": "timeout", "500": "error", "500_saved": "error", "502": "503", "613": "429",
}  # fmt: skip
_PLACES: Final = {
    "stripe POST /v1/checkout/sessions": ("stripe", "checkout"),
    "stripe POST /v1/refunds": ("stripe", "refund"),
    "stripe notice": ("stripe", "notices"),
    "telegram sendMessage": ("telegram", "send"),
    "telegram sendInvoice": ("telegram", "invoice"),
    "telegram sendPhoto": ("telegram", "photo"),
    "messenger messages": ("messenger", "send"),
    "messenger notice": ("messenger", "notices"),
}


def as_story(
    title: str, moments: Sequence[Moment], cast: Mapping[str, Cast], *, begins_at: datetime, note: str = ""
) -> str:
    """The story file's text. `note` stands above it as a comment."""
    people = dict.fromkeys(key for moment in moments for step in moment.steps for key in _involved(step))
    story = {
        "story": title,
        "shop": "demo",
        "people": {key: {"channel": cast[key].channel} for key in people},
        "steps": list(_steps(moments, begins_at)),
    }
    text = StringIO()
    yaml: Any = YAML()  # the library does not say what it dumps
    yaml.width = 110
    yaml.allow_unicode = True
    yaml.dump(story, text)
    comment = "".join(f"# {line}\n" for line in note.splitlines())
    return comment + text.getvalue()


def _involved(step: Step) -> Iterator[str]:
    yield step.person
    if step.act.do is Do.FOLLOW:
        yield step.act.argument


def _steps(moments: Sequence[Moment], begins_at: datetime) -> Iterator[dict[str, Any]]:
    now = begins_at
    for moment in moments:
        if (seconds := int((moment.at - now).total_seconds())) > 0:
            yield {"clock": f"+{seconds}s"}
            now = moment.at
        again = 0
        for fault in moment.faults:
            again += fault.where == "telegram update"
            yield from _fault(fault)
        declined = next((fault.how for fault in moment.faults if fault.name == DECLINE), None)
        doings = [{step.person: _doing(step.act, declined)} for step in moment.steps]
        yield doings[0] if len(doings) == 1 else {"both": doings}
        if again:
            yield {"fault": {"telegram": {"again": again}}}
        if any(fault.how == "hold" for fault in moment.faults):
            yield {"fault": {"stripe": {"hold": False}, "messenger": {"hold": False}}}
    afterwards = int(AFTERWARDS.total_seconds())  # some things show only when all that was due has happened
    yield {"clock": f"+{afterwards}s"}


def _fault(fault: Fault) -> Iterator[dict[str, Any]]:
    if fault.name == KILL:
        yield {"fault": {"kill": "next"}}
    elif fault.how == "hold":
        yield {"fault": {fault.where.partition(" ")[0]: {"hold": True}}}
    elif fault.where in _PLACES:
        end, what = _PLACES[fault.where]
        yield {"fault": {end: {what: [_ANSWERS.get(fault.how, fault.how)]}}}


def _doing(act: Act, declined: str | None) -> Any:
    said = act.argument
    card = declined if said == "visa" and declined else said
    return {
        Do.SAY: {"say": said},
        Do.TAP: {"tap": said},
        Do.OPEN: {"open": ""},
        Do.FOLLOW: {"follow": said},
        Do.UNBLOCK: {"open": ""},
        Do.SHARE_PHONE: {"share": "phone", "number": said},
        Do.SEND_PHOTO: {"send": "photo", "caption": said},
        Do.PAY: {"pay": "card", "with": card},
        Do.HEAR_AGAIN: {"pay": "card", "again": True},
        Do.BLOCK: {"block": "bot"},
    }[act.do]
