"""A shop on SQLite and somebody new in its web chat: quick enough for many conversations."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.stage import Template, copy_home
from tests.open_shop import OpenShop, open_shop
from tests.scenarios.talking import Guest


@pytest.fixture
async def quick_shop(shop_template: Template, tmp_path: Path) -> AsyncIterator[OpenShop]:
    """The demo shop on SQLite; whatever was said to it, nothing may be left parked."""
    async with open_shop(shop_template, copy_home(shop_template, tmp_path / "home")) as opened:
        yield opened
        assert opened.parked() == []


@pytest.fixture
def guest(quick_shop: OpenShop) -> Guest:
    """Somebody new."""
    return Guest(quick_shop)
