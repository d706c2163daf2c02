"""Utility templates: made, reviewed, listed, deleted.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages:
a template is approved within seconds unless its placeholders are wrong (INCORRECT_PARAMS) or lack examples; one whose
body starts or ends with a placeholder cannot be made. Buttons that are quick replies are refused too (error
100/2018416). Not here: Meta's own library of templates, headers with pictures, and its judgement of words (marketing,
too many placeholders for too few words), for which the page gives no measure.
"""

import re

from sandbox.messenger.calls import Call, endpoint
from sandbox.messenger.errors import error, invalid
from sandbox.messenger.rules import NEW_TEMPLATE
from sandbox.messenger.shapes import Array, Flag, Id, Object, Text
from sandbox.messenger.state import Json, Template
from sandbox.messenger.utility import FILLED, component, placeholder_of, placeholders, review

_STATUS = Text(choices=("PENDING", "APPROVED", "REJECTED"))
_LISTED = Object(
    fields={
        "id": Id(),
        "name": Text(),
        "language": Text(),
        "status": _STATUS,
        "category": Text(),
        "parameter_format": Text(),
        "components": NEW_TEMPLATE["components"],
        "rejected_reason": Text(),
    },
    required=("id", "name", "language", "status"),
)
_PERMISSION = "page_utility_messaging"
_PLACEHOLDER = re.compile(r"\{\{\w+\}\}")
_DANGLING = re.compile(r"\A\s*\{\{\w+\}\}|\{\{\w+\}\}\s*\Z")


@endpoint(
    "POST",
    "message_templates",
    params=NEW_TEMPLATE,
    required=("name", "language", "category", "components"),
    answer=Object(fields={"id": Id(), "status": _STATUS, "category": Text()}, required=("id", "status")),
    permission=_PERMISSION,
)
async def create(call: Call) -> Json:
    """Hand a template in for review."""
    world, given = call.world, call.params
    if world.store.find(Template, f"{given['name']}:{given['language']}") is not None:
        raise invalid(f"There is already a {given['language']} message template named {given['name']}")
    template = Template(
        id=str(9_100_000_000_000 + world.number("template")),
        name=given["name"],
        language=given["language"],
        components=given["components"],
        parameter_format="NAMED" if given.get("parameter_format", "").upper() == "NAMED" else "POSITIONAL",
        created_at=world.now_ms(),
    )
    _check_components(template)
    if reason := _why_rejected(template):
        template.status = "REJECTED"
        template.rejected_reason = reason
    world.save(template)
    return {"id": template.id, "status": template.status, "category": template.category}


@endpoint(
    "GET",
    "message_templates",
    params={
        "name": Text(),
        "status": Text(),
        "language": Text(),
        "category": Text(),
    },
    answer=Object(fields={"data": Array(of=_LISTED)}, required=("data",)),
    permission=_PERMISSION,
)
async def listed(call: Call) -> Json:
    """The Page's templates, with what became of them."""
    found: list[Json] = []
    for template in call.world.store.all(Template):
        review(call.world, template)
        shown = template.model_dump(exclude_none=True, exclude={"created_at"})
        wanted = (name for name in ("name", "status", "language") if name in call.params)
        if all(str(shown[name]) in str(call.params[name]) for name in wanted):
            found.append(shown)
    return {"data": found}


@endpoint(
    "DELETE",
    "message_templates",
    params={"name": Text(), "template_id": Id()},
    answer=Object(fields={"success": Flag()}, required=("success",)),
    permission=_PERMISSION,
)
async def delete(call: Call) -> Json:
    """One by its id, or a name in all its languages."""
    if not ({"name", "template_id"} & set(call.params)):
        raise invalid("The parameter name is required")
    gone = [
        template
        for template in call.world.store.all(Template)
        if template.id == call.params.get("template_id") or template.name == call.params.get("name")
    ]
    if not gone:
        raise invalid("There is no such message template")
    for template in gone:
        call.world.store.remove(template)
    return {"success": True}


def _check_components(template: Template) -> None:
    """Nothing, or GraphError 100/2018416: what cannot be made at all, so that no review ever sees it."""
    kinds = [part["type"].upper() for part in template.components]
    body: str = component(template, "BODY").get("text", "")
    if len(set(kinds)) != len(kinds) or not body or _DANGLING.search(body):
        raise error("template")
    for button in component(template, "BUTTONS").get("buttons", ()):
        needed = {**FILLED, "PHONE_NUMBER": "phone_number"}.get(button["type"].upper(), "")
        if not button.get(needed) or len(placeholders(button[needed])) > 1:
            raise error("template")


def _why_rejected(template: Template) -> str | None:
    """The code of what review finds wrong with the placeholders; None where it finds nothing."""
    parts = [part for kind in ("HEADER", "BODY") if (part := component(template, kind))]
    if any(_is_malformed(part.get("text", ""), template.parameter_format) for part in parts):
        return "INCORRECT_PARAMS"
    buttons: list[Json] = component(template, "BUTTONS").get("buttons", [])
    shown = all(_has_examples(part, template.parameter_format) for part in parts) and all(
        button.get("example", {}).get("url_suffix_example")
        for button in buttons
        if button["type"].upper() == "URL" and placeholder_of(button)
    )
    return None if shown else "TEMPLATE_VARIABLES_MISSING_SAMPLE_VALUES"


def _is_malformed(text: str, parameter_format: str) -> bool:
    """Braces that hold no placeholder, numbers that leave one out, and names among numbers or numbers among names."""
    names = placeholders(text)
    if set("{}") & set(_PLACEHOLDER.sub("", text)):
        return True
    if parameter_format == "NAMED":
        return any(name[0].isdigit() for name in names)
    return set(names) != {str(number) for number in range(1, len(names) + 1)}


def _has_examples(part: Json, parameter_format: str) -> bool:
    kind, example = part["type"].lower(), part.get("example", {})
    names = placeholders(part.get("text", ""))
    if parameter_format == "NAMED":
        return {given["param_name"] for given in example.get(f"{kind}_text_named_params", ())} >= set(names)
    of_body: list[list[str]] = example.get("body_text") or [[]]
    samples: list[str] = example.get("header_text", []) if kind == "header" else of_body[0]
    return len(samples) >= len(names)
