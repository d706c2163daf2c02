"""Group deals shared into any chat by typing the bot's name there."""

import asyncio

import pytest
from sqlalchemy import func, select

from app.stage import Stage
from bot.delivery.model import InboxEvent
from sandbox.people.telegram import TelegramPerson
from sandbox.telegram.people import TelegramUser
from sandbox.telegram.people.asking import Typed
from sandbox.telegram.state import Bot
from shop.deals.model import Deal, DealStatus
from tests.group_deals import crowd, followed, heard, offered, seated, token, told

pytestmark = pytest.mark.anyio

DEAL = "Black stoneware mug together"


def the_bot(stage: Stage) -> Bot:
    return stage.sandbox.telegram.bot(stage.bot_name)


def friends(stage: Stage) -> list[TelegramPerson]:
    return [person for person in crowd(stage, 2, ("telegram",)) if isinstance(person, TelegramPerson)]


async def typed(stage: Stage, ana: TelegramUser, bo: TelegramUser, words: str) -> Typed:
    """Ana types it in her chat with Bo, where the bot is not, and sees what is offered."""
    asked = ana.type_inline(ana.chat_with(bo), the_bot(stage), words)
    await asked.answered()
    return asked


async def test_a_deal_is_shared_into_a_chat_of_two_and_opens_in_private(stage: Stage) -> None:
    await offered(stage)
    ana, bo = friends(stage)
    asked = await typed(stage, ana.user, bo.user, "deal mug")
    ((choice),) = asked.choices
    assert (choice.kind, choice.title) == ("article", DEAL)
    assert choice.description == "€9.00 together, €12.00 alone · 3 people within 24 hours"
    asked.choose(DEAL)
    shown = bo.user.chat(ana.user.chat_with(bo.user))[-1]
    assert (shown.author, shown.via) == (ana.name, stage.bot_name)
    assert shown.text.startswith(f"{DEAL}\n€12.00 alone · €9.00 together")
    ((start,),) = shown.buttons
    bo.user.open(start.value)
    assert "Start a group" in await heard(stage, bo)


async def test_ones_own_group_comes_first_and_only_for_oneself(stage: Stage) -> None:
    await offered(stage)
    ana, bo = friends(stage)
    await seated(stage, ana)
    asked = await typed(stage, ana.user, bo.user, "mug")
    own, deal = asked.choices
    assert own.description == "€9.00 together, €12.00 alone · your group: 1 of 3 are in"
    assert deal.title == own.title == DEAL
    asked.choose(own.id)
    shown = bo.user.chat(ana.user.chat_with(bo.user))[-1]
    assert "1 of 3 are in. 2 seats are left" in shown.text
    ((join,),) = shown.buttons
    assert join.value == f"https://t.me/{stage.bot_name}?start=deal_{token(stage)}"
    assert "Join for €9.00" in await followed(stage, bo, join.value.partition("start=")[2])
    others = await typed(stage, bo.user, ana.user, "mug")
    assert [choice.id for choice in others.choices] == [deal.id]


async def test_without_such_words_all_deals_are_offered(stage: Stage) -> None:
    await offered(stage)
    ana, bo = friends(stage)
    everything = await typed(stage, ana.user, bo.user, "")
    assert len(everything.choices) > 1
    assert len((await typed(stage, ana.user, bo.user, "xyz")).choices) == len(everything.choices)


async def test_where_no_deal_is_on_a_button_leads_to_the_shop(stage: Stage) -> None:
    await stage.database.run(
        lambda session: [setattr(deal, "status", DealStatus.ENDED) for deal in session.scalars(select(Deal))]
    )
    ana, bo = friends(stage)
    asked = await typed(stage, ana.user, bo.user, "deal")
    assert asked.choices == []
    assert asked.button == {
        "text": "No group deals just now. Open the shop",
        "start_parameter": "inline_query",
    }


async def test_a_spanish_phone_reads_spanish(stage: Stage) -> None:
    await offered(stage)
    _, bo = friends(stage)
    eva = stage.sandbox.telegram.add_user("Eva", language_code="es")
    asked = await typed(stage, eva, bo.user, "mug")
    assert asked.choices[0].description == "9,00\xa0€ en grupo, 12,00\xa0€ solo · 3 personas en 24 horas"


async def test_what_is_typed_is_no_event_and_nobody_becomes_a_customer_by_it(stage: Stage) -> None:
    ana, bo = friends(stage)
    before = stage.database.read(lambda session: session.scalar(select(func.count(InboxEvent.id))))
    await asyncio.gather(*(typed(stage, ana.user, bo.user, "deal"[:letters]) for letters in range(1, 5)))
    await stage.settle()
    assert stage.database.read(lambda session: session.scalar(select(func.count(InboxEvent.id)))) == before


async def test_our_own_words_chosen_in_the_chat_with_us_are_not_answered(stage: Stage) -> None:
    await offered(stage)
    (ana, _) = friends(stage)
    await told(stage, ana, "hello")
    asked = ana.user.type_inline(the_bot(stage), the_bot(stage), "mug")
    await asked.answered()
    asked.choose(DEAL)
    await stage.settle()
    assert ana.user.chat(the_bot(stage))[-1].via == stage.bot_name


async def test_an_answer_that_is_too_late_is_left(stage: Stage) -> None:
    ana, bo = friends(stage)
    asked = ana.user.type_inline(ana.user.chat_with(bo.user), the_bot(stage), "deal")
    stage.clock.advance(31)  # before the shop has heard of it
    assert (await typed(stage, ana.user, bo.user, "deals")).choices
    assert asked.choices == []
