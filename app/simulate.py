"""The work behind `parley simulate`: a run with a bar to watch, what it came to, and the way to what it found."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app.log import set_up
from app.running import Teller
from app.scratch_databases import scratch_databases
from app.settings import Home, Settings
from app.simulation import Chosen, Simulation
from app.stage import rehearsal_template
from sandbox.simulation.run import Outcomes
from shop.money import Money

SHRINKING_SECONDS_MAX: Final = 180.0


def simulate(
    settings: Settings, home: Home, chosen: Chosen, *, database: str, quiet: bool
) -> tuple[dict[str, Any], str]:
    """Run it: facts for machines ("breaches" and "stopped" among them) and words for people. Raises CannotOpen."""
    teller = Teller(Console(stderr=True), quiet)
    template = rehearsal_template(settings, home, teller)
    set_up(settings.log.model_copy(update={"level": "error"}))  # a rehearsal's planned trouble is no news
    with scratch_databases(database, settings, template, teller) as databases:
        simulation = Simulation(settings, template, chosen, databases=databases)
        with _progress(simulation, quiet=quiet) as told:
            outcomes = asyncio.run(simulation.run(told))
        facts = _facts(simulation, outcomes)
        text = _text(facts, settings)
        if outcomes.breaches:
            file = _write_story(simulation, outcomes, home, teller)
            facts["story"] = str(file)
            text += f"\nThe shortest way found to it: {file}\nPlay it: {_command(simulation, file)}"
    return facts, text


def _command(simulation: Simulation, file: Path) -> str:
    where = "" if simulation.repeatable else f"--database {simulation.databases.name} "
    return f"parley scenario {where}{file}"


@contextmanager
def _progress(simulation: Simulation, *, quiet: bool) -> Generator[Callable[[Outcomes], None]]:
    """A bar over the simulated days."""
    columns = (
        TextColumn("Simulating"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
    )
    visits = len(simulation.timetable.appointments)
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task("", total=max(1, visits), figures="")

        def told(outcomes: Outcomes) -> None:
            figures = (
                f"{len(outcomes.people)} people · {outcomes.steps} steps · {outcomes.paid} paid · "
                f"{outcomes.faults.total()} faults"
            )
            progress.update(task, completed=len(outcomes.visits), figures=figures)

        yield told


def _facts(simulation: Simulation, outcomes: Outcomes) -> dict[str, Any]:
    chosen = simulation.chosen
    assert outcomes.began_at is not None, "it began"
    assert outcomes.ended_at is not None, "it ended"
    return {
        "seed": chosen.seed,
        "people": len(outcomes.people),
        "days": chosen.days,
        "visits": len(outcomes.visits),
        "steps": outcomes.steps,
        "messages": outcomes.messages,
        "orders": outcomes.orders,
        "groups": outcomes.groups,
        "seats": outcomes.seats,
        "charged_minor": outcomes.charged_minor,
        "refunded_minor": outcomes.refunded_minor,
        "reconciled": outcomes.reconciled,
        "mended": outcomes.mended,
        "unreconciled": outcomes.unreconciled,
        "currency": simulation.settings.shop.currency,
        "faults": dict(sorted(outcomes.faults.items())),
        "simulated_seconds": int((outcomes.ended_at - outcomes.began_at).total_seconds()),
        "real_seconds": round(outcomes.real_seconds, 1),
        "stopped": outcomes.stopped,
        "database": simulation.databases.name,
        "repeatable": simulation.repeatable,
        "digest": outcomes.digest if simulation.repeatable else None,
        "breaches": outcomes.breaches,
    }


def _text(facts: dict[str, Any], settings: Settings) -> str:
    def money(minor: int) -> str:
        return Money(minor, facts["currency"]).format(settings.language)

    def counted(what: str) -> str:
        return (
            ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in facts[what].items()) or "none"
        )

    faults = ", ".join(f"{count} × {name}" for name, count in facts["faults"].items())
    simulated = timedelta(seconds=facts["simulated_seconds"])
    lines = [
        "Stopped by hand; until then:" if facts["stopped"] else "",
        f"{facts['people']} people, {facts['visits']} visits, {facts['steps']} steps, {facts['messages']} messages to them",
        f"orders: {counted('orders')}",
        f"groups: {counted('groups')}; their seats: {counted('seats')}",
        f"charged {money(facts['charged_minor'])}, given back {money(facts['refunded_minor'])}",
        _reconciled(facts),
        f"faults planted: {faults or 'none'}",
        f"{simulated.days} days and {simulated.seconds // 3600} hours in {facts['real_seconds']:.0f} s",
        _seed(facts),
        "Everything held after every step." if not facts["breaches"] else "This did not hold:",
        *facts["breaches"],
    ]
    return "\n".join(line for line in lines if line)


def _reconciled(facts: dict[str, Any]) -> str:
    if facts["unreconciled"] is None:
        return "not compared with Stripe's account: the run did not reach its end"
    return (
        f"{facts['reconciled']} things on Stripe's account compared, {facts['mended']} differences mended on the way,"
        f" unreconciled: {facts['unreconciled']}"
    )


def _seed(facts: dict[str, Any]) -> str:
    if facts["repeatable"]:
        return f"seed {facts['seed']}, digest {facts['digest'][:16]}"
    return (
        f"seed {facts['seed']}: it decides who comes and what goes wrong, but on PostgreSQL what happens at once happens"
        " in no fixed order, so the same seed need not give the same run"
    )


def _write_story(simulation: Simulation, outcomes: Outcomes, home: Home, teller: Teller) -> Path:
    teller.say(f"  Looking for a shorter way to it, {SHRINKING_SECONDS_MAX:.0f} s at most; Ctrl-C ends it …")
    shortest = asyncio.run(simulation.shortest(outcomes, seconds_max=SHRINKING_SECONDS_MAX))
    folder = home.folder / "stories"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"seed-{simulation.chosen.seed}.yml"
    file.write_text(simulation.story(outcomes, shortest), "utf-8")
    return file
