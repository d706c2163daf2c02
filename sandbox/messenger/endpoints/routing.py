"""Conversation routing: which app answers.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/conversation-routing,
https://developers.facebook.com/docs/graph-api/reference/page/take_thread_control and its neighbours. The
emulated app is the Page's default app, so it may take any conversation; the Page Inbox is the only other.
"""

from sandbox.messenger.calls import Call, endpoint
from sandbox.messenger.errors import error, invalid
from sandbox.messenger.rules import METADATA_MAX, PAGE_INBOX_APP_ID, RECIPIENT
from sandbox.messenger.shapes import Array, Flag, Id, Object, Text
from sandbox.messenger.state import Json, Person

_DONE = Object(fields={"success": Flag()}, required=("success",))
_METADATA = Text(longest=METADATA_MAX)
_OWNER = Object(
    fields={"thread_owner": Object(fields={"app_id": Id()}, required=("app_id",))}, required=("thread_owner",)
)


@endpoint(
    "POST",
    "take_thread_control",
    params={"recipient": RECIPIENT, "metadata": _METADATA},
    required=("recipient",),
    answer=_DONE,
)
async def take(call: Call) -> Json:
    """Make it the app's."""
    person = call.recipient()
    person.holder = "app"
    call.world.save(person)
    return {"success": True}


@endpoint(
    "POST",
    "pass_thread_control",
    params={"recipient": RECIPIENT, "target_app_id": Id(), "metadata": _METADATA},
    required=("recipient", "target_app_id"),
    answer=_DONE,
)
async def hand_over(call: Call) -> Json:
    """Give it to the Page Inbox."""
    person = _held(call)
    if call.params["target_app_id"] != PAGE_INBOX_APP_ID:
        raise invalid(f"App {call.params['target_app_id']} is not connected to this Page")
    person.holder = "inbox"
    call.world.save(person)
    return {"success": True}


@endpoint(
    "POST",
    "release_thread_control",
    params={"recipient": RECIPIENT},
    required=("recipient",),
    answer=_DONE,
)
async def release(call: Call) -> Json:
    """Let go of it: it is idle, and the next message is the default app's."""
    person = _held(call)
    person.holder = None
    call.world.save(person)
    return {"success": True}


@endpoint(
    "GET",
    "thread_owner",
    params={"recipient": Id()},
    required=("recipient",),
    answer=Object(fields={"data": Array(of=_OWNER, most=1)}, required=("data",)),
)
async def owner(call: Call) -> Json:
    """Who has it; nobody when it is idle."""
    person = call.world.store.find(Person, call.params["recipient"])
    if person is None or not person.met:
        raise error("no_person")
    app_id = call.world.app_id_of(person.holder)
    return {"data": [] if app_id is None else [{"thread_owner": {"app_id": app_id}}]}


def _held(call: Call) -> Person:
    person = call.recipient()
    if person.holder != "app":
        raise error("control")
    return person
