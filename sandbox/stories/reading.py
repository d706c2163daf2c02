"""Reads a story and names every mistake in it, with its line and what was there, before anything is played."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from pydantic import Field

from sandbox.stories import faults
from sandbox.stories.format import (
    CHANNELS,
    Act,
    Add,
    Block,
    BotLine,
    Channel,
    Chat,
    Clock,
    Doing,
    Expectation,
    ExpectCustomer,
    ExpectDeal,
    Expected,
    ExpectMessages,
    ExpectOrder,
    ExpectOrders,
    ExpectStock,
    Faults,
    Follow,
    Happening,
    Join,
    Known,
    Leave,
    Open,
    Pay,
    Public,
    Remove,
    Reply,
    Restart,
    Role,
    Say,
    Send,
    Share,
    StaffAct,
    StaffDelivered,
    StaffMove,
    StaffReply,
    StaffReturn,
    StaffShip,
    StaffStock,
    StaffTakes,
    Step,
    Story,
    StoryModel,
    Tap,
    Together,
    Upgrade,
)
from storage import yaml_files
from storage.yaml_files import Mistake, Mistakes, nearest

M = TypeVar("M", bound=StoryModel)
Raw = Mapping[str, Any]

ACTS: Final[dict[str, type[Act]]] = {
    "say": Say,
    "tap": Tap,
    "send": Send,
    "open": Open,
    "follow": Follow,
    "share": Share,
    "pay": Pay,
    "block": Block,
    "reply": Reply,
    "join": Join,
    "leave": Leave,
    "add": Add,
    "remove": Remove,
    "upgrade": Upgrade,
}
IN_GROUPS: Final = (Public, Reply, Join, Leave, Add, Remove, Upgrade)
STAFF_ACTS: Final[dict[str, type[StaffAct]]] = {
    "reply": StaffReply,
    "order": StaffMove,
    "ship": StaffShip,
    "takes": StaffTakes,
    "delivered": StaffDelivered,
    "return": StaffReturn,
    "stock": StaffStock,
}
STAFF_LATER: Final = frozenset({"claim", "note", "transfer", "refund", "resolve"})
EXPECTATIONS: Final[dict[str, type[Expectation]]] = {  # by their first key: one may have another's beside it
    "order": ExpectOrder,
    "stock": ExpectStock,
    "customer": ExpectCustomer,
    "messages": ExpectMessages,
    "orders": ExpectOrders,
    "deal": ExpectDeal,
}
WORLD_STEPS: Final = ("bot", "both", "clock", "fault", "restart", "expect")
SAVED = re.compile(r"\$([A-Za-z_]\w*)")


class _Frame(StoryModel):
    """The file's top level. What is below is read piece by piece, so that each mistake has its line."""

    story: str = Field(min_length=1)
    shop: str = "demo"
    people: dict[str, Role] = Field(min_length=1)
    also_on: tuple[Channel, ...] = ()
    chats: dict[str, Chat] = Field(default_factory=dict[str, Chat])
    steps: list[Any] = Field(min_length=1)
    expect: list[Any] = Field(default_factory=list[Any])


def read(path: Path, known: Known) -> Story:
    """The story in `path`. Raises Mistakes with all of them."""
    content = yaml_files.load(path)
    if not content:
        raise Mistakes(
            [Mistake(path, None, "is empty: a story begins with `story:`, `people:` and `steps:`")]
        )
    if not isinstance(content, Mapping):
        raise Mistakes([Mistake(path, 1, "is no story: it must begin with `story:`, `people:` and `steps:`")])
    frame = yaml_files.parse(_Frame, content, path)
    reader = _Reader(path, content, frame, known)
    steps = [*reader.steps(), *reader.ending()]
    if reader.mistakes:
        raise Mistakes(sorted(reader.mistakes, key=lambda mistake: mistake.line or 0))
    return Story(path, frame.story, frame.people, frame.chats, frame.also_on, steps)


