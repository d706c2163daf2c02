"""The chat in a terminal: a client of the shop's own HTTP chat. Buttons are numbered; a number presses one."""

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from bot.channels.text import parse
from bot.channels.web import LINK_PATH
from bot.messages import MESSAGE, Button, Card, Message, Say, SendInvoice, ShowCards

ANSWER_SECONDS = 30.0
LOOK_SECONDS = 0.2  # how often it is asked whether the shop is done, when nothing came
STYLES = {"b": "bold", "i": "italic", "s": "strike", "code": "cyan"}
SANDBOX_PAY = "/sandbox/stripe/pay/"
HELP = "Type what you want, a button’s number, or /quit."


@dataclass
class Terminal:
    """One person at one terminal. `url` is the shop's server, `chat` the secret name of their chat."""

    url: str
    chat: str
    console: Console = field(default_factory=lambda: Console(highlight=False))
    _buttons: list[Button] = field(default_factory=list[Button])
    _after: int = 0
    _heard: threading.Condition = field(default_factory=threading.Condition)
    _answers: int = 0
    _closed: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Talk until /quit, Ctrl-C or the end of the input."""
        self.console.print(f"[dim]{escape(HELP)}[/dim]")
        listener = threading.Thread(target=self._listen, daemon=True, name="terminal")
        self._skip_what_was_said()
        listener.start()
        try:
            self._exchange({"open": True})
            for line in self._lines():
                if line.strip() in {"/quit", "/exit"}:
                    break
                self._act(line.strip())
        except (KeyboardInterrupt, EOFError):
            pass  # leaving is no error
        finally:
            self._closed.set()

    def _lines(self) -> Any:
        if not sys.stdin.isatty():
            yield from sys.stdin
            return
        while True:
            yield self.console.input("[bold green]you ›[/bold green] ")

    def _act(self, line: str) -> None:
        if line.startswith("/pay"):
            self._pay(line.removeprefix("/pay").strip() or "visa")
        elif line.isdigit() and 0 < int(line) <= len(self._buttons):
            self._press(self._buttons[int(line) - 1])
        else:
            self._exchange({"text": line})

    def _press(self, button: Button) -> None:
        if button.url is not None:
            self.console.print(f"Open this in a browser: {escape(button.url)}")
        elif button.share is not None:
            self.console.print("Please type it.")
        elif button.invite is not None:
            self.console.print(f"Pass this link on: {escape(self.url + LINK_PATH + button.invite)}")
        elif button.private is not None:
            self._exchange({"open": True, "payload": button.private})
        else:
            self._exchange({"token": button.token, "label": button.label})

    def _pay(self, card: str) -> None:
        """In the sandbox a test card can be put down from here; real money needs the page."""
        page = next((b.url for b in self._buttons if b.url and SANDBOX_PAY in b.url), None)
        if page is None:
            self.console.print("There is no sandbox payment page open.")
            return
        before = self._answers
        session = page.partition(SANDBOX_PAY)[2].partition("?")[0]
        answer = httpx.post(
            f"{self.url}/sandbox/stripe/_people/pay", json={"session": session, "card": card}, timeout=30
        )
        if answer.is_error:
            self.console.print(escape(f"The card page says: {answer.text}"))
            return
        self._wait_for_answer(before)

    def _exchange(self, said: dict[str, Any]) -> None:
        before = self._answers
        answer = httpx.post(self._address, json={"id": uuid4().hex, **said}, timeout=30)
        if answer.is_error:
            self.console.print(f"[red]The shop did not take that ({answer.status_code}).[/red]")
            return
        self._wait_for_answer(before)

    def _wait_for_answer(self, before: int) -> None:
        """Until the whole answer stands there, so that the prompt comes below it."""
        patience_ends = time.monotonic() + ANSWER_SECONDS
        while not self._is_answered(before):
            if time.monotonic() > patience_ends:
                self.console.print("[dim]No answer yet; it will show up here.[/dim]")
                return
            with self._heard:
                self._heard.wait(LOOK_SECONDS)

    def _is_answered(self, before: int) -> bool:
        """Whether something came, and nothing more is on its way."""
        if self._answers == before:
            return False
        now = self._ask()
        return not (now["said"] or now["at_work"])

    # ------------------------------------------------------------------ listening

    @property
    def _address(self) -> str:
        return f"{self.url}/chat/terminal/{self.chat}"

    def _ask(self) -> dict[str, Any]:
        """What was said that did not come yet, and whether the shop is at work on more."""
        return httpx.get(self._address, params={"after": self._after}, timeout=30).raise_for_status().json()

    def _skip_what_was_said(self) -> None:
        self._after = max((each["id"] for each in self._ask()["said"]), default=0)

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                answer = httpx.get(
                    self._address, params={"after": self._after, "wait": True}, timeout=60
                ).raise_for_status()
            except httpx.HTTPError as error:
                if self._closed.is_set():
                    return
                self.console.print(
                    f"[dim]The shop is not reachable ({type(error).__name__}); trying again.[/dim]"
                )
                time.sleep(1)
                continue
            for each in answer.json()["said"]:
                if each["author"] != "customer":
                    self._hear(MESSAGE.validate_python(each["content"]))
                self._after = max(self._after, each["id"])

    def _hear(self, message: Message) -> None:
        self._show(message)
        with self._heard:
            self._answers += 1
            self._heard.notify_all()

    def _show(self, message: Message) -> None:
        match message:
            case Say(text=text, buttons=rows):
                self.console.print(f"[bold blue]shop ›[/bold blue] {_rich(text)}")
                self._offer([button for row in rows for button in row])
            case ShowCards(cards=cards, buttons=rows):
                self._buttons = []
                for card in cards:
                    self._show_card(card)
                self._offer([button for row in rows for button in row], add=True)
            case SendInvoice(title=title, description=description):
                self.console.print(Panel(escape(description), title=escape(title)))
            case _:
                pass  # nothing to see

    def _show_card(self, card: Card) -> None:
        first = len(self._buttons) + 1
        labels = "  ".join(f"[cyan]{n}[/cyan] {escape(b.label)}" for n, b in enumerate(card.buttons, first))
        self._buttons += card.buttons
        body = "\n".join(part for part in (_rich(card.text), labels) if part)
        self.console.print(
            Panel(body, title=escape(card.title), title_align="left", width=min(72, self.console.width))
        )

    def _offer(self, buttons: list[Button], *, add: bool = False) -> None:
        if not buttons:
            return
        if not add:
            self._buttons = []
        first = len(self._buttons) + 1
        self._buttons += buttons
        for number, button in enumerate(buttons, first):
            link = f" [dim]{escape(button.url)}[/dim]" if button.url else ""
            self.console.print(f"   [cyan]{number}[/cyan] {escape(button.label)}{link}")
        if any(button.url and SANDBOX_PAY in button.url for button in buttons):
            self.console.print("   [dim]or type /pay visa, /pay declined, /pay insufficient[/dim]")


def _rich(html: str) -> str:
    """Our safe HTML as Rich's markup."""
    text = parse(html)
    marks: list[tuple[int, int, str]] = []
    for span in text.spans:
        style = STYLES.get(span.kind)
        if style:
            marks += [(span.start, 1, f"[{style}]"), (span.end, 0, f"[/{style}]")]
    result, at = "", 0
    for place, _, mark in sorted(marks, key=lambda each: (each[0], each[1])):
        result += escape(text.plain[at:place]) + mark
        at = place
    return result + escape(text.plain[at:])
