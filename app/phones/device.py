"""One phone: a frame, the time, a chat that is live, and the pages and sheets that open over it."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import structlog
from nicegui import background_tasks, ui
from nicegui.element import Element

from app.phones.bubbles import Bubbles
from app.phones.parts import Camera, Webview
from app.phones.payment_sheet import PaymentSheet
from app.phones.seen import CannotDo, Choice, Line, Screen, Welcome
from console.chat_elements import Composer, MessageList, Written
from console.elements import box, button, text
from console.notation import Notation
from console.shop_front import initials
from console.talk import typing_dots

TYPING_SECONDS: Final = 20.0  # so long the sign of typing is believed
MESSENGERS: Final = {"t.me", "telegram.me", "m.me"}

Look = Literal["telegram", "messenger", "staff"]

log = structlog.get_logger()


class Frame:
    """The case, the status bar and the head of an app. Its content is put into `inside`."""

    def __init__(self, look: Look, name: str, *, title: str, subtitle: str, notation: Notation) -> None:
        self._notation = notation
        with box(f"phone {look}", tag="section", aria_label=f"Phone: {name}"):
            text(name, "phone-name", tag="h2")
            with box("case"), box("glass") as self.inside:
                with box("status-bar"):
                    self._time = text("", "status-time", tag="time")
                    _signs()
                with box("app-head", tag="header"):
                    text(initials(title), "app-mark", aria_hidden="true")
                    with box("app-words"):
                        text(title, "app-title", tag="p", dir="auto")
                        text(subtitle, "app-subtitle", tag="p")

    def tell_time(self, now: datetime) -> None:
        """Show the time in the status bar."""
        self._time.set_text(self._notation.time(now))


class Phone:
    """A phone with a chat. Of several `lines` (people in the same group) one is held at a time."""

    def __init__(
        self,
        look: Look,
        name: str,
        lines: Mapping[str, Line],
        *,
        title: str,
        subtitle: str,
        notation: Notation,
        own_hosts: frozenset[str],
    ) -> None:
        self._lines = lines
        self._who = next(iter(lines))
        self._own_hosts = own_hosts
        self._screen = Screen(())
        self._following: asyncio.Task[Any] | None = None
        self._composers: dict[str, Element] = {}
        self._frame = Frame(look, name, title=title, subtitle=subtitle, notation=notation)
        self.tell_time = self._frame.tell_time
        with self._frame.inside:
            if len(lines) > 1:
                self._members()
            self._build_talk(notation, title)
            self._keys = box("keys", role="group", aria_label="Suggested answers")
            self._build_input()
            self._sheet = PaymentSheet(self._pay, self._to_composer)
            self._webview = Webview("Payment page")

    @property
    def _line(self) -> Line:
        return self._lines[self._who]

    # ── building ────────────────────────────────────────────────────────────────────────────────────

    def _members(self) -> None:
        """Who holds the phone."""
        self._member_buttons: dict[str, Element] = {}
        with box("members", role="group", aria_label="Write as"):
            text("Write as", "members-label", aria_hidden="true")
            for name in self._lines:
                self._member_buttons[name] = button(name, lambda name=name: self._pass_to(name), "member")
        self._mark_member()

    def _mark_member(self) -> None:
        for name, each in self._member_buttons.items():
            each.props["aria-pressed"] = "true" if name == self._who else "false"

    def _build_talk(self, notation: Notation, title: str) -> None:
        self._list = MessageList(f"Conversation with {title}")
        with self._list:
            self._welcome = box("welcome")
            self._bubbles = Bubbles(notation, press=self._press, elsewhere=self._leads_elsewhere)
            self._dots = typing_dots()
            self._dots.set_visibility(False)

    def _build_input(self) -> None:
        self._start = box("start-row")
        self._start.set_visibility(False)
        with box("input-row") as self._input:
            for name in self._lines:
                with box("input-of") as self._composers[name]:
                    Camera(f"Send a photo as {name}", self._send_photo)
                    composer = Composer(f"Message from {name}", self._write)
                    composer.props["take-focus"] = False  # several phones: none takes it by itself
        self._show_composer()

    def _show_composer(self) -> None:
        for name, composer in self._composers.items():
            composer.set_visibility(name == self._who)

    # ── showing ─────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """The browser is there: follow the chat."""
        if self._following is None:
            self._following = background_tasks.create(  # pyright: ignore[reportUnknownMemberType]
                self._follow(), name="follow a phone"
            )

    def end(self) -> None:
        """The browser is gone for good."""
        if self._following is not None:
            self._following.cancel()

    async def _follow(self) -> None:
        quiet = False
        while True:
            changed = self._line.changes.next()
            self.show(believes_typing=not quiet)
            try:
                done, _ = await asyncio.wait({changed}, timeout=TYPING_SECONDS)
            finally:
                changed.cancel()
            quiet = not done

    def show(self, *, believes_typing: bool = True) -> None:
        """Let the glass show what there is to see now."""
        try:
            screen = self._line.screen()
        except Exception:
            log.exception("phones.unseen")  # one chat that cannot be shown does not end the page
            return
        self._bubbles.show(screen.bubbles)
        self._dots.set_visibility(screen.typing and believes_typing)
        if screen.keys != self._screen.keys:
            self._show_keys(screen.keys)
        if screen.welcome != self._screen.welcome:
            self._show_welcome(screen.welcome)
        self._screen = screen

    def _show_keys(self, keys: tuple[Choice, ...]) -> None:
        self._keys.clear()
        with self._keys:
            for choice in keys:
                button(
                    choice.label, lambda choice=choice: self._press(choice, None), f"choice key {choice.kind}"
                )

    def _show_welcome(self, welcome: Welcome | None) -> None:
        self._welcome.clear()
        self._start.clear()
        self._start.set_visibility(welcome is not None)
        self._input.set_visibility(welcome is None)
        if welcome is None:
            self._to_composer()  # whoever pressed Start writes next
            return
        with self._welcome:
            text(welcome.greeting, "welcome-words", tag="p", dir="auto")
            for question in welcome.questions:
                asked = Choice(question, "tap")
                button(question, lambda asked=asked: self._press(asked, None), "choice")
        with self._start:
            button(welcome.begin, self._begin_chat, "start-button")

    # ── doing ───────────────────────────────────────────────────────────────────────────────────────

    def _pass_to(self, name: str) -> None:
        self._who = name
        self._mark_member()
        self._show_composer()
        self.show()

    async def _begin_chat(self) -> None:
        self._try(self._line.begin)

    async def _write(self, written: Written) -> None:
        self._try(lambda: self._line.say(written.text))
        self._list.to_newest()

    async def _send_photo(self, picture: bytes) -> None:
        self._try(lambda: self._line.send_photo(picture))

    async def _press(self, choice: Choice, bubble: str | None) -> None:
        match choice.kind:
            case "link":
                self._open(choice.value)
            case "pay":
                self._ask_for_card(bubble)
            case "tap" | "share":
                self._try(lambda: self._line.press(choice, bubble))
                if link := await self._line.led_to():
                    self._open(link)

    def _open(self, link: str) -> None:
        parts = urlsplit(link)
        if parts.netloc in self._own_hosts:
            self._webview.show(parts._replace(scheme="", netloc="").geturl())
        else:
            self._try(lambda: self._line.follow(link))
            if len(self._lines) > 1:
                ui.notify(f"It goes on in {self._who}’s own chat with the shop.")

    def _leads_elsewhere(self, link: str) -> bool:
        return urlsplit(link).netloc not in self._own_hosts | MESSENGERS

    def _ask_for_card(self, bubble: str | None) -> None:
        bill = next((each.bill for each in self._screen.bubbles if each.id == bubble), None)
        if bubble is not None and bill is not None:
            self._sheet.open(bubble, bill)

    async def _pay(self, bubble: str, card: str) -> str:
        try:
            return await self._line.pay(bubble, card)
        except CannotDo as error:
            return f"That did not work: {error}."

    def _to_composer(self) -> None:
        """The next thing is most likely to be written."""
        field = f"#c{self._composers[self._who].id} textarea"
        self._input.client.run_javascript(
            f"if (!document.activeElement || document.activeElement === document.body) "
            f"document.querySelector('{field}')?.focus({{preventScroll: true}})"
        )

    def _try(self, act: Callable[[], object]) -> None:
        """Do it; what the messenger would not let them do is told."""
        try:
            act()
        except CannotDo as error:
            ui.notify(str(error), type="warning")
        self.show()


def _signs() -> None:
    """Reception and battery: decoration."""
    with box("signs", aria_hidden="true"):
        box("bars", tag="span")
        box("battery", tag="span")