class _Reader:
    """One file being read; what is wrong gathers in `mistakes`."""

    def __init__(self, path: Path, content: Any, frame: _Frame, known: Known) -> None:
        self.path = path
        self.content = content
        self.frame = frame
        self.known = known
        self.mistakes: list[Mistake] = []
        self._saved: set[str] = set()
        self._check_frame()

    def _wrong(self, line: int | None, message: str) -> None:
        self.mistakes.append(Mistake(self.path, line, message))

    def _line(self, *location: str | int) -> int:
        return yaml_files.line_of(self.content, location) or 1

    # ── the top ─────────────────────────────────────────────────────────────────────────────────────

    def _check_frame(self) -> None:
        if self.frame.shop != "demo":
            self._wrong(
                self._line("shop"), f"the shop {self.frame.shop!r}: there is only 'demo' in this version"
            )
        for name, role in self.frame.people.items():
            line = self._line("people", name)
            if name in WORLD_STEPS:
                self._wrong(line, f"nobody can be called {name!r}: steps mean something else by it")
            if role.role == "customer" and role.channel is None:
                self._wrong(line, f"{name!r} has no channel; there are {', '.join(CHANNELS)}")

        for name, chat in self.frame.chats.items():
            self._check_chat(name, chat, self._line("chats", name))

    def _check_chat(self, name: str, chat: Chat, line: int) -> None:
        if name in WORLD_STEPS or name in self.frame.people:
            self._wrong(line, f"no chat can be called {name!r}: steps mean something else by it")
        if self.frame.also_on:
            self._wrong(
                line, f"{name!r} is a chat on {chat.channel}: the story cannot be played elsewhere (also_on)"
            )
        for member in chat.members:
            self._check_member(member, chat, line)

    def _check_member(self, name: str, chat: Chat, line: int) -> None:
        role = self._person(name, line)
        if role is not None and role.channel != chat.channel:
            self._wrong(line, f"{name!r} is on {role.channel}, and the chat on {chat.channel}")

    def _check_in(self, chat: str, line: int) -> None:
        if chat not in self.frame.chats:
            self._wrong(line, f"there is no chat {chat!r}{nearest(chat, self.frame.chats)}")

    # ── steps ───────────────────────────────────────────────────────────────────────────────────────

    def steps(self) -> Iterator[Step]:
        """Every step that can be understood."""
        for place, raw in enumerate(self.frame.steps):
            line = self._line("steps", place)
            happening = self._happening(raw, line)
            if happening is not None:
                yield Step(line, happening)

    def ending(self) -> Iterator[Step]:
        """What the story expects at its end, as a last step."""
        if self.frame.expect:
            raw = self.content["expect"]
            yield Step(self._line("expect"), self._expected(raw, self._line("expect")))

    def _happening(self, raw: Any, line: int) -> Happening | None:
        found = self._single(raw, line, "a step")
        if found is None:
            return None
        key, value = found
        readers: dict[str, Callable[[Any, int], Happening | None]] = {
            "bot": self._bot,
            "both": self._both,
            "clock": lambda _, line: self._parse(Clock, raw, line),
            "fault": self._fault,
            "restart": lambda _, line: self._parse(Restart, raw, line),
            "expect": self._expected,
        }
        if key in readers:
            return readers[key](value, line)
        return self._doing(key, value, line)

    def _single(self, raw: Any, line: int, what: str) -> tuple[str, Any] | None:
        """The one key and value of a mapping."""
        if isinstance(raw, Mapping) and len(cast("Raw", raw)) == 1:
            return next(iter(cast("Raw", raw).items()))
        names = ", ".join([*self.frame.people, *WORLD_STEPS])
        there = ", ".join(str(key) for key in cast("Raw", raw)) if isinstance(raw, Mapping) else repr(raw)
        self._wrong(line, f"{what} has one key, of {names}; here is {there or 'nothing'}")
        return None

    def _parse(self, model: type[M], raw: Any, line: int) -> M | None:
        """A piece of the file as its model; mistakes without a line of their own get this one."""
        try:
            return yaml_files.parse(model, raw, self.path)
        except Mistakes as found:
            self.mistakes += [Mistake(self.path, each.line or line, each.message) for each in found.mistakes]
            return None

    # ── people ──────────────────────────────────────────────────────────────────────────────────────

    def _person(self, name: str, line: int, *, staff: bool = False) -> Role | None:
        role = self.frame.people.get(name)
        if role is None:
            self._wrong(line, f"nobody is called {name!r}{nearest(name, self.frame.people)}")
        elif role.role == "staff" and not staff:
            self._wrong(line, f"{name!r} is staff, not a customer")
            return None
        return role

    def _doing(self, who: str, raw: Any, line: int) -> Doing | None:
        if who not in self.frame.people:
            names = [*self.frame.people, *WORLD_STEPS]
            self._wrong(
                line, f"{who!r} is neither a person of this story nor a kind of step{nearest(who, names)}"
            )
            return None
        if self.frame.people[who].role == "staff":
            return self._staff(who, raw, line)
        act = Say(say=raw) if isinstance(raw, str) and raw else self._act(ACTS, raw, line, who)
        if act is None:
            return None
        self._check_saved(act, line)
        self._check_act(who, act, line)
        return Doing(who, act)

    def _act(self, acts: Mapping[str, type[M]], raw: Any, line: int, who: str) -> M | None:
        """The kind of act is known by the key that it is called after."""
        if not isinstance(raw, Mapping):
            self._wrong(line, f"{who!r} does {raw!r}: write what they say, or one of {', '.join(acts)}")
            return None
        keys = [str(key) for key in cast("Raw", raw)]
        kinds = [key for key in keys if key in acts]
        if len(kinds) != 1:
            known = nearest(keys[0], acts) if keys and not kinds else f" — known here: {', '.join(acts)}"
            self._wrong(line, f"{who!r} does one thing a step; here is {', '.join(keys) or 'nothing'}{known}")
            return None
        return self._parse(acts[kinds[0]], raw, line)

    def _check_act(self, who: str, act: Act, line: int) -> None:
        if isinstance(act, Send) and act.file and not (self.path.parent / act.file).is_file():
            self._wrong(line, f"there is no file {act.file!r} beside the story")
        if isinstance(act, Block) and "web" in {self.frame.people[who].channel, *self.frame.also_on}:
            self._wrong(line, f"{who!r} cannot block the bot in the web chat")
        if isinstance(act, IN_GROUPS) and act.chat is not None:
            self._check_in(act.chat, line)
            if (chat := self.frame.chats.get(act.chat)) is not None:
                self._check_member(who, chat, line)

    def _staff(self, who: str, raw: Any, line: int) -> Doing | None:
        later = (
            [str(key) for key in cast("Raw", raw) if key in STAFF_LATER] if isinstance(raw, Mapping) else []
        )
        if later:
            known = ", ".join(STAFF_ACTS)
            self._wrong(line, f"{later[0]!r} of staff is not yet in this version; there are {known}")
            return None
        act = self._act(STAFF_ACTS, raw, line, who)
        if act is None:
            return None
        self._check_saved(act, line)
        if isinstance(act, StaffReply):
            self._person(act.reply, line)
        if isinstance(act, StaffStock):
            self._named("product", act.stock, self.known.products, line)
        return Doing(who, act)

    def _both(self, raw: Any, line: int) -> Together | None:
        if not isinstance(raw, Sequence) or isinstance(raw, str) or len(cast("Sequence[Any]", raw)) < 2:
            self._wrong(line, "'both' is a list of what two or more people do")
            return None
        doings: list[Doing] = []
        for place, each in enumerate(cast("Sequence[Any]", raw)):
            own_line = yaml_files.line_of(raw, [place]) or line
            found = self._single(each, own_line, "one of 'both'")
            doing = self._doing(*found, own_line) if found else None
            if doing is not None:
                doings.append(doing)
        return Together(doings)

    # ── the bot ─────────────────────────────────────────────────────────────────────────────────────

    def _bot(self, raw: Any, line: int) -> BotLine | None:
        said = self._parse(BotLine, raw, line)
        if said is None:
            return None
        if said.to is not None:
            self._person(said.to, line)
        if said.chat is not None:
            self._check_in(said.chat, line)
            if said.to is not None or said.flow is not None:
                self._wrong(line, "in a group nothing is said to one person alone, and no flow is kept")
        if said.reply is not None:
            self._named("reply", said.reply, self.known.replies, line)
        if said.intent is not None:
            self._named("intent", said.intent, self.known.intents, line)
        if said.flow not in {None, "none"}:
            self._named("flow", str(said.flow), self.known.flows, line)
        self._check_saved(said, line)
        self._saved |= set(said.save)
        return said

    def _named(self, what: str, name: str, known: frozenset[str], line: int) -> None:
        if name not in known:
            self._wrong(line, f"there is no {what} {name!r}{_near(name, known)}")

    def _check_saved(self, model: StoryModel, line: int) -> None:
        """Every $name was saved by an earlier line."""
        for text in _texts(model.model_dump(exclude={"save"})):
            for name in SAVED.findall(text):
                if name not in self._saved:
                    self._wrong(line, f"nothing was saved as {name!r} before{nearest(name, self._saved)}")

    # ── the world ───────────────────────────────────────────────────────────────────────────────────

    def _fault(self, raw: Any, line: int) -> Faults | None:
        found = self._parse(Faults, raw, line)
        if found is not None:
            for message in faults.mistakes(found):
                self._wrong(line, message)
        return found

    def _expected(self, raw: Any, line: int) -> Expected:
        if not isinstance(raw, Sequence) or isinstance(raw, str):
            self._wrong(line, "'expect' is a list")
            return Expected(())
        expectations: list[tuple[int, Expectation]] = []
        for place, each in enumerate(cast("Sequence[Any]", raw)):
            own_line = yaml_files.line_of(raw, [place]) or line
            if (found := self._expectation(each, own_line)) is not None:
                expectations.append((own_line, found))
        return Expected(expectations)

    def _expectation(self, raw: Any, line: int) -> Expectation | None:
        keys = [str(key) for key in cast("Raw", raw)] if isinstance(raw, Mapping) else []
        kind = next((model for key, model in EXPECTATIONS.items() if key in keys), None)
        if kind is None:
            there, known = keys[0] if keys else str(cast("Any", raw)), list(EXPECTATIONS)
            self._wrong(line, f"{there!r} is nothing that can be expected{nearest(there, known)}")
            return None
        expectation = self._parse(kind, raw, line)
        if expectation is not None:
            self._check_expectation(expectation, line)
        return expectation

    def _check_expectation(self, expectation: Expectation, line: int) -> None:
        self._check_saved(expectation, line)
        match expectation:
            case ExpectStock(stock=handle):
                self._named("product", handle, self.known.products, line)
            case ExpectDeal(deal=code):
                self._named("deal", code, self.known.deals, line)
            case ExpectCustomer(customer=name):
                self._person(name, line)
            case ExpectMessages(messages=wanted) if wanted.to not in self.frame.chats:
                self._person(wanted.to, line)
            case ExpectOrders() | ExpectMessages():
                pass
            case ExpectOrder(order=order):
                is_person = order in self.frame.people
                if not is_person and not SAVED.fullmatch(order):
                    people = ", ".join(self.frame.people)
                    self._wrong(
                        line, f"the order {order!r}: name a person ({people}) or what was saved, like $order"
                    )


def _near(name: str, known: frozenset[str]) -> str:
    """The nearest one; a list of all of them would be long."""
    close = nearest(name, known)
    return close if "did you mean" in close else ""


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in cast("Raw", value).values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in cast("Sequence[Any]", value):
                yield from _texts(inner)
        case _:
            return
