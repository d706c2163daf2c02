"""Conversation routing: the app and the Page's own inbox, one of whom answers while the other stands by."""

import pytest

from sandbox.messenger import PAGE_INBOX_APP_ID, MessengerPerson, MessengerWorld
from tests.emulators.messenger_at_loopback import Graph, Hook, postback, template

pytestmark = pytest.mark.anyio

NOT_OURS = (10, 2018300, "(#10) Message failed to send because another app is controlling this thread now.")


async def owner(graph: Graph, person: MessengerPerson) -> str | None:
    found = (await graph.get("me/thread_owner", recipient=person.psid))["data"]
    return found[0]["thread_owner"]["app_id"] if found else None


async def hand_over(graph: Graph, person: MessengerPerson) -> None:
    body = {"recipient": {"id": person.psid}, "target_app_id": PAGE_INBOX_APP_ID, "metadata": "refund"}
    assert await graph.post("me/pass_thread_control", body) == {"success": True}


async def test_who_writes_comes_to_the_default_app(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    assert await owner(graph, bea) == messenger.app_id
    cy = messenger.add_person("Cy")
    assert (await graph.refused("me/thread_owner", {"recipient": cy.psid}, method="POST"))[0] == 2500
    response = await graph.call("GET", "me/thread_owner", params={"recipient": cy.psid})
    assert response.json()["error"]["error_subcode"] == 2018001


async def test_without_control_the_app_stands_by_and_cannot_send(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    await graph.send(bea, template({"template_type": "button", "text": "x", "buttons": [postback()]}))
    await hook.taken(2)
    hook.clear()
    await hand_over(graph, bea)
    assert await owner(graph, bea) == PAGE_INBOX_APP_ID
    assert await graph.send_refused(bea, {"text": "x"}) == NOT_OURS
    bea.say("a person, please")
    bea.tap("Buy")
    messenger.inbox.reply(bea, "Hi, I am Jo.")
    said, tapped, answered = await hook.taken(3)
    assert all("standby" in entry for delivery in hook.deliveries for entry in delivery["entry"])
    assert said["message"]["text"] == "a person, please"
    assert "payload" not in tapped["postback"]
    assert (answered["message"]["is_echo"], answered["message"]["app_id"]) == (True, int(PAGE_INBOX_APP_ID))
    assert bea.screen()[-1].text == "Hi, I am Jo."


async def test_standby_events_come_only_to_who_subscribed_to_them(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    await graph.post("me/subscribed_apps", {"subscribed_fields": "messages"})
    await hand_over(graph, bea)
    bea.say("anybody?")
    await messenger.webhooks.settled()
    assert hook.events == []


async def test_the_staff_hand_a_conversation_to_the_app_which_is_told(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    await hand_over(graph, bea)
    messenger.inbox.pass_to_app(bea, "solved")
    (event,) = await hook.taken(1)
    assert event["pass_thread_control"] == {
        "previous_owner_app_id": PAGE_INBOX_APP_ID,
        "new_owner_app_id": messenger.app_id,
        "metadata": "solved",
    }
    await graph.send(bea, {"text": "Back with me."})


async def test_the_staff_take_a_conversation_and_the_app_is_told_once(
    messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    messenger.inbox.take(bea)
    messenger.inbox.take(bea)
    (event,) = await hook.taken(1)
    await messenger.webhooks.settled()
    assert event["take_thread_control"] == {
        "previous_owner_app_id": messenger.app_id,
        "new_owner_app_id": PAGE_INBOX_APP_ID,
    }
    assert hook.kinds() == ["take_thread_control"]


async def test_the_app_takes_a_conversation_back(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    messenger.inbox.take(bea)
    body = {"recipient": {"id": bea.psid}, "metadata": "mine"}
    assert await graph.post("me/take_thread_control", body) == {"success": True}
    await graph.send(bea, {"text": "Here I am."})


async def test_a_conversation_that_is_let_go_is_idle_until_somebody_writes(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    whom = {"recipient": {"id": bea.psid}}
    await graph.post("me/release_thread_control", whom)
    assert await owner(graph, bea) is None
    assert (await graph.refused("me/release_thread_control", whom))[:2] == (10, 2018300)
    bea.say("me again")
    assert await owner(graph, bea) == messenger.app_id
    messenger.inbox.take(bea)
    messenger.inbox.done(bea)
    await graph.send(bea, {"text": "whoever answers has it"})
    assert await owner(graph, bea) == messenger.app_id


async def test_what_cannot_be_handed_over_is_refused(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson
) -> None:
    body = {"recipient": {"id": bea.psid}, "target_app_id": "12345"}
    assert (await graph.refused("me/pass_thread_control", body))[0] == 100
    assert (await graph.refused("me/pass_thread_control", {"recipient": {"id": bea.psid}}))[0] == 100
    messenger.inbox.take(bea)
    body["target_app_id"] = PAGE_INBOX_APP_ID
    assert (await graph.refused("me/pass_thread_control", body))[:2] == (10, 2018300)
    bea.block()
    assert (await graph.refused("me/take_thread_control", {"recipient": {"id": bea.psid}}))[0] == 551
    with pytest.raises(ValueError, match="Cy has no conversation"):
        messenger.inbox.reply(messenger.add_person("Cy"), "hello?")


async def test_who_loses_nothing_is_told_nothing(
    graph: Graph, messenger: MessengerWorld, bea: MessengerPerson, hook: Hook
) -> None:
    messenger.inbox.pass_to_app(bea)
    await graph.post("me/release_thread_control", {"recipient": {"id": bea.psid}})
    messenger.inbox.take(bea)
    await messenger.webhooks.settled()
    assert hook.events == []
    assert await owner(graph, bea) == PAGE_INBOX_APP_ID
