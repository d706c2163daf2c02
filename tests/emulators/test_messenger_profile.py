"""The Page's profile: Get Started, greeting, menu and ice breakers, as the app sets and people see them."""

from typing import Any

import pytest

from sandbox.messenger import Button, CannotDo, MessengerWorld
from tests.emulators.messenger_at_loopback import Graph, Hook, Json, postback, refusal

pytestmark = pytest.mark.anyio

MENU: Json = {
    "locale": "default",
    "call_to_actions": [
        postback("Shop", "SHOP"),
        {"type": "web_url", "title": "Help", "url": "https://x.example.com"},
    ],
}


async def profile(graph: Graph, *names: str) -> Json:
    (found,) = (await graph.get("me/messenger_profile", fields=",".join(names)))["data"] or [{}]
    return found


async def test_properties_are_set_read_and_unset_one_by_one(graph: Graph, messenger: MessengerWorld) -> None:
    greeting = [{"locale": "default", "text": "Hi!"}]
    answer = await graph.post("me/messenger_profile", {"greeting": greeting, "persistent_menu": [MENU]})
    assert answer == {"result": "success"}
    await graph.post("me/messenger_profile", {"get_started": {"payload": "GO"}})
    names = ("greeting", "persistent_menu", "get_started", "ice_breakers")
    assert await profile(graph, *names) == {
        "greeting": greeting,
        "persistent_menu": [MENU],
        "get_started": {"payload": "GO"},
    }
    response = await graph.call(
        "DELETE", "me/messenger_profile", params={"fields": "persistent_menu,greeting"}
    )
    assert response.json() == {"result": "success"}
    assert await profile(graph, *names) == {"get_started": {"payload": "GO"}}
    assert messenger.page.profile == {"get_started": {"payload": "GO"}}


async def test_fields_may_be_deleted_by_a_body_too(graph: Graph, messenger: MessengerWorld) -> None:
    await graph.call("DELETE", "me/messenger_profile", json={"fields": ["get_started"]})
    assert messenger.page.profile == {}


async def test_the_greeting_comes_in_the_persons_language_and_names_them(
    graph: Graph, messenger: MessengerWorld
) -> None:
    greeting = [
        {"locale": "default", "text": "Hi {{user_first_name}}!"},
        {"locale": "es_ES", "text": "¡Hola {{user_full_name}}!"},
    ]
    await graph.post("me/messenger_profile", {"greeting": greeting})
    assert messenger.add_person("Cy Roe").welcome().greeting == "Hi Cy!"
    assert messenger.add_person("Di Roe", locale="es_ES").welcome().greeting == "¡Hola Di Roe!"


async def test_the_menu_is_shown_in_a_conversation_that_has_begun(
    graph: Graph, messenger: MessengerWorld, hook: Hook
) -> None:
    await graph.post("me/messenger_profile", {"persistent_menu": [MENU]})
    cy = messenger.add_person("Cy")
    assert cy.menu() == ()
    cy.open()
    assert cy.menu() == (
        Button("Shop", "postback", "SHOP"),
        Button("Help", "web_url", "https://x.example.com"),
    )
    assert cy.tap("Help").url == "https://x.example.com"
    cy.tap("Shop")
    started, shop = await hook.taken(2)
    assert started["postback"]["payload"] == "GET_STARTED"
    assert (shop["postback"]["title"], shop["postback"]["payload"]) == ("Shop", "SHOP")


async def test_a_menu_may_stand_in_for_the_input_field(graph: Graph, messenger: MessengerWorld) -> None:
    await graph.post("me/messenger_profile", {"persistent_menu": [MENU | {"composer_input_disabled": True}]})
    cy = messenger.add_person("Cy")
    cy.open()
    with pytest.raises(CannotDo, match="takes no typed messages"):
        cy.say("hello?")
    cy.tap("Shop")


@pytest.mark.parametrize("listed", [True, False])
async def test_ice_breakers_begin_a_conversation_in_place_of_get_started(
    graph: Graph, messenger: MessengerWorld, hook: Hook, listed: bool
) -> None:
    questions = [{"question": "Where is my order?", "payload": "WHERE"}]
    breakers: Any = [{"call_to_actions": questions, "locale": "default"}] if listed else questions
    await graph.post("me/messenger_profile", {"ice_breakers": breakers})
    cy = messenger.add_person("Cy")
    assert cy.open("spring") is None
    assert cy.welcome().questions == ("Where is my order?",)
    assert not cy.welcome().get_started
    cy.tap("Where is my order?")
    (event,) = await hook.taken(1)
    assert event["postback"]["payload"] == "WHERE"
    assert event["postback"]["referral"]["ref"] == "spring"
    with pytest.raises(CannotDo, match="no button"):
        cy.tap("Where is my order?", mid="m_other")


