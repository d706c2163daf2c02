"""Money on its way back: at once, later, never; and people who no longer listen."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from bot.delivery.model import Conversation, OutboxRow, OutboxState
from payments import refunds as ledger
from payments.model import RefundStatus
from payments.stripe_gateway import checkout_arguments
from sandbox.stripe import refunds as bank
from shop.customers.model import Customer
from shop.orders.model import OrderStatus
from tests.open_shop import OpenShop, Telegrammer, Visitor
from tests.scenarios.payments.buying import (
    MUG,
    change,
    charges,
    customer_of,
    order,
    order_now,
    payments,
    refunds,
    session_of,
    until,
    webhooks_delivered,
)

pytestmark = pytest.mark.anyio


async def bought_and_called_off(shop: OpenShop, person: Telegrammer | Visitor, card: str) -> None:
    await order(shop, person)
    if isinstance(person, Telegrammer):
        assert (await person.pays(card)).paid
    else:
        assert (await shop.sandbox.stripe.pay(session_of(person), card)).paid
    await person.hears("Thank you")
    await person.says("cancel my order")
    await person.taps("Yes, cancel it")


async def bank_answers(shop: OpenShop) -> None:
    """What the customer's bank makes of the refunds that are under way."""
    account = shop.sandbox.stripe.account
    for refund in account.refunds:
        bank.settle(account, refund)
    account.store.commit()
    await webhooks_delivered(shop)


def wants_person(shop: OpenShop, person: Telegrammer | Visitor) -> bool:
    customer_id = customer_of(shop, person).id
    return shop.read(lambda session: session.get_one(Customer, customer_id).wants_person)


async def test_a_refund_that_the_bank_sends_back_is_told_to_the_customer_and_shown_to_staff(
    shop: OpenShop,
) -> None:
    ana = shop.telegrammer("Ana")
    await bought_and_called_off(shop, ana, "refund_fails")
    await ana.hears("Your refund of €33.90 is sent")
    assert not wants_person(shop, ana)
    await bank_answers(shop)
    await ana.hears("did not go through on its own")
    (failed,) = shop.read(ledger.failed)
    assert (failed[0].status, failed[0].amount_minor) == (RefundStatus.FAILED, 3390)
    assert failed[0].error == "expired_or_canceled_card"
    assert failed[1].order_id == shop.orders()[0].id
    assert wants_person(shop, ana), "their conversation comes first on the staff page"
    assert charges(shop) == [(3390, 0)]
    assert shop.parked() == []


async def test_a_refund_that_takes_its_time_is_told_when_it_is_there(shop: OpenShop) -> None:
    bo = shop.web_visitor()
    await bought_and_called_off(shop, bo, "refund_pending")
    await webhooks_delivered(shop)
    assert [refund.status for refund in refunds(shop)] == [RefundStatus.PENDING]
    await bank_answers(shop)
    await bo.hears("Your refund of")
    assert [refund.status for refund in refunds(shop)] == [RefundStatus.SETTLED]
    told = [message for message in bo.messages if "Your refund of" in getattr(message, "text", "")]
    assert len(told) == 1


@pytest.mark.parametrize("trouble", ["timeout", "lost", "503"])
async def test_money_goes_back_once_whatever_becomes_of_stripes_answer(shop: OpenShop, trouble: str) -> None:
    bo = shop.web_visitor()
    shop.sandbox.stripe.faults.next("POST /v1/refunds", [trouble])
    await bought_and_called_off(shop, bo, "visa")
    await bo.hears("Your refund of")
    await webhooks_delivered(shop)
    assert charges(shop) == [(3390, 3390)]
    assert len(list(shop.sandbox.stripe.account.refunds)) == 1
    assert [refund.status for refund in refunds(shop)] == [RefundStatus.SETTLED]
    assert shop.parked() == []


