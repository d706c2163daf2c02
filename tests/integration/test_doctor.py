"""`parley doctor`, against Telegram, Meta and Stripe at the wire: each thing that keeps a shop from working is named, with what to do."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from app.cli import app
from app.doctor.command import examine
from app.doctor.findings import Finding, State
from app.sandbox import BOT_TOKEN, SECRETS, Sandbox
from app.settings import Home, Secrets, Settings
from app.wiring import FarEnds
from bot.channels.messenger import SUBSCRIBED_FIELDS
from payments.stripe_gateway import DISPUTE_NOTICES, NOTICES
from storage.clock import SystemClock
from storage.engine import Database
from storage.migrate import upgrade
from tests.integration.killed_shop import far_ends
from tests.open_shop import settings_for_tests

SHOP = "https://shop.example"

pytestmark = pytest.mark.anyio


def online(settings: Settings | None = None) -> Settings:
    """A shop with a public address, and a template for late news."""
    settings = settings or settings_for_tests()
    server = settings.server.model_copy(update={"public_url": SHOP})
    templates = settings.channels.messenger.utility_templates.model_copy(update={"order_update": "news"})
    page = settings.channels.messenger.model_copy(update={"utility_templates": templates})
    channels = settings.channels.model_copy(update={"messenger": page})
    return settings.model_copy(update={"server": server, "channels": channels})


def with_webhook(settings: Settings) -> Settings:
    """Updates of Telegram by webhook."""
    telegram = settings.channels.telegram.model_copy(update={"updates": "webhook"})
    channels = settings.channels.model_copy(update={"telegram": telegram})
    return settings.model_copy(update={"channels": channels})


def known(**changes: str | None) -> Secrets:
    """The sandbox's keys and a good password, some of them others."""
    secrets = {name: SecretStr(value) if value is not None else None for name, value in changes.items()}
    password = {"staff_password": SecretStr("seventeen-teapots")}
    return SECRETS.model_copy(update=password | secrets)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


