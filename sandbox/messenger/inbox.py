"""The Page Inbox: where the Page's staff read along, take a conversation over and hand it back.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/conversation-routing:
one app at a time controls a conversation; the others stand by. The emulated app is the Page's default app,
so a conversation that nobody controls comes to it.
"""

from typing import TYPE_CHECKING

from sandbox.messenger import notices
from sandbox.messenger.rules import PAGE_INBOX_APP_ID
from sandbox.messenger.state import Json, Message

if TYPE_CHECKING:
    from sandbox.messenger.people import MessengerPerson
    from sandbox.messenger.world import MessengerWorld


class PageInbox:
    """What the Page's staff do in Meta's own inbox."""

    def __init__(self, world: "MessengerWorld") -> None:
        self._world = world

    def take(self, person: "MessengerPerson", metadata: str = "") -> None:
        """Take control; the app is told if it had it."""
        self._move(person, "take_thread_control", PAGE_INBOX_APP_ID, metadata)

    def reply(self, person: "MessengerPerson", text: str) -> Message:
        """Write as the Page; whoever writes there has control from then on."""
        self.take(person)
        message = self._world.post(person.record, {"text": text}, mine=False, app_id=PAGE_INBOX_APP_ID)
        self._world.tell(
            person.record, "message_echoes", notices.echo(self._world.page_id, message, {"text": text})
        )
        return message

    def pass_to_app(self, person: "MessengerPerson", metadata: str = "") -> None:
        """Hand the conversation to the app."""
        self._move(person, "pass_thread_control", self._world.app_id, metadata)

    def done(self, person: "MessengerPerson") -> None:
        """Let go of it: the next message is the default app's."""
        if person.record.holder == "inbox":
            person.record.holder = None
            self._world.save(person.record)

    def _move(self, person: "MessengerPerson", event: str, to_app: str, metadata: str) -> None:
        record = person.record
        if not record.met:
            raise ValueError(f"{person.name} has no conversation with {self._world.page_name}")
        before = self._world.app_id_of(record.holder)
        if before == to_app:
            return
        record.holder = "inbox" if to_app == PAGE_INBOX_APP_ID else "app"
        self._world.save(record)
        told: Json = {"new_owner_app_id": to_app} | ({"previous_owner_app_id": before} if before else {})
        told |= {"metadata": metadata} if metadata else {}
        if event == "take_thread_control" and before != self._world.app_id:
            return  # told to the app that loses control; an idle conversation has none
        body = notices.happening(self._world.page_id, record.psid, self._world.now_ms(), event, told)
        self._world.tell(record, "messaging_handovers", body, form=event)
