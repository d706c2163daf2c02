"""Plays a story on a stage: step after step, with every invariant checked after each."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import httpx

from sandbox.people.person import CannotDo, Person, Seen
from sandbox.people.telegram_group import TelegramGroup
from sandbox.stories import faults
from sandbox.stories.checks import Checks
from sandbox.stories.format import (
    Act,
    Block,
    BotLine,
    Chat,
    Clock,
    Doing,
    Expected,
    Faults,
    Follow,
    Open,
    Pay,
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
    Tap,
    Together,
)
from sandbox.stories.groups import act_in, place_of
from sandbox.stories.hearing import Hearing
from sandbox.stories.invariants import Invariants
from sandbox.stories.reading import SAVED
from sandbox.stories.results import Failure, NotSo, Result
from sandbox.stories.stage import Stage
from sandbox.stories.transcript import Transcript
from shop.errors import Refused
from shop.money import Money
from shop.orders.model import OrderStatus

# The smallest JPEG that readers take: one grey pixel.
SMALL_PICTURE: Final = bytes.fromhex(
    "ffd8ffe000104a46494600010101004800480000ffdb004300ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc0000b080001000101011100ffc4"
    "0014000100000000000000000000000000000009ffc40014100100000000000000000000000000000000ffda0008010100003f0054df"
    "ffd9"
)


async def play(
    story: Story, stage: Stage, *, database: str = "sqlite", tell: Callable[[float], None] | None = None
) -> Result:
    """Play it to its end or to the first line that does not hold. `tell` hears how far it is, 0 to 1."""
    started = time.monotonic()
    with Invariants(stage) as invariants:
        player = Player(story, stage, invariants)
        await player.gather()
        held, failure = 0, None
        for number, step in enumerate(story.steps, start=1):
            failure = await player.play(step)
            if failure is not None:
                break
            held = number
            if tell is not None:
                tell(number / len(story.steps))
    channels = tuple(sorted({person.channel for person in player.people.values()}))
    return Result(story.title, story.file, channels, database, time.monotonic() - started, held, failure)


class Player:
    """One story on one stage."""

    def __init__(self, story: Story, stage: Stage, invariants: Invariants) -> None:
        self._story = story
        self._stage = stage
        self._invariants = invariants
        self._saved: dict[str, str] = {}
        self._last: str | None = None  # who acted last
        self._kill_next = False
        self.people = _cast(story.people, stage)
        self.chats = _groups(story.chats, self.people, stage)
        self._hearing = {name: Hearing(each, stage) for name, each in (self.people | self.chats).items()}
        self._checks = Checks(stage, self.people, self.chats, self._fill)
        self.transcript = Transcript(list(self._hearing))

    async def gather(self) -> None:
        """Let the groups come together: the bot may greet them before anybody does anything."""
        if self.chats:
            await self._stage.settle()
            await self._listen()

    async def play(self, step: Step) -> Failure | None:
        """One step and what must hold after it; None if all is as it should be."""
        try:
            await self._happen(step)
            await self._listen()
            self._hold()
        except NotSo as wrong:
            return self._failure(wrong.line or step.line, wrong.expected, wrong.found)
        except CannotDo as wrong:
            return self._failure(step.line, "something that can be done", str(wrong))
        except TimeoutError:
            return self._failure(step.line, "the shop to come to rest", "work that never ended")
        except httpx.HTTPError as wrong:
            return self._failure(step.line, "an answer from the shop", repr(wrong))
        return None

    def _failure(self, line: int, expected: str, found: str) -> Failure:
        return Failure(self._story.file, line, expected, found, self.transcript)

    def _hold(self) -> None:
        breaches = self._invariants.check()
        if breaches:
            raise NotSo("every invariant to hold", "; ".join(breaches))

    async def _happen(self, step: Step) -> None:
        match step.happening:
            case Doing() as doing:
                await self._begin([doing])
                await self._do(doing)
                await self._follow()
            case Together(doings=doings):
                await self._begin(doings)
                await asyncio.gather(*(self._do(doing) for doing in doings))
                await self._follow()
            case BotLine() as expected:
                await self._bot(expected)
            case Clock(clock=clock):
                await self._turn_clock(clock)
            case Faults() as planned:
                await self._plan(planned)
            case Restart():
                await self._restart()
            case Expected(expectations=expectations):
                for line, expectation in expectations:
                    try:
                        await self._checks.check(expectation)
                    except NotSo as wrong:
                        raise NotSo(wrong.expected, wrong.found, line=line) from wrong

    async def _follow(self) -> None:
        """What the shop does about it, or its death."""
        if self._kill_next:
            self._kill_next = False
            await self._restart()
        await self._stage.settle()
        led = [name for chat in self.chats.values() for name in chat.follow()]
        if led:
            self.transcript.happened(self._now(), f"— led to the private chat: {', '.join(led)} —")
            await self._stage.settle()

    # ── people ──────────────────────────────────────────────────────────────────────────────────────

    async def _begin(self, doings: Sequence[Doing]) -> None:
        """Who acts, and the group in which they do, hear anew from here on."""
        for doing in doings:
            if isinstance(doing.act, StaffAct):
                continue
            place = place_of(doing.act)
            words = self._fill(doing.act.say) if isinstance(doing.act, Say) else None
            words = self._fill(doing.act.reply) if isinstance(doing.act, Reply) else words
            for name in {doing.who, place or doing.who}:
                await self._hearing[name].begin(words)
            self._last = place or doing.who

    async def _do(self, doing: Doing) -> None:
        act = doing.act
        if isinstance(act, StaffAct):
            await self._staff(doing.who, act)
            return
        person, place = self.people[doing.who], place_of(act)
        if place is not None:
            picture = self._picture(act) if isinstance(act, Send) else b""
            told = act_in(self.chats[place], person, act, fill=self._fill, picture=picture)
            self.transcript.add(self._now(), place, f"{doing.who}: {told}", mine=True)
            return
        outcome = await self._act(person, act)
        self.transcript.add(self._now(), doing.who, self._told(act, outcome), mine=True)

    def _picture(self, send: Send) -> bytes:
        return (self._story.file.parent / send.file).read_bytes() if send.file else SMALL_PICTURE

    async def _act(self, person: Person, act: Act) -> str:
        """How it ended, where that is known at once."""
        match act:
            case Say(say=words):
                await person.say(self._fill(words))
            case Tap(tap=label):
                await person.tap(self._fill(label))
            case Send(caption=caption):
                await person.send_photo(self._picture(act), self._fill(caption))
            case Open(open=link):
                await person.open(_payload(self._fill(link)))
            case Follow(follow=inviter):
                await person.open(await self.people[inviter].invitation())
            case Share(number=number):
                await person.share_phone(number)
            case Block():
                await person.block()
            case Pay():
                return await self._pay(person, act)
            case _:
                raise LookupError(f"{act!r} is done in a group")
        return ""

    async def _pay(self, person: Person, pay: Pay) -> str:
        outcome = await person.pay(pay.card, again=pay.again, early=pay.early, form=pay.filled)
        ended = "paid" if outcome.paid else f"not paid: {outcome.code}: {outcome.message}"
        if pay.paid is not None and pay.paid != outcome.paid:
            raise NotSo(f"{person.name} to have {'paid' if pay.paid else 'paid nothing'}", ended)
        return ended

    @staticmethod
    def _told(act: Act, outcome: str) -> str:
        """The act in the transcript's words."""
        match act:
            case Say(say=words):
                return words
            case Tap(tap=label):
                return f"[{label}]"
            case Pay(card=card, again=again):
                return "(the provider tells it again)" if again else f"(pays with {card}: {outcome})"
            case _:
                fields = act.model_dump(exclude_defaults=True)
                return f"({', '.join(f'{name} {value}' for name, value in fields.items())})"

    async def _staff(self, who: str, act: StaffAct) -> None:
        told = ", ".join(f"{name} {value}" for name, value in act.model_dump(exclude_defaults=True).items())
        self.transcript.happened(self._now(), f"{who} of the staff: {told}")
        match act:
            case StaffReply(reply=name, text=words):
                await self._stage.staff_reply(self.people[name].conversation, self._fill(words))
            case (
                StaffMove(order=order)
                | StaffShip(ship=order)
                | StaffDelivered(delivered=order)
                | StaffTakes(of=order)
                | StaffReturn(of=order)
            ):
                reference = self._checks.find_order(order).reference
                try:
                    await self._staff_order(reference, act)
                except Refused as refused:
                    raise CannotDo(f"{who}: the order {reference} refuses {told}: {refused}") from refused
            case StaffStock(stock=handle, on_hand=on_hand, price=price):
                minor = price[0] if price else None
                await self._stage.set_goods(handle, on_hand=on_hand, price_minor=minor)

    async def _staff_order(
        self, reference: str, act: StaffMove | StaffShip | StaffDelivered | StaffTakes | StaffReturn
    ) -> None:
        match act:
            case StaffMove(to=status, tracking=tracking):
                await self._stage.staff_move(reference, OrderStatus(status), tracking=tracking)
            case StaffShip(units=units, carrier=carrier, tracking=tracking):
                await self._stage.staff_ship(reference, units, carrier=carrier, tracking=tracking)
            case StaffDelivered(shipment=shipment):
                await self._stage.staff_deliver(reference, shipment)
            case StaffTakes(takes=(minor, currency), to=to, reference=told):
                await self._stage.staff_take(reference, Money(minor, currency), to=to, receipt=told)
            case StaffReturn(to=status, why=why, sellable=sellable, amount=amount):
                minor = amount[0] if amount else None
                await self._stage.staff_return(
                    reference, status, why=why, sellable=sellable, amount_minor=minor
                )

    # ── the bot ─────────────────────────────────────────────────────────────────────────────────────

    async def _bot(self, expected: BotLine) -> None:
        name = expected.to or expected.chat or self._last
        if name is None:
            raise NotSo(
                "somebody whom the bot has answered", "nobody has done anything yet, and there is no `to`"
            )
        filled = BotLine.model_validate(
            expected.model_dump()
            | {
                "says": [self._fill(each) for each in expected.says],
                "says_not": [self._fill(each) for each in expected.says_not],
                "buttons": [self._fill(each) for each in expected.buttons],
            }
        )
        self._saved |= await self._hearing[name].check(filled)

    async def _listen(self) -> None:
        """Write down what everybody was told meanwhile."""
        for name, hearing in self._hearing.items():
            for seen in await hearing.listen():
                self.transcript.add(self._now(), name, _shown(seen), mine=False)

    def _fill(self, text: str) -> str:
        return SAVED.sub(lambda match: self._saved.get(match[1], match[0]), text)

    # ── the world ───────────────────────────────────────────────────────────────────────────────────

    def _now(self) -> datetime:
        return self._stage.clock.now()

    async def _turn_clock(self, clock: timedelta | datetime) -> None:
        by = clock if isinstance(clock, timedelta) else clock.astimezone(self._now().tzinfo) - self._now()
        if by < timedelta(0):
            raise NotSo(f"a time after {self._now().isoformat()}", str(clock))
        self.transcript.happened(self._now(), f"— {by} later —")
        await self._stage.advance(by)

    async def _plan(self, planned: Faults) -> None:
        told = planned.model_dump(exclude_none=True)
        self.transcript.happened(self._now(), f"— trouble: {told} —")
        faults.plan(planned, self._stage.sandbox, bot=self._stage.bot_name)
        self._kill_next = planned.kill is not None
        await self._stage.settle()

    async def _restart(self) -> None:
        self.transcript.happened(self._now(), "— killed and started again —")
        await self._stage.crash()
        await self._stage.settle()


def _cast(roles: Mapping[str, Role], stage: Stage) -> dict[str, Person]:
    """The customers; staff need no phone."""
    return {
        name: stage.person(name.capitalize(), role.channel, language=role.language)
        for name, role in roles.items()
        if role.role == "customer" and role.channel is not None
    }


def _groups(
    chats: Mapping[str, Chat], people: Mapping[str, Person], stage: Stage
) -> dict[str, TelegramGroup]:
    return {
        name: stage.group(
            name, [people[member] for member in chat.members], bot=chat.bot, basic=chat.kind == "group"
        )
        for name, chat in chats.items()
    }


def _payload(link: str) -> str:
    """What a deep link carries: https://t.me/shop?start=deal_1 and https://m.me/shop?ref=deal_1 carry deal_1."""
    if "://" not in link:
        return link
    carried = httpx.URL(link).params
    return carried.get("start") or carried.get("ref") or ""


def _shown(seen: Seen) -> str:
    return str(seen) if seen.form == "text" else f"({seen.form}) {seen}"
