"""Real Rasa beside our own engine: installs it, has it learn the same examples, and asks both what they never saw.

    .venv/bin/python -m bench.rasa --folder /tmp/rasa --epochs 100        (about 3 GB, and up to an hour on two cores)

Each step that was done before is left out: Rasa's installation always, its training for the same examples and epochs. Nothing but
the package index is asked for; the server listens on this machine alone.
"""

import csv
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from app.settings import ROOT
from nlu import rasa_project
from nlu.embedding import MiniLmEmbedder
from nlu.entities.extraction import EntityExtractor
from nlu.interpreter import IntentInterpreter
from nlu.json_service import JsonService
from nlu.model import ModelStore, TrainedModel
from nlu.pipeline import PipelineSettings
from nlu.rasa_server import RasaInterpreter, RasaServer
from nlu.trained import ensure_model
from nlu.training_data import TrainingData, load, shipped
from nlu.understanding import Interpreter

RASA = "3.6.21"
PYTHON = "python3.11"
PINS = {
    "numpy": "==1.23.5",
    "scipy": "==1.10.1",
    "scikit-learn": "==1.1.3",
    "dask": "==2022.10.2",
    "matplotlib": ">=3.7,<3.8",
    "contourpy": "<1.3",
    "pandas": "<2.3",
    "tensorflow": "==2.12.0",
}
"""What Rasa 3.6 works with on Python 3.11, for which it was never released; its own wish for matplotlib has no wheel there."""

NEEDS = f"""
from importlib.metadata import requires
from pip._vendor.packaging.requirements import Requirement
for each in map(Requirement, requires("rasa")):
    as_on_3_10 = {{"extra": "", "python_version": "3.10", "python_full_version": "3.10.9"}}
    if each.name.lower() not in {sorted(PINS)} and (each.marker is None or each.marker.evaluate(as_on_3_10)):
        print(each.name + (f"[{{','.join(each.extras)}}]" if each.extras else "") + str(each.specifier))
"""
HELD_OUT = ROOT / "tests" / "nlu"
START_SECONDS_MAX = 600
progress = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True)
class Figures:
    """One engine, measured on messages that it was not trained on."""

    engine: str
    right_percent: float  # the intent, and not refused
    best_guess_percent: float  # the intent, whether refused or not
    off_topic_refused_percent: float
    median_milliseconds: float
    slow_milliseconds: float  # 95 of 100 are faster
    start_seconds: float
    megabytes: float
    train_seconds: float


def install(folder: Path) -> Path:
    """Rasa in an environment of its own; where its programs are."""
    programs = folder / "environment" / "bin"
    if (programs / "rasa").exists() and (folder / "installed").exists():
        return programs
    progress.print(f"Installing Rasa {RASA} (2.8 GB)")
    _run([PYTHON, "-m", "venv", str(programs.parent)])
    pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    anyway = ["--prefer-binary", "--ignore-requires-python"]
    _run([*pip, "--upgrade", "pip", "setuptools<81", "wheel"])
    _run([*pip, "--no-deps", "--ignore-requires-python", f"rasa=={RASA}"])
    needs = _run([str(programs / "python"), "-c", NEEDS]).split()
    _run([*pip, *anyway, *needs, *(name + pin for name, pin in PINS.items())])
    (folder / "installed").touch()
    return programs


def teach(programs: Path, folder: Path, data: TrainingData, *, language: str, epochs: int) -> float:
    """Export the examples and have Rasa train them as they are; how many seconds that took, now or before."""
    project, stamp = folder / "project", folder / "trained.json"
    wanted = {"examples": data.digest(), "language": language, "epochs": epochs}
    done: dict[str, Any] = json.loads(stamp.read_text("utf-8")) if stamp.exists() else {}
    if done.get("of") == wanted and list((project / "models").glob("*.tar.gz")):
        return float(done["seconds"])
    rasa_project.write(project, rasa_project.files(data, language=language, epochs=epochs), force=True)
    progress.print(f"Rasa learns for {epochs} epochs")
    started = time.perf_counter()
    _run([str(programs / "rasa"), "train"], cwd=project)
    seconds = time.perf_counter() - started
    stamp.write_text(json.dumps({"of": wanted, "seconds": seconds}), "utf-8")
    return seconds


