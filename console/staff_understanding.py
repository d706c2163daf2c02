"""What the bot did not understand: staff say what was meant, and the model learns it while the shop is open."""

from typing import Final

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from bot import traces
from bot.dialogue.flows import SURE
from console.elements import box, button, guarded, link, page, text, time_tag
from console.notation import Notation, notation_of
from console.reads.understanding import HeardRow, LabelledRow, everything, labelled, missed
from console.services import ConsoleServices, Trainer
from console.staff_access import StaffAccess
from console.staff_frame import (
    attention_of,
    cell,
    empty_state,
    page_links,
    row,
    search_form,
    staff_page,
    table,
)
from nlu import labelled as lessons
from nlu.labelled import LETTERS_MAX, NotTeachable
from nlu.training_data import OUT_OF_SCOPE

PATH: Final = "/staff/understanding"
KINDS: Final = {"missed": "Not understood", "all": "Everything said", "taught": "Taught"}
NO_WISH_OF_OURS: Final = "nothing we do"
LOOK_SECONDS: Final = 0.5  # how often a training under way is looked at
READ_FORM: Final = (
    "(e) => { e.preventDefault(); const f = new FormData(e.target);"
    " emit({text: f.get('text'), intent: f.get('intent')}); }"
)


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve the lists at /staff/understanding; `kind` says which of them."""

    @page(PATH, f"Understanding · {services.profile.name}")
    async def understanding_page(  # pyright: ignore[reportUnusedFunction]
        request: Request, kind: str = "missed", page: int = 1, search: str = ""
    ) -> Response | None:
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        waiting = await attention_of(services)
        with staff_page(services, access, "Understanding", waiting):
            Training(services).build()
            kind = kind if kind in KINDS else "missed"
            await Messages(services, kind, page, search.strip()[:200]).build()
        return None


class Training:
    """Whether what was taught is in use, and the way to get it there."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self._shown: tuple[float | None, tuple[str, ...], bool] | None = None

    def build(self) -> None:
        """Lay it out; it keeps itself up to date."""
        self._frame = box("training", role="status")
        ui.timer(LOOK_SECONDS, self._look)

    async def _look(self) -> None:
        trainer = self._services.trainer
        is_due = trainer.share is None and await self._services.database.look(trainer.is_due)
        seen = (trainer.share, tuple(trainer.outcome), is_due)
        if seen != self._shown:
            self._shown = seen
            self._show(trainer, is_due=is_due)

    def _show(self, trainer: Trainer, *, is_due: bool) -> None:
        self._frame.clear()
        with self._frame:
            if trainer.share is not None:
                text("Learning. The shop stays open meanwhile.", tag="p")
                box(tag="progress", max="1", value=f"{trainer.share:.2f}", aria_label="Learning")
                return
            for sentence in trainer.outcome:
                text(sentence, tag="p")
            if is_due:
                text("What was taught is not in use yet.", tag="p")
                button("Learn it now", trainer.train, "chat-button primary")


