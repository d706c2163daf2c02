"""Events carried to the app: signed, in order within a conversation, again and again until it says 200.

Verification, signature and batches: https://developers.facebook.com/docs/graph-api/webhooks/getting-started.
A batch has one entry for each event. Deliveries may come twice, late and, between conversations, in any
order; `next`, `hold`, `release` and `redeliver` let a test or a simulation ask for each of these.
"""

import asyncio
import hashlib
import hmac
import json
from collections import defaultdict, deque
from collections.abc import Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

import httpx

from sandbox.messenger.state import Event
from storage.clock import SystemClock

if TYPE_CHECKING:
    from sandbox.messenger.world import MessengerWorld

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
WAYS: Final = ("ok", "twice", "late", "lost", "forged", "unsigned")
LATE_SECONDS: Final = 60.0
_FIRST_PAUSES_SECONDS: Final = (0.0, 10.0, 60.0, 300.0, 1800.0)
_PAUSE_SECONDS_MAX: Final = 3600.0
_VERIFY_PAUSE_SECONDS_MAX: Final = 30.0


class WebhookRefused(Exception):  # noqa: N818 - what the dashboard says
    """The address did not answer the challenge as it must."""


def signature(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256 for a raw body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Webhooks:
    """The deliveries of one app. Nothing leaves before `start`."""

    def __init__(self, world: "MessengerWorld") -> None:
        self._world = world
        self._plans: defaultdict[str, deque[str]] = defaultdict(deque)
        self._pending = {event.number: event for event in world.store.all(Event) if event.state == "waiting"}
        self._busy: set[str] = set()  # conversations of which something is under way
        self._apart: set[int] = set()  # events that go their own way, out of order
        self._tasks: set[asyncio.Task[None]] = set()
        self._resting: list[datetime] = []  # until when each of them that waits for its time does so
        self._dispatching = False
        self._held = False
        self._client: httpx.AsyncClient | None = None
        self.verified = False
        self.failures: deque[str] = deque(maxlen=100)  # why deliveries failed, as the dashboard lists it

    # ── setting up ──────────────────────────────────────────────────────────────────────────────────

    async def verify(self) -> None:
        """Ask the challenge once. Raises WebhookRefused."""
        url = self._world.webhook_url
        challenge = str(self._world.number("challenge") + 1158201443)
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": self._world.verify_token,
        }
        try:
            response = await self._http().get(url or "", params=query)
        except httpx.HTTPError as failure:
            raise WebhookRefused(f"{url} could not be reached: {failure!r}") from failure
        if response.status_code != 200 or response.text.strip() != challenge:
            raise WebhookRefused(
                f"{url} answered the challenge with {response.status_code} and {response.text[:80]!r}"
            )
        self.verified = True
        self.wake()

    def start(self) -> None:
        """Ask the challenge until it is answered, then deliver; for a server that is about to come up."""
        if self._world.webhook_url is not None and not self.verified:
            self._spawn(self._verify_until_it_answers())

    async def close(self) -> None:
        """Stop every delivery; what was not taken is kept for the next start."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._busy.clear()
        self._apart.clear()
        self.verified = False
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    # ── how the next ones go ────────────────────────────────────────────────────────────────────────

    def next(self, field: str, ways: Iterable[str]) -> None:
        """How the next events of that field go out ("*": of any), one way an event.

        ok · twice · late (by LATE_SECONDS, or "late:5": others overtake it) · lost (never sent)
        · forged (signed with another secret, and never sent rightly) · unsigned (likewise).
        """
        for way in ways:
            if way.partition(":")[0] not in WAYS:
                raise ValueError(f"{way!r} is no way to deliver an event; there are {', '.join(WAYS)}")
            self._plans[field].append(way)

    def hold(self) -> None:
        """Let events gather."""
        self._held = True

    def release(self, *, reverse: bool = False, shuffle: Random | None = None) -> None:
        """Send what has gathered, in order, backwards or shuffled."""
        waiting = list(self._pending.items())
        if reverse:
            waiting.reverse()
        if shuffle is not None:
            shuffle.shuffle(waiting)
        self._pending = dict(waiting)
        self._held = False
        self.wake()

    def redeliver(self, number: int) -> None:
        """Send a known event once more, whatever became of it. Raises KeyError."""
        event = self._world.store.find(Event, str(number))
        if event is None:
            raise KeyError(f"there was no event {number}")
        self._spawn(self._send_beside([event]))

    def history(self) -> list[Event]:
        """Every event so far, the oldest first."""
        return sorted(self._world.store.all(Event), key=lambda event: event.number)

    async def settled(self, timeout_seconds: float = 10.0) -> None:
        """Wait in real time until nothing is waiting to be told. Raises TimeoutError."""

        def ready() -> bool | None:
            return True if not self._pending and not self._busy else None

        if await self._world.changes.wait_until(ready, clock=SystemClock(), seconds=timeout_seconds) is None:
            raise TimeoutError(f"{len(self._pending)} events wait; failures: {list(self.failures)[-3:]}")

    @property
    def moving(self) -> bool:
        """Whether something is on its way at this moment, rather than waiting for its time."""
        return len(self._tasks) > len(self._resting)

    def next_due(self) -> datetime | None:
        """When something is sent by itself: an event that is late, or one that was not taken."""
        return min(self._resting, default=None)

    # ── sending ─────────────────────────────────────────────────────────────────────────────────────

    def push(self, event: Event) -> None:
        """A new event that the app is to be told, in the way that is planned for it."""
        way, _, argument = self._planned(event.field).partition(":")
        if way in {"lost", "forged", "unsigned"}:
            event.state = "lost"
            if way != "lost" and self.verified:
                self._spawn(self._send_beside([event], secret="forged" if way == "forged" else None))
            self._world.save(event)
            return
        self._pending[event.number] = event
        self._world.save(event)
        if way == "late" and self.verified:
            self._apart.add(event.number)
            self._spawn(self._send_late(event, float(argument or LATE_SECONDS)))
        if way == "twice" and self.verified:
            self._spawn(self._send_beside([event]))
        self.wake()

    def wake(self) -> None:
        """See to it that what waits gets delivered."""
        if self.verified and not self._held and not self._dispatching:
            self._dispatching = True
            self._spawn(self._dispatch())

    async def _dispatch(self) -> None:
        try:
            await asyncio.sleep(0)  # what happens at one instant goes out together
        finally:
            self._dispatching = False
        while not self._held and (batch := self._ready()):
            self._busy |= {event.psid for event in batch}
            self._spawn(self._carry(batch))

    def _ready(self) -> list[Event]:
        free = (
            event
            for event in self._pending.values()
            if event.psid not in self._busy and event.number not in self._apart
        )
        return [event for event, _ in zip(free, range(self._world.limits.batch_events_max), strict=False)]

    async def _carry(self, batch: Sequence[Event]) -> None:
        lanes = {event.psid for event in batch}
        try:
            await self._deliver(batch)
        finally:
            self._busy -= lanes
            self._world.changes.notify()
        self.wake()

    async def _deliver(self, batch: Sequence[Event]) -> None:
        """Send until it is taken, or given up after the longest time."""
        started = self._world.now_ms()
        attempts = 0
        while not await self._post(batch, self._world.app_secret):
            await self._rest(_pause(attempts))
            attempts += 1
            if self._world.now_ms() - started > self._world.limits.retry_seconds_max * 1000:
                self._finish(batch, told=False)
                return
        self._finish(batch, told=True)

    async def _send_late(self, event: Event, seconds: float) -> None:
        await self._rest(seconds)
        await self._deliver([event])

    async def _send_beside(self, batch: Sequence[Event], *, secret: str | None = "") -> None:
        """One delivery beside the queue; whatever it is answered, it is not retried."""
        await self._post(batch, self._world.app_secret if secret == "" else secret)

    async def _post(self, batch: Sequence[Event], secret: str | None) -> bool:
        body = json.dumps(self._envelope(batch)).encode()  # non-ASCII escaped, as Meta signs it
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if secret is not None:
            headers[SIGNATURE_HEADER] = signature(body, secret)
        try:
            response = await self._http().post(self._world.webhook_url or "", content=body, headers=headers)
        except httpx.HTTPError as failure:
            self.failures.append(repr(failure))
            return False
        if response.status_code != 200:
            self.failures.append(f"{response.status_code} {response.text[:200]}")
            return False
        return True

    def _envelope(self, batch: Sequence[Event]) -> dict[str, Any]:
        page_id = self._world.page_id
        entries = [
            {"id": page_id, "time": self._world.now_ms(), event.channel: [event.body]} for event in batch
        ]
        return {"object": "page", "entry": entries}

    def _finish(self, batch: Sequence[Event], *, told: bool) -> None:
        for event in batch:
            event.state = "told" if told else "lost"
            self._pending.pop(event.number, None)
            self._apart.discard(event.number)
            self._world.save(event)

    async def _verify_until_it_answers(self) -> None:
        pause = 1.0
        while not self.verified:
            try:
                await self.verify()
            except WebhookRefused as refused:
                self.failures.append(str(refused))
                await self._rest(pause)
                pause = min(pause * 2, _VERIFY_PAUSE_SECONDS_MAX)

    async def _rest(self, seconds: float) -> None:
        until = self._world.clock.now() + timedelta(seconds=seconds)
        self._resting.append(until)
        self._world.changes.notify()
        try:
            await self._world.clock.sleep(seconds)
        finally:
            self._resting.remove(until)

    def _planned(self, field: str) -> str:
        for name in (field, "*"):
            if self._plans[name]:
                return self._plans[name].popleft()
        return "ok"

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._world.changes.notify()

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._world.webhook_transport,
                timeout=self._world.limits.answer_seconds,
                trust_env=False,
            )
        return self._client


def _pause(attempts: int) -> float:
    """The first retry comes at once, the others ever more rarely."""
    return _FIRST_PAUSES_SECONDS[attempts] if attempts < len(_FIRST_PAUSES_SECONDS) else _PAUSE_SECONDS_MAX
