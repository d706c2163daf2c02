"""Random walks through the life of payments: whatever is asked in whatever order, the money adds up.

At the end the same walks are taken through an emulator that was broken on purpose, and have to notice.
"""

import asyncio
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from sandbox.clock import SimulatedClock
from sandbox.stripe import StripeWorld, balance, create_app, disputes, intents, refunds, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.idempotency import Idempotency
from sandbox.stripe.model import BalanceTransaction, Charge, Dispute
from tests.emulators.stripe_answers import faults

GOOD = "pm_card_visa"
CARDS = [
    GOOD,
    GOOD,
    GOOD,
    "pm_card_visa_chargeDeclined",
    "pm_card_authenticationRequired",
    "pm_card_pendingRefund",
    "pm_card_refundFail",
    "pm_card_createDispute",
    "pm_card_createDisputeInquiry",
]
EVIDENCE = ["winning_evidence", "losing_evidence", "escalate_inquiry_evidence", "a receipt"]
ENDED = ("succeeded", "canceled")

# Amounts around what there is: all of it unasked or asked, one more, one less, a part.
around = st.sampled_from([None, 0, 1, -1, -40])


class PaymentLives(RuleBasedStateMachine):
    """One account, asked anything."""

    intents = Bundle("intents")
    requests = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.clock = SimulatedClock(datetime(2030, 1, 7, tzinfo=UTC))
        self.world = StripeWorld(
            self.clock, api_key="sk", webhook_secret="whsec", base_url="http://sandbox", random=Random(1)
        )
        self.loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(create_app(self.world))
        self.http = httpx.AsyncClient(
            transport=transport, base_url="http://sandbox", headers={"Authorization": "Bearer sk"}
        )
        self.keys = 0
        self.asked_at: dict[str, int] = {}
        self.dead: dict[str, Any] = {}

    def teardown(self) -> None:
        self.loop.run_until_complete(self.http.aclose())
        self.loop.close()
        self.world.close()

    def post(
        self, path: str, form: dict[str, Any], key: str | None = None
    ) -> tuple[str, dict[str, Any], str, str]:
        """Send it; what it takes to send it again, and the answer."""
        if key is None:
            self.keys += 1
            key = f"key{self.keys}"
            self.asked_at[key] = self.world.account.now()
        headers = {"Idempotency-Key": key, "Content-Type": "application/x-www-form-urlencoded"}
        answer = self.loop.run_until_complete(
            self.http.post(path, content=urlencode(form).encode(), headers=headers)
        )
        assert answer.status_code in (200, 400, 402, 404), answer.text
        assert faults(answer.json()) == []
        return path, form, key, answer.text

    @rule(
        target=intents,
        amount=st.integers(min_value=50, max_value=1000),
        capture_method=st.sampled_from(["automatic", "manual"]),
        card=st.sampled_from([None, *CARDS]),
        raisable=st.booleans(),
    )
    def create(self, amount: int, capture_method: str, card: str | None, raisable: bool) -> str:
        form = {
            "amount": amount,
            "currency": "eur",
            "capture_method": capture_method,
            "automatic_payment_methods[enabled]": "true",
            "automatic_payment_methods[allow_redirects]": "never",
        }
        if raisable:
            form["payment_method_options[card][request_incremental_authorization]"] = "if_available"
        if card is not None:
            form |= {"payment_method": card, "confirm": "true"}
        self.post("/v1/payment_intents", form)
        return list(self.world.account.intents)[-1].id

    @rule(target=requests, intent=intents, card=st.sampled_from(CARDS))
    def confirm(self, intent: str, card: str) -> Any:
        return self.post(f"/v1/payment_intents/{intent}/confirm", {"payment_method": card})

    @rule(target=requests, intent=intents, offset=around)
    def capture(self, intent: str, offset: int | None) -> Any:
        form = {}
        if offset is not None:
            form["amount_to_capture"] = max(self.world.account.intents[intent].amount_capturable + offset, 1)
        return self.post(f"/v1/payment_intents/{intent}/capture", form)

    @rule(target=requests, intent=intents, offset=st.sampled_from([-1, 0, 1, 200]))
    def raise_authorisation(self, intent: str, offset: int) -> Any:
        amount = self.world.account.intents[intent].amount + offset
        return self.post(f"/v1/payment_intents/{intent}/increment_authorization", {"amount": amount})

    @rule(target=requests, intent=intents)
    def cancel(self, intent: str) -> Any:
        return self.post(f"/v1/payment_intents/{intent}/cancel", {})

    @rule(target=requests, intent=intents, offset=around)
    def refund(self, intent: str, offset: int | None) -> Any:
        form: dict[str, Any] = {"payment_intent": intent}
        charge = self.world.account.charges.get(self.world.account.intents[intent].latest_charge or "")
        if offset is not None and charge is not None:
            form["amount"] = max(charge.unrefunded + offset, 1)
        return self.post("/v1/refunds", form)

    @rule(target=intents, card=st.sampled_from(CARDS))
    def take_and_give_back(self, card: str) -> str:
        """The way to a refund is long for a walk that finds it by chance, and most faults lie behind one."""
        intent = self.create(amount=500, capture_method="automatic", card=card, raisable=False)
        self.refund(intent, None)
        return intent

    @rule(intent=intents)
    def call_off_refunds(self, intent: str) -> None:
        for refund in self.world.account.refunds:
            if refund.payment_intent == intent and refund.status == "pending":
                self.world.cancel_refund(refund.id)

    @rule(target=requests, intent=intents, text=st.sampled_from(EVIDENCE))
    def answer_disputes(self, intent: str, text: str) -> Any:
        form = {"evidence[uncategorized_text]": text}
        return self.post(f"/v1/disputes/{self.dispute_of(intent)}", form)

    @rule(target=requests, intent=intents)
    def give_up_disputes(self, intent: str) -> Any:
        return self.post(f"/v1/disputes/{self.dispute_of(intent)}/close", {})

    def dispute_of(self, intent: str) -> str:
        found = [dispute.id for dispute in self.world.account.disputes if dispute.payment_intent == intent]
        return found[-1] if found else "du_none"

    @rule(intent=intents, answer=st.sampled_from(["approve", "refuse"]))
    def authenticate(self, intent: str, answer: str) -> None:
        posted = self.http.post(f"/authenticate/{intent}", data={"answer": answer})
        assert self.loop.run_until_complete(posted).status_code in (200, 404)

    @rule(request=consumes(requests))
    def send_again(self, request: tuple[str, dict[str, Any], str, str]) -> None:
        """A replay says the same and changes nothing."""
        path, form, key, answered = request
        if self.asked_at[key] + 86_400 <= self.world.account.now():
            return
        self.loop.run_until_complete(self.world.tick())  # what is due happens whoever asks
        before = self.everything()
        assert self.post(path, form, key)[3] == answered
        assert self.everything() == before

    @rule(hours=st.integers(min_value=1, max_value=60))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours * 3600)
        self.loop.run_until_complete(self.world.tick())

    def everything(self) -> list[str]:
        account = self.world.account
        tables: tuple[Any, ...] = (
            account.intents,
            account.charges,
            account.refunds,
            account.disputes,
            account.balance,
            account.events,
        )
        return [entity.model_dump_json() for table in tables for entity in table]

    @invariant()
    def no_more_is_captured_than_authorised(self) -> None:
        for intent in self.world.account.intents:
            assert intent.amount_received + intent.amount_capturable <= intent.amount
        for charge in self.world.account.charges:
            assert 0 <= charge.amount_captured <= charge.amount
            assert charge.captured == (charge.amount_captured > 0)

    @invariant()
    def no_more_is_refunded_than_captured(self) -> None:
        account = self.world.account
        for charge in account.charges:
            back = [
                refund for refund in account.refunds if refund.charge == charge.id and not refund.came_back
            ]
            assert sum(refund.amount for refund in back) == charge.amount_refunded <= charge.amount
            released = charge.amount - charge.amount_captured if charge.captured else charge.amount_refunded
            assert charge.amount_refunded - released <= charge.amount_captured

    @invariant()
    def a_payment_is_taken_once(self) -> None:
        account = self.world.account
        for intent in account.intents:
            taken = [
                c.amount_captured for c in account.charges if c.payment_intent == intent.id and c.captured
            ]
            assert taken == ([intent.amount_received] if intent.status == "succeeded" else [])

    @invariant()
    def a_cancelled_payment_holds_nothing(self) -> None:
        account = self.world.account
        for charge in account.charges:
            if charge.status == "succeeded" and account.intents[charge.payment_intent].status == "canceled":
                assert (charge.captured, charge.unrefunded) == (False, 0)

    @invariant()
    def nothing_goes_back_twice(self) -> None:
        """What was refunded and what a bank has taken is no more than what came in."""
        account = self.world.account
        for charge in account.charges:
            given = sum(
                refund.amount
                for refund in account.refunds
                if refund.charge == charge.id and self.is_money(refund)
            )
            taken = sum(
                dispute.amount
                for dispute in account.disputes
                if dispute.charge == charge.id and dispute.blocks_refunds
            )
            assert given + taken <= charge.amount_captured

    @invariant()
    def the_ledger_is_what_was_taken_less_what_went_back(self) -> None:
        account = self.world.account
        taken = sum(charge.amount_captured for charge in account.charges)
        given = sum(refund.amount for refund in account.refunds if self.is_money(refund))
        lost = sum(dispute.amount for dispute in account.disputes if dispute.blocks_refunds)
        assert sum(entry.amount for entry in account.balance) == taken - given - lost

    @invariant()
    def the_balance_is_the_sum_of_the_ledger(self) -> None:
        account = self.world.account
        shown = rendering.balance(account)
        funds = sum(each["amount"] for kind in ("available", "pending") for each in shown[kind])
        assert funds == sum(entry.amount - entry.fee for entry in account.balance)
        fees = sum(len(dispute.balance_transactions) > 0 for dispute in account.disputes)
        received = sum(entry.fee for entry in account.balance if entry.reporting_category == "dispute")
        assert received == fees * account.settings.dispute_fee_minor

    @invariant()
    def a_dispute_has_taken_exactly_what_its_state_says(self) -> None:
        account = self.world.account
        for dispute in account.disputes:
            moved = sum(account.balance[entry].amount for entry in dispute.balance_transactions)
            assert moved == (-dispute.amount if dispute.blocks_refunds else 0)

    def is_money(self, refund: Any) -> bool:
        return not refund.came_back and self.was_money(refund)

    def was_money(self, refund: Any) -> bool:
        """A refund that moved money, and not the release of what was never captured."""
        booked = self.world.account.balance.get(refund.balance_transaction or "")
        return booked is not None and booked.reporting_category == "refund"

    @invariant()
    def what_has_ended_stays_as_it_is(self) -> None:
        for intent in self.world.account.intents:
            if intent.status in ENDED:
                assert self.dead.setdefault(intent.id, intent.model_dump()) == intent.model_dump()


