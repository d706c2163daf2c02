"""The loop that moves events through: inbox → turns, outbox → senders, timers → inbox.

Any number of processes may run the turns on PostgreSQL; one of them leads the sending (a lease).
On SQLite there is one process. The loop is woken by whoever made work, and looks by itself now and then.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from bot import conversations
from bot.delivery import inbox, leases, outbox, timers, turn
from bot.delivery.ahead import Ahead, is_at_work, look
from bot.delivery.limits import Limiter, Limits
from bot.delivery.model import OutboxKind, OutboxRow
from bot.events import Inbound
from bot.messages import MESSAGE, AnswerInvoiceCheck, AnswerShipping, AnswerTap, Message, ShowTyping
from shop.errors import Rejected, Unavailable
from storage import notices
from storage.clock import Clock
from storage.engine import Database
from storage.types import JsonObject

log = structlog.get_logger()

TURNS_AT_ONCE = 8
STOP_SECONDS = 5.0
POLL_SECONDS = 1.0  # the safety net under the wake-ups


@dataclass(frozen=True, slots=True)
class Room:
    """How many rows of a kind may be under way at once."""

    size: int
    kind: OutboxKind
    priority_max: int = outbox.BROADCAST


# A pre-checkout answer never queues behind a campaign, and no answer to a person behind a slow Stripe.
ROOMS = (
    Room(16, OutboxKind.MESSAGE, outbox.URGENT),
    Room(32, OutboxKind.MESSAGE),
    Room(16, OutboxKind.CALL),
)


def _fits(room: Room, kind: OutboxKind, priority: int) -> bool:
    return kind is room.kind and priority <= room.priority_max


class Blocked(Rejected):
    """The person does not want to hear from us (or the chat is gone)."""


class TooFast(Unavailable):
    """A 429: pause this chat, or with `whole_bot` everything, for `retry_after_seconds`."""

    def __init__(self, message: str, *, retry_after_seconds: float, whole_bot: bool) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.whole_bot = whole_bot


class Sender(Protocol):
    """A channel's sending side."""

    limits: Limits

    async def send(self, chat: str, message: Message) -> str | None:
        """Deliver it; the platform's id of it. Raises Rejected, Blocked, TooFast or Unavailable."""
        ...

    def is_group(self, chat: str) -> bool:
        """Whether the stricter limit for groups holds."""
        ...


Caller = Callable[[str, JsonObject, str], Awaitable[JsonObject]]
"""A provider: (call, arguments, idempotency key) → result. Raises Rejected or Unavailable."""


