"""Photos and albums: how they are sent, what is refused, and how files come back."""

import aiogram.exceptions as aiogram_errors
import pytest
import telegram
from aiogram import Bot as AiogramBot
from aiogram import types
from fastapi import FastAPI, Response

from sandbox.pictures import picture_size
from sandbox.telegram import Bot, TelegramUser, TelegramWorld
from sandbox.telegram.schema import problems
from tests.emulators.telegram_at_loopback import TOKEN, Loopback, call, png, refusal, serving

pytestmark = pytest.mark.anyio


def upload(picture: bytes) -> types.BufferedInputFile:
    return types.BufferedInputFile(picture, "picture.png")


async def test_an_uploaded_photo_is_measured_shown_and_can_be_sent_again_by_its_id(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    sent = await aiogram_bot.send_photo(
        ada.id, upload(png(30, 20)), caption="<b>Kettle</b>", parse_mode="HTML"
    )

    assert sent.photo
    assert (sent.photo[-1].width, sent.photo[-1].height) == (30, 20)
    shown = ada.chat(shop)[-1]
    assert shown.text == "Kettle"
    assert ada.photo_bytes(shown) == png(30, 20)
    again = await aiogram_bot.send_photo(ada.id, sent.photo[-1].file_id)
    assert again.photo
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id


async def test_a_photo_of_python_telegram_bot_arrives(
    ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot
) -> None:
    await ptb_bot.send_photo(ada.id, png(4, 4), caption="x")
    assert ada.photo_bytes(ada.chat(shop)[-1]) == png(4, 4)


async def test_a_photo_is_fetched_from_a_loopback_url(served: Loopback, ada: TelegramUser, shop: Bot) -> None:
    pictures = FastAPI()
    pictures.add_api_route("/a.png", lambda: Response(png(), media_type="image/png"))
    pictures.add_api_route("/page", lambda: Response("hello", media_type="text/html"))
    async with serving(pictures) as web:
        assert (await call(served, "sendPhoto", chat_id=ada.id, photo=f"{web.url}/a.png"))["ok"]
        assert await refusal(served, "sendPhoto", chat_id=ada.id, photo=f"{web.url}/page") == (
            "Bad Request: wrong type of the web page content"
        )
        assert await refusal(served, "sendPhoto", chat_id=ada.id, photo=f"{web.url}/none") == (
            "Bad Request: failed to get HTTP URL content"
        )


@pytest.mark.parametrize(
    ("photo", "description"),
    [
        ("https://shop.example/a.png", "failed to get HTTP URL content"),
        ("AgACAgIAAxnonsense", "wrong file identifier/HTTP URL specified"),
        ("no id", "wrong file identifier/HTTP URL specified"),
        ("attach://nothing", "wrong file identifier/HTTP URL specified"),
        ("", "there is no photo in the request"),
    ],
)
async def test_photos_that_are_nowhere_are_refused(
    served: Loopback, ada: TelegramUser, photo: str, description: str
) -> None:
    assert await refusal(served, "sendPhoto", chat_id=ada.id, photo=photo) == f"Bad Request: {description}"


@pytest.mark.parametrize(
    ("picture", "description"),
    [
        (b"not a picture", "IMAGE_PROCESS_FAILED"),
        (png(100, 4), "PHOTO_INVALID_DIMENSIONS"),
        (png(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        (png(bulk=10 * 1024 * 1024), "file is too big"),
        (b"", "file must be non-empty"),
    ],
    ids=["no picture", "too narrow", "too large", "too heavy", "empty"],
)
async def test_uploads_that_are_no_photos_are_refused(
    served: Loopback, ada: TelegramUser, picture: bytes, description: str
) -> None:
    response = await served.client.post(
        f"/bot{TOKEN}/sendPhoto", data={"chat_id": str(ada.id)}, files={"photo": ("a.png", picture)}
    )
    assert response.json()["description"] == f"Bad Request: {description}"


async def test_a_file_id_is_good_for_one_bot_only(
    aiogram_bot: AiogramBot, served: Loopback, world: TelegramWorld, ada: TelegramUser
) -> None:
    sent = await aiogram_bot.send_photo(ada.id, upload(png()))
    other = world.add_bot("42:other", "other_bot")
    ada.start(other)
    assert sent.photo
    response = await served.client.post(
        "/bot42:other/sendPhoto", json={"chat_id": ada.id, "photo": sent.photo[0].file_id}
    )
    assert response.json()["description"] == "Bad Request: wrong file identifier/HTTP URL specified"


async def test_a_voice_is_no_photo(served: Loopback, ada: TelegramUser, shop: Bot) -> None:
    ada.send_voice(shop)
    updates = (await call(served, "getUpdates"))["result"]
    assert isinstance(updates, list)
    file_id = updates[0]["message"]["voice"]["file_id"]
    assert await refusal(served, "sendPhoto", chat_id=ada.id, photo=file_id) == (
        "Bad Request: type of file mismatch: can't use file of type Voice as Photo"
    )


async def test_a_caption_is_at_most_1024_characters(aiogram_bot: AiogramBot, ada: TelegramUser) -> None:
    await aiogram_bot.send_photo(ada.id, upload(png()), caption="x" * 1024)
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="message caption is too long"):
        await aiogram_bot.send_photo(ada.id, upload(png()), caption="x" * 1025)


async def test_a_person_s_photo_comes_back_through_get_file(
    aiogram_bot: AiogramBot, ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot
) -> None:
    ada.send_photo(shop, png(6, 6), "look")
    (update,) = await aiogram_bot.get_updates()
    assert update.message
    assert update.message.photo
    assert update.message.caption == "look"
    content = await aiogram_bot.download(update.message.photo[-1])
    assert content
    assert content.read() == png(6, 6)
    file = await ptb_bot.get_file(update.message.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == png(6, 6)


async def test_files_that_are_not_there_are_not_served(served: Loopback, shop: Bot) -> None:
    assert await refusal(served, "getFile", file_id="x") == (
        "Bad Request: wrong file_id or the file is temporarily unavailable"
    )
    assert await refusal(served, "getFile") == "Bad Request: file_id not specified"
    assert (await served.client.get(f"/file/bot{TOKEN}/photos/file_1.png")).status_code == 404
    assert (await served.client.get("/file/bot1:x/photos/file_1.png")).status_code == 401


async def test_an_album_is_several_messages_of_one_group(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    media = [
        types.InputMediaPhoto(media=upload(png(size, size)), caption=f"*{size}*", parse_mode="Markdown")
        for size in (2, 3)
    ]
    sent = await aiogram_bot.send_media_group(ada.id, media)

    assert [message.caption for message in sent] == ["2", "3"]
    first, second = ada.chat(shop)[-2:]
    assert first.media_group == second.media_group is not None


@pytest.mark.parametrize(
    ("media", "description"),
    [
        ([], "there are no messages to send"),
        ([{"type": "photo", "media": "x"}], "wrong number of media items in the request"),
        ([{"type": "photo", "media": "x"}] * 11, "wrong number of media items in the request"),
        (
            [{"type": "photo", "media": "x"}] * 2,
            'failed to send message #1 with the error message "wrong file identifier/HTTP URL specified"',
        ),
        ([{"type": "photo"}] * 2, "can't parse InputMedia: media not found"),
        (
            [{"type": "animation", "media": "x"}] * 2,
            'can\'t parse InputMedia: type "animation" is unsupported',
        ),
        (["x"] * 2, "can't parse InputMedia: expected an Object"),
    ],
)
async def test_albums_that_telegram_does_not_take(
    served: Loopback, ada: TelegramUser, media: list[object], description: str
) -> None:
    refused = await refusal(served, "sendMediaGroup", chat_id=ada.id, media=media)
    assert refused == f"Bad Request: {description}"


async def test_a_caption_and_a_photo_can_be_edited(
    aiogram_bot: AiogramBot, served: Loopback, ada: TelegramUser, shop: Bot
) -> None:
    sent = await aiogram_bot.send_photo(ada.id, upload(png()), caption="one")
    await aiogram_bot.edit_message_caption(chat_id=ada.id, message_id=sent.message_id, caption="two")
    assert ada.chat(shop)[-1].text == "two"
    await aiogram_bot.edit_message_media(
        types.InputMediaPhoto(media=upload(png(9, 9)), caption="three"),
        chat_id=ada.id,
        message_id=sent.message_id,
    )
    shown = ada.chat(shop)[-1]
    assert (shown.text, ada.photo_bytes(shown)) == ("three", png(9, 9))
    parameters = {"chat_id": ada.id, "message_id": sent.message_id}
    assert await refusal(served, "editMessageText", text="x", **parameters) == (
        "Bad Request: there is no text in the message to edit"
    )
    assert await refusal(served, "editMessageCaption", caption="x" * 1025, **parameters) == (
        "Bad Request: message caption is too long"
    )


async def test_a_photo_message_fits_the_bot_api_s_own_description(
    served: Loopback, ada: TelegramUser
) -> None:
    response = await served.client.post(
        f"/bot{TOKEN}/sendPhoto",
        data={"chat_id": str(ada.id), "caption": "t.me/x", "has_spoiler": "true"},
        files={"photo": ("a.png", png())},
    )
    assert problems("Message", response.json()["result"]) == []


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png(30, 20), (30, 20)),
        (b"GIF89a\x1e\x00\x14\x00", (30, 20)),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x14\x00\x1e\x03", (30, 20)),
        (b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x1e\x00\x14\x00", (30, 20)),
        (b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x1d\0\0\x13\0\0", (30, 20)),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x1d\xc0\x04\x00", (30, 20)),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\xff\xd8\xff", None),
        (b"hello", None),
    ],
    ids=["png", "gif", "jpeg", "webp", "extended webp", "lossless webp", "cut png", "cut jpeg", "no picture"],
)
def test_pictures_are_measured_by_their_first_bytes(content: bytes, size: tuple[int, int] | None) -> None:
    assert picture_size(content) == size