@contextmanager
def serving(programs: Path, folder: Path) -> Generator[tuple[str, int, float]]:
    """Rasa's server on this machine: its address, its process and the seconds until it could be asked."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    words = ["run", "--enable-api", "--interface", "127.0.0.1", "--port", str(port), "--model", "models"]
    started = time.perf_counter()
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - the program that was installed above
            [str(programs / "rasa"), *words],
            cwd=folder / "project",
            env=_environment(),
            stdout=log,
            stderr=log,
        )
    try:
        while not _is_ready(url):
            if server.poll() is not None or time.perf_counter() - started > START_SECONDS_MAX:
                raise SystemExit(f"Rasa's server did not start: {folder / 'server.log'}")
            time.sleep(0.2)
        yield url, server.pid, time.perf_counter() - started
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:  # it has nothing to lose
            server.kill()
            server.wait()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/status", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def rasa_figures(folder: Path, data: TrainingData, *, language: str, epochs: int) -> Figures:
    """Install, train, start and ask real Rasa, through the interpreter that `nlu.engine: rasa` uses."""
    programs = install(folder)
    train_seconds = teach(programs, folder, data, language=language, epochs=epochs)
    progress.print("Rasa's server starts")
    with serving(programs, folder) as (url, process, start_seconds):
        own = IntentInterpreter(own_model(folder, data, language), EntityExtractor(language, data=data))
        service = JsonService("the Rasa server", url, timeout_seconds=30, pause_seconds=0)
        interpreter = RasaInterpreter(RasaServer(service), own, language=language, refuse_below=0.3)
        measured = ask(interpreter, language, engine="rasa")
        service.close()
        megabytes = _megabytes(process)
    return Figures(
        f"Rasa {RASA}, {epochs} epochs",
        **measured,
        start_seconds=start_seconds,
        megabytes=megabytes,
        train_seconds=train_seconds,
    )


def own_model(folder: Path, data: TrainingData, language: str) -> TrainedModel:
    """Our own model of the same examples, trained unless this folder has it; its card tells how long that took."""
    settings = PipelineSettings(language=language)
    model, _ = ensure_model(
        ModelStore(folder / "own"), data, settings, embedder=MiniLmEmbedder(), at=datetime.now(UTC)
    )
    return model


def ask(interpreter: Interpreter, language: str, *, engine: str) -> Mapping[str, float]:
    """Everything that was held out, one message at a time, as a chat comes in."""
    with (HELD_OUT / f"heldout_{language}.csv").open(encoding="utf-8", newline="") as file:
        known = [(row["text"], row["intent"]) for row in csv.DictReader(file)]
    off_topic = (HELD_OUT / f"off_topic_{language}.txt").read_text("utf-8").splitlines()
    interpreter.parse("hello")  # the first one warms up
    right = best = refused = 0
    milliseconds: list[float] = []
    for text, intent in [*known, *((text, "") for text in off_topic if text.strip())]:
        started = time.perf_counter()
        heard = interpreter.parse(text)
        milliseconds.append(1000 * (time.perf_counter() - started))
        if heard.engine != engine:
            raise SystemExit(f"{engine} did not answer: these figures would be of another engine")
        if not intent:
            refused += heard.refused
            continue
        right += heard.intent == intent
        best += bool(heard.intents) and heard.intents[0].name == intent
    aliens = sum(1 for text in off_topic if text.strip())
    return {
        "right_percent": 100 * right / len(known),
        "best_guess_percent": 100 * best / len(known),
        "off_topic_refused_percent": 100 * refused / aliens,
        "median_milliseconds": statistics.median(milliseconds),
        "slow_milliseconds": statistics.quantiles(milliseconds, n=20)[-1],
    }


def own_figures(folder: Path, data: TrainingData, language: str) -> Figures:
    """Our own engine, started in a process of its own."""
    train_seconds = own_model(folder, data, language).card.seconds
    started = time.perf_counter()
    answer = _run(
        [sys.executable, "-m", "bench.rasa", "--folder", str(folder), "--language", language, "--own"]
    )
    own = json.loads(answer)
    ready = float(own.pop("ready_at")) - started
    return Figures("Parley", **own, start_seconds=ready, train_seconds=train_seconds)


def _print_own(folder: Path, data: TrainingData, language: str) -> None:
    interpreter = IntentInterpreter(own_model(folder, data, language), EntityExtractor(language, data=data))
    interpreter.parse("hello")
    ready_at = time.perf_counter()  # the machine's clock, the same in every process on Linux
    measured = ask(interpreter, language, engine="parley")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    typer.echo(json.dumps({**measured, "ready_at": ready_at, "megabytes": most}))


def _megabytes(process: int) -> float:
    """The most that the process held in memory so far."""
    for line in Path(f"/proc/{process}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONWARNINGS": "ignore",
    }


def _run(words: list[str], *, cwd: Path = ROOT) -> str:
    """What it prints; ends all with its complaint when it fails."""
    done = subprocess.run(words, cwd=cwd, env=_environment(), capture_output=True, text=True, check=False)  # noqa: S603 - programs named above
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:4])} … failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def main(
    folder: Annotated[Path, typer.Option(help="Where Rasa and what it learns are put; about 3 GB.")],
    epochs: Annotated[int, typer.Option(min=1, help="How long Rasa learns.")] = rasa_project.EPOCHS,
    language: Annotated[str, typer.Option(help="Of the examples.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    own: Annotated[bool, typer.Option("--own", hidden=True)] = False,
) -> None:
    """Compare real Rasa with our own engine."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    data = load(shipped(language))
    if own:
        _print_own(folder, data, language)
        return
    engines = [
        own_figures(folder, data, language),
        rasa_figures(folder, data, language=language, epochs=epochs),
    ]
    if as_json:
        typer.echo(json.dumps({"language": language, "engines": [asdict(each) for each in engines]}))
        return
    table = Table("", *(each.engine for each in engines))
    for name in list(asdict(engines[0]))[1:]:
        table.add_row(name.replace("_", " "), *(f"{getattr(each, name):,.1f}" for each in engines))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
