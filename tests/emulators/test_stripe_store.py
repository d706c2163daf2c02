"""The sandbox's Stripe over a restart, and alone on a port."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import stripe

from sandbox.clock import SimulatedClock
from sandbox.loopback import listen
from sandbox.stripe import StripeWorld
from tests.emulators.stripe_sandbox import START, Sandbox, intent_parameters, plain, session_parameters


def test_everything_outlives_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "stripe.db"
    key: Any = {"idempotency_key": "refund:1"}
    with Sandbox(store=store) as sandbox:
        v1 = sandbox.client.v1
        open_session = v1.checkout.sessions.create(session_parameters())
        paid = v1.payment_intents.create(intent_parameters(payment_method="pm_card_pendingRefund"))
        held = v1.payment_intents.create(intent_parameters(capture_method="manual"))
        refund = v1.refunds.create({"payment_intent": paid.id, "amount": 500}, key)
        listed = {name: plain(getattr(v1, name).list({"limit": 100})) for name in LISTS}
        sent = len(sandbox.events())

    with Sandbox(store=store) as sandbox:
        v1 = sandbox.client.v1
        assert {name: plain(getattr(v1, name).list({"limit": 100})) for name in LISTS} == listed
        assert v1.refunds.create({"payment_intent": paid.id, "amount": 500}, key).id == refund.id
        assert v1.checkout.sessions.retrieve(open_session.id).status == "open"
        sandbox.clock.advance(7 * 86400)
        sandbox.tick()
        assert v1.checkout.sessions.retrieve(open_session.id).status == "expired"
        assert v1.payment_intents.retrieve(held.id).status == "canceled"
        assert v1.refunds.retrieve(refund.id).status == "succeeded"
        old = {event["id"] for event in listed["events"]["data"]}
        # The receiver moved to another port, so what waited for the old one is gone with its endpoint.
        assert not old & {event.id for event in sandbox.receiver.taken}
        assert len(sandbox.events()) == sent + 5


LISTS = ("payment_intents", "charges", "refunds", "balance_transactions", "events")


def test_undelivered_events_are_sent_after_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "stripe.db"
    with Sandbox(store=store, webhooks=False) as sandbox:
        hook = {"url": sandbox.hook, "enabled_events": ["*"]}
        made = sandbox.client.v1.webhook_endpoints.create(hook)  # type: ignore[arg-type]
        intent = sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    with Sandbox(store=store, webhooks=False) as sandbox:
        sandbox.client.v1.webhook_endpoints.update(made.id, {"url": sandbox.hook})
        sandbox.receiver.answers = [500]
        sandbox.tick()
        ((payload, _),) = sandbox.receiver.requests
        assert intent.id in payload


def test_it_serves_alone_on_a_port_and_survives_being_killed(tmp_path: Path) -> None:
    with listen() as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sandbox.stripe", "--port", str(port), "--store", str(tmp_path / "s.db")]
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": f"http://127.0.0.1:{port}"})
    server = started(command, port)
    try:
        session = client.v1.checkout.sessions.create(session_parameters())
        assert "Demo shop" in httpx.get(str(session.url)).text
    finally:
        server.kill()
        server.wait()
    server = started(command, port)
    try:
        assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    finally:
        server.terminate()
        server.wait()
        client._requestor._get_http_client().close()


def started(command: list[str], port: int) -> "subprocess.Popen[bytes]":
    """The server, once it takes connections."""
    environment = {**os.environ, "PYTHONWARNINGS": "default"}
    server = subprocess.Popen(command, env=environment, cwd=Path(__file__).parents[2])
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None
            assert time.monotonic() < until
        else:
            return server


@pytest.mark.parametrize("minutes", [0, 90])
def test_a_clock_that_went_on_meanwhile_is_caught_up_with(tmp_path: Path, minutes: int) -> None:
    from datetime import timedelta  # noqa: PLC0415

    with Sandbox(store=tmp_path / "s.db", webhooks=False) as sandbox:
        expires = session_parameters(expires_at=sandbox.now() + 3600)
        session = sandbox.client.v1.checkout.sessions.create(expires)
    with Sandbox(store=tmp_path / "s.db", webhooks=False, at=START + timedelta(minutes=minutes)) as sandbox:
        status = sandbox.client.v1.checkout.sessions.retrieve(session.id).status
        assert status == ("expired" if minutes else "open")


def test_a_seed_and_a_store_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a seed makes the same ids again"):
        StripeWorld(
            SimulatedClock(),
            api_key="sk",
            webhook_secret="whsec",
            base_url="http://127.0.0.1",
            store=tmp_path / "s.db",
            random=Random(1),
        )
