"""Invoices and payments, with the ten seconds in which a bot must have its last word."""

import asyncio
from typing import Any

import aiogram.exceptions as aiogram_errors
import pytest
import telegram
from aiogram import Bot as AiogramBot
from aiogram import types

from sandbox.clock import SimulatedClock
from sandbox.telegram import (
    Bot,
    CannotDo,
    CardDeclined,
    PaymentOutcome,
    TelegramUser,
    TelegramWorld,
    TestCards,
)
from sandbox.telegram.schema import problems
from tests.emulators.telegram_at_loopback import PROVIDER_TOKEN, Loopback, call, refusal

pytestmark = pytest.mark.anyio

INVOICE: dict[str, Any] = {
    "title": "Kettle",
    "description": "One kettle, red",
    "payload": "order:7",
    "provider_token": PROVIDER_TOKEN,
    "currency": "EUR",
    "prices": [{"label": "Kettle", "amount": 4000}, {"label": "Delivery", "amount": 500}],
}


async def send_invoice(bot: AiogramBot, person: TelegramUser, **changes: Any) -> types.Message:
    prices = [types.LabeledPrice(**price) for price in INVOICE["prices"]]
    return await bot.send_invoice(person.id, **(INVOICE | {"prices": prices} | changes))


async def next_update(bot: AiogramBot, after: int = 0) -> types.Update:
    (update,) = await bot.get_updates(offset=after + 1 if after else None, timeout=30, limit=1)
    return update


def cards(world: TelegramWorld) -> TestCards:
    assert isinstance(world.payments, TestCards)
    return world.payments


