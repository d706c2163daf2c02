"""Questions that nobody could answer: staff write the answer, somebody approves it, and it is live at once.

Below them is the week in questions, what people searched for in vain, and documents that should be looked at again.
"""

from typing import Final
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from console.elements import box, button, guarded, page, text, time_tag
from console.notation import Notation, notation_of
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from console.staff_frame import attention_of, empty_state, staff_page
from knowledge_base import freshness, gaps
from knowledge_base.clusters import Cluster
from knowledge_base.freshness import DueDocument
from knowledge_base.gaps import ANSWER_LETTERS_MAX, NotAnAnswer
from knowledge_base.questions import StaffAnswer, Verdict
from knowledge_base.weekly import Week, sentences
from knowledge_base.wording import TEXT_CHARACTERS_MAX

PATH: Final = "/staff/questions"
CLUSTERS_MAX: Final = 30  # on the page; what most people asked comes first
WAYS_MAX: Final = 5  # of asking that are shown of one question
AUTHOR: Final = "staff"  # until people sign in by name
REASONS: Final = {
    "beside": "it isn’t what they asked",
    "wrong": "it isn’t right",
    "unclear": "they don’t understand it",
}
READ_FORM: Final = (
    "(e) => { e.preventDefault(); const f = new FormData(e.target);"
    " emit({question: f.get('question'), answer: f.get('answer')}); }"
)


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve /staff/questions."""

    @page(PATH, f"Questions · {services.profile.name}")
    async def questions_page(request: Request) -> Response | None:  # pyright: ignore[reportUnusedFunction]
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        waiting = await attention_of(services)
        with staff_page(services, access, "Questions", waiting):
            await Questions(services).build()
        return None


class Questions:
    """What waits to be approved, then what waits to be answered, then the week."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self._notation = notation_of(services.profile)

    async def build(self) -> None:
        """Lay it out."""
        self._frame = box("problems")
        await self._show()

    async def _show(self) -> None:
        services, now = self._services, self._services.clock.now()
        written = await services.database.look(gaps.drafts)
        open_ = await services.database.look(services.answering.open_questions)
        week = await services.database.look(lambda session: services.answering.week(session, now))
        self._frame.clear()
        with self._frame:
            if not written and not open_:
                empty_state(
                    "No open questions", "What the bot could not answer, or not well, is gathered here."
                )
            for answer in written:
                self._show_draft(answer)
            for cluster in open_[:CLUSTERS_MAX]:
                self._show_cluster(cluster)
            if len(open_) > CLUSTERS_MAX:
                text(f"{len(open_) - CLUSTERS_MAX} more come up as these are answered.", tag="p")
            self._show_week(week)

    def _show_week(self, week: Week) -> None:
        with box("panel week", tag="section", aria_labelledby="week"):
            text("The last seven days", tag="h2", id="week")
            text(" ".join(sentences(week)), tag="p")
            if week.not_found:
                text("Searched for, and not found", tag="h3")
                with box("plain-list", tag="ul"):
                    for cluster in week.not_found:
                        text(_searched(cluster), tag="li", dir="auto")
            if week.due:
                text("Documents to look at again", tag="h3")
                text("When one has changed, import it again. When it is still right, say so here.", tag="p")
                for document in week.due:
                    self._show_due(document)

    def _show_due(self, document: DueDocument) -> None:
        with box("due-document"):
            keeper = f", kept by {document.owner}" if document.owner else ""
            day = self._notation.brief(document.as_of, now=self._services.clock.now())
            text(f"{document.title}, of {day}{keeper}", dir="auto")
            button("Still right", lambda: self._check(document.id), "quiet-button")

    async def _check(self, document_id: UUID) -> None:
        now = self._services.clock.now()
        await self._services.database.run(
            lambda session: freshness.mark_checked(session, document_id, at=now)
        )
        await self._show()

    def _show_cluster(self, cluster: Cluster) -> None:
        with box("problem", tag="article"):
            _show_question(cluster, self._notation)
            ids = [question.id for question in cluster.questions]
            form = box("lesson", tag="form")
            form.on(
                "submit",
                lambda emitted: guarded(lambda: self._draft(ids, dict(emitted.args))),
                js_handler=READ_FORM,
            )
            with form:
                _fields(cluster.newest.text, "")
                text("Save as draft", "chat-button primary", tag="button", type="submit")
                button("Nothing to answer", lambda: self._dismiss(ids), "quiet-button")

    def _show_draft(self, answer: StaffAnswer) -> None:
        with box("problem draft", tag="article"):
            with box("problem-head"):
                text("To be approved", "status", tag="span")
                time_tag(answer.at, self._notation.moment(answer.at), "inbox-time")
            form = box("lesson", tag="form")
            form.on(
                "submit",
                lambda emitted: guarded(lambda: self._publish(answer.id, dict(emitted.args))),
                js_handler=READ_FORM,
            )
            with form:
                _fields(answer.question, answer.text)
                text("Approve and publish", "chat-button primary", tag="button", type="submit")
                button("Throw away", lambda: self._discard(answer.id), "quiet-button")

    async def _draft(self, ids: list[UUID], told: dict[str, str]) -> None:
        now = self._services.clock.now()
        try:
            await self._services.database.run(
                lambda session: gaps.draft(
                    session,
                    ids,
                    question=_said(told, "question"),
                    text=_said(told, "answer"),
                    author=AUTHOR,
                    at=now,
                )
            )
        except NotAnAnswer as error:
            ui.notify(str(error), type="warning")
            return
        ui.notify("Saved. It is live once somebody approves it.", type="positive")
        await self._show()

    async def _publish(self, answer_id: UUID, told: dict[str, str]) -> None:
        try:
            await self._services.database.run(
                lambda session: gaps.rewrite(
                    session, answer_id, question=_said(told, "question"), text=_said(told, "answer")
                )
            )
            heard = await self._services.answering.publish(answer_id, at=self._services.clock.now())
        except NotAnAnswer as error:
            ui.notify(str(error), type="warning")
            return
        people = {0: "Nobody waited for it.", 1: "One person who asked was told."}
        ui.notify(f"Live. {people.get(heard, f'{heard} people who asked were told.')}", type="positive")
        await self._show()

    async def _discard(self, answer_id: UUID) -> None:
        try:
            await self._services.database.run(lambda session: gaps.discard(session, answer_id))
        except NotAnAnswer as error:
            ui.notify(str(error), type="warning")
        await self._show()

    async def _dismiss(self, ids: list[UUID]) -> None:
        await self._services.database.run(lambda session: gaps.dismiss(session, ids))
        await self._show()


