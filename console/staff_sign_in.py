"""The door of the staff page."""

from typing import Final
from urllib.parse import urlencode

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app as nicegui_app

from console.elements import box, page, text, use_style
from console.services import ConsoleServices
from console.shop_front import initials
from console.staff_access import SIGN_IN_PATH, SIGN_OUT_PATH, StaffAccess, Verdict, staff_path

WORDS: Final = {
    Verdict.WRONG: "That is not the password.",
    Verdict.TOO_MANY: "Too many tries. Please wait a minute.",
}
PASSWORD_LETTERS_MAX: Final = 1000


def add_pages(services: ConsoleServices, access: StaffAccess) -> None:
    """Serve the sign-in form, what it posts to, and the way out."""
    for path in (SIGN_IN_PATH, SIGN_OUT_PATH):
        nicegui_app.remove_route(path)

    @page(SIGN_IN_PATH, f"Staff · {services.profile.name}")
    async def sign_in_page(to: str = "/staff", verdict: str = "") -> Response | None:  # pyright: ignore[reportUnusedFunction]
        if access.is_open:
            return RedirectResponse("/staff", 303)
        _form(services.profile.name, staff_path(to), verdict)
        return None

    @nicegui_app.post(SIGN_IN_PATH)
    async def sign_in(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        password: str = Form(default="", max_length=PASSWORD_LETTERS_MAX),
        to: str = Form(default="/staff"),
    ) -> Response:
        address = request.client.host if request.client else ""
        verdict = access.try_password(address, password)
        if verdict is Verdict.RIGHT:
            access.sign_in(request.session)
            return RedirectResponse(staff_path(to), 303)
        query = urlencode({"to": staff_path(to), "verdict": verdict.value})
        return RedirectResponse(f"{SIGN_IN_PATH}?{query}", 303)

    @nicegui_app.post(SIGN_OUT_PATH)
    async def sign_out(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        access.sign_out(request.session)
        return RedirectResponse(SIGN_IN_PATH, 303)


def _form(name: str, to: str, verdict: str) -> None:
    use_style()
    with box("door"), box("door-form", tag="form", method="post", action=SIGN_IN_PATH):
        text(initials(name), "mark", aria_hidden="true")
        text(name, "door-name", tag="h1")
        if verdict in {each.value for each in WORDS}:
            text(WORDS[Verdict(verdict)], "door-verdict", tag="p", role="alert")
        box(tag="input", type="hidden", name="to", value=to)
        text("Staff password", tag="label", for_="password")
        box(
            tag="input",
            type="password",
            id="password",
            name="password",
            autocomplete="current-password",
            required="required",
            autofocus="autofocus",
        )
        text("Sign in", "chat-button primary", tag="button", type="submit")
