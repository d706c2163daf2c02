"""Forwarding, copying, albums of every mixture, and pins in private chats."""

import json
from typing import Any

import pytest
import telegram
from aiogram import Bot as AiogramBot
from aiogram import types
from aiogram.exceptions import TelegramBadRequest

from sandbox.telegram import Bot, CannotDo, Group, TelegramUser, TelegramWorld
from tests.emulators.telegram_at_loopback import TOKEN, Loopback, call, png, refusal

pytestmark = pytest.mark.anyio


def file(name: str, content: bytes = b"%PDF") -> types.BufferedInputFile:
    return types.BufferedInputFile(content, name)


# ── forwards and copies ─────────────────────────────────────────────────────────────────────────────


async def test_a_forward_says_where_it_is_from_and_a_copy_does_not(
    aiogram_bot: AiogramBot, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    said = ada.say(shop, "broken!")
    forwarded = await aiogram_bot.forward_message(team.id, ada.id, said.id)
    assert isinstance(forwarded.forward_origin, types.MessageOriginUser)
    assert forwarded.forward_origin.sender_user.id == ada.id
    copied = await aiogram_bot.copy_message(team.id, ada.id, said.id)
    assert [(shown.text, shown.forwarded) for shown in ada.chat(team)[-2:]] == [
        ("broken!", True),
        ("broken!", False),
    ]
    assert copied.message_id == forwarded.message_id + 1


async def test_a_forward_of_a_forward_and_of_a_post_keep_their_first_origin(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, bob: TelegramUser, shop: Bot
) -> None:
    channel = world.add_group("News", [ada, bob], type="channel")
    post = ada.say(channel, "Sale")
    bob.start(shop)
    world.updates.clear(shop)
    bob.forward(post, shop)
    (update,) = await aiogram_bot.get_updates()
    assert update.message
    again = await aiogram_bot.forward_message(ada.id, bob.id, update.message.message_id)
    for origin in (update.message.forward_origin, again.forward_origin):
        assert isinstance(origin, types.MessageOriginChannel)
        assert (origin.chat.id, origin.message_id) == (channel.id, post.id)


async def test_a_copy_may_have_another_caption_and_a_keyboard(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    photo = await aiogram_bot.send_photo(ada.id, file("a.png", png()), caption="old")
    keys = [[types.InlineKeyboardButton(text="Buy", callback_data="buy")]]
    markup = types.InlineKeyboardMarkup(inline_keyboard=keys)
    await aiogram_bot.copy_message(ada.id, ada.id, photo.message_id, caption="new", reply_markup=markup)
    shown = ada.chat(shop)[-1]
    assert (shown.text, shown.buttons[0][0].text, ada.photo_bytes(shown)) == ("new", "Buy", png())


async def test_several_are_repeated_at_once_and_what_is_not_there_is_skipped(
    aiogram_bot: AiogramBot, ada: TelegramUser, team: Group, shop: Bot
) -> None:
    ids = [ada.say(shop, text).id for text in "abc"]
    assert len(await aiogram_bot.forward_messages(team.id, ada.id, [*ids, 99])) == 3
    assert len(await aiogram_bot.copy_messages(team.id, ada.id, ids[:2])) == 2
    assert [shown.text for shown in ada.chat(team)[-5:]] == ["a", "b", "c", "a", "b"]


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("forwardMessage", {"message_id": 99}, "message to forward not found"),
        ("copyMessage", {"message_id": 99}, "message to copy not found"),
        ("forwardMessages", {"message_ids": []}, "there are no messages to forward"),
        ("forwardMessages", {"message_ids": [98, 99]}, "there are no messages to forward"),
        (
            "copyMessages",
            {"message_ids": [2, 1]},
            "message identifiers must be in a strictly increasing order",
        ),
        ("copyMessages", {"message_ids": list(range(1, 102))}, "too many message identifiers specified"),
        ("forwardMessage", {"message_id": "PROTECTED"}, "the message can't be forwarded"),
        ("copyMessage", {"message_id": "PROTECTED"}, "the message can't be copied"),
        ("copyMessage", {"message_id": "SERVICE"}, "the message can't be copied"),
    ],
)
async def test_what_cannot_be_repeated(
    *,
    served: Loopback,
    ada: TelegramUser,
    team: Group,
    method: str,
    parameters: dict[str, Any],
    description: str,
) -> None:
    sent: Any = await call(served, "sendMessage", chat_id=team.id, text="x", protect_content=True)
    named = {"PROTECTED": sent["result"]["message_id"], "SERVICE": 1}
    given = {
        name: named.get(value, value) if isinstance(value, str) else value
        for name, value in parameters.items()
    }
    refused = await refusal(served, method, chat_id=ada.id, from_chat_id=team.id, **given)
    assert refused == f"Bad Request: {description}"


async def test_a_protected_message_is_not_forwarded_by_people_either(
    aiogram_bot: AiogramBot, ada: TelegramUser, team: Group
) -> None:
    await aiogram_bot.send_message(team.id, "secret", protect_content=True)
    (message,) = [m for m in ada._world.messages(team) if m.content.get("text") == "secret"]
    with pytest.raises(CannotDo, match="can't be forwarded"):
        ada.forward(message, team)


