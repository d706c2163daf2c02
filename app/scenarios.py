"""Plays story files against the demo shop in the sandbox: the work behind `parley scenario`."""

import asyncio
import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from app.log import set_up
from app.running import DEMO, CannotOpen, Teller
from app.scratch_databases import scratch_databases
from app.settings import Home, Settings
from app.stage import Stage, copy_home, open_stage, rehearsal_template
from app.wiring import FLOWS, TRAINING_DATA, flow_files
from bot.dialogue import flows, replies
from nlu import training_data
from sandbox.stories import reading
from sandbox.stories.format import CHANNELS, Channel, Known, Story
from sandbox.stories.playing import play
from sandbox.stories.results import Result, Results
from storage import yaml_files
from storage.yaml_files import Mistake, Mistakes

ENDINGS: Final = {".yml", ".yaml"}


@dataclass(frozen=True, slots=True)
class Choices:
    """How stories are to be played: on the channels they were written for, unless one is named."""

    database: str = "sqlite"
    channel: str | None = None


def known_names(settings: Settings) -> Known:
    """What stories may name: of this shop's flows, replies and training data, and of the demo's goods."""
    sentences = replies.read(FLOWS / "replies", languages=settings.languages)
    with (DEMO / "products.csv").open(encoding="utf-8") as rows:
        handles = {row["Handle"] for row in csv.DictReader(rows) if row["Handle"]}
    return Known(
        flows=frozenset(flows.read(flow_files())),
        replies=frozenset(sentences.keys(settings.language)),
        intents=frozenset(training_data.load(TRAINING_DATA / settings.language).intents),
        products=frozenset(handles),
        deals=frozenset(deal["name"] for deal in yaml_files.load(DEMO / "deals.yml")["deals"]),
    )


def read_stories(paths: Iterable[Path], known: Known) -> list[Story]:
    """The stories in these files and folders. Raises Mistakes with those of all files."""
    stories: list[Story] = []
    mistakes: list[Mistake] = []
    for path in paths:
        for file in _files(path, mistakes):
            try:
                stories.append(reading.read(file, known))
            except Mistakes as found:
                mistakes += found.mistakes
    if mistakes:
        raise Mistakes(mistakes)
    return stories


def _files(path: Path, mistakes: list[Mistake]) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix in ENDINGS)
    if not found:
        mistakes.append(Mistake(path, None, "there are no stories (*.yml) in this folder"))
    return found


def run(settings: Settings, home: Home, paths: Iterable[Path], choices: Choices, *, quiet: bool) -> Results:
    """Play them all, one after the other, each in a shop of its own. Raises Mistakes and CannotOpen."""
    settings = for_stories(settings)
    channel = _channel(choices.channel)
    stories = read_stories(paths, known_names(settings))
    set_up(settings.log.model_copy(update={"level": "error"}))
    teller = Teller(Console(stderr=True), quiet)
    results = Results()
    chosen = list(_chosen(stories, channel, results))
    if not chosen:
        return results
    template = rehearsal_template(settings, home, teller)
    with (
        scratch_databases(choices.database, settings, template, teller) as databases,
        tempfile.TemporaryDirectory(prefix="parley-stories-") as folder,
    ):
        for number, story in enumerate(chosen):
            home = copy_home(template, Path(folder) / str(number))
            with databases.fresh(home) as url, teller.bar(story.title) as tell:
                stage = open_stage(settings, template, home, database_url=url)
                result = asyncio.run(_play(story, stage, database=databases.name, tell=tell))
            results.played.append(result)
            _tell(result, teller)
    return results


def for_stories(settings: Settings) -> Settings:
    """The shop's settings without the pages, which nobody looks at in a story."""
    web = settings.channels.web.model_copy(update={"enabled": False})
    return settings.model_copy(update={"channels": settings.channels.model_copy(update={"web": web})})


def _channel(name: str | None) -> Channel | None:
    if name is None or name in CHANNELS:
        return name
    raise CannotOpen(f"there is no channel {name!r}; there are {', '.join(CHANNELS)}")


def _chosen(stories: Iterable[Story], channel: Channel | None, results: Results) -> Iterator[Story]:
    for story in stories:
        there = story.on(channel) if channel else story
        if there is None:
            results.left_out.append(story.file)
        else:
            yield there


async def _play(
    story: Story, opening: AbstractAsyncContextManager[Stage], *, database: str, tell: Callable[[float], None]
) -> Result:
    async with opening as stage:
        return await play(story, stage, database=database, tell=tell)


def _tell(result: Result, teller: Teller) -> None:
    mark = "[green]✓[/green]" if result.passed else "[red]✗[/red]"
    how = f"{', '.join(result.channels)}; {result.database}; {result.seconds:.1f} s"
    teller.say(f"{mark} {result.story} ({how})")


def summary(results: Results, seconds: float) -> str:
    """Every failure with its transcript, and the counts."""
    failures = [f"✗ {result.story}\n  {result.failure}" for result in results.failed]
    passed = len(results.played) - len(results.failed)
    counts = f"{passed} passed, {len(results.failed)} failed"
    if results.left_out:
        counts += f", {len(results.left_out)} left out: not written for this channel"
    return "\n".join([*failures, f"{counts} in {seconds:.0f} s."])


def facts(results: Results, seconds: float) -> dict[str, Any]:
    """For machines."""
    return {
        "passed": len(results.played) - len(results.failed),
        "failed": len(results.failed),
        "left_out": [str(file) for file in results.left_out],
        "seconds": round(seconds, 2),
        "stories": [result.facts() for result in results.played],
    }
