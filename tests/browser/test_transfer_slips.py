"""A transfer slip from the customer's camera to the eyes of staff: through Telegram, unchanged, and for nobody else."""

import httpx
import pytest

from console.reads.money import open_tasks
from shop.tasks.model import TaskKind
from tests.open_shop import OpenShop, Telegrammer
from tests.scenarios.payments.buying import check_out, fill_cart

pytestmark = pytest.mark.anyio

JPEG = b"\xff\xd8\xff\xe0" + b"a slip" * 40


async def ordered_by_transfer(shop: OpenShop) -> Telegrammer:
    ana = shop.telegrammer("Ana")
    await fill_cart(shop, ana)
    await check_out(ana)
    await ana.taps("Another way to pay")
    await ana.taps("Bank transfer")
    await ana.taps("Place the order")
    await ana.hears("IBAN")
    return ana


async def test_staff_see_the_slip_that_a_customer_sent(open_console: OpenShop) -> None:
    shop = open_console
    ana = await ordered_by_transfer(shop)
    ana.user.send_photo(shop.bot, JPEG, caption="here it is")
    await ana.hears("passed the slip")
    (task,) = shop.read(open_tasks)
    assert task.kind is TaskKind.TRANSFER_SLIP
    async with httpx.AsyncClient(base_url=shop.url) as client:
        shown = await client.get(task.slip)
        assert shown.status_code == 200, shown.text
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.content.startswith(b"\xff\xd8\xff")
        assert (await client.get("/staff/slips/00000000-0000-7000-8000-000000000000")).status_code == 404


async def test_a_picture_is_no_slip_where_no_transfer_is_waited_for(open_console: OpenShop) -> None:
    shop = open_console
    ana = shop.telegrammer("Ana")
    await ana.says("hello")
    ana.user.send_photo(shop.bot, JPEG)
    await ana.hears("picture")
    assert shop.read(open_tasks) == []
