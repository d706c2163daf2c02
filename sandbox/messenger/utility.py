"""Utility templates that are sent: what may be said when the window is closed, filled with words of the occasion.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages:
a `template` in the message, where an attachment would be, with its name, its language and its components. Meta documents
no codes for what is wrong with one that is sent, so those here are plain 100.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sandbox.messenger.errors import invalid
from sandbox.messenger.state import Json, Template

if TYPE_CHECKING:
    from sandbox.messenger.world import MessengerWorld

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_KINDS_OF_BUTTON = {"POSTBACK": "postback", "URL": "web_url", "PHONE_NUMBER": "phone_number"}
FILLED: Final = {"POSTBACK": "payload", "URL": "url"}
"""What of a button may hold a placeholder; a parameter names its own value by the same word."""


def placeholders(text: str) -> list[str]:
    """The names between double braces, each once, in the order in which they come."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def component(template: Template, kind: str) -> Json:
    """The template's HEADER, BODY or BUTTONS; empty when it has none."""
    found = [part for part in template.components if part["type"].upper() == kind]
    return found[0] if found else {}


def review(world: "MessengerWorld", template: Template) -> None:
    """What waits for approval is approved when Meta has had the time to look."""
    waited = (world.now_ms() - template.created_at) / 1000
    if template.status == "PENDING" and waited >= world.limits.template_review_seconds:
        template.status = "APPROVED"
        world.save(template)


def check_utility(world: "MessengerWorld", message: Json) -> None:
    """Nothing, or GraphError 100: unknown, not approved, or other parameters than the template has."""
    if any(message.get(name) is not None for name in ("text", "attachment", "quick_replies")):
        raise invalid("A message template is sent without text, attachment or quick replies")
    _shown(world, message["template"])


def filled(world: "MessengerWorld", message: Json) -> Json:
    """The message as the person sees it, its template filled in; any other message is as it was.

    The same page, "Utility Messages in Conversation API": a body alone is a text, and with a header or buttons
    it is a generic template.
    """
    if message.get("template") is None:
        return dict(message)
    rest = {name: value for name, value in message.items() if name != "template"}
    return rest | _shown(world, message["template"])


def _shown(world: "MessengerWorld", given: Json) -> Json:
    template = _approved(world, given)
    header, body = (_text(template, given, kind) for kind in ("HEADER", "BODY"))
    buttons = _buttons(template, given)
    if not header and not buttons:
        return {"text": body}
    element: Json = {"title": header, "subtitle": body} if header else {"title": body}
    if buttons:
        element["buttons"] = buttons
    return {
        "attachment": {"type": "template", "payload": {"template_type": "generic", "elements": [element]}}
    }


def _approved(world: "MessengerWorld", given: Json) -> Template:
    name, language = given["name"], given["language"]["code"]
    template = world.store.find(Template, f"{name}:{language}")
    if template is None:
        raise invalid(f"Message template {name} does not exist in {language}")
    review(world, template)
    if template.status != "APPROVED":
        raise invalid(f"Message template {name} is not approved: {template.status}")
    return template


def _parameters(template: Template, given: Json, kind: str) -> list[Json]:
    """What was given for a component. Raises GraphError 100 for one that it has not, and for two."""
    parts: list[Json] = [part for part in given["components"] if part["type"].upper() == kind]
    if len(parts) > 1:
        raise invalid(f"More than one {kind.lower()} for message template {template.name}")
    if parts and not component(template, kind):
        raise invalid(f"Message template {template.name} has no {kind.lower()}")
    return parts[0]["parameters"] if parts else []


def _text(template: Template, given: Json, kind: str) -> str:
    """The header or the body with its words put in. Raises GraphError 100 unless all are given and no others."""
    text: str = component(template, kind).get("text", "")
    names, parameters = placeholders(text), _parameters(template, given, kind)
    if any(parameter["type"].lower() != "text" for parameter in parameters):
        raise invalid(f"Parameters of message template {template.name} must be texts")
    if template.parameter_format == "NAMED":
        values = {parameter.get("parameter_name", ""): parameter["text"] for parameter in parameters}
    else:
        values = {str(number): parameter["text"] for number, parameter in enumerate(parameters, start=1)}
    if set(values) != set(names) or len(parameters) != len(names):
        raise invalid(
            f"Message template {template.name} has the {kind.lower()} parameters {sorted(names)}, got {sorted(values)}"
        )
    if any(not value.strip() for value in values.values()):
        raise invalid(f"Parameters of message template {template.name} must be non-empty")
    return _replaced(text, values)


def _buttons(template: Template, given: Json) -> list[Json]:
    """The buttons with what was given for those that have a placeholder, one each, in their order."""
    parameters = _parameters(template, given, "BUTTONS")
    buttons: list[Json] = component(template, "BUTTONS").get("buttons", [])
    open_ones = [button["type"].upper() for button in buttons if placeholder_of(button)]
    if [parameter["type"].upper() for parameter in parameters] != open_ones:
        raise invalid(
            f"Message template {template.name} has parameters for the buttons {open_ones},"
            f" got {[parameter['type'] for parameter in parameters]}"
        )
    waiting = iter(parameters)
    return [_button(button, next(waiting) if placeholder_of(button) else {}) for button in buttons]


def placeholder_of(button: Json) -> str | None:
    """The name of what a template's button leaves open; there is one at most."""
    names = placeholders(button.get(FILLED.get(button["type"].upper(), ""), ""))
    return names[0] if names else None


def _button(button: Json, parameter: Json) -> Json:
    kind = button["type"].upper()
    shown: Json = {"type": _KINDS_OF_BUTTON[kind], "title": button["text"]}
    if kind == "PHONE_NUMBER":
        return shown | {"payload": button.get("phone_number", "")}
    value, name = FILLED[kind], placeholder_of(button)
    return shown | {value: _replaced(button[value], {name: parameter[value]} if name else {})}


def _replaced(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group(0)), text)
