"""Answers say that they are what they are, and that nobody may show the staff page inside a page of their own."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STAFF_PATHS: Final = "/staff"


class SafetyHeaders:
    """Adds the headers to every answer. `staff_in_frames` lets pages of this very server show the staff page."""

    def __init__(self, app: ASGIApp, *, staff_in_frames: bool = False) -> None:
        self._app = app
        self._frames = "SAMEORIGIN" if staff_in_frames else "DENY"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                if scope["path"].startswith(STAFF_PATHS):
                    headers.setdefault("X-Frame-Options", self._frames)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
