"""The Send API: https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/send-api."""

from sandbox.messenger import notices
from sandbox.messenger.calls import Call, endpoint
from sandbox.messenger.contents import check_message
from sandbox.messenger.endpoints.attachments import deliverable
from sandbox.messenger.errors import error, invalid
from sandbox.messenger.rules import (
    HUMAN_AGENT_SECONDS,
    MESSAGE,
    MESSAGING_TYPES,
    RECIPIENT,
    SENDER_ACTIONS,
    TAGS,
    WINDOW_SECONDS,
)
from sandbox.messenger.shapes import Id, Object, Text
from sandbox.messenger.state import Json, Message, Person, Receipt
from sandbox.messenger.utility import filled

_SENT = Object(
    fields={"recipient_id": Id(), "message_id": Text(), "attachment_id": Id()}, required=("recipient_id",)
)


@endpoint(
    "POST",
    "messages",
    params={
        "recipient": RECIPIENT,
        "message": MESSAGE,
        "messaging_type": Text(choices=MESSAGING_TYPES),
        "tag": Text(choices=TAGS),
        "notification_type": Text(choices=("REGULAR", "SILENT_PUSH", "NO_PUSH")),
        "sender_action": Text(choices=SENDER_ACTIONS),
        "reply_to": Object(fields={"mid": Text()}, required=("mid",)),
    },
    required=("recipient",),
    answer=_SENT,
    uploads=True,
)
async def send(call: Call) -> Json:
    """A message, or the sign that one is being typed or was seen."""
    world = call.world
    message, action = call.params.get("message"), call.params.get("sender_action")
    if message is None and action is None:
        raise error("nothing")
    if message is not None and action is not None:
        raise invalid("Cannot send both message and state at the same time.")
    _count(call, message)
    person = call.recipient()
    if person.holder == "inbox":
        raise error("control")
    if message is None:
        if call.upload is not None:
            raise invalid("An incorrect number of files uploaded. Must upload exactly one file")
        return _act(call, person, str(action).lower())
    if "messaging_type" not in call.params:
        raise invalid("The parameter messaging_type is required")
    check_message(world, message, call.upload)
    _check_window(call, person, message)
    sent, attachment_id = await _post(call, person, message)
    world.tell(person, "message_echoes", notices.echo(world.page_id, sent, _echoed(sent)))
    received: Json = {"mids": [sent.mid], "watermark": sent.sent_at}
    body = notices.happening(world.page_id, person.psid, world.now_ms(), "delivery", received)
    world.tell(person, "message_deliveries", body)
    kept = {"attachment_id": attachment_id} if attachment_id else {}
    return {"recipient_id": person.psid, "message_id": sent.mid} | kept


def _count(call: Call, message: Json | None) -> None:
    world = call.world
    attachment: Json = (message or {}).get("attachment", {})
    people = sum(person.record.met for person in world.people())
    world.pace.admit(
        world.now(),
        world.limits,
        page_id=world.page_id,
        people=people,
        heavy=attachment.get("type") in {"audio", "video"},
    )


def _act(call: Call, person: Person, action: str) -> Json:
    if action == "typing_on":
        call.world.typing[person.psid] = call.world.now()
    elif action == "typing_off":
        call.world.typing.pop(person.psid, None)
    call.world.changes.notify()
    return {"recipient_id": person.psid}


def _check_window(call: Call, person: Person, message: Json) -> None:
    """Who may be written to when: DOCS/policy and DOCS/send-messages#messaging_types."""
    world, kind = call.world, str(call.params["messaging_type"]).upper()
    tag = call.params.get("tag")
    if (kind == "MESSAGE_TAG") != (tag is not None):
        raise invalid("A tag is required with messaging_type MESSAGE_TAG, and is taken with no other")
    if (kind == "UTILITY") != (message.get("template") is not None):
        raise invalid("messaging_type UTILITY is for utility templates, and they are sent with no other")
    if kind == "UTILITY":
        if "page_utility_messaging" not in world.permissions:
            raise error("permission", permission="page_utility_messaging")
        return
    if tag is not None and "human_agent" not in world.permissions:
        raise error("permission", permission="human_agent")
    seconds = WINDOW_SECONDS if tag is None else HUMAN_AGENT_SECONDS
    if world.now_ms() - person.active_at > seconds * 1000:
        raise error("window")


async def _post(call: Call, person: Person, message: Json) -> tuple[Message, str | None]:
    world = call.world
    answered = call.params.get("reply_to", {}).get("mid")
    if answered is not None and world.message(person.psid, answered) is None:
        raise invalid("Param reply_to[mid] is no message of this conversation")
    content, attachment_id = filled(world, message), None
    if "attachment" in content:
        content["attachment"], attachment_id = await deliverable(world, content["attachment"], call.upload)
    person.holder = "app"  # whoever answers an idle conversation has it
    sent = world.post(person, content, mine=False, app_id=world.app_id, reply_to=answered)
    attached: Json = content.get("attachment", {}).get("payload", {})
    if attached.get("template_type") == "receipt":
        world.save(Receipt(order_number=attached["order_number"], mid=sent.mid))
    return sent, attachment_id


def _echoed(sent: Message) -> Json:
    echoed = {name: sent.content[name] for name in ("text", "metadata") if name in sent.content}
    if sent.reply_to is not None:
        echoed["reply_to"] = {"mid": sent.reply_to}
    return echoed | ({"attachments": [sent.content["attachment"]]} if "attachment" in sent.content else {})
