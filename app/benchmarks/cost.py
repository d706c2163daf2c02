"""What understanding costs: training the shop's own models, and a process that reads messages with them.

Both happen in processes of their own, with one thread for numbers, so nothing that was loaded before helps.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.settings import ROOT, Settings

MESSAGES: Final = 300
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class CannotMeasure(Exception):  # noqa: N818 - what happened
    """A process that should have been measured failed; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the shop's models of some languages cost."""

    languages: tuple[str, ...]
    examples: int
    training_seconds: float
    training_cpu_seconds: float
    ready_seconds: float  # from starting the process to its first answer, its models trained before
    ready_cpu_seconds: float
    p50_ms: float  # a message: entities, intent and refusal
    p99_ms: float
    cpu_ms: float  # a message's mean time on the processor, whatever else the machine does
    megabytes: float  # resident, after all messages


def measure(
    config: Path, settings: Settings, texts: Sequence[str], *, quick: bool, tell: Callable[[str], None]
) -> list[Cost]:
    """The main language alone, and all of the shop's languages together where there are more (not when `quick`)."""
    groups = [settings.languages[:1]]
    if len(settings.languages) > 1 and not quick:
        groups.append(settings.languages)
    return [_measure(config, tuple(group), texts[:MESSAGES], tell) for group in groups]


def _measure(
    config: Path,
    languages: tuple[str, ...],
    texts: Sequence[str],
    tell: Callable[[str], None],
) -> Cost:
    spoken = " and ".join(languages)
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        wanted: dict[str, Any] = {"config": str(config), "home": folder, "languages": languages}
        tell(f"Cost: training the shop's own models ({spoken})")
        trained = _probe(wanted | {"task": "train"})
        tell(f"Cost: a process that reads messages ({spoken})")
        read = _probe(wanted | {"task": "read", "texts": list(texts), "began": time.time()})
    return Cost(
        languages=languages,
        examples=trained["examples"],
        training_seconds=trained["seconds"],
        training_cpu_seconds=trained["cpu_seconds"],
        **read,
    )


def _probe(wanted: dict[str, Any]) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    finished = subprocess.run(
        [sys.executable, "-m", "app.benchmarks.probe"],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment | ONE_THREAD | {"TOKENIZERS_PARALLELISM": "false"},
    )
    if finished.returncode:
        raise CannotMeasure(finished.stderr.strip() or f"the process ended with {finished.returncode}")
    figures: dict[str, Any] = json.loads(finished.stdout)
    return figures