async def test_notices_of_a_refund_in_the_wrong_order_end_the_same(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await bought_and_called_off(shop, bo, "refund_fails")
    await bo.hears("is sent")
    stripe.webhooks.hold()
    await bank_answers(shop)
    stripe.webhooks.release(reverse=True)
    await webhooks_delivered(shop)
    await bo.hears("did not go through")
    assert [refund.status for refund in refunds(shop)] == [RefundStatus.FAILED]


async def test_money_moves_for_someone_who_has_stopped_the_bot_and_they_are_left_alone(
    shop: OpenShop,
) -> None:
    ana, stripe = shop.telegrammer("Ana"), shop.sandbox.stripe
    placed = await order(shop, ana)
    charge = stripe.charge(3390, "EUR", "visa", "Order")
    ana.user.block(shop.bot)
    await shop.settled()
    seen = len(ana.shown())
    # Telegram tells us of the payment although they have left the chat.
    shop.sandbox.telegram.updates.push(
        shop.bot, "message", _paid(ana, str(placed.id), charge), lane=ana.user.id
    )
    await until(lambda: order_now(shop, placed.id).status is not OrderStatus.AWAITING_PAYMENT)
    await shop.settled()
    assert order_now(shop, placed.id).status is OrderStatus.PAID
    assert len(ana.shown()) == seen, "nobody wrote to them"
    dead = select(OutboxRow).where(OutboxRow.state == OutboxState.DEAD)
    assert shop.read(lambda session: session.scalars(dead).all()) == [], "and nobody tried to"
    assert shop.stock(MUG) == (11, 2)
    assert shop.parked() == []


def _paid(ana: Telegrammer, payload: str, charge: str) -> dict[str, object]:
    person = {"id": ana.user.id, "is_bot": False, "first_name": "Ana"}
    payment = {
        "currency": "EUR",
        "total_amount": 3390,
        "invoice_payload": payload,
        "telegram_payment_charge_id": "tg_1",
        "provider_payment_charge_id": charge,
    }
    return {
        "message_id": 10_000,
        "from": person,
        "chat": {"id": ana.user.id, "type": "private", "first_name": "Ana"},
        "date": 1_790_000_000,
        "successful_payment": payment,
    }


async def test_money_counts_also_when_its_channel_was_switched_off(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    placed = await order(shop, bo)
    cast("dict[str, Any]", shop.parley.shop.abilities).pop("web")
    await stripe.pay(session_of(bo))
    await webhooks_delivered(shop)
    assert order_now(shop, placed.id).status is OrderStatus.PAID
    assert [payment.amount_minor for payment in payments(shop)] == [3390]
    assert shop.parked() == []


async def test_money_finds_its_customer_when_the_conversation_has_lost_them(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    placed = await order(shop, bo)
    await change(shop, lambda session: session.execute(update(Conversation).values(customer_id=None)))
    await stripe.pay(session_of(bo))
    await bo.hears("Thank you, Ana")
    assert order_now(shop, placed.id).status is OrderStatus.PAID


async def pay_for_an_order_we_do_not_have(shop: OpenShop, conversation: str) -> None:
    """A page that was made for an order which is not in the database, as after an old backup was restored."""
    arguments = checkout_arguments(
        lines=[("Black stoneware mug", 1200, 1)],
        currency="EUR",
        order_id="019aa000-0000-7000-8000-000000000000",
        conversation=conversation,
        expires_at=datetime.now(UTC) + timedelta(minutes=45),
        return_url="http://127.0.0.1/",
    )
    assert shop.parley.stripe is not None
    page = await shop.parley.stripe.call("create_checkout", arguments, "an-old-order")
    assert (await shop.sandbox.stripe.pay(page["id"])).paid
    await webhooks_delivered(shop)


async def test_money_for_an_order_that_was_lost_goes_back(shop: OpenShop) -> None:
    bo = shop.web_visitor()
    await bo.says("hello")
    await pay_for_an_order_we_do_not_have(shop, f"web:{bo.address.rsplit('/', 1)[1]}")
    heard = await bo.hears("Your refund of <b>€12.00</b> is sent")
    assert "can’t find the order it was for" in heard
    assert charges(shop) == [(1200, 1200)]
    assert [(payment.order_id, payment.amount_minor) for payment in payments(shop)] == [(None, 1200)]
    assert shop.parked() == []


async def test_money_of_another_shop_on_the_same_account_is_left_alone(shop: OpenShop) -> None:
    """Neither the order nor the conversation is ours: to give it back would be another shop's loss."""
    await pay_for_an_order_we_do_not_have(shop, "web:somebody-elses-chat")
    assert charges(shop) == [(1200, 0)]
    assert payments(shop) == []
    assert shop.parked() == []


async def test_a_payment_of_another_business_on_the_same_account_is_none_of_ours(shop: OpenShop) -> None:
    shop.sandbox.stripe.charge(4200, "EUR", "visa", "a bicycle")
    await webhooks_delivered(shop)
    assert payments(shop) == []
    assert shop.parked() == []
