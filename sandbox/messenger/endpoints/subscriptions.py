"""Which events the app is told of: https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps."""

from sandbox.messenger.calls import Call, endpoint
from sandbox.messenger.errors import invalid
from sandbox.messenger.rules import FIELDS, QUIET_FIELDS
from sandbox.messenger.shapes import Array, Flag, Id, Names, Object, Text
from sandbox.messenger.state import Json

_DONE = Object(fields={"success": Flag()}, required=("success",))
_APP = Object(
    fields={"id": Id(), "name": Text(), "subscribed_fields": Array(of=Text())},
    required=("id", "subscribed_fields"),
)


@endpoint(
    "POST",
    "subscribed_apps",
    params={"subscribed_fields": Names()},
    required=("subscribed_fields",),
    answer=_DONE,
    permission="pages_manage_metadata",
)
async def subscribe(call: Call) -> Json:
    """Exactly these fields from now on."""
    fields: list[str] = call.params["subscribed_fields"]
    for number, field in enumerate(fields):
        if field not in (*FIELDS, *QUIET_FIELDS):
            known = ", ".join((*FIELDS, *QUIET_FIELDS))
            raise invalid(f'Param subscribed_fields[{number}] must be one of {{{known}}} - got "{field}".')
    page = call.world.page
    page.subscribed_fields = fields
    call.world.save(page)
    return {"success": True}


@endpoint(
    "GET",
    "subscribed_apps",
    params={},
    answer=Object(fields={"data": Array(of=_APP, most=1)}, required=("data",)),
    permission="pages_manage_metadata",
)
async def subscribed(call: Call) -> Json:
    """The app, if it is subscribed."""
    fields = call.world.page.subscribed_fields
    app = {"id": call.world.app_id, "name": f"{call.world.page_name} app", "subscribed_fields": fields}
    return {"data": [] if fields is None else [app]}


@endpoint("DELETE", "subscribed_apps", params={}, answer=_DONE, permission="pages_manage_metadata")
async def unsubscribe(call: Call) -> Json:
    """Hear of nothing more."""
    page = call.world.page
    page.subscribed_fields = None
    call.world.save(page)
    return {"success": True}
