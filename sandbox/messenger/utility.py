"""Utility templates: what may be sent when the window is closed, filled with parameters of the occasion.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages.
Meta documents no codes for what is wrong with a template that is sent, so those here are plain 100.
"""

import re
from typing import TYPE_CHECKING

from sandbox.messenger.errors import invalid
from sandbox.messenger.state import Json, Template

if TYPE_CHECKING:
    from sandbox.messenger.world import MessengerWorld

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_KINDS_OF_BUTTON = {"POSTBACK": "postback", "URL": "web_url", "PHONE_NUMBER": "phone_number"}
_FILLED = {"POSTBACK": "payload", "URL": "url"}


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


def check_utility(world: "MessengerWorld", payload: Json) -> None:
    """Nothing, or GraphError 100: unknown, not approved, or other parameters than the template has."""
    template = _approved(world, payload)
    given = {part["type"].lower() for part in payload.get("components", ())}
    for kind in ("HEADER", "BODY"):
        _parameters(template, payload, kind)
    if "header" in given and not component(template, "HEADER"):
        raise invalid(f"Message template {template.name} has no header")
    _check_buttons(template, payload)


def fill(world: "MessengerWorld", payload: Json) -> Json:
    """The message as the person sees it: a button template, or its text alone in the same form."""
    template = _approved(world, payload)
    texts = [
        _filled(component(template, kind), _parameters(template, payload, kind))
        for kind in ("HEADER", "BODY")
    ]
    shown = [
        _button(button, _button_parameters(payload, number))
        for number, button in enumerate(component(template, "BUTTONS").get("buttons", ()))
    ]
    text = "\n".join(text for text in texts if text)
    return {"type": "template", "payload": {**payload, "text": text} | ({"buttons": shown} if shown else {})}


def _approved(world: "MessengerWorld", payload: Json) -> Template:
    name, language = payload["name"], payload["language"]["code"]
    template = world.store.find(Template, f"{name}:{language}")
    if template is None:
        raise invalid(f"Message template {name} does not exist in {language}")
    review(world, template)
    if template.status != "APPROVED":
        raise invalid(f"Message template {name} is not approved: {template.status}")
    return template


def _parameters(template: Template, payload: Json, kind: str) -> dict[str, str]:
    """What stands for each placeholder of the component. Raises GraphError 100 unless all and no others do."""
    names = placeholders(component(template, kind).get("text", ""))
    parts: list[Json] = [part for part in payload.get("components", ()) if part["type"].upper() == kind]
    if len(parts) > 1:
        raise invalid(f"More than one {kind.lower()} for message template {template.name}")
    given: list[Json] = parts[0].get("parameters", []) if parts else []
    if any(parameter["type"].lower() != "text" or "text" not in parameter for parameter in given):
        raise invalid(f"Parameters of message template {template.name} must be texts")
    if template.parameter_format == "NAMED":
        values = {parameter.get("parameter_name", ""): parameter["text"] for parameter in given}
    else:
        values = {str(number): parameter["text"] for number, parameter in enumerate(given, start=1)}
    if set(values) != set(names) or len(given) != len(names):
        raise invalid(
            f"Message template {template.name} has the {kind.lower()} parameters {sorted(names)}, got {sorted(values)}"
        )
    if any(not value.strip() for value in values.values()):
        raise invalid(f"Parameters of message template {template.name} must be non-empty")
    return values


def _check_buttons(template: Template, payload: Json) -> None:
    buttons: list[Json] = component(template, "BUTTONS").get("buttons", [])
    for number, button in enumerate(buttons):
        wanted = placeholders(button.get(_FILLED.get(button["type"].upper(), ""), ""))
        if len(_button_parameters(payload, number)) != len(wanted):
            raise invalid(f"Button {number} of message template {template.name} has {len(wanted)} parameters")
    for part in payload.get("components", ()):
        if part["type"].lower() == "button" and int(part.get("index", -1)) not in range(len(buttons)):
            raise invalid(f"Message template {template.name} has no button {part.get('index')}")


def _button_parameters(payload: Json, number: int) -> list[str]:
    for part in payload.get("components", ()):
        if part["type"].lower() == "button" and str(part.get("index")) == str(number):
            return [p.get("text", p.get("payload", "")) for p in part.get("parameters", ())]
    return []


def _button(button: Json, parameters: list[str]) -> Json:
    kind = button["type"].upper()
    values = {str(number): value for number, value in enumerate(parameters, start=1)}
    shown: Json = {"type": _KINDS_OF_BUTTON[kind], "title": button["text"]}
    if kind == "PHONE_NUMBER":
        return shown | {"payload": button.get("phone_number", "")}
    return shown | {_FILLED[kind]: _replaced(button.get(_FILLED[kind], ""), values)}


def _filled(part: Json, values: dict[str, str]) -> str:
    return _replaced(part.get("text", ""), values)


def _replaced(text: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group(0)), text)
