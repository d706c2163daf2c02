"""Meta's own SDK against the emulator: it sees the same facts as raw HTTP, and its tables agree with ours."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from anyio import to_thread
from facebook_business.adobjects.messengerbusinesstemplate import MessengerBusinessTemplate
from facebook_business.adobjects.messengerprofile import MessengerProfile
from facebook_business.adobjects.page import Page
from facebook_business.exceptions import FacebookRequestError

from sandbox.clock import SimulatedClock
from sandbox.messenger import PAGE_INBOX_APP_ID, MessengerPerson, MessengerWorld
from sandbox.messenger.calls import COMMON, ENDPOINTS, PAGE, PERSON
from sandbox.messenger.rules import (
    FIELDS,
    MESSAGING_TYPES,
    PROFILE,
    QUIET_FIELDS,
    SENDER_ACTIONS,
)
from tests.emulators.messenger_at_loopback import (
    APP_SECRET,
    PAGE_TOKEN,
    Json,
    postback,
    quick_reply,
    template,
)

pytestmark = pytest.mark.anyio


async def ask(call: Callable[..., Any], **params: Any) -> Any:
    """One call of the SDK; `fields` go where the SDK wants them."""
    fields = params.pop("fields", None)
    return await to_thread.run_sync(lambda: call(fields=fields, params=params))


async def refused(call: Callable[..., Any], **params: Any) -> FacebookRequestError:
    with pytest.raises(FacebookRequestError) as caught:
        await ask(call, **params)
    return caught.value


async def raw(url: str, path: str, body: Json) -> Json:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        response = await client.post(
            f"/v26.0/{path}", json=body, headers={"Authorization": f"Bearer {PAGE_TOKEN}"}
        )
        return response.json()


# ── the same facts ──────────────────────────────────────────────────────────────────────────────────


async def test_a_message_by_either_client_is_the_same_message(
    sdk_page: Page, graph_url: str, bea: MessengerPerson
) -> None:
    message = {"text": "Well? ☕", "quick_replies": [quick_reply(), {"content_type": "user_phone_number"}]}
    sent = await ask(
        sdk_page.create_message, recipient={"id": bea.psid}, messaging_type="RESPONSE", message=message
    )
    answer = await raw(
        graph_url,
        "me/messages",
        {"recipient": {"id": bea.psid}, "messaging_type": "RESPONSE", "message": message},
    )
    first, second = bea.screen()[-2:]
    assert sent["message_id"] == first.id
    assert answer["message_id"] == second.id
    assert sent["recipient_id"] == answer["recipient_id"] == bea.psid
    assert first.content == second.content == message


@pytest.mark.parametrize(
    "message",
    [
        {"text": "x" * 2001},
        {"text": "x", "quick_replies": [quick_reply()] * 14},
        template({"template_type": "button", "text": "x", "buttons": [postback()] * 4}),
        template({"template_type": "generic", "elements": [{"title": "x"}]}),
        {"text": "x", "colour": "red"},
        {},
    ],
)
async def test_a_refusal_is_the_same_for_either_client(
    sdk_page: Page, graph_url: str, bea: MessengerPerson, message: Json
) -> None:
    body = {"recipient": {"id": bea.psid}, "messaging_type": "RESPONSE", "message": message}
    error = (await raw(graph_url, "me/messages", body))["error"]
    by_sdk = await refused(sdk_page.create_message, **body)
    assert by_sdk.http_status() == 400
    assert (by_sdk.api_error_code(), by_sdk.api_error_subcode(), by_sdk.api_error_message()) == (
        error["code"],
        error.get("error_subcode"),
        error["message"],
    )


async def test_the_sdk_sees_a_closed_window_and_a_blocked_page(
    sdk_page: Page, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    wanted: Json = {
        "recipient": {"id": bea.psid},
        "messaging_type": "UPDATE",
        "message": {"text": "Your kettle is on its way."},
    }
    clock.advance(24 * 3600 + 1)
    late = await refused(sdk_page.create_message, **wanted)
    assert (late.api_error_code(), late.api_error_subcode()) == (10, 2018278)
    bea.block()
    gone = await refused(sdk_page.create_message, **wanted)
    assert (gone.api_error_code(), gone.api_error_subcode()) == (551, 1545041)


async def test_the_sdk_sets_reads_and_unsets_the_profile(sdk_page: Page, messenger: MessengerWorld) -> None:
    menu = [{"locale": "default", "call_to_actions": [postback("Shop", "SHOP")]}]
    await ask(sdk_page.create_messenger_profile, get_started={"payload": "GO"}, persistent_menu=menu)
    (profile,) = await ask(sdk_page.get_messenger_profile, fields=["get_started", "persistent_menu"])
    assert profile[MessengerProfile.Field.get_started] == {"payload": "GO"}
    assert profile[MessengerProfile.Field.persistent_menu] == menu
    gone = {"fields": ["PERSISTENT_MENU", "GET_STARTED"]}  # as the SDK's table spells them
    await to_thread.run_sync(lambda: sdk_page.delete_messenger_profile(params=gone))
    assert messenger.page.profile == {}


async def test_the_sdk_subscribes_and_unsubscribes_the_app(sdk_page: Page, messenger: MessengerWorld) -> None:
    wanted = ["messages", "messaging_postbacks"]
    await ask(sdk_page.create_subscribed_app, subscribed_fields=wanted)
    (app,) = await ask(sdk_page.get_subscribed_apps)
    assert (app["id"], app["subscribed_fields"]) == (messenger.app_id, wanted)
    await ask(sdk_page.delete_subscribed_apps)
    assert list(await ask(sdk_page.get_subscribed_apps)) == []


async def test_the_sdk_moves_a_conversation(
    sdk_page: Page, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    async def owner() -> str:
        ((found,),) = [list(await ask(sdk_page.get_thread_owner, recipient=bea.psid))]
        return found["thread_owner"]["app_id"]

    whom = {"id": bea.psid}
    assert await owner() == messenger.app_id
    await ask(sdk_page.create_pass_thread_control, recipient=whom, target_app_id=PAGE_INBOX_APP_ID)
    assert await owner() == PAGE_INBOX_APP_ID
    await ask(sdk_page.create_take_thread_control, recipient=whom)
    assert await owner() == messenger.app_id
    await ask(sdk_page.create_release_thread_control, recipient=whom)
    assert list(await ask(sdk_page.get_thread_owner, recipient=bea.psid)) == []


async def test_the_sdk_makes_a_template_and_sees_it_approved(
    sdk_page: Page, bea: MessengerPerson, clock: SimulatedClock
) -> None:
    body = {"type": "BODY", "text": "Order {{1}} left us.", "example": {"body_text": [["KQ-1"]]}}
    made = await ask(
        sdk_page.create_message_template, name="left", language="en_US", category="UTILITY", components=[body]
    )
    clock.advance(60)
    (found,) = await ask(sdk_page.get_message_templates, name="left")
    assert isinstance(found, MessengerBusinessTemplate)
    assert (found["id"], found["status"]) == (made["id"], "APPROVED")
    filled = {
        "name": "left",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "KQ-7"}]}],
    }
    await ask(
        sdk_page.create_message,
        recipient={"id": bea.psid},
        messaging_type="UTILITY",
        message={"template": filled},
    )
    assert bea.screen()[-1].text == "Order KQ-7 left us."
    await ask(sdk_page.delete_message_templates, name="left")
    assert list(await ask(sdk_page.get_message_templates)) == []


async def test_the_sdk_signs_its_calls_and_a_wrong_secret_is_noticed(
    sdk_page: Page, messenger: MessengerWorld
) -> None:
    messenger.proof_required = True
    assert (await ask(sdk_page.api_get, fields=["name"]))["name"] == messenger.page_name
    messenger.app_secret = APP_SECRET[::-1]
    wrong = await refused(sdk_page.api_get, fields=["name"])
    assert (wrong.api_error_code(), wrong.api_error_type()) == (100, "GraphMethodException")


# ── the same tables ─────────────────────────────────────────────────────────────────────────────────

SDK_CALLS = {
    ("POST", "messages"): Page.create_message,
    ("POST", "message_attachments"): Page.create_message_attachment,
    ("POST", "messenger_profile"): Page.create_messenger_profile,
    ("GET", "messenger_profile"): Page.get_messenger_profile,
    ("DELETE", "messenger_profile"): Page.delete_messenger_profile,
    ("POST", "take_thread_control"): Page.create_take_thread_control,
    ("POST", "pass_thread_control"): Page.create_pass_thread_control,
    ("POST", "release_thread_control"): Page.create_release_thread_control,
    ("GET", "thread_owner"): Page.get_thread_owner,
    ("POST", "subscribed_apps"): Page.create_subscribed_app,
    ("GET", "subscribed_apps"): Page.get_subscribed_apps,
    ("DELETE", "subscribed_apps"): Page.delete_subscribed_apps,
    ("POST", "message_templates"): Page.create_message_template,
    ("GET", "message_templates"): Page.get_message_templates,
    ("DELETE", "message_templates"): Page.delete_message_templates,
}


def sdk_parameters(call: Callable[..., Any]) -> set[str]:
    """The parameters in the SDK's table of a call."""
    table = re.search(r"param_types = \{(.*?)\}", inspect.getsource(call), re.DOTALL)
    assert table
    return set(re.findall(r"'(\w+)':", table[1]))


def values(enumeration: type) -> set[str]:
    return {value for name, value in vars(enumeration).items() if not name.startswith("_")}


def test_every_endpoint_of_a_page_is_one_that_the_sdk_knows() -> None:
    assert {key for key in ENDPOINTS if key[1] not in {PAGE, PERSON}} == set(SDK_CALLS)


@pytest.mark.parametrize("key", SDK_CALLS, ids=" ".join)
def test_every_parameter_is_one_that_the_sdk_knows(key: tuple[str, str]) -> None:
    # The reference pages have these, the SDK's generated table does not.
    only_documented = {"greeting"} if key == ("POST", "messenger_profile") else set[str]()
    ours = set(ENDPOINTS[key].params) - set(COMMON)
    assert ours - only_documented <= sdk_parameters(SDK_CALLS[key])


def test_the_enumerations_are_the_sdks() -> None:
    assert set(MESSAGING_TYPES) == values(Page.MessagingType)
    assert {action.upper() for action in SENDER_ACTIONS} <= values(Page.SenderAction)
    assert set(FIELDS) | set(QUIET_FIELDS) <= values(Page.SubscribedFields)
    assert set(PROFILE) - {"greeting"} <= values(MessengerProfile.Field)
