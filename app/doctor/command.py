"""The command: everything is looked at, and each finding is a line with what to do about it."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.table import Table

from app.doctor import far_ends as far
from app.doctor import machine
from app.doctor.findings import Finding, State
from app.report import Answer
from app.settings import Home, Secrets, Settings, read_secrets, read_settings
from app.wiring import FarEnds, messenger_for, stripe_for, telegram_for
from storage.clock import Clock, SystemClock

MARKS: Final = {State.FINE: "✓", State.UNUSED: "·", State.CARE: "!", State.WRONG: "✗"}


def run(home: Path, config: Path, *, far_ends: FarEnds | None = None, clock: Clock | None = None) -> Answer:
    """All findings; the answer is not fine where one is wrong. Raises Mistakes for settings that cannot be read."""
    settings, secrets = read_settings(config), read_secrets()
    found = asyncio.run(
        examine(settings, secrets, Home(home), far_ends=far_ends or FarEnds(), clock=clock or SystemClock())
    )
    wrong = [each for each in found if each.state is State.WRONG]
    facts = {
        "findings": [asdict(each) for each in found],
        "wrong": len(wrong),
        "care": sum(each.state is State.CARE for each in found),
    }
    return Answer(facts, _summary(found), view=_table(found), fine=not wrong)


async def examine(
    settings: Settings, secrets: Secrets, home: Home, *, far_ends: FarEnds, clock: Clock
) -> Sequence[Finding]:
    """Look at the machine, then at Telegram, Meta and Stripe."""
    found = [*machine.look(settings, secrets, home, now=clock.now())]
    try:
        lines = _lines(settings, secrets, home, far_ends, clock)
    except ValueError as error:  # a token that is none
        return [*found, Finding("Telegram", State.WRONG, str(error), "Copy it again from @BotFather.")]
    now = clock.now()  # anew: opening the lines takes seconds, and far ends' clocks are held against it
    try:
        return [*found, *await far.look(settings, secrets, lines, far_ends, now=now)]
    finally:
        for line in (lines.telegram, lines.messenger, lines.stripe):
            if line is not None:
                await line.close()


def _lines(settings: Settings, secrets: Secrets, home: Home, far_ends: FarEnds, clock: Clock) -> far.Lines:
    return far.Lines(
        telegram=telegram_for(settings, secrets, home, clock, far_ends),
        messenger=messenger_for(
            settings,
            secrets,
            home,
            clock,
            far_ends,
            last_heard=_nobody_wrote,
            public_url=settings.server.public_url or "",
        ),
        stripe=stripe_for(secrets, clock, far_ends),
    )


async def _nobody_wrote(chat: str) -> datetime | None:
    """Nothing is sent here."""
    del chat
    return None


def _summary(found: Sequence[Finding]) -> str:
    wrong = sum(each.state is State.WRONG for each in found)
    care = sum(each.state is State.CARE for each in found)
    if wrong:
        return f"{wrong} of these must be mended before the shop works as it should."
    return f"Nothing is wrong; {care} to take care of." if care else "All is well."


def _table(found: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for each in found:
        what = f"{each.what}\n[dim]{each.remedy}[/dim]" if each.remedy else each.what
        table.add_row(MARKS[each.state], each.about, what)
    return table