def _show_question(cluster: Cluster, notation: Notation) -> None:
    """The newest wording, how many asked, in which other words, and what was said to it."""
    newest = cluster.newest
    with box("problem-head"):
        text(f"“{newest.text}”", "problem-what", tag="h2", dir="auto")
        text(_asked_by(cluster), "inbox-channel")
        time_tag(newest.at, notation.moment(newest.at), "inbox-time")
    others = [way for way in dict.fromkeys(each.text for each in cluster.questions) if way != newest.text]
    if others:
        shown = ", ".join(f"“{way}”" for way in others[:WAYS_MAX])
        text(f"Also asked as {shown}.", "problem-end", tag="p", dir="auto")
    for source in dict.fromkeys(
        each.answered_from for each in cluster.questions if each.verdict is Verdict.UNHELPFUL
    ):
        text(f"“{source}” did not help{_because(cluster, source)}.", "problem-end", tag="p")


def _asked_by(cluster: Cluster) -> str:
    people = "asked once" if cluster.people == 1 else f"asked by {cluster.people} people"
    return f"{people}, {cluster.waiting} waiting" if cluster.waiting else people


def _searched(cluster: Cluster) -> str:
    return f"“{cluster.newest.text}”" + (f", by {cluster.people} people" if cluster.people > 1 else "")


def _because(cluster: Cluster, source: str) -> str:
    reasons = {
        REASONS[each.reason]
        for each in cluster.questions
        if each.answered_from == source and each.reason in REASONS
    }
    return f": {', '.join(sorted(reasons))}" if reasons else ""


def _fields(question: str, answer: str) -> None:
    with box(tag="label"):
        text("Question")
        box(tag="input", name="question", value=question, maxlength=str(TEXT_CHARACTERS_MAX), required="")
    with box(tag="label"):
        text("Answer")
        area = {"name": "answer", "rows": "3", "maxlength": str(ANSWER_LETTERS_MAX), "required": ""}
        text(answer, tag="textarea", **area)


def _said(told: dict[str, str], name: str) -> str:
    return str(told.get(name) or "")
