"""Utility templates: made, reviewed, listed, deleted.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages:
a template is approved within seconds unless its placeholders lack examples. Buttons that are quick replies
are refused at once (error 100/2018416).
"""

from sandbox.messenger.calls import Call, endpoint
from sandbox.messenger.errors import error, invalid
from sandbox.messenger.rules import NEW_TEMPLATE
from sandbox.messenger.shapes import Array, Flag, Id, Object, Text
from sandbox.messenger.state import Json, Template
from sandbox.messenger.utility import component, placeholders, review

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
    if not _has_examples(template):
        template.status = "REJECTED"
        template.rejected_reason = "TEMPLATE_VARIABLES_MISSING_SAMPLE_VALUES"
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
    kinds = [part["type"].upper() for part in template.components]
    body = component(template, "BODY")
    if len(set(kinds)) != len(kinds) or not body.get("text"):
        raise error("template")
    for button in component(template, "BUTTONS").get("buttons", ()):
        needed = {"URL": "url", "POSTBACK": "payload", "PHONE_NUMBER": "phone_number"}.get(
            button["type"].upper()
        )
        if needed is None or not button.get(needed):
            raise error("template")
    names = placeholders(body["text"])
    if template.parameter_format == "POSITIONAL" and names != [str(n + 1) for n in range(len(names))]:
        raise error("template")


def _has_examples(template: Template) -> bool:
    body = component(template, "BODY")
    names, example = placeholders(body["text"]), body.get("example", {})
    if template.parameter_format == "NAMED":
        return {given["param_name"] for given in example.get("body_text_named_params", ())} >= set(names)
    samples: list[list[str]] = example.get("body_text") or [[]]
    return len(samples[0]) >= len(names)