class Messages:
    """One page of what was said, or of what was taught."""

    def __init__(self, services: ConsoleServices, kind: str, page: int, search: str) -> None:
        self._services = services
        self._kind, self._page, self._search = kind, page, search
        self._notation = notation_of(services.profile)

    async def build(self) -> None:
        """Lay it out."""
        with box("filters", tag="nav", aria_label="Show"):
            for kind, name in KINDS.items():
                current = {"aria_current": "true"} if kind == self._kind else {}
                link(name, f"{PATH}?kind={kind}", "filter", **current)
        if self._kind == "taught":
            search_form(PATH, self._search, label="Words", keep={"kind": self._kind})
        self._frame = box("problems")
        await self._show()

    async def _show(self) -> None:
        if self._kind == "taught":
            await self._show_taught()
        else:
            await self._show_said()

    async def _show_said(self) -> None:
        read = missed if self._kind == "missed" else everything
        found = await self._services.database.look(lambda session: read(session, page=self._page))
        self._frame.clear()
        with self._frame:
            if not found.rows:
                empty_state("Nothing to look at", "Messages that the bot could not place are shown here.")
            for heard in found.rows:
                self._show_message(heard)
            page_links(PATH, found, kind=self._kind)

    async def _show_taught(self) -> None:
        found = await self._services.database.look(
            lambda session: labelled(session, page=self._page, search=self._search)
        )
        self._frame.clear()
        with self._frame:
            if not found.rows:
                empty_state("Nothing here", "What you teach the bot is listed here, and can be taken back.")
                return
            with table("Words", "Meaning", "Language", "When", ""):
                for each in found.rows:
                    self._show_lesson(each)
            page_links(PATH, found, kind=self._kind, search=self._search)

    def _show_lesson(self, each: LabelledRow) -> None:
        with row():
            cell(each.text)
            cell(words_of(each.intent))
            cell(each.language)
            cell(self._notation.moment(each.at), "moment")
            with box(tag="td"):
                button("Take back", lambda: self._take_back(each), "quiet-button")

    def _show_message(self, heard: HeardRow) -> None:
        with box("problem", tag="article"):
            show_heard(heard, self._notation)
            self._show_form(heard)

    def _show_form(self, heard: HeardRow) -> None:
        form = box("lesson", tag="form")
        form.on(
            "submit",
            lambda emitted: guarded(lambda: self._teach(heard, dict(emitted.args))),
            js_handler=READ_FORM,
        )
        with form:
            with box(tag="label"):
                text("Words to learn")
                box(tag="input", name="text", value=heard.lesson, maxlength=str(LETTERS_MAX), required="")
            with box(tag="label"):
                text("What was meant")
                with box(tag="select", name="intent", required=""):
                    text("choose …", tag="option", value="")
                    for intent in (*self._services.trainer.intents(heard.language), OUT_OF_SCOPE):
                        text(words_of(intent), tag="option", value=intent)
            text("Teach", "chat-button primary", tag="button", type="submit")
            if self._kind == "missed":
                button("Nothing to learn", lambda: self._settle(heard), "quiet-button")

    async def _teach(self, heard: HeardRow, told: dict[str, str]) -> None:
        intent = str(told.get("intent", ""))
        services, now = self._services, self._services.clock.now()
        if intent not in {*services.trainer.intents(heard.language), OUT_OF_SCOPE}:
            ui.notify("Choose what was meant.", type="warning")
            return
        try:
            await services.database.run(
                lambda session: (
                    lessons.label(
                        session, str(told.get("text", "")), language=heard.language, intent=intent, at=now
                    ),
                    traces.settle(session, heard.event_id),
                )
            )
        except NotTeachable as error:
            ui.notify(str(error), type="warning")
            return
        ui.notify(f"Taught: {words_of(intent)}.", type="positive")
        await self._show()

    async def _settle(self, heard: HeardRow) -> None:
        await self._services.database.run(lambda session: traces.settle(session, heard.event_id))
        await self._show()

    async def _take_back(self, each: LabelledRow) -> None:
        await self._services.database.run(lambda session: lessons.unlabel(session, each.id))
        ui.notify("Taken back.", type="positive")
        await self._show()


def show_heard(heard: HeardRow, notation: Notation) -> None:
    """The words, where and when they were said, and what they were taken for."""
    with box("problem-head"):
        text(f"“{heard.words}”", "problem-what", tag="h2", dir="auto")
        text(heard.where, "inbox-channel")
        time_tag(heard.at, notation.moment(heard.at), "inbox-time")
    with box("problem-end", tag="p"):
        if heard.guess is None:
            text("It was taken for nothing.")
        else:
            unsure = heard.refused or heard.probability < SURE
            doubt = "Not believed; nearest was" if unsure else "It was taken for"
            text(f"{doubt} “{words_of(heard.guess)}” ({heard.probability:.0%}).")
        if heard.conversation_number is not None:
            link("Open the conversation", f"/staff/conversations/{heard.conversation_number}")


def words_of(intent: str) -> str:
    """An intent's name as words."""
    return NO_WISH_OF_OURS if intent == OUT_OF_SCOPE else intent.replace("_", " ")