async def test_a_forwarded_message_is_not_edited(
    served: Loopback, aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    sent = await aiogram_bot.send_message(ada.id, "x")
    again = await aiogram_bot.forward_message(ada.id, ada.id, sent.message_id)
    refused = await refusal(served, "editMessageText", chat_id=ada.id, message_id=again.message_id, text="y")
    assert refused == "Bad Request: message can't be edited"


# ── files and albums ────────────────────────────────────────────────────────────────────────────────


async def test_documents_videos_and_audio_are_sent_and_fetched_again(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    document = await aiogram_bot.send_document(ada.id, file("bill.pdf"), caption="Your bill")
    assert document.document
    assert (document.document.file_name, document.caption) == ("bill.pdf", "Your bill")
    video = await aiogram_bot.send_video(ada.id, file("a.mp4"), duration=3, width=640, height=480)
    assert video.video
    assert (video.video.duration, video.video.width) == (3, 640)
    audio = await aiogram_bot.send_audio(ada.id, file("a.mp3"), duration=9)
    assert audio.audio
    fetched = await aiogram_bot.download(document.document.file_id)
    assert fetched
    assert fetched.read() == b"%PDF"
    again = await aiogram_bot.send_document(ada.id, document.document.file_id)
    assert again.document
    assert again.document.file_unique_id == document.document.file_unique_id


async def test_a_document_is_shown_with_its_name_type_and_size(
    aiogram_bot: AiogramBot, ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot
) -> None:
    await aiogram_bot.send_document(ada.id, file("bill.pdf", b"%PDF-1.7"))
    await ptb_bot.send_document(ada.id, b"%PDF-1.7", filename="bill.pdf")
    for shown in ada.chat(shop)[-2:]:
        assert shown.document
        assert (shown.document.name, shown.document.mime_type, shown.document.size) == (
            "bill.pdf",
            "application/pdf",
            8,
        )
        assert ada.document_bytes(shown) == b"%PDF-1.7"
    with pytest.raises(CannotDo, match="has no file"):
        ada.document_bytes(ada.chat(shop)[0])


async def test_a_document_must_be_there_hold_something_and_stay_within_50_mb(
    served: Loopback, aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    before = len(ada.chat(shop))
    assert "there is no document" in await refusal(served, "sendDocument", chat_id=ada.id)
    for content, words in ((b"", "non-empty"), (b"x" * (50 * 1024 * 1024 + 1), "too big")):
        with pytest.raises(TelegramBadRequest, match=words):
            await aiogram_bot.send_document(ada.id, file("bill.pdf", content))
    assert len(ada.chat(shop)) == before


@pytest.mark.parametrize(
    ("kinds", "description"),
    [
        (["photo", "video"], ""),
        (["document", "document"], ""),
        (["audio", "audio"], ""),
        (["photo", "document"], "Document can't be mixed with other media types"),
        (["audio", "video"], "Audio can't be mixed with other media types"),
        (["photo"], "wrong number of media items in the request"),
        (["photo"] * 11, "wrong number of media items in the request"),
        ([], "there are no messages to send"),
        (["photo", "sticker"], 'can\'t parse InputMedia: type "sticker" is unsupported'),
    ],
)
async def test_what_may_stand_together_in_an_album(
    served: Loopback, ada: TelegramUser, shop: Bot, kinds: list[str], description: str
) -> None:
    names = [f"file{number}" for number in range(len(kinds))]
    media = [{"type": kind, "media": f"attach://{name}"} for kind, name in zip(kinds, names, strict=True)]
    before = len(ada.chat(shop))
    body: Any = await _album(served, ada, media, names)
    if description:
        assert body["description"].lower() == f"bad request: {description}".lower()
        assert len(ada.chat(shop)) == before
    else:
        assert [next(k for k in kinds if k in message) for message in body["result"]] == kinds
        assert len({shown.media_group for shown in ada.chat(shop)[-2:]}) == 1


async def _album(served: Loopback, ada: TelegramUser, media: list[Any], names: list[str]) -> Any:
    response = await served.client.post(
        f"/bot{TOKEN}/sendMediaGroup",
        data={"chat_id": str(ada.id), "media": json.dumps(media)},
        files={name: ("a.png", png()) for name in names} or {"none": ("x", b"x")},
    )
    return response.json()


async def test_a_picture_becomes_a_document_by_editing(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    sent = await aiogram_bot.send_photo(ada.id, file("a.png", png()))
    edited = await aiogram_bot.edit_message_media(
        types.InputMediaDocument(media=file("bill.pdf"), caption="Bill"),
        chat_id=ada.id,
        message_id=sent.message_id,
    )
    assert isinstance(edited, types.Message)
    assert edited.document
    await aiogram_bot.edit_message_caption(chat_id=ada.id, message_id=sent.message_id, caption="Your bill")
    assert ada.chat(shop)[-1].text == "Your bill"


# ── private chats ───────────────────────────────────────────────────────────────────────────────────


async def test_both_sides_pin_in_a_private_chat(
    aiogram_bot: AiogramBot, ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot
) -> None:
    sent = await aiogram_bot.send_message(ada.id, "Your order")
    await aiogram_bot.pin_chat_message(ada.id, sent.message_id)
    said = ada.say(shop, "thanks")
    ada.pin(shop, said.id)
    updates = await ptb_bot.get_updates()
    pinned = [u.message.pinned_message for u in updates if u.message and u.message.pinned_message]
    assert [message.message_id for message in pinned] == [sent.message_id, said.id]
    full = await ptb_bot.get_chat(ada.id)
    assert full.pinned_message
    assert full.pinned_message.text == "thanks"