PaymentLives.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestPaymentLives = PaymentLives.TestCase

# The same walk every time, and no search for the shortest: that the fault is seen is all that counts.
UNTIL_SEEN = settings(
    max_examples=200,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


def anything(*_: Any, **__: Any) -> None:
    """A check that lets everything through."""


def never_kept(*_: Any) -> None:
    """An idempotency layer that remembers nothing."""


def not_booked(account: Account, charge: Charge, dispute: Dispute) -> str:
    """A dispute that leaves the balance as it is."""
    entry = BalanceTransaction(
        id=account.new_id("txn_"),
        created=account.now(),
        type="adjustment",
        reporting_category="dispute",
        amount=0,
        fee=account.settings.dispute_fee_minor,
        currency=charge.currency,
        source=dispute.id,
        available_on=account.now(),
    )
    return account.balance.save(entry).id


BROKEN = {
    "more is refunded than there is": (refunds, "_check", anything),
    "disputed charges are refunded": (disputes, "takes_hold_of", lambda *_: False),
    "a payment that is over is cancelled": (intents, "check_cancelable", anything),
    "a request that comes twice is worked on twice": (Idempotency, "saved", never_kept),
    "a dispute takes nothing": (balance, "book_dispute", not_booked),
    "a failed refund is not booked back": (balance, "book_refund_failure", lambda *_: None),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_the_walks_notice_an_emulator_in_which(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, wrong = BROKEN[broken]
    monkeypatch.setattr(module, name, wrong)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(PaymentLives, settings=UNTIL_SEEN)
