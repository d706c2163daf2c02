"""Groups of a deal, each on both databases: with Telegram's invoices, charged now, and Stripe's cards, charged when full."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.stage import Stage, Template, copy_home, open_stage
from payments.ledger.audit import audit
from sandbox.stories.invariants import Invariants
from shop.deals.model import DealPayment
from tests.conftest import copied_database
from tests.group_deals import (
    asked_to_pay,
    crowd,
    heard,
    offered,
    seated,
    seats,
    statuses,
    tapped,
    the_group,
    token,
    told,
)
from tests.open_shop import settings_for_tests

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
async def stage(
    request: pytest.FixtureRequest, shop_template: Template, tmp_path: Path
) -> AsyncIterator[Stage]:
    home = copy_home(shop_template, tmp_path / "home")
    if request.param == "sqlite":
        async with open_stage(settings_for_tests(), shop_template, home) as opened:
            yield opened
        return
    server, name = (str(request.getfixturevalue(each)) for each in ("postgres_server", "postgres_shop"))
    with copied_database(server, name) as url:
        async with open_stage(settings_for_tests(), shop_template, home, database_url=url) as opened:
            yield opened


@pytest.fixture(autouse=True)
async def all_holds(stage: Stage) -> AsyncIterator[None]:
    """Whatever a test does, in the end nothing is broken."""
    with Invariants(stage) as rules:
        yield
        await stage.settle()
        assert rules.check() == []
        assert stage.database.read(audit) == []


@pytest.mark.parametrize("payment", list(DealPayment))
async def test_three_friends_fill_a_group_across_channels(stage: Stage, payment: DealPayment) -> None:
    await offered(stage, payment=payment)
    ana, bo, cleo = crowd(stage, 3)
    assert "Start a group" in await told(stage, ana, "any group deals?")
    first = await seated(stage, ana)
    assert "1 of 3" in first
    await seated(stage, bo, token(stage))
    assert seats(stage) == ["paid", "paid"]
    assert statuses(stage) == ["waiting", "waiting"]
    last = await seated(stage, cleo, token(stage))
    assert "is full" in last
    assert seats(stage) == ["confirmed"] * 3
    assert statuses(stage) == ["paid"] * 3
    assert "is full" in await heard(stage, ana)


@pytest.mark.parametrize("payment", list(DealPayment))
async def test_a_group_that_does_not_fill_gives_everybody_their_own_money_back(
    stage: Stage, payment: DealPayment
) -> None:
    await offered(stage, payment=payment)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    await seated(stage, bo, token(stage))
    await stage.advance(timedelta(hours=25))
    assert stage.database.read(the_group).status.value == "failed"
    assert seats(stage) == ["refunded"] * 2
    assert statuses(stage) == ["cancelled"] * 2
    for person in (ana, bo):
        assert "did not fill in time" in await heard(stage, person)


async def test_who_leaves_has_all_their_money_back_and_the_next_one_leads(stage: Stage) -> None:
    await offered(stage)
    ana, bo = crowd(stage, 2)
    await seated(stage, ana)
    deadline = stage.database.read(the_group).closes_at
    await seated(stage, bo, token(stage))
    await told(stage, ana, "leave the group")
    assert "on their way back" in await tapped(stage, ana, "Yes, leave")
    assert "now you lead it" in await heard(stage, bo)
    assert seats(stage) == ["refunded", "paid"]
    assert stage.database.read(the_group).closes_at == deadline
    await told(stage, bo, "leave the group")
    await tapped(stage, bo, "Yes, leave")
    assert stage.database.read(the_group).status.value == "cancelled"
    assert seats(stage) == ["refunded", "refunded"]


async def test_pay_or_let_go(stage: Stage) -> None:
    await offered(stage)
    (ana,) = crowd(stage, 1)
    await asked_to_pay(stage, ana)
    assert "not paid yet" in await told(stage, ana, "start a group for the black mug")
    await tapped(stage, ana, "Let it go")
    assert "free again" in await tapped(stage, ana, "Yes, let it go")
    assert seats(stage) == ["released"]
    assert statuses(stage) == ["cancelled"]
