"""The emulated Messenger around one Page: who exists, what was written, what the app is yet to be told.

A world belongs to one event loop. The app reaches it through the Graph API (app.py), people through
people.py and the Page's staff through inbox.py; all of them only call what is here.
"""

import base64
import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import httpx

from sandbox.messenger import notices
from sandbox.messenger.faults import Faults
from sandbox.messenger.inbox import PageInbox
from sandbox.messenger.limits import Limits, Pace
from sandbox.messenger.people import MessengerPerson
from sandbox.messenger.rules import FIELDS, PAGE_INBOX_APP_ID
from sandbox.messenger.state import (
    KINDS,
    Event,
    Json,
    Message,
    Page,
    Person,
    StoredFile,
    Template,
)
from sandbox.messenger.webhooks import Webhooks
from sandbox.records import Record, Store
from sandbox.signals import Signal
from storage.clock import Clock, SystemClock

PERMISSIONS = frozenset({"pages_messaging", "pages_manage_metadata", "human_agent", "page_utility_messaging"})
_FIRST_PSID = 24_100_000_000_000_000  # as long as real ones are, and far from every other number
_FIRST_FILE = 1_857_000_000_000_000


class MessengerWorld:
    """All of Messenger's state around one Page and one app, and the machinery that moves it.

    `app_secret` signs webhooks and checks appsecret_proof; `page_token` is the one access token there is.
    `store` is a SQLite file that keeps everything across restarts; without it the world is in memory.
    `base_url` is where create_app(world) is served: pictures that people send are fetched from there.
    `webhook_transport` and `media_transport` carry deliveries, and fetch what the app sends by URL; the
    default is the network, of which only this machine is ever asked for media.
    """

    def __init__(  # noqa: PLR0913 - a Page, its app and what is around them; all but the clock by name
        self,
        clock: Clock | None = None,
        *,
        app_secret: str,
        verify_token: str,
        page_token: str,
        page_id: str,
        page_name: str,
        app_id: str = "1517776481860111",
        store: Path | None = None,
        webhook_url: str | None = None,
        base_url: str = "http://127.0.0.1",
        webhook_transport: httpx.AsyncBaseTransport | None = None,
        media_transport: httpx.AsyncBaseTransport | None = None,
        limits: Limits | None = None,
        permissions: Iterable[str] = PERMISSIONS,
        proof_required: bool = False,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.app_secret = app_secret
        self.verify_token = verify_token
        self.page_token = page_token
        self.page_id = page_id
        self.page_name = page_name
        self.app_id = app_id
        self.webhook_url = webhook_url
        self.base_url = base_url.rstrip("/")
        self.webhook_transport = webhook_transport
        self.media_transport = media_transport
        self.limits = limits or Limits()
        self.permissions = set(permissions)
        self.proof_required = proof_required
        self.store = Store(KINDS, store)
        self.faults = Faults()
        self.pace = Pace()
        self.changes = Signal()  # something that a person could see, or the app be told, has changed
        self.typing: dict[str, float] = {}  # psid → when the Page was last seen typing
        self.refusals: deque[tuple[str, int, str]] = deque(maxlen=1000)  # endpoint, code, sentence
        self.inbox = PageInbox(self)
        self._messages: defaultdict[str, dict[str, Message]] = defaultdict(dict)
        for message in sorted(self.store.all(Message), key=lambda message: message.number):
            self._messages[message.psid][message.mid] = message
        self.webhooks = Webhooks(self)

    async def open(self) -> None:
        """Verify the webhook as soon as it answers, and tell it what happened; needed before any delivery."""
        self.webhooks.start()

    async def close(self) -> None:
        """Stop deliveries, close the store."""
        await self.webhooks.close()
        self.store.close()

    async def set_webhook(self, url: str) -> None:
        """As "Verify and save" in the app's dashboard. Raises WebhookRefused, and keeps the old one then."""
        before, self.webhook_url = self.webhook_url, url
        try:
            await self.webhooks.verify()
        except Exception:
            self.webhook_url = before
            raise

    # ── who exists ──────────────────────────────────────────────────────────────────────────────────

    def add_person(
        self,
        name: str,
        *,
        locale: str = "en_US",
        timezone: int = 0,
        phone: str | None = None,
        email: str | None = None,
        picture: str | None = None,
    ) -> MessengerPerson:
        """Somebody with a Messenger account; the Page does not know them yet."""
        first, _, last = name.partition(" ")
        person = Person(
            psid=str(_FIRST_PSID + self.number("person")),
            first_name=first,
            last_name=last,
            locale=locale,
            timezone=timezone,
            phone=phone,
            email=email,
            picture=picture,
        )
        self.save(person)
        return MessengerPerson(self, person)

    def person(self, psid: str) -> MessengerPerson:
        """A person that was added before. Raises KeyError."""
        found = self.store.find(Person, psid)
        if found is None:
            raise KeyError(f"no person {psid} in this world")
        return MessengerPerson(self, found)

    def people(self) -> list[MessengerPerson]:
        return [MessengerPerson(self, person) for person in self.store.all(Person)]

    @property
    def page(self) -> Page:
        """The Page's settings. A new Page's app is subscribed to all that can happen."""
        found = self.store.find(Page, self.page_id)
        if found is None:
            found = Page(id=self.page_id, subscribed_fields=list(FIELDS))
            self.store.save(found)
        return found

    def add_template(
        self,
        name: str,
        language: str,
        body: str,
        *,
        buttons: Iterable[Json] = (),
        status: Literal["PENDING", "APPROVED", "REJECTED"] = "APPROVED",
    ) -> Template:
        """A utility template as if it had been reviewed already; {{1}}, {{2}} … are its parameters."""
        components: list[Json] = [{"type": "BODY", "text": body}]
        if buttons := list(buttons):
            components.append({"type": "BUTTONS", "buttons": buttons})
        template = Template(
            id=str(9_100_000_000_000 + self.number("template")),
            name=name,
            language=language,
            components=components,
            status=status,
            created_at=self.now_ms(),
        )
        self.save(template)
        return template

    # ── what happens ────────────────────────────────────────────────────────────────────────────────

    def post(self, person: Person, content: Json, *, mine: bool, **details: Any) -> Message:
        """A new message in a conversation."""
        person.messages += 1
        message = Message(
            psid=person.psid,
            number=person.messages,
            mid=self._new_mid(),
            mine=mine,
            sent_at=self.now_ms(),
            content=content,
            **details,
        )
        self._messages[person.psid][message.mid] = message
        if not mine:
            self.typing.pop(person.psid, None)
        self.store.save(person)
        self.save(message)
        return message

    def messages(self, psid: str) -> list[Message]:
        """The conversation, the oldest message first."""
        return list(self._messages[psid].values())

    def message(self, psid: str, mid: str) -> Message | None:
        return self._messages[psid].get(mid)

    def tell(self, person: Person, field: str, body: Json, *, form: str | None = None) -> None:
        """Let the app know, if it is subscribed: by the standby channel while another app has control."""
        standing_by = person.holder == "inbox" and field != "messaging_handovers"
        wanted = self.page.subscribed_fields or []
        if field not in wanted or (standing_by and "standby" not in wanted):
            return
        event = Event(
            number=self.number("event"),
            psid=person.psid,
            field=field,
            channel="standby" if standing_by else "messaging",
            body=notices.checked(form or field, body),
            created_at=self.now_ms(),
        )
        self.webhooks.push(event)

    def keep_file(
        self,
        content: bytes,
        kind: Literal["image", "audio", "video", "file"],
        *,
        name: str,
        mime_type: str,
        reusable: bool = False,
    ) -> StoredFile:
        """Take a file in."""
        file = StoredFile(
            number=_FIRST_FILE + self.number("file"),
            type=kind,
            name=name,
            mime_type=mime_type,
            size=len(content),
            reusable=reusable,
            saved_at=self.now_ms(),
        )
        self.store.save_bytes(file.number, content)
        self.store.save(file)
        return file

    def file_url(self, number: int) -> str:
        """Where the bytes of a file are fetched, as from Meta's CDN."""
        return f"{self.base_url}/_files/{number}"

    def app_id_of(self, holder: str | None) -> str | None:
        """The app behind a holder of a conversation."""
        return {"app": self.app_id, "inbox": PAGE_INBOX_APP_ID}.get(holder or "")

    def save(self, record: Record) -> None:
        """Keep a record and wake whoever waits for a change."""
        self.store.save(record)
        self.changes.notify()

    def number(self, name: str) -> int:
        """The next number of a series: 1, 2, 3 …"""
        return self.store.number(name)

    def now(self) -> float:
        """Seconds since 1970 by the world's clock."""
        return self.clock.now().timestamp()

    def now_ms(self) -> int:
        return int(self.now() * 1000)

    def trace(self) -> str:
        """A new fbtrace_id."""
        return "A" + _token(f"{self.page_id}:trace:{self.number('trace')}", 15)

    def _new_mid(self) -> str:
        return "m_" + _token(f"{self.page_id}:{self.number('mid')}", 48)


def _token(seed: str, size: int) -> str:
    """Letters and digits that look random and are the same for the same seed."""
    return base64.urlsafe_b64encode(hashlib.sha512(seed.encode()).digest()[:size]).decode().rstrip("=")
