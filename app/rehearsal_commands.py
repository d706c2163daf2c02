"""The commands that rehearse with the demo shop: stories, and simulated people."""

import time
from pathlib import Path

from app import running, scenarios
from app import simulate as simulating
from app.report import Answer, Failure
from app.settings import Home, read_settings
from app.simulation import Chosen, fault_names


def scenario(
    home: Path, config: Path, paths: list[Path], *, channel: str | None, database: str, quiet: bool
) -> Answer:
    """Stories against the demo shop in the sandbox."""
    settings = read_settings(config)
    started = time.perf_counter()
    try:
        results = scenarios.run(
            settings, Home(home), paths, scenarios.Choices(database, channel), quiet=quiet
        )
    except running.CannotOpen as error:
        raise Failure(str(error)) from error
    seconds = time.perf_counter() - started
    facts, text = scenarios.facts(results, seconds), scenarios.summary(results, seconds)
    return Answer(facts, text, fine=not results.failed)


def simulate(
    home: Path, config: Path, *, people: int, days: int, seed: int, faults: str, database: str, quiet: bool
) -> Answer:
    """Simulated people use the demo shop for days, while things go wrong."""
    settings = read_settings(config)
    try:
        chosen = Chosen(people, days, seed, fault_names(faults))
        facts, text = simulating.simulate(settings, Home(home), chosen, database=database, quiet=quiet)
    except running.CannotOpen as error:
        raise Failure(str(error)) from error
    return Answer(facts, text, fine=not facts["breaches"], stopped=facts["stopped"])
