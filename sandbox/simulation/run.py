"""Plays moments on a stage, one after the other, and checks after each that everything still holds."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Protocol

import httpx
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.actions.reconciling import Reconciled
from payments.model import Payment, Reconciliation, Refund, RefundStatus
from sandbox.people.person import CannotDo, Person
from sandbox.people.telegram import TelegramPerson
from sandbox.people.web import WebPerson
from sandbox.simulation.acts import Act, Do, Moment, Step, perform
from sandbox.simulation.crowd import Source
from sandbox.simulation.faults import DECLINE, HELD_MOMENTS, KILL, Fault, plant
from sandbox.simulation.shoppers import View
from sandbox.stories.stage import Stage as StoryStage
from sandbox.stripe.people import Outcome
from shop.deals.model import DealGroup, Seat
from shop.orders.model import Order
from storage.sums import total

AFTERWARDS: Final = timedelta(days=4)  # for late notices, holds that end, refunds on their way
CHECKOUT_SECONDS: Final = 11  # Telegram gives up on a pre-checkout after ten
_TURNS: Final = 50  # of the event loop, for what was answered to be noticed
_TRIES: Final = 5


class Stage(StoryStage, Protocol):
    """What a simulation needs beside what stories do."""

    @property
    def repeatable(self) -> bool:
        """Whether the same doings have the same end here every time."""
        ...

    async def arrived(self) -> None:
        """Until the shop has taken what people did so far."""
        ...

    def die_after(self, writes: int) -> asyncio.Event:
        """Let the shop die once it has kept so many more pieces of work; set when that happens. If repeatable."""
        ...

    async def reconcile(self) -> Reconciled:
        """Compare the shop's books with the provider's account, and let what mends a difference take place."""
        ...


class Rules(Protocol):
    """What must hold after every moment."""

    def check(self) -> list[str]:
        """A sentence for every breach; none when all holds."""
        ...


@dataclass(frozen=True, slots=True)
class Cast:
    """Who somebody of the record is: what to call them, and their messenger."""

    name: str
    channel: str


@dataclass
class Outcomes:
    """What a run came to. `record` does it all again without anybody deciding anything."""

    visits: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    people: set[str] = field(default_factory=set[str])
    steps: int = 0
    messages: int = 0
    could_not: int = 0
    paid: int = 0
    faults: Counter[str] = field(default_factory=Counter[str])
    orders: dict[str, int] = field(default_factory=dict[str, int])
    groups: dict[str, int] = field(default_factory=dict[str, int])  # of people who buy together
    seats: dict[str, int] = field(default_factory=dict[str, int])
    charged_minor: int = 0
    refunded_minor: int = 0
    reconciled: int = (
        0  # charges, refunds, disputes and sessions of the provider's, held against our books at the end
    )
    mended: int = 0  # differences that the nights and the end found and mended: notices that had not come
    unreconciled: int | None = (
        None  # what still differs after that; None for a run that did not reach its end
    )
    began_at: datetime | None = None
    ended_at: datetime | None = None
    real_seconds: float = 0.0
    stopped: bool = False
    digest: str = ""
    breaches: list[str] = field(default_factory=list[str])
    record: list[Moment] = field(default_factory=list[Moment])


class Run:
    """One run of a source's moments. Make a new stage for every run."""

    def __init__(
        self,
        stage: Stage,
        rules: Rules,
        source: Source,
        cast: dict[str, Cast],
        *,
        seed: int,
        told: Callable[[Outcomes], None] = lambda _: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """`told` hears after each moment how far it is; before each, `stopped` says whether that is enough."""
        self.stage = stage
        self.rules = rules
        self.source = source
        self.cast = cast
        self.outcomes = Outcomes(began_at=stage.clock.now())
        self._told = told
        self._stopped = stopped
        self._random = Random(f"{seed}:run")  # noqa: S311 - of notices that come in another order
        self._people: dict[str, Person] = {}
        self._held = 0  # moments for which notices still pile up
        self._died: asyncio.Event | None = None
        self._digest = hashlib.sha256()
        self._dies = False  # at this moment, on a stage where nobody can say between which of its writes

    async def play(self) -> Outcomes:
        """To the end, or to the first breach. A shop that never comes to rest is one, too."""
        begun = time.monotonic()
        try:
            await self._go_through()
        except TimeoutError:
            self.outcomes.breaches.append(
                "the shop never came to rest: something of it moves, or waits, for ever"
            )
        self.stage.database.read(self._count)
        self.outcomes.ended_at = self.stage.clock.now()
        self.outcomes.real_seconds = time.monotonic() - begun
        self.outcomes.digest = self._digest.hexdigest()
        return self.outcomes

    async def _go_through(self) -> None:
        while (moment := self.source.next()) is not None:
            if self._stopped():
                self.outcomes.stopped = True
                return
            self.outcomes.record.append(moment)
            await self._live(moment)
            self.outcomes.breaches += self.rules.check()
            self._told(self.outcomes)
            if self.outcomes.breaches:
                return
        await self._wind_down()

    async def _wind_down(self) -> None:
        """What is still on its way arrives, and everybody looks at their screen once more."""
        self._release()
        await self.stage.advance(AFTERWARDS)
        for key in sorted(self._people):
            self._note(key, "", await self._look(key))
        self.outcomes.breaches += self.rules.check()
        await self._reconcile()

    async def _reconcile(self) -> None:
        """Mend what can be mended, and compare once more: what differs then is money nobody can account for."""
        await self.stage.reconcile()
        again = await self.stage.reconcile()
        differences = [*again.mended, *again.left]
        self.outcomes.reconciled, self.outcomes.unreconciled = again.kept.checked, len(differences)
        self.outcomes.breaches += [f"unreconciled: {each.what}" for each in differences]
        self.outcomes.breaches += self.rules.check()

    # ── one moment ──────────────────────────────────────────────────────────────────────────────────

    async def _live(self, moment: Moment) -> None:
        wait = moment.at - self.stage.clock.now()
        if wait > timedelta():
            await self.stage.advance(wait)
        self._plant(moment.faults)
        views = [await self._take(step, moment.faults) for step in moment.steps]
        if self._dies:
            await self._come_back()
        await self._repeat(moment)
        await self._settle()
        await self._bury()
        self._let_go()
        await self._show(moment, views)

    def _plant(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            plant(self.stage.sandbox, fault)
            self.outcomes.faults[fault.name] += 1
            if fault.how == "hold":
                self._held = HELD_MOMENTS
            if fault.name == KILL and not self.stage.repeatable:
                self._dies = True
            elif fault.name == KILL and self._died is None:
                self._died = self.stage.die_after(int(fault.how))

    async def _take(self, step: Step, faults: Iterable[Fault]) -> View:
        """Do one thing; what is on the screen is seen later."""
        self.outcomes.steps += 1
        self.outcomes.people.add(step.person)
        self.outcomes.visits.add((step.person, step.visit))
        person = self._person(step.person)
        try:
            outcome = await self._act(person, _as_fated(step.act, faults))
        except CannotDo:
            self.outcomes.could_not += 1
            return View(could_not=True)
        await self._mortal(self.stage.arrived)
        if outcome is None:
            return View()
        self.outcomes.paid += outcome.paid
        return View(paid=outcome.paid)

    async def _act(self, person: Person, act: Act) -> Outcome | None:
        """Do it, although the shop may die meanwhile: what did not go through is sent again."""
        inviter = self._person(act.argument) if act.do is Do.FOLLOW else None
        doing = asyncio.ensure_future(perform(person, act, inviter=inviter))
        for _ in range(_TRIES):
            if act.do is Do.PAY:
                await self._while_time_passes(doing)
            try:
                return await self._or_death(doing)
            except httpx.TransportError:
                assert isinstance(person, WebPerson), (
                    "only the web chat's own requests reach the shop directly"
                )
                doing = asyncio.ensure_future(person.send_again())
        return None

    async def _while_time_passes(self, paying: "asyncio.Future[Outcome | None]") -> None:
        """Telegram waits for the bot's word before it takes the money, but not for ever."""
        for _ in range(_TRIES):
            await _a_while(paying)
            if not paying.done():
                await self._settle()
                await _a_while(paying)
            if paying.done():
                return
            await self._mortal(lambda: self.stage.advance(timedelta(seconds=CHECKOUT_SECONDS)))

    async def _repeat(self, moment: Moment) -> None:
        """Telegram tells an update again."""
        if not any(fault.where == "telegram update" for fault in moment.faults):
            return
        for step in moment.steps:
            person = self._people[step.person]
            if isinstance(person, TelegramPerson):
                mine = [u for u in person.world.updates.history(person.bot) if u.lane == person.user.id]
                if mine:
                    person.world.redeliver(person.bot, mine[-1].id)

    async def _show(self, moment: Moment, views: list[View]) -> None:
        """Each of them looks once, after all they did."""
        acts = dict[tuple[str, int], tuple[str, View]]()
        for step, view in zip(moment.steps, views, strict=True):
            before, _ = acts.get((step.person, step.visit), ("", view))
            acts[step.person, step.visit] = (f"{before} | {step.act}", view)
        for (key, visit), (done, view) in acts.items():
            seen = await self._look(key)
            shown = View(seen.new, view.could_not, view.paid)
            self._note(key, done, shown)
            self.source.saw(key, visit, shown)

    async def _look(self, key: str) -> View:
        new = tuple(seen for seen in await self._people[key].look() if not seen.mine)
        self.outcomes.messages += len(new)
        return View(new)

    def _person(self, key: str) -> Person:
        if key not in self._people:
            cast = self.cast[key]
            self._people[key] = self.stage.person(cast.name, cast.channel)
        return self._people[key]

    # ── what goes wrong ─────────────────────────────────────────────────────────────────────────────

    async def _settle(self) -> None:
        await self._mortal(self.stage.settle)

    async def _mortal(self, waiting: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Wait for the shop; when it dies meanwhile, it comes back and is waited for anew."""
        while True:
            task = asyncio.ensure_future(waiting())
            if not await self._died_before(task):
                return

    async def _or_death(self, doing: "asyncio.Future[Outcome | None]") -> Outcome | None:
        """What they did; a death on the way is followed by the shop's return."""
        if self._died is not None:
            death = asyncio.ensure_future(self._died.wait())
            await asyncio.wait({doing, death}, return_when=asyncio.FIRST_COMPLETED)
            death.cancel()
            if self._died.is_set():
                await self._come_back()
        return await doing

    async def _died_before(self, task: "asyncio.Future[None]") -> bool:
        """Whether the shop died before that was over; it is back then, and the waiting has been called off."""
        if self._died is None:
            await task
            return False
        death = asyncio.ensure_future(self._died.wait())
        await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
        death.cancel()
        if not self._died.is_set():
            await task
            return False
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._come_back()
        return True

    async def _bury(self) -> None:
        """A death that was due and had nothing left to interrupt."""
        if self._died is not None:
            await self._come_back()
            await self._settle()

    async def _come_back(self) -> None:
        self._died, self._dies = None, False
        await self.stage.crash()

    def _let_go(self) -> None:
        if self._held:
            self._held -= 1
            if not self._held:
                self._release()

    def _release(self) -> None:
        """What piled up goes out in another order."""
        worlds = self.stage.sandbox
        worlds.stripe.webhooks.release(shuffle=self._random)
        worlds.messenger.webhooks.release(shuffle=self._random)

    # ── what it comes to ────────────────────────────────────────────────────────────────────────────

    def _note(self, key: str, done: str, view: View) -> None:
        self._digest.update(f"{key}{done}\n{view.could_not} {view.paid}\n".encode())
        for seen in view.new:
            self._digest.update(f"{seen}\n".encode())

    def _count(self, session: Session) -> None:
        self.outcomes.orders = _by_status(session, Order.status)
        self.outcomes.groups = _by_status(session, DealGroup.status)
        self.outcomes.seats = _by_status(session, Seat.status)
        self.outcomes.charged_minor = session.scalars(select(total(Payment.amount_minor))).one()
        settled = select(total(Refund.amount_minor)).where(Refund.status == RefundStatus.SETTLED)
        self.outcomes.refunded_minor = session.scalars(settled).one()
        found = [each for kept in session.scalars(select(Reconciliation)) for each in kept.found]
        self.outcomes.mended = sum(bool(each["is_mended"]) for each in found)
        orders = session.execute(
            select(Order.reference, Order.status, Order.total_minor, Order.name, Order.placed_at).order_by(
                Order.reference
            )
        )
        for order in orders:
            self._digest.update(f"{tuple(order)}\n".encode())
        self._digest.update(f"{self.outcomes.groups} {self.outcomes.seats}".encode())
        self._digest.update(f"{self.outcomes.charged_minor} {self.outcomes.refunded_minor}".encode())


def _by_status(session: Session, status: "InstrumentedAttribute[Any]") -> dict[str, int]:
    counts = session.execute(select(status, func.count()).group_by(status).order_by(status))
    return {each.value: count for each, count in counts}


def _as_fated(act: Act, faults: Iterable[Fault]) -> Act:
    """With the card that the bank refuses, if that is what happens."""
    declined = next((fault.how for fault in faults if fault.name == DECLINE), None)
    if act.do is Do.PAY and act.argument == "visa" and declined is not None:
        return Act(Do.PAY, declined)
    return act


async def _a_while(task: "asyncio.Future[Outcome | None]") -> None:
    for _ in range(_TURNS):
        if task.done():
            return
        await asyncio.sleep(0)
