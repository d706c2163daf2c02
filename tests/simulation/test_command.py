"""`parley simulate` as it is typed: what it prints, how it ends, and the story that it leaves of what it found."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.settings import ROOT
from app.stage import Template

SMALL = ("--people", "2", "--days", "1", "--seed", "3")
# A shop that keeps the stock of orders that ended, as a mistake in its code would.
BROKEN = """
from shop.orders import service
service._release = lambda session, order, at: None
"""
SECONDS_MAX = 300


def command(*words: str, broken: bool = False) -> list[str]:
    code = f"{BROKEN if broken else ''}\nfrom app.cli import main\nmain()"
    return [sys.executable, "-c", code, *words]


def environment(**more: str) -> dict[str, str]:
    """As in a shell where nobody has set anything up; the code is that of this tree."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return {**known, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **more}


def parley(folder: Path, *words: str, broken: bool = False) -> subprocess.CompletedProcess[str]:
    """Type it in that folder; its home is the default one there."""
    return subprocess.run(
        command(*words, broken=broken),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


@pytest.fixture
def folder(shop_template: Template, tmp_path: Path) -> Path:
    """A folder where Parley was used before: its home has a model and the stocked shelves of a rehearsal."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "models").symlink_to(shop_template.home / "models")
    shutil.copytree(shop_template.home, tmp_path / "var" / "rehearsal", symlinks=True)
    return tmp_path


def facts(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    """Of an answer that ended so."""
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_the_default_home_is_made_in_an_empty_folder_once_there_is_a_model(
    shop_template: Template, tmp_path: Path
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "models").symlink_to(shop_template.home / "models")  # learning alone takes a minute
    done = parley(tmp_path, "simulate", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "2 people, 2 visits" in done.stdout
    assert re.search(r"^seed 3, digest [0-9a-f]{16}$", done.stdout, re.MULTILINE)
    assert "Everything held after every step." in done.stdout
    assert not (tmp_path / "var" / "stories").exists()


@pytest.mark.slow
def test_in_an_empty_folder_it_learns_and_stocks_by_itself(tmp_path: Path) -> None:
    done = parley(tmp_path, "simulate", *SMALL)
    assert (done.returncode, "Everything held" in done.stdout) == (0, True), done.stderr


def test_json_is_alone_on_standard_output(folder: Path) -> None:
    found = facts(parley(folder, "simulate", *SMALL, "--json"))
    assert (found["seed"], found["people"], found["days"], found["breaches"]) == (3, 2, 1, [])
    assert found["unreconciled"] == 0
    assert (found["database"], found["repeatable"], found["stopped"]) == ("sqlite", True, False)
    assert len(found["digest"]) == 64


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--faults", "delay,timout"), "there is no fault 'timout' — did you mean 'timeout'?"),
        (("--database", "postgresql://nobody@127.0.0.1:9/shop"), "does not answer"),
    ],
)
def test_what_cannot_be_is_said_plainly_with_exit_code_2(
    folder: Path, words: tuple[str, ...], told: str
) -> None:
    done = parley(folder, "simulate", *SMALL, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_on_a_postgresql_server_it_says_that_a_seed_is_no_promise_there(
    folder: Path, postgres_server: str
) -> None:
    url = postgres_server.format(name="postgres")
    done = parley(folder, "simulate", *SMALL, "--database", url)
    assert done.returncode == 0, done.stderr
    assert "on PostgreSQL what happens at once happens in no fixed order" in done.stdout
    assert "the same seed need not give the same run" in done.stdout
    assert "digest" not in done.stdout
    with psycopg.connect(url) as connection:
        left = connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'parley_scratch_%'")
        assert left.fetchone() == (0,)


def test_ctrl_c_ends_it_with_what_it_has_and_exit_code_130(folder: Path) -> None:
    process = subprocess.Popen(
        command("simulate", "--people", "500", "--days", "30"),
        cwd=folder,
        env=environment(FORCE_COLOR="1"),  # so that the bar is drawn, and tells how far it is
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    drawn = b""
    while not re.search(rb"[1-9][0-9]* steps", drawn):
        drawn += (chunk := os.read(process.stderr.fileno(), 4096))
        assert chunk, drawn.decode()
    process.send_signal(signal.SIGINT)
    said, rest = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 130, rest.decode()
    assert b"Traceback" not in drawn + rest
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said.decode()).splitlines()
    assert lines[0] == "Stopped by hand; until then:"
    assert re.match(r"[1-9]\d* people, [1-9]\d* visits, [1-9]\d* steps", lines[1])
    assert lines[-1] == "Everything held after every step."


@pytest.mark.slow
def test_what_did_not_hold_is_told_and_left_as_a_story_that_fails_for_the_same_reason(folder: Path) -> None:
    many = ("simulate", "--people", "10", "--days", "3", "--seed", "3", "--json")
    found = facts(parley(folder, *many, broken=True), 1)
    (breach,) = found["breaches"]
    assert re.search(r"\d+ on hand, \d+ promised, but orders hold \d+", breach)
    story = folder / found["story"]
    assert story.read_text("utf-8").startswith("# Found by: parley simulate --people 10 --days 3 --seed 3\n")
    shown = parley(folder, "scenario", found["story"], broken=True)
    assert shown.returncode == 1, shown.stderr
    assert "promised, but orders hold" in shown.stdout
    mended = parley(folder, "scenario", found["story"])
    assert mended.returncode == 0, mended.stdout