WRONG: dict[str, tuple[Json, int, str]] = {
    "nothing": ({}, 100, "is required"),
    "an unknown property": ({"theme": "dark"}, 100, 'Invalid keys "theme"'),
    "a long Get Started payload": (
        {"get_started": {"payload": "x" * 1001}},
        100,
        "less than or equal to 1000",
    ),
    "Get Started without payload": ({"get_started": {}}, 100, "get_started[payload] is required"),
    "a long greeting": (
        {"greeting": [{"locale": "default", "text": "x" * 161}]},
        100,
        "less than or equal to 160",
    ),
    "no greeting for everybody": ({"greeting": [{"locale": "es_ES", "text": "x"}]}, 100, "locale default"),
    "no menu for everybody": ({"persistent_menu": [MENU | {"locale": "es_ES"}]}, 100, "locale default"),
    "21 menu items": (
        {"persistent_menu": [MENU | {"call_to_actions": [postback()] * 21}]},
        105,
        "persistent_menu[0][call_to_actions] has too many elements",
    ),
    "a long menu title": (
        {"persistent_menu": [MENU | {"call_to_actions": [postback("x" * 31)]}]},
        100,
        "less than or equal to 30",
    ),
    "a nested menu": (
        {"persistent_menu": [MENU | {"call_to_actions": [{"type": "nested", "title": "More"}]}]},
        100,
        "must be one of {web_url, postback}",
    ),
    "a menu without items": (
        {"persistent_menu": [{"locale": "default"}]},
        100,
        "call_to_actions] is required",
    ),
    "5 ice breakers": (
        {"ice_breakers": [{"question": "x", "payload": "y"}] * 5},
        105,
        "ice_breakers has too many elements",
    ),
    "a long question": (
        {"ice_breakers": [{"question": "x" * 81, "payload": "y"}]},
        100,
        "less than or equal to 80",
    ),
    "half a question": ({"ice_breakers": [{"question": "x"}]}, 100, "question] is required"),
    "two formats": (
        {
            "ice_breakers": [
                {"question": "x", "payload": "y"},
                {"call_to_actions": [{"question": "x", "payload": "y"}]},
            ]
        },
        100,
        "must be of one format",
    ),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_profile_that_breaks_a_rule_is_refused(
    graph: Graph, messenger: MessengerWorld, what: str
) -> None:
    before = dict(messenger.page.profile)
    body, wanted, words = WRONG[what]
    code, _, told = await graph.refused("me/messenger_profile", body)
    assert (code, words in told) == (wanted, True), told
    assert messenger.page.profile == before


async def test_a_menu_needs_its_get_started_button(graph: Graph, messenger: MessengerWorld) -> None:
    await graph.post("me/messenger_profile", {"persistent_menu": [MENU]})
    response = await graph.call("DELETE", "me/messenger_profile", params={"fields": "get_started"})
    assert refusal(response)[0] == 100
    messenger.page.profile.clear()
    code, *_ = await graph.refused("me/messenger_profile", {"persistent_menu": [MENU]})
    assert code == 100


async def test_only_known_properties_can_be_asked_for(graph: Graph) -> None:
    assert refusal(await graph.call("GET", "me/messenger_profile", params={"fields": "theme"}))[0] == 100
    assert refusal(await graph.call("GET", "me/messenger_profile"))[0] == 100


async def test_each_limit_of_the_profile_is_taken_in_full(graph: Graph, messenger: MessengerWorld) -> None:
    items = [postback("x" * 30, "y" * 1000)] * 20
    wanted: Json = {
        "get_started": {"payload": "x" * 1000},
        "greeting": [{"locale": "default", "text": "x" * 160}],
        "persistent_menu": [{"locale": "default", "call_to_actions": items}],
        "ice_breakers": [{"question": "x" * 80, "payload": "y" * 1000}] * 4,
    }
    await graph.post("me/messenger_profile", wanted)
    assert messenger.page.profile == wanted
