"""Telegram Stars: invoices without a provider, balances, and giving back once."""

import asyncio
from typing import Any

import aiogram.exceptions as aiogram_errors
import pytest
import telegram
import telegram.error
from aiogram import Bot as AiogramBot
from aiogram import types

from sandbox.telegram import Bot, PaymentOutcome, TelegramUser, TelegramWorld, TestCards, drop
from tests.emulators.telegram_at_loopback import PROVIDER_TOKEN, Loopback, call, refusal

pytestmark = pytest.mark.anyio

BILL: dict[str, Any] = {
    "title": "Tea guide",
    "description": "A PDF",
    "payload": "order:9",
    "currency": "XTR",
    "prices": [{"label": "Tea guide", "amount": 40}],
}


async def paid(bot: AiogramBot, person: TelegramUser, shop: Bot, link: str | None = None) -> PaymentOutcome:
    """The person pays the newest invoice (or the link's), and the bot agrees."""
    paying = asyncio.ensure_future(person.pay(shop, invoice=link))
    query = next(u.pre_checkout_query for u in await bot.get_updates(timeout=10) if u.pre_checkout_query)
    await query.answer(ok=True).as_(bot)
    return await paying


async def test_stars_move_from_the_person_to_the_bot_and_no_card_is_charged(
    aiogram_bot: AiogramBot, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    ada.buy_stars(100)
    await call(served, "sendInvoice", chat_id=ada.id, **BILL)
    assert ada.chat(shop)[-1].buttons[0][0].text == "Pay 40 ⭐"
    outcome = await paid(aiogram_bot, ada, shop)

    assert outcome.paid
    told = (await aiogram_bot.get_updates())[-1].message
    assert told
    payment = told.successful_payment
    assert payment
    assert (payment.currency, payment.total_amount, payment.invoice_payload) == ("XTR", 40, "order:9")
    assert payment.telegram_payment_charge_id == outcome.telegram_charge
    assert (ada.stars, (await aiogram_bot.get_my_star_balance()).amount) == (60, 40)
    assert isinstance(world.payments, TestCards)
    assert world.payments.charges == []


async def test_who_has_too_few_stars_does_not_pay(
    aiogram_bot: AiogramBot, served: Loopback, ada: TelegramUser, shop: Bot
) -> None:
    ada.buy_stars(39)
    await call(served, "sendInvoice", chat_id=ada.id, **BILL)
    outcome = await paid(aiogram_bot, ada, shop)
    assert (outcome.status, outcome.reason, ada.stars) == ("declined", "BALANCE_TOO_LOW", 39)
    assert (await aiogram_bot.get_my_star_balance()).amount == 0


async def test_a_payment_is_given_back_once(
    aiogram_bot: AiogramBot, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    ada.buy_stars(40)
    link: Any = (await call(served, "createInvoiceLink", **BILL))["result"]
    charge = (await paid(aiogram_bot, ada, shop, link)).telegram_charge
    world.updates.clear(shop)

    assert await aiogram_bot.refund_star_payment(ada.id, charge)
    assert (ada.stars, shop.stars) == (40, 0)
    (update,) = await aiogram_bot.get_updates()
    assert update.message
    refunded = update.message.refunded_payment
    assert refunded
    assert (refunded.telegram_payment_charge_id, refunded.total_amount) == (charge, 40)
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="CHARGE_ALREADY_REFUNDED"):
        await aiogram_bot.refund_star_payment(ada.id, charge)
    assert ada.stars == 40


async def test_a_refund_whose_answer_was_lost_was_made_all_the_same(
    aiogram_bot: AiogramBot, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    ada.buy_stars(40)
    await call(served, "sendInvoice", chat_id=ada.id, **BILL)
    charge = (await paid(aiogram_bot, ada, shop)).telegram_charge
    world.faults.next("refundStarPayment", [drop(served=True)])
    with pytest.raises(aiogram_errors.TelegramNetworkError):
        await aiogram_bot.refund_star_payment(ada.id, charge)
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="CHARGE_ALREADY_REFUNDED"):
        await aiogram_bot.refund_star_payment(ada.id, charge)
    assert (ada.stars, shop.stars) == (40, 0)


async def test_what_was_not_paid_by_them_is_not_given_back(
    aiogram_bot: AiogramBot, served: Loopback, world: TelegramWorld, ada: TelegramUser, shop: Bot
) -> None:
    ada.buy_stars(40)
    await call(served, "sendInvoice", chat_id=ada.id, **BILL)
    charge = (await paid(aiogram_bot, ada, shop)).telegram_charge
    eve = world.add_user("Eve")
    for user, number, code in (
        (eve.id, charge, "CHARGE_ID_INVALID"),
        (ada.id, "x", "CHARGE_ID_INVALID"),
        (ada.id, "", "CHARGE_ID_EMPTY"),
        (4242, charge, "USER_ID_INVALID"),
        (0, charge, "invalid user_id specified"),
    ):
        refused = await refusal(served, "refundStarPayment", user_id=user, telegram_payment_charge_id=number)
        assert refused == f"Bad Request: {code}"
    shop.stars = 0  # withdrawn meanwhile
    with pytest.raises(aiogram_errors.TelegramBadRequest, match="BALANCE_TOO_LOW"):
        await aiogram_bot.refund_star_payment(ada.id, charge)


async def test_transactions_come_in_their_order_and_a_refund_has_its_payment_s_number(
    aiogram_bot: AiogramBot, served: Loopback, ada: TelegramUser, shop: Bot, clock: Any
) -> None:
    ada.buy_stars(120)
    charges = []
    for _ in range(3):
        await call(served, "sendInvoice", chat_id=ada.id, **BILL)
        charges.append((await paid(aiogram_bot, ada, shop)).telegram_charge)
        await aiogram_bot.get_updates(offset=(await aiogram_bot.get_updates())[-1].update_id + 1)
        clock.advance(60)
    await aiogram_bot.refund_star_payment(ada.id, charges[0])

    moves = (await aiogram_bot.get_star_transactions()).transactions
    assert [move.id for move in moves] == [*charges, charges[0]]
    assert [(move.source is None, move.receiver is None) for move in moves] == [
        *[(False, True)] * 3,
        (True, False),
    ]
    partner = moves[-1].receiver
    assert isinstance(partner, types.TransactionPartnerUser)
    assert (partner.user.id, partner.invoice_payload) == (ada.id, "order:9")
    page = (await aiogram_bot.get_star_transactions(offset=1, limit=2)).transactions
    assert [move.id for move in page] == charges[1:]


@pytest.mark.parametrize(
    "changes",
    [
        {"provider_token": PROVIDER_TOKEN},
        {"prices": [{"label": "a", "amount": 1}, {"label": "b", "amount": 2}]},
        {"max_tip_amount": 5},
    ],
)
async def test_an_invoice_in_stars_has_one_price_no_provider_and_no_tips(
    served: Loopback, ada: TelegramUser, changes: dict[str, Any]
) -> None:
    refused = await refusal(served, "sendInvoice", chat_id=ada.id, **(BILL | changes))
    assert refused == "Bad Request: STARS_INVOICE_INVALID"


async def test_nobody_buys_no_stars(ada: TelegramUser) -> None:
    with pytest.raises(ValueError, match="nobody buys -1 Stars"):
        ada.buy_stars(-1)


async def test_the_second_client_sells_and_refunds_too(
    ptb_bot: telegram.Bot, ada: TelegramUser, shop: Bot
) -> None:
    ada.buy_stars(40)
    prices = [telegram.LabeledPrice("Tea guide", 40)]
    await ptb_bot.send_invoice(ada.id, "Tea guide", "A PDF", "order:9", "XTR", prices)
    paying = asyncio.ensure_future(ada.pay(shop))
    (update,) = await ptb_bot.get_updates(timeout=10)
    assert update.pre_checkout_query
    await update.pre_checkout_query.answer(ok=True)
    outcome = await paying
    assert (await ptb_bot.get_my_star_balance()).amount == 40
    await ptb_bot.refund_star_payment(ada.id, outcome.telegram_charge)
    with pytest.raises(telegram.error.BadRequest, match="Charge_already_refunded"):
        await ptb_bot.refund_star_payment(ada.id, outcome.telegram_charge)
