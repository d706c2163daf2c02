"""Runs simulated people on the demo shop's stage: each run has a home of its own, which is thrown away."""

import asyncio
import signal
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.running import CannotOpen, schedule_reconciling
from app.scratch_databases import ON_SQLITE, Scratch
from app.settings import Settings
from app.stage import OPENING, Stage, Template, copy_home, open_stage
from sandbox.simulation.acts import Moment
from sandbox.simulation.crowd import Crowd, Record, Source
from sandbox.simulation.faults import FAULTS, Weather
from sandbox.simulation.run import Cast, Outcomes, Run
from sandbox.simulation.shrink import Shrinker
from sandbox.simulation.story import as_story
from sandbox.simulation.timetable import timetable
from sandbox.stories.invariants import Invariants
from storage.ids import repeatable_references
from storage.yaml_files import nearest


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a simulation is to be like. `faults` are names of sandbox.simulation.faults.FAULTS."""

    people: int
    days: int
    seed: int
    faults: frozenset[str]


def fault_names(text: str) -> frozenset[str]:
    """The faults of a list such as "delay,429", or of "all". Raises CannotOpen with the nearest name for one that is not there."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == [ALL_FAULTS]:
        return frozenset(FAULTS)
    for name in names:
        if name not in FAULTS:
            raise CannotOpen(f"there is no fault {name!r}{nearest(name, FAULTS)}")
    return frozenset(names)


ALL_FAULTS: Final = "all"
StageChanger = Callable[[Stage], None]
_AS_IT_IS: Final[StageChanger] = lambda _: None  # noqa: E731 - it has a name


class Simulation:
    """People, their timetable and their faults; it can be run as it is, or again from a record."""

    def __init__(
        self,
        settings: Settings,
        template: Template,
        chosen: Chosen,
        *,
        databases: Scratch = ON_SQLITE,
        change: StageChanger = _AS_IT_IS,
    ) -> None:
        """`change` is done to every stage before it is played on, to see what a shop that is broken so comes to."""
        self.settings = without_pages(settings)
        self.template = template
        self.chosen = chosen
        self.databases = databases
        self.change = change
        self.timetable = timetable(chosen.seed, people=chosen.people, days=chosen.days, start=OPENING)
        self.cast = {
            key: Cast(shopper.first_name, shopper.channel) for key, shopper in self.timetable.shoppers.items()
        }

    async def run(self, told: Callable[[Outcomes], None] = lambda _: None) -> Outcomes:
        """Everybody does as they like. Ctrl-C ends it with what was seen so far."""
        fresh = timetable(
            self.chosen.seed, people=self.chosen.people, days=self.chosen.days, start=OPENING
        )  # shoppers remember, so each run has its own
        weather = Weather(self.chosen.seed, self.chosen.faults)
        return await self.play(Crowd(fresh, self.chosen.seed, weather), told)

    @property
    def repeatable(self) -> bool:
        """Whether the same seed is the same run: on SQLite, where one thing happens after the other."""
        return self.databases.name == ON_SQLITE.name

    async def play(self, source: Source, told: Callable[[Outcomes], None] = lambda _: None) -> Outcomes:
        """One run of these moments on a stage of its own. Ctrl-C ends it after the moment that is under way."""
        stopped = asyncio.Event()
        with _on_ctrl_c(stopped.set):
            return await self._play(source, told, stopped.is_set)

    async def _play(
        self, source: Source, told: Callable[[Outcomes], None], stopped: Callable[[], bool]
    ) -> Outcomes:
        seed = self.chosen.seed
        with tempfile.TemporaryDirectory(prefix="parley-") as folder, repeatable_references(seed):
            home = copy_home(self.template, Path(folder) / "home")
            with self.databases.fresh(home) as url:
                opening = open_stage(
                    self.settings,
                    self.template,
                    home,
                    database_url=url,
                    seed=seed,
                    repeatable=self.repeatable,
                )
                async with opening as stage:
                    schedule_reconciling(stage.parley)  # as a served shop does
                    self.change(stage)
                    with Invariants(stage) as rules:
                        run = Run(stage, rules, source, self.cast, seed=seed, told=told, stopped=stopped)
                        return await run.play()

    async def play_again(self, moments: tuple[Moment, ...]) -> Outcomes:
        """What people did, done again in a new shop."""
        return await self.play(Record(moments))

    async def shortest(self, outcomes: Outcomes, *, seconds_max: float) -> tuple[Moment, ...]:
        """The shortest way found to what a run came to; each try has a shop of its own. Ctrl-C ends the search."""
        stopped = asyncio.Event()

        async def replay(moments: tuple[Moment, ...]) -> list[str]:
            return (await self._play(Record(moments), lambda _: None, stopped.is_set)).breaches

        shrinker = Shrinker(replay, outcomes.breaches, seconds_max=seconds_max, stopped=stopped.is_set)
        with _on_ctrl_c(stopped.set):
            return await shrinker.shrink(outcomes.record)

    def story(self, outcomes: Outcomes, moments: tuple[Moment, ...]) -> str:
        """That way as a story file."""
        chosen = self.chosen
        faults = ",".join(name for name in FAULTS if name in chosen.faults)
        faults = ALL_FAULTS if chosen.faults == frozenset(FAULTS) else faults
        command = f"parley simulate --people {chosen.people} --days {chosen.days} --seed {chosen.seed}"
        if faults:
            command += f" --faults {faults}"
        if not self.repeatable:
            command += f" --database {self.databases.name}"
        note = "\n".join([f"Found by: {command}", *outcomes.breaches])
        title = f"found by seed {chosen.seed}: {outcomes.breaches[0].splitlines()[0]}"[:200]
        return as_story(title, moments, self.cast, begins_at=OPENING, note=note)


@contextmanager
def _on_ctrl_c(stop: Callable[[], object]) -> Generator[None]:
    """Ctrl-C calls `stop` inside this block, and interrupts nothing."""
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError, ValueError):  # not everywhere, and only in the main thread
        loop.add_signal_handler(signal.SIGINT, stop)
    try:
        yield
    finally:
        with suppress(NotImplementedError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)


def without_pages(settings: Settings) -> Settings:
    """Nobody looks at the console or the chat's page here; people of the web chat use what that page uses."""
    web = settings.channels.web.model_copy(update={"enabled": False})
    return settings.model_copy(update={"channels": settings.channels.model_copy(update={"web": web})})
