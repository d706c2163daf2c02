"""A process of its own that trains the shop's models, or reads messages with them, and says what that took.

`app/benchmarks/cost.py` starts it; what to do comes as one JSON object on standard input, and figures leave as one.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from app.settings import Home, Settings, read_secrets, read_settings
from app.wiring import interpreter_for, learn, open_database, read_training_data, trained_model

WARM_UP: Final = 5  # messages before the clock starts


def main() -> None:
    """Do what standard input says."""
    wanted: dict[str, Any] = json.load(sys.stdin)
    settings, home = read_settings(Path(wanted["config"])), Home(Path(wanted["home"]))
    settings = settings.model_copy(update={"languages": tuple(wanted["languages"])})
    figures = (
        _train(settings, home)
        if wanted["task"] == "train"
        else _read(settings, home, wanted["texts"], began=float(wanted["began"]))
    )
    sys.stdout.write(json.dumps(figures))


def _train(settings: Settings, home: Home) -> dict[str, Any]:
    wall, processor = time.perf_counter(), time.process_time()
    cards = [
        trained_model(settings, home, data, language=language)[0].card
        for language, data in read_training_data(settings).items()
    ]
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - processor,
        "examples": sum(card.examples for card in cards),
    }


def _read(settings: Settings, home: Home, texts: Sequence[str], *, began: float) -> dict[str, Any]:
    """`began` is when this process was asked for (seconds since 1970)."""
    database = open_database(settings, read_secrets(), home)
    try:
        interpreter = interpreter_for(settings, learn(settings, home), database)
        interpreter.parse("Hello, is anybody there?")
        ready = time.time() - began
        for text in texts[:WARM_UP]:
            interpreter.parse(text)
        walls: list[float] = []
        processor = time.process_time()
        for text in texts[WARM_UP:]:
            at = time.perf_counter()
            interpreter.parse(text)
            walls.append(1000 * (time.perf_counter() - at))
        spent = 1000 * (time.process_time() - processor)
    finally:
        database.close()
    walls.sort()
    return {
        "ready_seconds": ready,
        "p50_ms": walls[len(walls) // 2],
        "p99_ms": walls[min(len(walls) - 1, len(walls) * 99 // 100)],
        "cpu_ms": spent / len(walls),
        "megabytes": _resident_megabytes(),
    }


def _resident_megabytes() -> float:
    """What the process holds now where Linux tells it, else the most it ever held."""
    status = Path("/proc/self/status")
    if status.exists():
        fields: Mapping[str, str] = dict(
            line.split(":", 1) for line in status.read_text("utf-8").splitlines() if ":" in line
        )
        return int(fields["VmRSS"].split()[0]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
