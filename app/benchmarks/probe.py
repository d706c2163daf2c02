"""A process of its own that trains the shop's models, or reads messages with them, and says what that took.

It loads what understanding needs and no more: not the channels, the web server or the database of a shop.
`app/benchmarks/cost.py` starts it; what to do comes as one JSON object on standard input, and figures leave as one.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.settings import Home, Settings, read_settings
from nlu import training_data
from nlu.embedding import Embedder, MiniLmEmbedder
from nlu.entities.extraction import EntityExtractor
from nlu.interpreter import IntentInterpreter
from nlu.model import ModelStore, TrainedModel
from nlu.multilingual import installed_embedder
from nlu.trained import ensure_model
from nlu.training_data import TrainingData, shipped

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
    cards = [_model(settings, home, language, data).card for language, data in _data(settings).items()]
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - processor,
        "examples": sum(card.examples for card in cards),
    }


def _data(settings: Settings) -> dict[str, TrainingData]:
    return {language: training_data.load(shipped(language)) for language in settings.languages}


def _model(settings: Settings, home: Home, language: str, data: TrainingData) -> TrainedModel:
    """Trained now, unless it was before."""
    pipeline = settings.understanding_of(language)
    named = pipeline.embedding
    embedder: Embedder | None = None
    if named is not None:
        embedder = MiniLmEmbedder(named.model) if named.model else installed_embedder(language)
    store = ModelStore(home.models / "intent")
    return ensure_model(store, data, pipeline, embedder=embedder, at=datetime.now(UTC))[0]


def _read(settings: Settings, home: Home, texts: Sequence[str], *, began: float) -> dict[str, Any]:
    """`began` is when this process was asked for (seconds since 1970)."""
    data = _data(settings)
    main, *others = (_model(settings, home, language, each) for language, each in data.items())
    country = settings.shop.country
    extractors = [EntityExtractor(language, region=country, data=each) for language, each in data.items()]
    interpreter = IntentInterpreter(main, *extractors, others=others)
    interpreter.parse("Hello, is anybody there?")
    ready, ready_processor = time.time() - began, time.process_time()
    for text in texts[:WARM_UP]:
        interpreter.parse(text)
    walls: list[float] = []
    processor = time.process_time()
    for text in texts[WARM_UP:]:
        at = time.perf_counter()
        interpreter.parse(text)
        walls.append(1000 * (time.perf_counter() - at))
    spent = 1000 * (time.process_time() - processor)
    walls.sort()
    return {
        "ready_seconds": ready,
        "ready_cpu_seconds": ready_processor,
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