class Shifted(SystemClock):
    """A machine whose clock is wrong."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return super().now() + self._by


@asynccontextmanager
async def doctor(home: Home) -> AsyncGenerator[tuple[Sandbox, Callable]]:
    """The far ends with everything as it should be, and a doctor for them."""
    async with far_ends(SHOP) as there:
        page = there.sandbox.messenger.page
        page.subscribed_fields = list(SUBSCRIBED_FIELDS)
        there.sandbox.messenger.save(page)
        places = FarEnds(f"{there.url}/telegram", f"{there.url}/messenger", f"{there.url}/stripe")

        async def look(settings: Settings | None = None, secrets: Secrets | None = None, clock=None):
            return await examine(
                settings or online(),
                secrets or known(),
                home,
                far_ends=places,
                clock=clock or SystemClock(),
            )

        yield there.sandbox, look


def wrong(findings) -> list[str]:
    return [f"{each.about}: {each.what}" for each in findings if each.state is State.WRONG]


def find(findings, about: str, state: State) -> Finding:
    return next(each for each in findings if each.about == about and each.state is state)


async def test_a_shop_with_everything_in_place_has_nothing_wrong(home: Home) -> None:
    async with doctor(home) as (_, look):
        findings = await look()
    assert wrong(findings) == []
    fine = {each.about for each in findings if each.state is State.FINE}
    assert {"Telegram", "Telegram updates", "Messenger", "Stripe", "clock", "public address"} <= fine
    assert find(findings, "Telegram", State.FINE).what == "the bot is @KettleAndQuayBot"
    assert "test key" in find(findings, "Stripe", State.CARE).what


@pytest.mark.parametrize(
    ("changes", "about", "says"),
    [
        ({"telegram_token": "7000000009:nobody-knows-this-one-000000000000"}, "Telegram", "does not know"),
        ({"telegram_token": "no token"}, "Telegram", "no Telegram bot token"),
        ({"messenger_page_token": "EAAother"}, "Messenger", "refused the page token"),
        ({"messenger_app_secret": None}, "Messenger", "some of its keys are missing"),
        ({"stripe_key": "sk_test_other"}, "Stripe", "refuses our key"),
        ({"stripe_webhook_secret": None}, "Stripe", "some of its keys are missing"),
    ],
)
async def test_a_wrong_or_missing_key_is_named_and_never_shown(
    home: Home, changes: dict[str, str | None], about: str, says: str
) -> None:
    async with doctor(home) as (_, look):
        findings = await look(secrets=known(**changes))
    found = find(findings, about, State.WRONG)
    assert says in found.what
    assert found.remedy
    shown = " ".join(f"{each.what} {each.remedy}" for each in findings)
    assert not any(key and key in shown for key in changes.values() if key != "no token")
    assert BOT_TOKEN not in shown


async def test_a_webhook_that_leads_elsewhere_or_tells_too_little_is_named(home: Home) -> None:
    async with doctor(home) as (sandbox, look):
        (endpoint,) = list(sandbox.stripe.account.endpoints)
        endpoint.enabled_events = ["checkout.session.completed"]
        sandbox.stripe.account.endpoints.save(endpoint)
        found = find(await look(), "Stripe", State.WRONG)
        assert "refund.failed" in found.what
        assert "checkout.session.completed" not in found.what
        endpoint.url = "https://elsewhere.example/hook"
        sandbox.stripe.account.endpoints.save(endpoint)
        found = find(await look(), "Stripe", State.WRONG)
        assert f"no enabled webhook leads to {SHOP}/webhooks/stripe" in found.what
        assert "https://elsewhere.example/hook" in found.what


async def test_a_webhook_that_tells_nothing_of_disputes_is_named(home: Home) -> None:
    async with doctor(home) as (sandbox, look):
        (endpoint,) = list(sandbox.stripe.account.endpoints)
        endpoint.enabled_events = sorted(NOTICES - DISPUTE_NOTICES)
        sandbox.stripe.account.endpoints.save(endpoint)
        found = find(await look(), "Stripe", State.WRONG)
        assert all(event in found.what for event in DISPUTE_NOTICES)
        assert "refund.failed" not in found.what
        assert found.remedy


async def test_telegrams_webhook_needs_its_secret_and_is_told_before_it_is_set(home: Home) -> None:
    async with doctor(home) as (_, look):
        findings = await look(with_webhook(online()), known())
    assert "no webhook is set" in find(findings, "Telegram updates", State.CARE).what
    assert wrong(findings) == ["Telegram updates: the webhook has no secret"]


async def test_a_page_that_tells_us_nothing_is_named(home: Home) -> None:
    async with doctor(home) as (sandbox, look):
        page = sandbox.messenger.page
        page.subscribed_fields = ["messages"]
        sandbox.messenger.save(page)
        found = find(await look(), "Messenger", State.CARE)
    assert "messaging_postbacks" in found.what
    assert "pages_manage_metadata" in found.remedy


async def test_without_a_public_address_only_webhooks_are_wrong(home: Home) -> None:
    async with doctor(home) as (_, look):
        findings = await look(settings_for_tests())
    assert sorted(each.split(":")[0] for each in wrong(findings)) == ["Messenger", "Stripe"]


@pytest.mark.parametrize(
    ("off", "state"), [(0, State.FINE), (60, State.CARE), (-450, State.WRONG), (450, State.WRONG)]
)
async def test_a_clock_that_is_off_is_measured_against_an_answer(home: Home, off: int, state: State) -> None:
    async with doctor(home) as (_, look):
        findings = await look(clock=Shifted(timedelta(seconds=off)))
    found = find(findings, "clock", state)
    assert (" seconds off" in found.what) is (off != 0)


async def test_far_ends_that_are_out_of_reach_are_said_to_be(home: Home) -> None:
    nowhere = "http://127.0.0.1:9"
    findings = await examine(
        online(), known(), home, far_ends=FarEnds(nowhere, nowhere, nowhere), clock=SystemClock()
    )
    assert {each.split(":")[0] for each in wrong(findings)} == {"Telegram", "Messenger", "Stripe"}
    assert find(findings, "clock", State.UNUSED)


@pytest.mark.parametrize(
    ("url", "says"),
    [("http://shop.example", "is not https"), ("https://localhost:8080", "means this very machine")],
)
async def test_an_address_that_nobody_can_deliver_to_is_named(home: Home, url: str, says: str) -> None:
    settings = online()
    settings = settings.model_copy(update={"server": settings.server.model_copy(update={"public_url": url})})
    findings = await examine(settings, Secrets(), home, far_ends=FarEnds(), clock=SystemClock())
    assert any(says in each.what for each in findings if each.about == "public address")


async def test_a_damaged_database_and_a_readable_secret_are_named(home: Home) -> None:
    database = Database.open(home.database_url)
    upgrade(database)
    database.close()
    home.secret()
    (home.folder / "secret.key").chmod(0o644)
    content = bytearray((home.folder / "parley.db").read_bytes())
    content[8192:40960] = b"\xff" * (40960 - 8192)
    (home.folder / "parley.db").write_bytes(content)
    findings = await examine(settings_for_tests(), Secrets(), home, far_ends=FarEnds(), clock=SystemClock())
    assert "secret.key" in find(findings, "home folder", State.WRONG).what
    assert find(findings, "database", State.WRONG).remedy


async def test_a_database_of_an_older_version_is_no_fault(home: Home) -> None:
    database = Database.open(home.database_url)
    upgrade(database, "0007")
    database.close()
    findings = await examine(settings_for_tests(), Secrets(), home, far_ends=FarEnds(), clock=SystemClock())
    assert "changes to its tables are due" in find(findings, "database", State.CARE).what
    assert wrong(findings) == []


async def test_postgresql_answers_and_a_wrong_password_is_not_shown(home: Home, postgres_url: str) -> None:
    database = Database.open(postgres_url)
    upgrade(database)
    database.close()
    good = Secrets(database_url=SecretStr(postgres_url))
    findings = await examine(settings_for_tests(), good, home, far_ends=FarEnds(), clock=SystemClock())
    assert "PostgreSQL" in find(findings, "database", State.FINE).what
    bad = Secrets(database_url=SecretStr("postgresql://parley:hush-hush@127.0.0.1:9/none"))
    findings = await examine(settings_for_tests(), bad, home, far_ends=FarEnds(), clock=SystemClock())
    found = find(findings, "database", State.WRONG)
    assert "hush-hush" not in f"{found.what} {found.remedy}"


def test_the_command_ends_with_1_where_something_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = CliRunner().invoke(app, ["doctor", "--home", str(tmp_path / "home")])
    assert fine.exit_code == 0, fine.output
    assert "docs/going-live.md" in fine.stdout
    monkeypatch.setenv("PARLEY_STRIPE_KEY", "sk_test_x")
    result = CliRunner().invoke(app, ["doctor", "--home", str(tmp_path / "home"), "--json"])
    assert result.exit_code == 1
    assert '"some of its keys are missing"' in result.stdout
    assert "PARLEY_STRIPE_WEBHOOK_SECRET" in result.stdout
