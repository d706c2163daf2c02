"""The problems: what failed for good, why, and where there is a way: once more."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from bot.delivery import inbox
from console.elements import box, button, link, page, text, time_tag
from console.notation import Notation, notation_of
from console.reads.problems import Problem, dead, parked
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from console.staff_frame import attention_of, empty_state, page_links, staff_page

PATH: Final = "/staff/problems"
KINDS: Final = {"events": parked, "messages": dead}

Retry = Callable[[Problem], Awaitable[None]]


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve the list at /staff/problems; `kind` says which of the two."""

    @page(PATH, f"Problems · {services.profile.name}")
    async def problems_page(  # pyright: ignore[reportUnusedFunction]
        request: Request, kind: str = "events", page: int = 1
    ) -> Response | None:
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        waiting = await attention_of(services)
        with staff_page(services, access, "Problems", waiting):
            await ProblemList(services, kind if kind in KINDS else "events", page).build()
        return None


class ProblemList:
    """One page of events that were given up, or of messages and calls that will not leave."""

    def __init__(self, services: ConsoleServices, kind: str, page: int) -> None:
        self._services = services
        self._kind = kind
        self._page = page
        self._notation = notation_of(services.profile)

    async def build(self) -> None:
        """Lay it out."""
        with box("filters", tag="nav", aria_label="Show"):
            for kind, name in (("events", "Could not be handled"), ("messages", "Could not be sent")):
                current = {"aria_current": "true"} if kind == self._kind else {}
                link(name, f"{PATH}?kind={kind}", "filter", **current)
        self._frame = box("problems")
        await self._show()

    async def _show(self) -> None:
        found = await self._services.database.look(
            lambda session: KINDS[self._kind](session, page=self._page)
        )
        self._frame.clear()
        with self._frame:
            if not found.rows:
                empty_state("No problems", "Whatever fails for good is shown here, with its reason.")
            retry = self._retry if self._kind == "events" else None
            for problem in found.rows:
                show_problem(problem, self._notation, retry)
            page_links(PATH, found, kind=self._kind)

    async def _retry(self, problem: Problem) -> None:
        await self._services.database.run(lambda session: inbox.retry_parked(session, problem.id))
        await self._services.wake()
        ui.notify("It is being tried again.", type="positive")
        await self._show()


def show_problem(problem: Problem, notation: Notation, retry: Retry | None) -> None:
    """What, where, when and why; the whole error behind a fold."""
    with box("problem", tag="article"):
        with box("problem-head"):
            text(problem.what, "problem-what", tag="h2")
            text(problem.where, "inbox-channel")
            time_tag(problem.at, notation.moment(problem.at), "inbox-time")
        if problem.words:
            text(f"“{problem.words}”", "inbox-words", tag="p", dir="auto")
        text(problem.reason, "problem-reason", tag="p")
        with box(tag="details"):
            text(f"All of it, after {problem.attempts} tries", tag="summary")
            text(problem.trace, "problem-trace", tag="pre")
        with box("problem-end"):
            if retry is not None:
                button("Try again", lambda: retry(problem), "chat-button primary")
            if problem.conversation_number is not None:
                link("Open the conversation", f"/staff/conversations/{problem.conversation_number}")