class Delivery:
    """Everything between the channels and the turns. Started once a process, stopped cleanly or by a kill."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handler: turn.Handler,
        *,
        senders: Mapping[str, Sender],
        caller: Caller,
        one_at_a_time: bool = False,
    ) -> None:
        """`one_at_a_time` works on one turn and one message at any time, for rehearsals that shall be repeatable."""
        self.database = database
        self.clock = clock
        self.handler = handler
        self.senders = senders
        self.caller = caller
        self.one_at_a_time = one_at_a_time
        self.owner = uuid4().hex
        self.limiters = {name: Limiter(sender.limits) for name, sender in senders.items()}
        self.epoch: int | None = None  # under which we send; None while we do not
        self._leases: dict[str, tuple[int, datetime]] = {}  # what we hold: its epoch, and when to renew it
        self._work = asyncio.Condition()
        self._made = 0  # rises whenever there may be new work, so that a wake-up between looks is not lost
        self._seen: tuple[int, Ahead | None] = (
            -1,
            None,
        )  # how far `_made` was at the last look, and what it saw
        self._lanes: set[str] = set()
        self._sending: dict[int, Room] = {}  # outbox id → where it counts
        self._held_back: dict[int, datetime] = {}  # outbox id → when the platform's limits let it leave
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._abandoned = False

    # ------------------------------------------------------------------ the way in

    async def receive(self, inbounds: Iterable[Inbound]) -> int:
        """Keep events; returns after they are on disk, with how many were new. Only then may a caller say 200."""
        batch = list(inbounds)
        new = await self.database.run(lambda session: inbox.put(session, batch, at=self.clock.now()))
        if new:
            await self.wake()
        return new

    async def wake(self) -> None:
        """There may be work: look now rather than at the next poll."""
        async with self._work:
            self._made += 1
            self._work.notify_all()

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Begin to work; what an earlier process left is taken up."""
        self._loops = [
            asyncio.create_task(self._forever(), name="delivery"),
            asyncio.create_task(notices.listen(self.database, self.wake), name="notices"),
        ]

    async def stop(self) -> None:
        """Begin nothing new, finish what is under way, let the next leader in."""
        if self._abandoned:
            return
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in late:  # nothing is lost: what was not acknowledged is taken up again
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.database.run(lambda session: leases.give_up(session, self.owner, at=self.clock.now()))

    async def abandon(self) -> None:
        """End as a killed process does: nothing is finished or given up. For rehearsing just that."""
        self._abandoned = True
        work = [*self._loops, *self._tasks]
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    async def lead(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `work` in one process at a time, here whenever this one holds the lease `name`; for good."""
        running: asyncio.Task[None] | None = None
        try:
            while True:
                epoch = await self._hold(name)
                if epoch is None and running is not None:
                    running.cancel()
                    running = None
                elif epoch is not None and (running is None or running.done()):
                    running = asyncio.create_task(work(), name=name)
                await self.clock.sleep(leases.RENEW_AFTER.total_seconds())
        finally:
            if running is not None:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    async def _hold(self, name: str) -> int | None:
        """Take the lease, or renew it in good time: its epoch, or None. While the database is away nobody leads."""
        now = self.clock.now()
        epoch, renew_at = self._leases.get(name, (None, now))
        if now < renew_at:
            return epoch
        alone = self.database.is_sqlite
        take = partial(leases.take, name=name, owner=self.owner, at=now, alone=alone)
        try:
            epoch = await self.database.run(take)
        except Exception:
            log.exception("delivery.lease_failed", lease=name)
            epoch = None
        if epoch is None:
            self._leases.pop(name, None)
        else:
            self._leases[name] = epoch, now + (leases.RENEW_ALONE_AFTER if alone else leases.RENEW_AFTER)
        return epoch

    async def idle(self) -> bool:
        """Whether nothing is under way and nothing is due now."""
        if self._lanes or self._sending:
            return False
        return await self.database.look(self._nothing_due)

    async def settled(self) -> None:
        """Wait until nothing is under way and nothing is due: for tests, the simulator and clean ends."""
        made = self._made
        while not await self.idle():
            await self._wait_for_work(made, seconds=POLL_SECONDS)  # another process may do the last of it
            made = self._made

    async def at_rest(self) -> datetime | None:
        """Wait until nothing moves before time does; when the next thing is due then, None if nothing waits.

        For clocks that stand still: `settled` would wait for what only a later time can send.
        """
        async with self._work:
            ahead = await self._work.wait_for(self._nothing_moves)
        assert ahead, "it was waited for"
        return min(filter(None, [ahead.next_due, *self._held_back.values()]), default=None)

    def _nothing_moves(self) -> Ahead | None:
        """What is ahead, if nothing is under way and nobody made work since that was seen."""
        under_way = self._lanes or len(self._sending) != len(self._held_back)
        made, ahead = self._seen
        if ahead is None or made != self._made or under_way:
            return None
        return ahead if ahead.is_empty or self._waits_for_held_back(ahead) else None

    def _waits_for_held_back(self, ahead: Ahead) -> bool:
        """Whether what may begin finds no room: all of it is taken by what only a later time lets leave."""
        if ahead.lanes or ahead.timers:
            return False
        rooms = [room for room in ROOMS if any(_fits(room, *send) for send in ahead.sends)]
        return all(self._free(room) <= 0 for room in rooms)

    async def _forever(self) -> None:
        """Begin what may begin, whenever there may be work. A database that is away for a while does not end it."""
        while True:
            made = self._made
            try:
                ahead = await self._begin()
            except Exception:
                log.exception("delivery.look_failed")
                ahead = None
            async with self._work:
                self._seen = made, ahead
                self._work.notify_all()
            await self._wait_for_work(made, seconds=self._pause(ahead))

    async def _begin(self) -> Ahead:
        """Begin what may begin. Trouble with one part holds up no other."""
        now = self.clock.now()
        ahead = await self.database.look(partial(look, at=now, most=TURNS_AT_ONCE * 2))
        self._start_turns(ahead.lanes)
        for part in (self._fire_timers, self._start_sends):
            try:
                await part(ahead)
            except Exception:
                log.exception("delivery.part_failed", part=part.__name__)
        return ahead

    async def _wait_for_work(self, made: int, *, seconds: float) -> None:
        """Until there may be work that was not there at `made`, but no longer than that."""

        async def changed() -> None:
            async with self._work:
                await self._work.wait_for(lambda: self._made != made)

        waits = [asyncio.create_task(changed()), asyncio.create_task(self.clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _pause(self, ahead: Ahead | None) -> float:
        """Until the next thing is due, at most the poll's interval; what waits for other work is woken by its end."""
        if ahead is None or ahead.next_due is None:
            return POLL_SECONDS
        left = (ahead.next_due - self.clock.now()).total_seconds()
        return min(POLL_SECONDS, max(0.05, left))

    def _nothing_due(self, session: Session) -> bool:
        if is_at_work(session, self.clock):
            return False
        due = timers.next_due(session)
        return due is None or due > self.clock.now()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------------ turns

    def _start_turns(self, waiting: list[str]) -> None:
        """Start a turn in each lane that waits, as many at once as we may."""
        room = max(0, (1 if self.one_at_a_time else TURNS_AT_ONCE) - len(self._lanes))
        for lane in [lane for lane in waiting if lane not in self._lanes][:room]:
            self._lanes.add(lane)
            self._spawn(self._work_lane(lane))

    async def _work_lane(self, lane: str) -> None:
        """Turns of one conversation, one after the other, until it has no more."""
        try:
            while await self._take_turn(lane):
                await self.wake()  # its messages may leave
        except Exception:  # the database itself is in trouble: the event waits, and so do we
            log.exception("turn.lane_failed", conversation=lane)
            await self.clock.sleep(POLL_SECONDS)
        finally:
            self._lanes.discard(lane)
            await self.wake()  # another lane may start

    async def _take_turn(self, lane: str) -> bool:
        """One turn. False when the lane has nothing to do now or somebody else holds it."""
        now = self.clock.now()
        ahead = await self.database.look(lambda session: turn.peek(session, lane, at=now))
        if ahead is None:
            return False
        event_id, event = ahead
        with structlog.contextvars.bound_contextvars(turn=event_id):
            try:
                understood = await asyncio.to_thread(self.handler.prepare, event)
                return await self._take_prepared(lane, turn.Prepared(event_id, understood))
            except Exception as error:
                log.exception("turn.failed", conversation=lane, kind=event.kind)
                return await self._record_failure(event_id, error)

    async def _take_prepared(self, lane: str, prepared: turn.Prepared) -> bool:
        """Take the turn; what it wants prepared besides is made while nothing is locked, and it is taken again."""
        while True:
            take = partial(turn.take, conversation=lane, handler=self.handler, prepared=prepared)
            try:
                return await self.database.run(lambda session: take(session, at=self.clock.now()))  # noqa: B023 - awaited at once
            except turn.PrepareMore as wanted:
                prepared = await asyncio.to_thread(wanted.prepare)

    async def _record_failure(self, event_id: int, error: Exception) -> bool:
        """True when the lane may go on at once, because the event was parked."""
        trace = "".join(traceback.format_exception(error))[-8000:]
        parked = await self.database.run(
            lambda session: turn.give_up(session, event_id, self.handler, error=trace, at=self.clock.now())
        )
        if parked:
            log.error("turn.parked", event_id=event_id)
        return parked

    # ------------------------------------------------------------------ sends

    async def _start_sends(self, ahead: Ahead) -> None:
        """Lead, then start what is due, room by room."""
        epoch = await self._lead()
        if epoch is None:
            return
        for room in ROOMS:
            if any(_fits(room, *send) for send in ahead.sends):
                await self._fill(room, epoch)

    def _free(self, room: Room) -> int:
        """How many more rows may be under way in it."""
        if self.one_at_a_time:
            return 1 - (len(self._sending) - len(self._held_back))
        return room.size - sum(other is room for other in self._sending.values())

    async def _fill(self, room: Room, epoch: int) -> None:
        free = self._free(room)
        if free <= 0:
            return
        claim = partial(
            outbox.claim,
            at=self.clock.now(),
            epoch=epoch,
            most=free,
            kind=room.kind,
            priority_max=room.priority_max,
        )
        for row in await self.database.run(claim):
            self._sending[row.id] = room
            self._spawn(self._send(row, epoch))

    async def _lead(self) -> int | None:
        """Our epoch as the sending leader, or None while another process leads."""
        epoch = await self._hold("sender")
        if epoch is not None and epoch != self.epoch:
            await self.database.run(partial(outbox.reclaim, epoch=epoch))
            await self.wake()  # what the leader before us left is due now
        self.epoch = epoch
        return epoch

    async def _send(self, row: OutboxRow, epoch: int) -> None:
        try:
            await self._settle(row, epoch, await self._attempt(row))
        finally:
            self._sending.pop(row.id, None)
            await self.wake()

    async def _attempt(self, row: OutboxRow) -> Callable[[Session, int], object]:
        """Do it, and say what to write down about how it went."""
        try:
            if row.kind is OutboxKind.CALL:
                result = await self.caller(row.payload["call"], row.payload["arguments"], row.dedupe)
                return lambda session, epoch: outbox.acknowledge(
                    session, row.id, epoch=epoch, at=self.clock.now(), reference=None, result=result
                )
            reference = await self._send_message(row)
            return lambda session, epoch: outbox.acknowledge(
                session, row.id, epoch=epoch, at=self.clock.now(), reference=reference
            )
        except Rejected as error:
            log.warning("outbox.refused", row=row.id, conversation=row.conversation, error=str(error))
            reason = str(error)
            return lambda session, epoch: outbox.bury(
                session, row.id, epoch=epoch, at=self.clock.now(), error=reason
            )
        except Unavailable as error:
            log.info("outbox.postponed", row=row.id, tries=row.attempts, error=str(error))
            reason, seconds = str(error), error.retry_after_seconds
            return lambda session, epoch: outbox.postpone(
                session, row.id, epoch=epoch, at=self.clock.now(), error=reason, seconds=seconds
            )
        except Exception as error:
            log.exception("outbox.failed", row=row.id, conversation=row.conversation)
            reason = f"{type(error).__name__}: {error}"
            return lambda session, epoch: outbox.postpone(
                session, row.id, epoch=epoch, at=self.clock.now(), error=reason, seconds=None
            )

    async def _settle(self, row: OutboxRow, epoch: int, write: Callable[[Session, int], object]) -> None:
        """Write it down, however long the database is away: a row left half sent would hold up its lane."""
        while True:
            try:
                await self.database.run(lambda session: write(session, epoch))
            except Exception:
                log.exception("outbox.unsettled", row=row.id)
                await self.clock.sleep(POLL_SECONDS)
            else:
                return

    async def _send_message(self, row: OutboxRow) -> str | None:
        channel, _, chat = conversations.place_of(row.conversation).partition(":")
        sender = self.senders.get(channel)
        if sender is None:
            raise Rejected(f"channel {channel!r} is not switched on")
        message = MESSAGE.validate_python(row.payload)
        if isinstance(message, ShowTyping | AnswerTap):
            return await self._send_fleeting(sender, chat, message)
        limiter = self.limiters[channel]
        if not isinstance(message, AnswerInvoiceCheck | AnswerShipping):
            wait = limiter.reserve(chat, group=sender.is_group(chat), now=self.clock.now())
            if wait > 0:
                await self._hold_back(row.id, wait)
        try:
            return await sender.send(chat, message)
        except TooFast as error:
            limiter.pause(
                None if error.whole_bot else chat,
                seconds=error.retry_after_seconds or 1.0,
                now=self.clock.now(),
            )
            raise

    async def _hold_back(self, row_id: int, seconds: float) -> None:
        self._held_back[row_id] = self.clock.now() + timedelta(seconds=seconds)
        await self.wake()  # whoever waits for quiet sees that only time is missing
        try:
            await self.clock.sleep(seconds)
        finally:
            self._held_back.pop(row_id, None)

    async def _send_fleeting(self, sender: Sender, chat: str, message: Message) -> str | None:
        """Worth nothing later: one try, and a failure is the end of it."""
        try:
            return await sender.send(chat, message)
        except Unavailable as error:
            raise Rejected(f"not tried again: {error}") from error

    # ------------------------------------------------------------------ timers

    async def _fire_timers(self, ahead: Ahead) -> None:
        """Turn due timers into events."""
        if not ahead.timers:
            return
        now = self.clock.now()
        if await self.database.run(lambda session: timers.fire_due(session, at=now)):
            await self.wake()
