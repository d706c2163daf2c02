"""What the page of phones stands on: its people, what can go wrong for them, and how messages are read for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.phones.cast import Cast
from app.phones.messenger_line import MessengerLine
from app.phones.seen import Attached, CannotDo
from app.phones.telegram_line import TelegramLine, markup_of
from app.phones.trouble import TROUBLES, Trouble, Troubles
from app.sandbox import BOT_NAME, Sandbox, open_sandbox
from app.settings import Home
from sandbox.clock import SimulatedClock
from sandbox.telegram.faults import refuse


@contextmanager
def sandbox(home: Path | None = None) -> Iterator[Sandbox]:
    opened = open_sandbox(
        Home(home) if home else None, SimulatedClock(), url="http://127.0.0.1:8080", shop_name="Kettle & Quay"
    )
    yield opened
    opened.telegram.store.close()
    opened.messenger.store.close()
    opened.stripe.close()


def test_the_same_people_hold_the_phones_after_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "phones.json"
    with sandbox(tmp_path) as first:
        before = Cast(first, store).people
    with sandbox(tmp_path) as second:
        after = Cast(second, store).people
        assert after.ana.id == before.ana.id
        assert after.ben.psid == before.ben.psid
        assert after.group.id == before.group.id
        assert len(second.telegram.users()) == 2


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"ana": 1, "cleo": 2, "ben": "3", "group": 4}'])
def test_people_who_are_not_there_any_more_are_replaced(tmp_path: Path, note: str) -> None:
    store = tmp_path / "phones.json"
    store.write_text(note)
    with sandbox(tmp_path) as opened:
        assert Cast(opened, store).people.ana.record.first_name == "Ana"


def test_who_starts_over_has_another_account_and_nobody_is_lost() -> None:
    with sandbox() as opened:
        cast = Cast(opened, None)
        before = cast.people
        cast.start_over()
        assert cast.people.ana.id != before.ana.id
        assert cast.people.ben.psid != before.ben.psid
        assert opened.telegram.user(before.ana.id).record.first_name == "Ana"


def test_trouble_is_announced_until_it_has_happened() -> None:
    with sandbox() as opened:
        troubles = Troubles(opened)
        assert troubles.waiting() == []
        troubles.plan("telegram_429")
        troubles.plan("notice_twice")
        troubles.plan("telegram_429")
        busy, twice = TROUBLES[0].words, next(t.words for t in TROUBLES if t.name == "notice_twice")
        assert troubles.waiting() == [busy, twice, busy]
        opened.telegram.faults.take("sendPhoto")
        assert troubles.waiting() == [twice, busy]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
def test_every_trouble_can_be_planned(trouble: Trouble) -> None:
    with sandbox() as opened:
        troubles = Troubles(opened)
        troubles.plan(trouble.name)
        assert troubles.waiting() == [trouble.words]


def test_trouble_with_sending_meets_messages_and_never_the_sign_of_typing() -> None:
    with sandbox() as opened:
        faults = opened.telegram.faults
        faults.next("send*", [refuse(429)])
        assert faults.take("sendChatAction") is None
        assert faults.take("getUpdates") is None
        assert faults.to_come("send*") == 1
        assert faults.take("sendMessage") == refuse(429)
        assert faults.to_come("send*") == 0


def test_of_two_cards_with_the_same_button_the_pressed_one_is_meant() -> None:
    def card(title: str) -> dict[str, object]:
        return {
            "title": title,
            "buttons": [{"type": "postback", "title": "Choose", "payload": f"choose {title}"}],
        }

    template = {"template_type": "generic", "elements": [card("Mug"), card("Kettle")]}
    with sandbox() as opened:
        ben = Cast(opened, None).people.ben
        line = MessengerLine(opened.messenger, ben, language="en")
        opened.messenger.post(
            ben.record, {"attachment": {"type": "template", "payload": template}}, mine=False
        )
        (bubble,) = line.screen().bubbles
        line.press(bubble.goods[1].choices[0], bubble.id)
        told = opened.messenger.webhooks
        assert ben.screen()[-1].text == "Choose"
        assert any("choose Kettle" in str(event.body) for event in told.history())


def test_a_file_is_shown_with_its_name_and_size_and_can_be_opened() -> None:
    with sandbox() as opened:
        people = Cast(opened, None).people
        telegram, messenger = opened.telegram, opened.messenger
        bot = telegram.bot(BOT_NAME)
        people.ana.start(bot)
        bill = telegram.keep_file(b"%PDF-1.7", "document", name="bill.pdf")
        content = {"document": {"file": bill.number}, "caption": "Your bill"}
        telegram.post(telegram.private_chat(bot, people.ana.id), bot.id, content)
        shown = TelegramLine(telegram, people.ana, bot, language="en").screen().bubbles[-1]
        assert shown.file == Attached("bill.pdf", 8, f"/sandbox/telegram/_people/files/{bill.number}")
        assert shown.markup == "Your bill"
        kept = messenger.keep_file(b"%PDF-1.7", "file", name="bill.pdf", mime_type="application/pdf")
        attachment = {"type": "file", "payload": {"url": messenger.file_url(kept.number)}}
        messenger.post(people.ben.record, {"attachment": attachment}, mine=False)
        (shown,) = MessengerLine(messenger, people.ben, language="en").screen().bubbles
        assert shown.file == Attached("bill.pdf", 8, f"/sandbox/messenger/_files/{kept.number}")


def test_what_telegram_would_not_let_them_do_is_said_in_its_words() -> None:
    with sandbox() as opened:
        people, bot = Cast(opened, None).people, opened.telegram.bot(BOT_NAME)
        people.ana.start(bot)
        people.ana.block(bot)
        line = TelegramLine(opened.telegram, people.ana, bot, language="en")
        with pytest.raises(CannotDo, match="has blocked"):
            line.say("Hello?")


@pytest.mark.parametrize(
    ("text", "entities", "markup"),
    [
        ("1 < 2 & so on\nhere", [], "1 &lt; 2 &amp; so on<br>here"),
        ("a 🫖 pot", [{"type": "bold", "offset": 5, "length": 3}], "a 🫖 <b>pot</b>"),
        ("🫖🫖", [{"type": "italic", "offset": 2, "length": 2}], "🫖<i>🫖</i>"),
        (
            "see here",
            [{"type": "text_link", "offset": 4, "length": 4, "url": "https://example.org/?a=1&b=2"}],
            'see <a href="https://example.org/?a=1&amp;b=2">here</a>',
        ),
        (
            "example.org",
            [{"type": "url", "offset": 0, "length": 11}],
            '<a href="https://example.org">example.org</a>',
        ),
        ("@someone", [{"type": "mention", "offset": 0, "length": 8}], "@someone"),
        (
            "both",
            [{"type": "italic", "offset": 0, "length": 2}, {"type": "bold", "offset": 0, "length": 4}],
            "<b><i>bo</i>th</b>",
        ),
    ],
)
def test_telegrams_entities_are_read_as_markup(
    text: str, entities: list[dict[str, object]], markup: str
) -> None:
    assert markup_of(text, entities) == markup
