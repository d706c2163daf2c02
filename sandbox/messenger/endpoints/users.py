"""Who somebody is: the User Profile API, and the Page's own name.

https://developers.facebook.com/docs/messenger-platform/identity/user-profile: only of people who wrote to
the Page, and only what is asked for.
"""

from sandbox.messenger.calls import PAGE, PERSON, Call, endpoint
from sandbox.messenger.errors import error, invalid
from sandbox.messenger.shapes import Id, Link, Number, Object, Text
from sandbox.messenger.state import Json

_PROFILE = Object(
    fields={
        "id": Id(),
        "name": Text(),
        "first_name": Text(),
        "last_name": Text(),
        "profile_pic": Link(),
        "locale": Text(),
        "timezone": Number(),
    },
    required=("id",),
)


@endpoint("GET", PERSON, params={}, answer=_PROFILE)
async def profile(call: Call) -> Json:
    """The fields that are asked for; without any, the names."""
    person = call.person
    if person is None or not person.met:
        raise error("no_object", method="get", id="" if person is None else person.psid)
    known: Json = {
        "name": f"{person.first_name} {person.last_name}".strip(),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "profile_pic": person.picture,
        "locale": person.locale,
        "timezone": person.timezone,
    }
    wanted = call.fields() or ["first_name", "last_name"]
    for name in wanted:
        if name not in known and name != "id":
            raise invalid(f"Tried accessing nonexisting field ({name}) on node type (User)")
    return {"id": person.psid} | {name: known[name] for name in wanted if known.get(name) not in {None, ""}}


@endpoint("GET", PAGE, params={}, answer=Object(fields={"id": Id(), "name": Text()}, required=("id",)))
async def page(call: Call) -> Json:
    """What the token's Page is called."""
    known = {"id": call.world.page_id, "name": call.world.page_name}
    wanted = call.fields() or list(known)
    for name in wanted:
        if name not in known:
            raise invalid(f"Tried accessing nonexisting field ({name}) on node type (Page)")
    return {"id": call.world.page_id} | {name: known[name] for name in wanted}
