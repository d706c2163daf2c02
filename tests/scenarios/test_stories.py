"""Every story file, on the channels it was written for.

On SQLite each version; on PostgreSQL what is about more than words, as it was written, and the whole way of a
purchase on every channel.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.scenarios import known_names, read_stories
from app.settings import ROOT, Home
from app.stage import Template, copy_home, open_stage
from sandbox.stories.format import Story
from sandbox.stories.playing import play
from tests.conftest import copied_database
from tests.open_shop import settings_for_tests

pytestmark = pytest.mark.anyio

FOLDER = ROOT / "tests" / "scenarios"


def versions() -> Iterator[Story]:
    """As written, and moved to each other channel."""
    for story in read_stories([FOLDER], known_names(settings_for_tests())):
        yield story
        for channel in story.also_on:
            moved = story.on(channel)
            assert moved is not None
            yield moved


def called(story: Story) -> str:
    return f"{story.file.parent.name}-{story.file.stem}-{'-'.join(sorted(story.channels))}"


ALL = list(versions())
WHOLE_WAY = FOLDER / "digressions" / "buy_with_detours.yml"
AS_WRITTEN = read_stories([FOLDER], known_names(settings_for_tests()))
OF_WORDS = {
    "clarification",
    "corrections",
    "digressions",
    "input",
    "knowledge",
    "limits",
    "memory",
    "negation",
}
ON_POSTGRESQL = [
    *(story for story in AS_WRITTEN if story.file.parent.name not in OF_WORDS),
    *(story for story in ALL if story.file == WHOLE_WAY),
]


@pytest.mark.parametrize("story", ALL, ids=called)
async def test_a_story_holds_to_its_end(story: Story, shop_template: Template, tmp_path: Path) -> None:
    home = copy_home(shop_template, tmp_path / "home")
    await plays(story, shop_template, home, home.database_url)


@pytest.mark.parametrize("story", ON_POSTGRESQL, ids=called)
async def test_a_story_holds_on_postgresql(
    story: Story, shop_template: Template, tmp_path: Path, postgres_server: str, postgres_shop: str
) -> None:
    home = copy_home(shop_template, tmp_path / "home")
    with copied_database(postgres_server, postgres_shop) as url:
        await plays(story, shop_template, home, url)


async def plays(story: Story, template: Template, home: Home, database_url: str) -> None:
    async with open_stage(settings_for_tests(), template, home, database_url=database_url) as stage:
        result = await play(story, stage)
    assert result.failure is None, f"\n{result.failure}"
    assert result.steps == len(story.steps)
