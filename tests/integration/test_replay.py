"""`parley replay`: a conversation, turn by turn, from the traces that its turns left; on both databases."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.replay import NoSuchConversation, find, replay
from app.replay_view import view
from app.stage import Template, copy_home
from bot import traces
from bot.delivery.model import InboxEvent, InboxState
from bot.traces import TurnTrace
from console import staff_reply
from tests.integration.test_cli import parley
from tests.open_shop import OpenShop, open_shop
from tests.scenarios.talking import ANNA, Guest

pytestmark = pytest.mark.anyio


def replayed(shop: OpenShop, guest: Guest, **chosen: Any) -> dict[str, Any]:
    return shop.read(lambda session: replay(session, f"web:{guest.chat}", **chosen))


def shown(facts: dict[str, Any]) -> str:
    """As it looks in a terminal of 80 columns."""
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(view(facts))
    return console.export_text()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(TurnTrace)) or 0


async def test_a_turn_tells_what_was_understood_done_changed_and_answered_and_why(shop: OpenShop) -> None:
    guest = Guest(shop)
    await guest.says("add two black mugs", "checkout", "what does express cost?")
    added, checkout, aside = replayed(shop, guest)["turns"]
    assert added["event"] == {"kind": "said", "text": "add two black mugs"}
    assert added["understood"]["intents"][0]["name"] == "add_to_cart"
    assert {"name": "quantity", "value": 2, "start": 4, "end": 7} in added["understood"]["entities"]
    assert added["why"]["reading"] == "request"
    (command,) = added["commands"]
    assert (command["do"], command["flow"], command["slots"]["quantity"]) == ("start_flow", "add_to_cart", 2)
    assert {"flow": "add_to_cart", "step": "put", "what": "put_in_cart", "result": "added"} in command[
        "steps"
    ]
    assert [reply["reply"] for reply in added["replies"]] == ["utter_added"]
    assert added["replies"][0]["state"] == "sent"
    assert "€24.00" in added["replies"][0]["text"]
    assert "Checkout" in added["replies"][0]["buttons"]
    assert checkout["why"]["reading"] == "label"
    assert checkout["stack"] == ["checkout/details"]
    assert aside["open_question"] == "name"
    assert aside["why"]["reading"] == "request"
    assert aside["stack"] == ["checkout/details"], "the question below the aside is open again"


async def test_a_turn_tells_which_slots_it_changed(shop: OpenShop) -> None:
    guest = Guest(shop)
    await guest.fills()
    await guest.says("checkout", "Anna Berg")
    named = replayed(shop, guest)["turns"][-1]
    assert named["slots"] == {
        "name": {"before": None, "after": "Anna Berg"},
        "told_country": {"before": None, "after": "BE"},  # delivery was asked for, with its prices there
    }
    assert named["why"]["reading"] == "answer"


async def test_a_conversation_stays_as_it_was_after_the_catalogue_has_changed(shop: OpenShop) -> None:
    guest = Guest(shop)
    await guest.says("add two black mugs")
    before = replayed(shop, guest)
    await shop.database.run(
        lambda session: session.execute(update(InboxEvent).values(person=None))
    )  # nothing else is needed
    await Guest(shop).says("add two black mugs", "empty my cart", "yes")
    assert replayed(shop, guest) == before


async def test_a_whole_purchase_holds_no_payment_data_and_no_secret(shop: OpenShop) -> None:
    bo = shop.web_visitor()
    for words in ("add the black mug", "checkout", *ANNA, "yes"):
        said = await bo.says(words)
    if "Pay safely" not in said:
        await bo.hears("Pay safely")
    page, chat = bo.link(), bo.address.rsplit("/", 1)[1]
    assert (await shop.sandbox.stripe.pay(page.rsplit("/", 1)[1], "visa")).paid
    await bo.hears("Thank you, Anna")
    facts = shop.read(lambda session: replay(session, f"web:{chat}"))
    text = json.dumps(facts, default=str)
    kinds = {turn["event"]["kind"] for turn in facts["turns"]}
    assert {"said", "call_returned", "provider_notified"} <= kinds
    for secret in ("cs_test", "pi_", "checkout.stripe", page, chat, '"token"'):
        assert secret not in text, secret
    created = next(call for turn in facts["turns"] for call in turn["calls"])
    assert created == {
        "call": "create_checkout",
        **{key: created[key] for key in ("state", "sent_at", "error")},
    }
    assert ["order_hold"] in [turn["timers"] for turn in facts["turns"]]
    kept = shop.read(lambda session: json.dumps([t.content for t in session.scalars(select(TurnTrace))]))
    for secret in ("cs_test", "pi_", page):
        assert secret not in kept, secret


async def test_a_card_number_that_somebody_typed_is_masked(shop: OpenShop) -> None:
    guest = Guest(shop)
    await guest.says("my card is 4242 4242 4242 4242")
    facts = replayed(shop, guest)
    assert facts["turns"][0]["event"]["text"] == "my card is •••"
    assert "4242" not in json.dumps(facts, default=str)
    assert "4242" not in json.dumps(shop.read(lambda s: [t.content for t in s.scalars(select(TurnTrace))]))


async def test_a_tap_and_an_event_that_nobody_spoke_are_turns_too(shop: OpenShop) -> None:
    guest = Guest(shop)
    await guest.says("hi")
    await guest.taps("My cart")
    tapped = replayed(shop, guest)["turns"][-1]
    assert tapped["event"] == {"kind": "tapped", "label": "My cart"}
    assert tapped["why"]["reading"] == "tapped"
    assert tapped["commands"][0]["flow"] == "view_cart"


async def test_a_telegram_conversation_is_found_by_its_key_its_number_and_its_order(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    for words in ("add the black mug", "checkout", *ANNA, "yes"):
        await ana.says(words)
    key = f"telegram:{ana.user.id}"
    (order,) = shop.orders()
    facts = shop.read(lambda session: replay(session, key))
    number = str(facts["conversation"])
    for name in (key, number, f"Guest {number}", f"/staff/conversations/{number}", order.reference, key[3:]):
        assert shop.read(lambda session, name=name: find(session, name)) == key
    assert facts["turns"][0]["event"] == {"kind": "opened"}
    assert facts["channel"] == "telegram"


async def test_what_is_not_there_is_refused_with_the_newest_conversations(shop: OpenShop) -> None:
    with pytest.raises(NoSuchConversation, match="Nobody has talked to this shop yet"):
        shop.read(lambda session: find(session, "12"))
    guests = [Guest(shop, chat=f"somebody-{number:016d}") for number in range(2)]
    for guest in guests:
        await guest.says("hi")
    with pytest.raises(NoSuchConversation, match=r"no conversation 'nobody'.*Guest \d+, Web"):
        shop.read(lambda session: find(session, "nobody"))
    with pytest.raises(NoSuchConversation, match=r"several conversations: \d+, \d+"):
        shop.read(lambda session: find(session, "somebody"))


async def test_what_staff_wrote_stands_where_they_wrote_it(shop: OpenShop) -> None:
    guest = Guest(shop)
    await guest.says("I want to talk to a person")
    key, now = f"web:{guest.chat}", shop.parley.clock.now()
    await shop.database.run(
        lambda session: staff_reply.answer(session, key, "We are here & listen", identity="1", at=now)
    )
    await shop.wake()
    await guest.says("hi")
    first, second = replayed(shop, guest)["turns"]
    assert [each["text"] for each in first["staff"]] == ["We are here & listen"]
    assert second["staff"] == []


async def test_a_parked_turn_says_that_it_failed(shop: OpenShop) -> None:
    guest = Guest(shop)
    await guest.says("hi")

    def park(session: Session) -> None:
        event = session.scalars(select(InboxEvent)).one()
        event.state, event.error = InboxState.PARKED, "Traceback …\nZeroDivisionError: sk_test_abcdefgh123"
        session.execute(delete(TurnTrace))

    await shop.database.run(park)
    (turn,) = replayed(shop, guest)["turns"]
    assert turn["error"] == "ZeroDivisionError: •••"
    assert not turn["traced"]
    assert "the turn failed" in shown(replayed(shop, guest))


async def test_a_trace_is_pruned_with_its_event(shop: OpenShop) -> None:
    guest, other = Guest(shop), Guest(shop)
    await guest.says("hi", "what is in my cart?")
    await other.says("hi")
    assert shop.read(count) == 3
    await shop.database.run(
        lambda session: session.execute(
            delete(InboxEvent).where(InboxEvent.conversation == f"web:{guest.chat}")
        )
    )
    assert shop.read(count) == 1
    assert replayed(shop, other)["turns"][0]["traced"]


async def test_what_was_understood_in_a_conversation_can_be_erased(shop: OpenShop) -> None:
    guest, other = Guest(shop), Guest(shop)
    await guest.says("hi", "what is in my cart?")
    await other.says("hi")
    assert await shop.database.run(lambda session: traces.erase(session, f"web:{guest.chat}")) == 2
    assert [turn["traced"] for turn in replayed(shop, guest)["turns"]] == [False, False]
    assert [turn["traced"] for turn in replayed(shop, other)["turns"]] == [True]


async def test_the_view_fits_eighty_columns_and_cannot_steer_the_terminal(shop: OpenShop) -> None:
    guest = Guest(shop)
    await guest.says("\x1b[2Jhi \u202eolleh [red]x[/red]", *("add two black mugs", "checkout", *ANNA))
    text = shown(replayed(shop, guest))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text
    for part in ("they", "heard", "why", "does", "slot", "says", "open", "put_in_cart → added"):
        assert part in text


async def test_the_command_prints_one_object_and_refuses_what_is_not_there(
    shop_template: Template, tmp_path: Path
) -> None:
    home = copy_home(shop_template, tmp_path / "home")
    async with open_shop(shop_template, home) as opened:
        await Guest(opened).says("hi", "what is in my cart?", "thanks")
    done = parley("replay", "1", "--json", home=home.folder)
    facts = json.loads(done.stdout)
    assert [turn["turn"] for turn in facts["turns"]] == [1, 2, 3]
    assert facts["turns_total"] == 3
    one = json.loads(parley("replay", "1", "--turn", "2", "--json", home=home.folder).stdout)
    assert [turn["commands"][0]["flow"] for turn in one["turns"]] == ["view_cart"]
    last = json.loads(parley("replay", "1", "--last", "2", "--json", home=home.folder).stdout)
    assert [turn["turn"] for turn in last["turns"]] == [2, 3]
    text = parley("replay", "1", home=home.folder).stdout
    assert text.startswith("Conversation 1 on web: 3 turns. Times are UTC.")
    for words, message in ((("999",), "no conversation '999'"), (("1", "--turn", "9"), "no turn 9")):
        refused = parley("replay", *words, "--json", home=home.folder)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert message in refused.stderr
