"""The picture of a transfer slip that a customer sent, fetched from Telegram when staff look at it, and kept nowhere."""

from typing import Final
from uuid import UUID

from fastapi import HTTPException, Request
from fastapi.responses import Response
from nicegui import app as nicegui_app
from sqlalchemy.orm import Session

from console.reads.money import SLIPS_PATH
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from shop.errors import Rejected, Unavailable
from shop.tasks.model import Task, TaskKind

PATH: Final = f"{SLIPS_PATH}/{{task_id}}"
# What a browser may show, told by the first bytes; anything else is a download, so that no file runs in the page.
_SHOWN: Final = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": "application/pdf",
}


def add_slips(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve /staff/slips/<task>."""

    @nicegui_app.get(PATH)
    async def slip(request: Request, task_id: UUID) -> Response:  # pyright: ignore[reportUnusedFunction]
        if (elsewhere := access.turned_away(request)) is not None:
            return elsewhere
        reference = await services.database.look(lambda session: _reference(session, task_id))
        if reference is None or services.fetch is None:
            raise HTTPException(404)
        try:
            content = await services.fetch(reference)
        except (Rejected, Unavailable) as error:
            raise HTTPException(502, "Telegram does not hand the picture out right now.") from error
        return _shown(content)


def _reference(session: Session, task_id: UUID) -> str | None:
    task = session.get(Task, task_id)
    if task is None or task.kind is not TaskKind.TRANSFER_SLIP or task.facts.get("channel") != "telegram":
        return None
    return str(task.facts.get("slip") or "") or None


def _shown(content: bytes) -> Response:
    kind = next((kind for start, kind in _SHOWN.items() if content.startswith(start)), None)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
    if kind is None:
        headers["Content-Disposition"] = 'attachment; filename="slip"'
    return Response(content, media_type=kind or "application/octet-stream", headers=headers)
