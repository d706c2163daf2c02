"""Brings a file of deals in, by their codes: adds what is new, changes what differs, and publishes both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from sqlalchemy.orm import Session

from shop.catalogue.importing import Landing
from shop.deals import editing, offers
from shop.deals.drafts import Draft, Problem, examine
from shop.deals.model import Deal, DealStatus
from storage.engine import Database
from storage.yaml_files import Mistake, Mistakes, line_of, load

_OVER = Problem("name", "this deal is over: give the new offer a name of its own")


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One mistake in the file. `line` counts from 1; None where it has none."""

    file: str
    line: int | None
    deal: str
    field: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.deal}: {self.field}: {self.reason}"


@dataclass(frozen=True, slots=True)
class DealImport:
    """What became of each deal, by its name, and every mistake of those that could not be taken."""

    landings: tuple[tuple[str, Landing], ...]
    problems: tuple[FileProblem, ...]

    def named(self, landing: Landing) -> list[str]:
        """The names of the deals of which that became, in the file's order."""
        return [name for name, became in self.landings if became is landing]


def import_deals(database: Database, path: Path, *, at: datetime, only_new: bool = False) -> DealImport:
    """Take in each deal of the file, published, in a commit of its own; one with a mistake is left out whole.

    Repeating it with the same file changes nothing. `only_new` leaves deals that are there as they are. Raises
    Mistakes when the file as a whole makes no sense.
    """
    deals = _deals_in(path)
    landings: list[tuple[str, Landing]] = []
    problems: list[FileProblem] = []
    seen: set[str] = set()
    for written in deals:
        name = str(written.get("name") or "(no name)")
        twice = [Problem("name", "stands twice in this file")] if name in seen else []
        seen.add(name)
        found = twice or database.write_now(
            lambda session, written=written: _land(session, written, at=at, only_new=only_new)
        )
        if isinstance(found, Landing):
            landings.append((name, found))
        else:
            problems += [_placed(problem, path, name, written) for problem in found]
    problems.sort(key=lambda problem: problem.line or 0)
    return DealImport(tuple(landings), tuple(problems))


def _deals_in(path: Path) -> list[Mapping[str, object]]:
    content: Any = load(path)
    deals = content.get("deals") if isinstance(content, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(deals, list) or not all(isinstance(each, Mapping) for each in cast("list[Any]", deals)):
        raise Mistakes([Mistake(path, None, "holds no deals: it begins with `deals:`, then a list of them")])
    return cast("list[Mapping[str, object]]", deals)


def _placed(problem: Problem, path: Path, name: str, written: Mapping[str, object]) -> FileProblem:
    field = "name" if problem.field == "code" else problem.field
    top, _, sku = field.partition(".")
    line = line_of(written, [top, sku] if sku else [top]) or line_of(written, list(written)[:1])
    return FileProblem(path.name, line, name, field, problem.message)


def _land(
    session: Session, written: Mapping[str, object], *, at: datetime, only_new: bool
) -> Landing | list[Problem]:
    named = {"code" if key == "name" else str(key): value for key, value in written.items()}
    code = str(named.get("code", ""))
    known = offers.find(session, code)
    if known is None:
        return _add(session, named, at=at)
    if only_new:
        return Landing.UNCHANGED
    return _change(session, named, editing.take(session, code), at=at)


def _add(session: Session, named: Mapping[str, object], *, at: datetime) -> Landing | list[Problem]:
    draft, problems = examine(session, named, at=at)
    if problems:
        return problems
    editing.publish(session, editing.create(session, draft, at=at), at=at)
    return Landing.ADDED


def _change(
    session: Session, named: Mapping[str, object], deal: Deal, *, at: datetime
) -> Landing | list[Problem]:
    is_draft = deal.status is DealStatus.DRAFT
    if not is_draft and _is_as_before(session, named, deal):
        return Landing.UNCHANGED
    if offers.status_at(deal, at) in editing.OVER:
        return [_OVER]
    draft, problems = examine(session, named, at=at, deal=deal)
    if problems:
        return problems
    editing.change(session, deal, draft, at=at)
    if is_draft:
        editing.publish(session, deal, at=at)
    return Landing.CHANGED


def _is_as_before(session: Session, named: Mapping[str, object], deal: Deal) -> bool:
    try:
        draft = Draft.model_validate(named)
    except ValidationError:
        return False
    return _says(draft, deal) == _says(editing.draft_of(session, deal), deal)


def _says(draft: Draft, deal: Deal) -> dict[str, Any]:
    """All that it says; a start that it leaves open is the one that the deal has."""
    return draft.model_dump() | {"starts_at": draft.starts_at or deal.starts_at}