async def test_a_paid_invoice_is_charged_at_the_provider_and_told_to_the_bot(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    sent = await send_invoice(aiogram_bot, ada)
    assert sent.invoice
    assert (sent.invoice.total_amount, sent.invoice.currency) == (4500, "EUR")
    assert ada.chat(shop)[-1].buttons[0][0].kind == "pay"

    paying = asyncio.ensure_future(ada.pay(shop, "visa"))
    asked = await next_update(aiogram_bot)
    query = asked.pre_checkout_query
    assert query
    assert (query.invoice_payload, query.total_amount, query.from_user.id) == ("order:7", 4500, ada.id)
    await query.answer(ok=True).as_(aiogram_bot)
    outcome = await paying

    assert outcome.paid
    assert cards(world).charges == [{"amount": 4500, "currency": "EUR", "description": "Kettle"}]
    told = (await next_update(aiogram_bot, asked.update_id)).message
    assert told
    payment = told.successful_payment
    assert payment
    assert payment.provider_payment_charge_id == outcome.provider_charge == "ch_sandbox_1"
    assert payment.telegram_payment_charge_id == outcome.telegram_charge
    assert (payment.invoice_payload, payment.total_amount) == ("order:7", 4500)
    with pytest.raises(CannotDo, match="paid already"):
        await ada.pay(shop)


async def test_a_bot_that_says_no_is_heard_and_nothing_is_charged(
    ptb_bot: telegram.Bot, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    prices = [telegram.LabeledPrice("Kettle", 4000)]
    await ptb_bot.send_invoice(
        ada.id, "Kettle", "Red", "order:7", "EUR", prices, provider_token=PROVIDER_TOKEN
    )
    paying = asyncio.ensure_future(ada.pay(shop))
    (update,) = await ptb_bot.get_updates(timeout=10)
    assert update.pre_checkout_query
    await ptb_bot.answer_pre_checkout_query(update.pre_checkout_query.id, ok=False, error_message="Sold out")

    assert await paying == PaymentOutcome("refused", "Sold out")
    assert cards(world).charges == []


async def test_after_ten_seconds_without_an_answer_the_payment_fails(
    *, aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, shop: Bot, clock: SimulatedClock
) -> None:
    await send_invoice(aiogram_bot, ada)
    paying = asyncio.ensure_future(ada.pay(shop))
    query = (await next_update(aiogram_bot)).pre_checkout_query
    assert query
    await clock.run(9.9)
    assert not paying.done()
    await clock.run(0.1)

    assert paying.done()
    assert (await paying).status == "timed_out"
    with pytest.raises(
        aiogram_errors.TelegramBadRequest, match="query is too old and response timeout expired"
    ):
        await aiogram_bot.answer_pre_checkout_query(query.id, ok=True)
    assert cards(world).charges == []


async def test_an_answer_in_the_tenth_second_is_in_time_and_is_given_once(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot, clock: SimulatedClock
) -> None:
    await send_invoice(aiogram_bot, ada)
    paying = asyncio.ensure_future(ada.pay(shop))
    query = (await next_update(aiogram_bot)).pre_checkout_query
    assert query
    await clock.run(9.9)
    await aiogram_bot.answer_pre_checkout_query(query.id, ok=True)
    assert (await paying).paid
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="query ID is invalid"):
        await aiogram_bot.answer_pre_checkout_query(query.id, ok=True)


async def test_a_declined_card_is_no_payment_and_the_invoice_can_be_paid_with_another(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    await send_invoice(aiogram_bot, ada)
    last = 0
    outcomes: list[PaymentOutcome] = []
    for card in ("insufficient_funds", "visa"):
        paying = asyncio.ensure_future(ada.pay(shop, card))
        update = await next_update(aiogram_bot, last)
        assert update.pre_checkout_query
        await aiogram_bot.answer_pre_checkout_query(update.pre_checkout_query.id, ok=True)
        outcomes.append(await paying)
        last = update.update_id

    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [
        ("declined", "insufficient_funds"),
        ("paid", ""),
    ]
    assert [message.id for message in ada.chat(shop) if "successful_payment" in message.content] == [3]


async def test_a_provider_of_another_kind_may_be_asynchronous_and_decline_with_its_own_error(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    class SlowBank:
        async def charge(self, amount_minor: int, currency: str, card: str, description: str) -> str:
            await asyncio.sleep(0)
            raise CardDeclined("lost_card", f"{card} {amount_minor} {currency} {description}")

    world.payments = SlowBank()
    await send_invoice(aiogram_bot, ada)
    paying = asyncio.ensure_future(ada.pay(shop))
    query = (await next_update(aiogram_bot)).pre_checkout_query
    assert query
    await aiogram_bot.answer_pre_checkout_query(query.id, ok=True)
    assert await paying == PaymentOutcome("declined", "lost_card")


async def test_a_flexible_invoice_asks_for_shipping_first_and_adds_its_price(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    await send_invoice(aiogram_bot, ada, is_flexible=True, need_shipping_address=True, need_email=True)
    paying = asyncio.ensure_future(ada.pay(shop, shipping_option="express"))
    asked = await next_update(aiogram_bot)
    shipping = asked.shipping_query
    assert shipping
    assert shipping.shipping_address.country_code == "US"
    options = [
        types.ShippingOption(id=name, title=name, prices=[types.LabeledPrice(label=name, amount=amount)])
        for name, amount in (("post", 300), ("express", 900))
    ]
    await aiogram_bot.answer_shipping_query(shipping.id, ok=True, shipping_options=options)
    checked = await next_update(aiogram_bot, asked.update_id)
    query = checked.pre_checkout_query
    assert query
    assert (query.shipping_option_id, query.total_amount) == ("express", 5400)
    assert query.order_info
    assert query.order_info.email == "ada@example.com"
    assert query.order_info.name is None
    await aiogram_bot.answer_pre_checkout_query(query.id, ok=True)
    assert (await paying).paid
    told = (await next_update(aiogram_bot, checked.update_id)).message
    assert told
    assert told.successful_payment
    assert told.successful_payment.shipping_option_id == "express"


async def test_a_bot_that_does_not_ship_there_ends_the_payment(
    aiogram_bot: AiogramBot, ada: TelegramUser, shop: Bot
) -> None:
    await send_invoice(aiogram_bot, ada, is_flexible=True)
    paying = asyncio.ensure_future(ada.pay(shop))
    shipping = (await next_update(aiogram_bot)).shipping_query
    assert shipping
    with pytest.raises(aiogram_errors.TelegramBadRequest, match='parameter "error_message" is required'):
        await aiogram_bot.answer_shipping_query(shipping.id, ok=False)
    with pytest.raises(aiogram_errors.TelegramBadRequest, match='parameter "shipping_options" is required'):
        await aiogram_bot.answer_shipping_query(shipping.id, ok=True)
    await aiogram_bot.answer_shipping_query(shipping.id, ok=False, error_message="Not to New York")
    assert await paying == PaymentOutcome("refused", "Not to New York")


async def test_an_invoice_link_can_be_paid_by_many(
    aiogram_bot: AiogramBot, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    prices = [types.LabeledPrice(**price) for price in INVOICE["prices"]]
    link = await aiogram_bot.create_invoice_link(**(INVOICE | {"prices": prices}))
    bob = world.add_user("Bob")
    last = 0
    for person in (ada, bob):
        paying = asyncio.ensure_future(person.pay(shop, invoice=link))
        update = await next_update(aiogram_bot, last)
        assert update.pre_checkout_query
        await aiogram_bot.answer_pre_checkout_query(update.pre_checkout_query.id, ok=True)
        assert (await paying).paid
        last = update.update_id + 1  # the receipt's update


async def test_what_a_paying_person_makes_the_bot_see_fits_the_description(
    served: Loopback, ada: TelegramUser, shop: Bot, world: TelegramWorld
) -> None:
    asks = dict.fromkeys(("need_name", "need_phone_number", "need_email", "need_shipping_address"), True)
    sent = (await call(served, "sendInvoice", chat_id=ada.id, **INVOICE, **asks))["result"]
    assert problems("Message", sent) == []
    paying = asyncio.ensure_future(ada.pay(shop))
    updates: Any = (await call(served, "getUpdates", timeout=10))["result"]
    await call(
        served,
        "answerPreCheckoutQuery",
        pre_checkout_query_id=updates[0]["pre_checkout_query"]["id"],
        ok=True,
    )
    assert (await paying).paid
    updates = (await call(served, "getUpdates"))["result"]
    assert len(updates) == 2
    assert [problem for update in updates for problem in problems("Update", update)] == []


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"title": ""}, 'parameter "title" is required'),
        ({"title": "x" * 33}, "INVOICE_TITLE_INVALID"),
        ({"description": ""}, 'parameter "description" is required'),
        ({"description": "x" * 256}, "INVOICE_DESCRIPTION_INVALID"),
        ({"payload": ""}, 'parameter "payload" is required'),
        ({"payload": "é" * 65}, "INVOICE_PAYLOAD_INVALID"),
        ({"currency": "EURO"}, "CURRENCY_INVALID"),
        ({"currency": ""}, 'parameter "currency" is required'),
        ({"prices": []}, "there must be at least one price"),
        ({"prices": "["}, "can't parse prices JSON object"),
        ({"prices": [{"label": "x"}]}, "can't parse labeled price: Can't find field \"amount\""),
        (
            {"prices": [{"label": "", "amount": 1}]},
            "can't parse labeled price: LabeledPrice label must be non-empty",
        ),
        (
            {"prices": [{"label": "x", "amount": 5}, {"label": "y", "amount": -5}]},
            "CURRENCY_TOTAL_AMOUNT_INVALID",
        ),
        ({"prices": [{"label": "x", "amount": 10}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"prices": [{"label": "x", "amount": 10**7}]}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"provider_token": ""}, "PAYMENT_PROVIDER_INVALID"),
        ({"provider_token": "somebody else's"}, "PAYMENT_PROVIDER_INVALID"),
        ({"provider_data": "{"}, "DATA_JSON_INVALID"),
        ({"currency": "XTR"}, "STARS_INVOICE_INVALID"),
        ({"suggested_tip_amounts": [1, 2, 3, 4, 5]}, "there can be at most 4 suggested tip amounts"),
        ({"suggested_tip_amounts": [300], "max_tip_amount": 200}, "TIP_AMOUNT_INVALID"),
        (
            {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}},
            "REPLY_MARKUP_BUY_EMPTY",
        ),
    ],
)
async def test_invoices_that_telegram_does_not_take(
    served: Loopback, ada: TelegramUser, changes: dict[str, object], description: str
) -> None:
    assert await refusal(served, "sendInvoice", chat_id=ada.id, **(INVOICE | changes)) == (
        f"Bad Request: {description}"
    )


async def test_stars_need_no_provider(served: Loopback, ada: TelegramUser) -> None:
    changes = {"currency": "XTR", "provider_token": "", "prices": [{"label": "x", "amount": 5}]}
    assert (await call(served, "sendInvoice", chat_id=ada.id, **(INVOICE | changes)))["ok"]


async def test_an_unknown_pre_checkout_query_is_too_old(served: Loopback, shop: Bot) -> None:
    assert await refusal(served, "answerPreCheckoutQuery", pre_checkout_query_id="1", ok=True) == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )
    assert await refusal(served, "answerPreCheckoutQuery", pre_checkout_query_id="1", ok=False) == (
        'Bad Request: parameter "error_message" is required'
    )
