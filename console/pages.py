"""Brings the pages into the web server: the customers' chat at "/" (or where it shall be), the staff page at "/staff"."""

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast, get_args

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from nicegui import Client, ui
from nicegui import app as nicegui_app
from nicegui.language import Language
from nicegui.staticfiles import CacheControlledStaticFiles

from console import (
    staff_catalogue,
    staff_conversations,
    staff_deals,
    staff_money,
    staff_orders,
    staff_problems,
    staff_questions,
    staff_sign_in,
    staff_slips,
    staff_understanding,
    webchat,
)
from console.elements import STATIC, STATIC_PATH
from console.safety_headers import SafetyHeaders
from console.services import ConsoleServices
from console.staff_access import StaffAccess
from shop.profile import ShopProfile

__all__ = ["ConsoleServices", "mount"]

COOKIE_SECONDS: Final = int(timedelta(days=365).total_seconds())
PICTURE_CACHE_SECONDS: Final = int(timedelta(days=30).total_seconds())  # names are made from the content
FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="16" fill="#1f4d43"/>'
    '<path d="M16 20h32a6 6 0 0 1 6 6v12a6 6 0 0 1-6 6H32l-11 9v-9h-5a6 6 0 0 1-6-6V26a6 6 0 0 1 6-6z" fill="#fdfbf7"/>'
    '<g fill="#1f4d43"><circle cx="23" cy="32" r="3"/><circle cx="32" cy="32" r="3"/><circle cx="41" cy="32" r="3"/></g></svg>'
)
ERROR_PAGE: Final = (Path(__file__).parent / "error.html").read_text("utf-8")

LANGUAGES: Final = cast("tuple[Language, ...]", get_args(Language))

log = structlog.get_logger()


def mount(app: FastAPI, services: ConsoleServices) -> None:
    """Serve every page from `app`. Call it after all other routes were added: it takes whatever is left.

    NiceGUI keeps one set of pages a process, so that the app mounted last is the one whose services count.
    """
    _forget_earlier_mount()
    app.add_middleware(SafetyHeaders, staff_in_frames=services.staff_in_frames)
    app.mount(
        "/media", CacheControlledStaticFiles(directory=services.media, max_cache_age=PICTURE_CACHE_SECONDS)
    )
    app.mount(STATIC_PATH, CacheControlledStaticFiles(directory=STATIC, max_cache_age=COOKIE_SECONDS))
    access = StaffAccess(services.clock, secret=services.secret, password=services.staff_password)
    webchat.add_page(services)
    staff_sign_in.add_pages(services, access)
    staff_conversations.add_pages(services, access)
    staff_orders.add_pages(services, access)
    staff_catalogue.add_pages(services, access)
    staff_deals.add_pages(services, access)
    staff_money.add_pages(services, access)
    staff_slips.add_slips(services, access)
    staff_problems.add_pages(services, access)
    staff_questions.add_pages(services, access)
    staff_understanding.add_pages(services, access)
    nicegui_app.add_exception_handler(404, _not_found)
    nicegui_app.add_exception_handler(Exception, _broken)
    ui.run_with(  # pyright: ignore[reportUnknownMemberType] - a parameter of it has no types
        app,
        title=services.profile.name,
        favicon=FAVICON,
        viewport="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content",
        language=_language(services.profile),
        tailwind=False,
        show_welcome_message=False,
        storage_secret=hmac.new(services.secret, b"console cookies", hashlib.sha256).hexdigest(),
        session_middleware_kwargs=_cookie(services),
    )


def _forget_earlier_mount() -> None:
    """Middleware cannot be added to an application that has answered already: begin with none again, and no pages."""
    routes = cast("dict[Any, str]", Client.page_routes)  # pyright: ignore[reportUnknownMemberType]
    for path in routes.values():
        nicegui_app.remove_route(path)
    nicegui_app.remove_route(staff_slips.PATH)
    routes.clear()
    nicegui_app.user_middleware.clear()
    nicegui_app.middleware_stack = None


def _cookie(services: ConsoleServices) -> dict[str, Any]:
    return {
        "session_cookie": "parley",
        "max_age": COOKIE_SECONDS,
        "same_site": "lax",  # strict would lose the chat on the way back from the payment page
        "https_only": services.secure_cookies,
    }


def _language(profile: ShopProfile) -> Language:
    """The one of NiceGUI's languages that is nearest to the shop's; English when it has none near."""
    wanted = profile.locale.replace("_", "-")

    def nearness(known: Language) -> tuple[bool, bool, bool]:
        return known == wanted, known.split("-")[0] == wanted.split("-")[0], known == "en-US"

    return max(LANGUAGES, key=nearness)


async def _not_found(request: Request, _error: Exception) -> Response:
    if not _is_page(request):
        return Response("Not found", 404, media_type="text/plain")
    return _error_page(404, "There is nothing here", "The link may be old, or mistyped.")


async def _broken(request: Request, error: Exception) -> Response:
    log.error("page.failed", path=request.url.path, exc_info=error)
    return _error_page(500, "Something went wrong on our side", "Please try again in a moment.")


def _is_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _error_page(status: int, title: str, text: str) -> HTMLResponse:
    return HTMLResponse(ERROR_PAGE.replace("{title}", title).replace("{text}", text), status)
