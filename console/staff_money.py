"""Money: what staff should look at, and what last night's comparison with the provider found."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy.orm import Session

from bot.actions import reconciling
from console.elements import box, button, link, page, text, time_tag
from console.forms import Fields, choice, field, form
from console.notation import Notation, notation_of
from console.reads.money import MoneyTask, last_reconciliation, open_tasks
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from console.staff_frame import attention_of, badge, cell, empty_state, row, staff_page, table
from payments import refunds
from payments.ledger.model import Account
from payments.model import Reconciliation
from shop.errors import Refused
from shop.orders import service as orders
from shop.tasks import service as tasks
from shop.tasks.model import TaskKind

PATH: Final = "/staff/money"
STAFF: Final = "staff"  # until people sign in by name
PLACES: Final = (("cash", "Out of the till"), ("bank", "By bank transfer"))


class NoNote(Refused):
    """Please write in a few words what was done: your colleagues will want to know."""


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve /staff/money."""

    @page(PATH, f"Money · {services.profile.name}")
    async def money_page(request: Request) -> Response | None:  # pyright: ignore[reportUnusedFunction]
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        waiting = await attention_of(services)
        with staff_page(services, access, "Money", waiting):
            await MoneyDesk(services).build()
        return None


class MoneyDesk:
    """The open tasks with what may be done about each, then the last comparison."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self._notation = notation_of(services.profile)

    async def build(self) -> None:
        """Lay it out."""
        self._frame = box("problems")
        await self._show()

    async def _show(self) -> None:
        look = self._services.database.look
        found, last = await look(open_tasks), await look(last_reconciliation)
        self._frame.clear()
        with self._frame:
            if not found:
                empty_state(
                    "Nothing to look at", "What arrives wrong, will not go back or is disputed is shown here."
                )
            for task in found:
                self._show_task(task)
            _show_comparison(last, self._notation)

    def _show_task(self, task: MoneyTask) -> None:
        with box("problem", tag="article"):
            _show_facts(task, self._notation)
            with box("problem-end"):
                if task.refund_id is not None:
                    button("Send it once more", partial(self._retry, task), "chat-button primary")
                    with form("Given back another way", partial(self._give, task), primary=False):
                        choice("How", "out_of", PLACES)
                        field("What was done", "note")
                if task.kind is TaskKind.DISPUTE and task.is_frozen:
                    button("Lift the freeze", partial(self._thaw, task), "chat-button")
                if task.refund_id is None:
                    with form("Close", partial(self._close, task), primary=False):
                        field("What was done", "note")
                if task.slip:
                    link("See the slip", task.slip, target="_blank", rel="noopener noreferrer")
                if task.order_id is not None:
                    link(f"Order {task.order}", f"/staff/orders/{task.order}")

    async def _retry(self, task: MoneyTask) -> None:
        assert task.refund_id is not None, "only a failed refund has the button"
        refund_id, at = task.refund_id, self._services.clock.now()

        def work(session: Session) -> None:
            refund = refunds.retry(session, refund_id, by=STAFF, at=at)
            reconciling.send_refund(session, refund, at=at)

        await self._do(work, "It is being sent once more.")
        await self._services.wake()

    async def _give(self, task: MoneyTask, fields: Fields) -> None:
        assert task.refund_id is not None, "only a failed refund has the form"
        refund_id, at, note = task.refund_id, self._services.clock.now(), _note(fields)
        out_of = Account(fields["out_of"])
        give = partial(refunds.give_otherwise, refund_id=refund_id, out_of=out_of, by=STAFF, at=at, note=note)
        await self._do(give, "It is in the books.")

    async def _thaw(self, task: MoneyTask) -> None:
        order_id, at = task.order_id, self._services.clock.now()
        assert order_id is not None, "only an order is frozen"

        def work(session: Session) -> None:
            order = orders.get(session, order_id)
            orders.note(session, order, f"freeze lifted: {order.frozen}", at=at, by=STAFF)
            order.frozen = None

        await self._do(work, "The order may move on.")

    async def _close(self, task: MoneyTask, fields: Fields) -> None:
        at, note = self._services.clock.now(), _note(fields)
        close = partial(tasks.close, task_id=task.id, by=STAFF, resolution=note, at=at)
        await self._do(close, "Closed.")

    async def _do(self, work: Callable[[Session], Any], done: str) -> None:
        await self._services.database.run(work)
        ui.notify(done, type="positive")
        await self._show()


def _note(fields: Fields) -> str:
    note = fields.get("note", "").strip()
    if not note:
        raise NoNote
    return note


def _show_facts(task: MoneyTask, notation: Notation) -> None:
    with box("problem-head"):
        text(task.title, "problem-what", tag="h2")
        if task.amount is not None:
            badge(notation.money(task.amount), "neutral")
        time_tag(task.opened_at, notation.moment(task.opened_at), "inbox-time")
    if task.words:
        text(task.words, "problem-reason", tag="p")
    for label, words in task.facts:
        text(f"{label}: {words}", "problem-reason", tag="p", dir="auto")


def _show_comparison(last: Reconciliation | None, notation: Notation) -> None:
    text("Compared with the provider", tag="h2")
    if last is None:
        text("Not yet: it is done every night, and by parley reconcile.", tag="p")
        return
    with box("problem-head"):
        text(f"{last.checked} things looked at", tag="p")
        time_tag(last.at, notation.moment(last.at), "inbox-time")
    if not last.found:
        text("Everything agrees.", tag="p")
        return
    with table("Difference", "What", "Mended"):
        for each in last.found:
            with row():
                cell(str(each["kind"]).replace("_", " "))
                cell(str(each["what"]))
                cell("yes" if each["is_mended"] else "no")
