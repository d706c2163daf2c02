"""Imports point one way, and the check that says so can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
ROOMS = ("app", "console", "sandbox", "bot", "payments", "knowledge_base", "nlu", "shop", "storage")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT_IMPORTS), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def copied_rooms(tmp_path: Path) -> Path:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("*.jpg", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_one_way() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("shop/money.py", "import bot.events", "rooms: imports point one way BROKEN"),
        ("bot/handler.py", "import stripe", "only payments talks to Stripe BROKEN"),
        ("bot/dialogue/engine.py", "import aiogram", "only channels talk to Telegram BROKEN"),
        ("shop/money.py", "import sklearn", "only nlu and knowledge_base load models BROKEN"),
    ],
)
def test_a_wrong_import_is_caught(copied_rooms: Path, file: str, line: str, broken: str) -> None:
    path = copied_rooms / file
    path.write_text(f"{path.read_text('utf-8')}\n{line}\n", "utf-8")
    done = lint_imports(copied_rooms)
    assert done.returncode != 0
    assert broken in done.stdout
