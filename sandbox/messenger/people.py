"""What a person can do with the Page, and what they see: the acting half of tests, demo and simulation.

Acting is immediate; waiting for an answer is awaited and woken by events.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sandbox.messenger import notices
from sandbox.messenger.rules import QUESTION_MAX, TYPING_SECONDS
from sandbox.messenger.screen import Button, ShownMessage, attached_url, drawn, labelled, shown
from sandbox.messenger.state import Json, Message, Person, StoredFile
from sandbox.pictures import MIME_TYPES, picture_format
from storage.clock import SystemClock

if TYPE_CHECKING:
    from sandbox.messenger.world import MessengerWorld

_LIKE_STICKER = 369239263222822
_REF_LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=")


class CannotDo(Exception):  # noqa: N818 - what the person notices
    """A person tried what their Messenger would not let them do: no such button, a blocked Page."""


@dataclass(frozen=True)
class Pressed:
    """A button that was pressed, and the message that its pressing wrote into the conversation."""

    button: Button
    message: Message | None = None

    @property
    def url(self) -> str | None:
        """Where a link button leads."""
        return self.button.value if self.button.kind == "web_url" else None


@dataclass(frozen=True)
class Welcome:
    """What stands on the screen before a conversation has begun."""

    greeting: str
    questions: tuple[str, ...]  # ice breakers, by tap(question)
    get_started: bool


class MessengerPerson:
    """A person. Two of these for the same record are the same person."""

    def __init__(self, world: "MessengerWorld", record: Person) -> None:
        self._world = world
        self.record = record

    @property
    def psid(self) -> str:
        return self.record.psid

    @property
    def name(self) -> str:
        return f"{self.record.first_name} {self.record.last_name}".strip()

    # ── coming ──────────────────────────────────────────────────────────────────────────────────────

    def open(self, ref: str = "") -> Message | None:
        """Come by the Page's m.me link; the first time, tap Get Started if there is such a button.

        Returns what that tap wrote. Who comes again with a ref is announced by an event of its own.
        """
        if set(ref) - _REF_LETTERS:
            raise CannotDo(f"an m.me link takes letters, digits, -, _ and = in its ref, not {ref!r}")
        return self._come(notices.referral(ref) if ref else None)

    def open_ad(self, ad_id: str, ref: str = "", *, title: str = "") -> Message | None:
        """Come by an ad that opens Messenger."""
        return self._come(notices.referral(ref, ad_id=ad_id, ad_title=title or None))

    def welcome(self) -> Welcome:
        """The welcome screen in this person's language."""
        profile = self._world.page.profile
        greetings = {greeting["locale"]: greeting["text"] for greeting in profile.get("greeting", ())}
        words = greetings.get(self.record.locale, greetings.get("default", ""))
        words = words.replace("{{user_first_name}}", self.record.first_name)
        words = words.replace("{{user_last_name}}", self.record.last_name)
        words = words.replace("{{user_full_name}}", self.name)
        questions = tuple(question["question"] for question in self._ice_breakers())
        return Welcome(words, questions, "get_started" in profile and not questions)

    # ── talking ─────────────────────────────────────────────────────────────────────────────────────

    def say(self, text: str, *, reply_to: str | None = None) -> Message:
        """Write a text message."""
        if not text.strip():
            raise CannotDo("Messenger sends no empty message")
        if (self._own_menu() or {}).get("composer_input_disabled"):
            raise CannotDo(f"{self._world.page_name} takes no typed messages, only its menu")
        return self._tell({"text": text}, reply_to=reply_to)

    def send_photo(self, picture: bytes) -> Message:
        """Send a picture (PNG, JPEG, GIF or WebP)."""
        kind = picture_format(picture)
        if kind is None:
            raise CannotDo("that is no picture")
        file = self._world.keep_file(picture, "image", name=f"photo.{kind}", mime_type=MIME_TYPES[kind])
        return self._tell_attachment("image", {"url": self._world.file_url(file.number)})

    def send_file(self, content: bytes, name: str, mime_type: str = "application/octet-stream") -> Message:
        """Send any other file; sound and film arrive as such."""
        family = mime_type.partition("/")[0]
        kind: Literal["audio", "video", "file"] = (
            "audio" if family == "audio" else "video" if family == "video" else "file"
        )
        file = self._world.keep_file(content, kind, name=name, mime_type=mime_type)
        return self._tell_attachment(kind, {"url": self._world.file_url(file.number)})

    def send_like(self) -> Message:
        """Tap the thumb beside the input field: a sticker."""
        file = self._world.keep_file(b"RIFF", "image", name="like.webp", mime_type="image/webp")
        return self._tell_attachment(
            "sticker", {"url": self._world.file_url(file.number), "sticker_id": _LIKE_STICKER}
        )

    def share_phone(self) -> Message:
        """Tap the quick reply that holds one's own phone number."""
        return self._share("user_phone_number", "phone number")

    def share_email(self) -> Message:
        """Tap the quick reply that holds one's own e-mail address."""
        return self._share("user_email", "e-mail address")

    def react(self, mid: str, emoji: str = "❤") -> None:
        """Put an emoji on a message, in place of an earlier one."""
        message = self._message(mid)
        message.reaction = emoji
        self._tell_reaction(message, {"action": "react", "emoji": emoji})

    def unreact(self, mid: str) -> None:
        """Take one's emoji back."""
        message = self._message(mid)
        if message.reaction is None:
            raise CannotDo("there is no reaction to take back")
        emoji, message.reaction = message.reaction, None
        self._tell_reaction(message, {"action": "unreact", "emoji": emoji})

    def read(self) -> None:
        """Look at the conversation: everything so far is read."""
        if not self._world.messages(self.psid):
            raise CannotDo("there is no conversation to read")
        now = self._world.now_ms()
        self._notify("message_reads", "read", {"watermark": now})

    # ── buttons ─────────────────────────────────────────────────────────────────────────────────────

    def tap(self, label: str, *, mid: str | None = None) -> Pressed:
        """Press the button with this label, or whose label begins so.

        Tried in this order: the quick replies that are still shown, the newest message with such a button
        (`mid`: that message alone), the menu, and the questions of the welcome screen. Raises CannotDo.
        """
        messages = [message for message in self.screen() if mid in {None, message.id}]
        if messages and (reply := labelled(messages[-1].quick_replies, label)) is not None:
            return self._reply_quickly(reply)
        for message in reversed(messages):
            if (button := message.button(label)) is not None:
                return self._press(button)
        if mid is None and (button := labelled(self.menu(), label)) is not None:
            return self._press(button)
        if mid is None and (button := labelled(self._questions(), label)) is not None:
            return self._press(button)
        raise CannotDo(f"no button {label!r} in the conversation with {self._world.page_name}")

    def press(self, button: Button) -> Pressed:
        """Press this very button of the screen: of two cards with the same labels, the right one. Raises CannotDo."""
        messages = self.screen()
        if messages and button in messages[-1].quick_replies:
            return self._reply_quickly(button)
        if not any(button in message.pressable for message in messages):
            raise CannotDo(f"no button {button.text!r} in the conversation with {self._world.page_name}")
        return self._press(button)

    def menu(self) -> tuple[Button, ...]:
        """The menu beside the input field; only a Page with a Get Started button shows one."""
        return drawn((self._own_menu() or {}).get("call_to_actions", ()))

    # ── the relation with the Page ──────────────────────────────────────────────────────────────────

    def block(self) -> None:
        """Let the Page send nothing more; it is not told."""
        self._set_blocked(blocked=True)

    def unblock(self) -> None:
        self._set_blocked(blocked=False)

    # ── seeing ──────────────────────────────────────────────────────────────────────────────────────

    def screen(self) -> list[ShownMessage]:
        """The conversation as it is on the screen now, the oldest message first."""
        messages = self._world.messages(self.psid)
        return [
            shown(message, self.record, file=self._attached(message), newest=message is messages[-1])
            for message in messages
        ]

    @property
    def typing(self) -> bool:
        """Whether the Page seems to be typing; a message ends that, and so does some time."""
        since = self._world.typing.get(self.psid)
        return since is not None and self._world.now() - since < TYPING_SECONDS

    def picture_bytes(self, message: ShownMessage) -> bytes:
        """The picture of a message that was uploaded, sent or fetched."""
        return self._bytes_at(message.picture, f"message {message.number} has no picture")

    def file_bytes(self, message: ShownMessage) -> bytes:
        """The file of a message."""
        return self._bytes_at(message.file and message.file.url, f"message {message.number} has no file")

    def _bytes_at(self, url: str | None, none: str) -> bytes:
        file = self._stored(url)
        if file is None:
            raise CannotDo(none)
        return self._world.store.bytes_of(file.number)

    def _attached(self, message: Message) -> StoredFile | None:
        return self._stored(attached_url(message.content, "file"))

    def _stored(self, url: str | None) -> StoredFile | None:
        return self._world.store.find(StoredFile, (url or "").rpartition("/")[2])

    async def wait_for(
        self,
        predicate: Callable[[ShownMessage], bool],
        *,
        after: int = 0,
        timeout_seconds: float = 10.0,
    ) -> ShownMessage:
        """The newest message of the Page with a number above `after` that fits, now or as soon as one does.

        The time is real time, whatever clock the world has. Raises TimeoutError with what the screen shows.
        """

        def ready() -> ShownMessage | None:
            seen = (m for m in reversed(self.screen()) if not m.mine and m.number > after)
            return next((message for message in seen if predicate(message)), None)

        found = await self._world.changes.wait_until(ready, clock=SystemClock(), seconds=timeout_seconds)
        if found is None:
            last = [
                f"{'me' if m.mine else 'page'}: {m.text or sorted(m.content)}" for m in self.screen()[-5:]
            ]
            raise TimeoutError(
                f"no such message within {timeout_seconds} s; the conversation ends with {last}"
            )
        return found

    # ── within ──────────────────────────────────────────────────────────────────────────────────────

    def _come(self, referral: Json | None) -> Message | None:
        self._refuse_if_blocked()
        if self.record.met:
            if referral is not None:
                self._act()
                self._notify("messaging_referrals", "referral", referral)
            return None
        self.record.referral = referral
        self._world.save(self.record)
        get_started: Json | None = self._world.page.profile.get("get_started")
        if get_started is None or self._ice_breakers():
            return None
        return self._tap_postback(Button("Get Started", "postback", get_started["payload"]))

    def _press(self, button: Button) -> Pressed:
        if button.kind != "postback":
            return Pressed(button)  # a link or a number to call: what it opens is the person's next step
        return Pressed(button, self._tap_postback(button))

    def _tap_postback(self, button: Button) -> Message:
        self._refuse_if_blocked()
        referral, self.record.referral = self.record.referral, None
        self._act()
        message = self._world.post(self.record, {"text": button.text}, mine=True)
        body = notices.postback(self._world.page_id, message, button.text, button.value, referral)
        if self.record.holder == "inbox":
            del body["postback"]["payload"]  # DOCS/webhooks/webhook-events/standby
        self._world.tell(self.record, "messaging_postbacks", body)
        return message

    def _reply_quickly(self, reply: Button) -> Pressed:
        return Pressed(reply, self._tell({"text": reply.text, "quick_reply": {"payload": reply.value}}))

    def _share(self, kind: str, what: str) -> Message:
        messages = self.screen()
        shown_now = messages[-1].quick_replies if messages else ()
        wanted = next((reply for reply in shown_now if reply.kind == kind), None)
        if wanted is None:
            raise CannotDo(f"{self.name} is not asked for a {what} now, or has none")
        return self._tell({"text": wanted.text, "quick_reply": {"payload": wanted.value}})

    def _tell(self, content: Json, *, reply_to: str | None = None) -> Message:
        """Any message from this person; the Page may answer for a day from now on."""
        self._refuse_if_blocked()
        if reply_to is not None:
            self._message(reply_to)
        self._act()
        if (self.record.referral or {}).get("source") == "SHORTLINK":
            self.record.referral = None  # an m.me link's ref is told by Get Started, or never
        message = self._world.post(self.record, content, mine=True, reply_to=reply_to)
        answered: Json = {} if reply_to is None else {"reply_to": {"mid": reply_to}}
        told = notices.message(self._world.page_id, message, content | answered)
        self._world.tell(self.record, "messages", told)
        return message

    def _tell_attachment(self, kind: str, payload: Json) -> Message:
        return self._tell({"attachments": [{"type": kind, "payload": payload}]})

    def _tell_reaction(self, message: Message, reaction: Json) -> None:
        self._refuse_if_blocked()
        self._world.save(message)
        self._act()
        named = {"reaction": notices.reaction_name(reaction["emoji"]), "mid": message.mid}
        self._notify("message_reactions", "reaction", reaction | named)

    def _act(self) -> None:
        """What opens the window (DOCS/policy); a conversation that nobody controls comes to the default app."""
        self.record.met = True
        self.record.active_at = self._world.now_ms()
        self.record.holder = self.record.holder or "app"
        self._world.save(self.record)

    def _notify(self, field: str, name: str, content: Json) -> None:
        now = self._world.now_ms()
        body = notices.happening(self._world.page_id, self.psid, now, name, content)
        self._world.tell(self.record, field, body)

    def _message(self, mid: str) -> Message:
        message = self._world.message(self.psid, mid)
        if message is None:
            raise CannotDo(f"there is no message {mid} in the conversation")
        return message

    def _own_menu(self) -> Json | None:
        profile = self._world.page.profile
        menus = {menu["locale"]: menu for menu in profile.get("persistent_menu", ())}
        shown_now = "get_started" in profile and self.record.met
        return menus.get(self.record.locale, menus.get("default")) if shown_now else None

    def _ice_breakers(self) -> list[Json]:
        """The questions for this person's language: both forms that Meta takes."""
        given: list[Any] = self._world.page.profile.get("ice_breakers", [])
        by_locale = {entry.get("locale", "default"): entry for entry in given if "call_to_actions" in entry}
        entry = by_locale.get(self.record.locale, by_locale.get("default"))
        return entry["call_to_actions"] if entry else [e for e in given if "question" in e]

    def _questions(self) -> list[Button]:
        if self.record.met:
            return []
        return [
            Button(question["question"][:QUESTION_MAX], "postback", question["payload"])
            for question in self._ice_breakers()
        ]

    def _refuse_if_blocked(self) -> None:
        if self.record.blocked:
            raise CannotDo(f"{self.name} has blocked {self._world.page_name}")

    def _set_blocked(self, *, blocked: bool) -> None:
        self.record.blocked = blocked
        self._world.save(self.record)
