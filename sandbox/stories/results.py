"""How stories ended."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.stories.transcript import Transcript


class NotSo(Exception):  # noqa: N818 - what it says
    """Something is not as the story has it: what was expected, and what was there."""

    def __init__(self, expected: str, found: str, *, line: int | None = None) -> None:
        super().__init__(f"expected {expected}; there was {found}")
        self.expected = expected
        self.found = found
        self.line = line


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a story stopped being true."""

    file: Path
    line: int
    expected: str
    found: str
    transcript: Transcript

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}\n  expected  {self.expected}\n  there was {self.found}\n\n{self.transcript}"

    def facts(self) -> dict[str, Any]:
        """For machines."""
        return {
            "file": str(self.file),
            "line": self.line,
            "expected": self.expected,
            "found": self.found,
            "transcript": self.transcript.as_rows(),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """One story, played once on one database."""

    story: str
    file: Path
    channels: tuple[str, ...]
    database: str
    seconds: float
    steps: int = 0  # that held
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        return self.failure is None

    def facts(self) -> dict[str, Any]:
        """For machines."""
        return {
            "story": self.story,
            "file": str(self.file),
            "channels": list(self.channels),
            "database": self.database,
            "passed": self.passed,
            "seconds": round(self.seconds, 2),
            "steps": self.steps,
            "failure": self.failure.facts() if self.failure else None,
        }


@dataclass
class Results:
    """All stories of a run. `left_out` are those that were not written for the channel that was asked for."""

    played: list[Result] = field(default_factory=list[Result])
    left_out: list[Path] = field(default_factory=list[Path])

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.played if not result.passed]
