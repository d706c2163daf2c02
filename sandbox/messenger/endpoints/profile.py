"""The Page's Messenger profile: Get Started, greeting, menu, ice breakers.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/messenger-profile-api
"""

from typing import Any

from sandbox.messenger.calls import Call, endpoint
from sandbox.messenger.errors import invalid
from sandbox.messenger.rules import PROFILE
from sandbox.messenger.shapes import Array, Object, Text
from sandbox.messenger.state import Json

_DONE = Object(fields={"result": Text(choices=("success",))}, required=("result",))


@endpoint("POST", "messenger_profile", params=PROFILE, answer=_DONE)
async def set_profile(call: Call) -> Json:
    """Replace the properties that are given."""
    given = {name: call.params[name] for name in PROFILE if name in call.params}
    if not given:
        raise invalid(f"The parameter one of {', '.join(PROFILE)} is required")
    page = call.world.page
    after = page.profile | given
    for name in ("greeting", "persistent_menu"):
        _check_default(given.get(name, ()), name)
    if "persistent_menu" in after and "get_started" not in after:
        raise invalid("You must set a Get Started button if you also wish to use persistent menu")
    _check_menu(given.get("persistent_menu", ()))
    _check_ice_breakers(given.get("ice_breakers", ()))
    page.profile = after
    call.world.save(page)
    return {"result": "success"}


@endpoint(
    "GET",
    "messenger_profile",
    params={},
    answer=Object(fields={"data": Array(of=Object(fields=PROFILE), most=1)}, required=("data",)),
)
async def get_profile(call: Call) -> Json:
    """The properties that `fields` names and that are set."""
    wanted = _known(call.fields())
    profile = call.world.page.profile
    found = {name: profile[name] for name in wanted if name in profile}
    return {"data": [found] if found else []}


@endpoint("DELETE", "messenger_profile", params={}, required=("fields",), answer=_DONE)
async def delete_profile(call: Call) -> Json:
    """Unset the properties that `fields` names; a menu needs its Get Started button."""
    page = call.world.page
    after = {name: value for name, value in page.profile.items() if name not in _known(call.fields())}
    if "persistent_menu" in after and "get_started" not in after:
        raise invalid("You must set a Get Started button if you also wish to use persistent menu")
    page.profile = after
    call.world.save(page)
    return {"result": "success"}


def _known(fields: list[str]) -> list[str]:
    """Meta's SDK writes some of the names in capitals."""
    names = [name.lower() for name in fields]
    if not names:
        raise invalid("The parameter fields is required")
    for name in names:
        if name not in PROFILE:
            raise invalid(f'Param fields[0] must be one of {{{", ".join(PROFILE)}}} - got "{name}".')
    return names


def _check_default(entries: Any, name: str) -> None:
    """One entry is for everybody who speaks none of the languages."""
    if entries and "default" not in {entry["locale"] for entry in entries}:
        raise invalid(f"Param {name} must have an entry with locale default")


def _check_menu(menus: Any) -> None:
    for menu in menus:
        if "call_to_actions" not in menu and not menu.get("composer_input_disabled"):
            raise invalid("The parameter persistent_menu[call_to_actions] is required")


def _check_ice_breakers(entries: Any) -> None:
    """Either questions, or lists of questions by language; not both."""
    listed = ["call_to_actions" in entry for entry in entries]
    if any(listed) and not all(listed):
        raise invalid("Param ice_breakers must be of one format")
    for entry, with_locale in zip(entries, listed, strict=True):
        if not with_locale and not ("question" in entry and "payload" in entry):
            raise invalid("The parameter ice_breakers[question] is required")
    if any(listed) and "default" not in {entry.get("locale", "default") for entry in entries}:
        raise invalid("Param ice_breakers must have an entry with locale default")
