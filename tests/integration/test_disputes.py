"""A customer's bank takes the money back: the order stands still, staff know what to answer, the ledger follows."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.stage import Stage
from payments.ledger.audit import audit
from payments.ledger.model import Account, Posting
from payments.model import Dispute
from sandbox.stripe import disputes
from sandbox.stripe.disputes import LOSING, WINNING
from shop.orders.model import Frozen, Order, OrderStatus
from shop.tasks.model import Task
from storage.engine import Database
from tests.integration.test_invariants import BANK_TIME, bought
from tests.integration.test_ledger import ordered, pay
from tests.trade import NOW

pytestmark = pytest.mark.anyio


@pytest.fixture
def shop_database_url() -> None:
    """The one in the shop's home: SQLite will do for these."""


def the_order(session: Session) -> Order:
    return session.scalars(select(Order)).one()


def the_task(session: Session) -> Task:
    return session.scalars(select(Task)).one()


def balances(session: Session) -> dict[str, int]:
    """Debits less credits of each account that has any."""
    sums: dict[str, int] = {}
    for each in session.scalars(select(Posting)):
        sums[each.debit.value] = sums.get(each.debit.value, 0) + each.amount_minor
        sums[each.credit.value] = sums.get(each.credit.value, 0) - each.amount_minor
    return {account: amount for account, amount in sums.items() if amount}


@pytest.mark.parametrize("ending", ["won", "lost"])
async def test_a_dispute_freezes_the_order_until_it_is_won(stage: Stage, ending: str) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana, "disputed")
    await stage.advance(BANK_TIME)
    look = stage.database.read
    order, task = look(the_order), look(the_task)
    assert order.frozen is not None
    assert (task.kind, task.closed_at, task.order_id) == ("dispute", None, order.id)
    assert task.facts["order"] == order.reference
    assert (task.facts["customer"], task.facts["address"]["city"]) == ("Ana Ruiz", "Ghent")
    assert task.facts["messages"] > 5
    with pytest.raises(Frozen):
        await stage.staff_move(order.reference, OrderStatus.PACKED)
    assert look(balances)[Account.DISPUTED] == order.total_minor
    (dispute,) = stage.sandbox.stripe.account.disputes
    evidence = {"uncategorized_text": WINNING if ending == "won" else LOSING}
    disputes.update(stage.sandbox.stripe.account, dispute, evidence=evidence, submit=True, metadata={})
    await stage.advance(BANK_TIME)
    assert look(lambda session: session.scalars(select(Dispute.status)).one()) == ending
    books = look(balances)
    assert Account.DISPUTED not in books
    assert books.get(Account.LOSSES, 0) == (0 if ending == "won" else order.total_minor)
    assert (look(the_order).frozen is None) == (ending == "won")
    assert (look(the_task).closed_at is not None) == (ending == "won")
    assert look(audit) == []
    if ending == "won":
        await stage.staff_move(order.reference, OrderStatus.PACKED)


async def test_the_ledgers_stripe_account_is_stripes_own_balance_but_for_charge_fees(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"), "disputed")
    await stage.advance(BANK_TIME + timedelta(minutes=1))
    account = stage.sandbox.stripe.account
    fees = sum(line.fee for line in account.balance if line.type == "charge")
    assert stage.database.read(balances)[Account.STRIPE] == sum(line.net for line in account.balance) + fees


def told(status: str, *, withdrawn: bool, reinstated: bool = False) -> dict[str, Any]:
    moved = [{"id": "txn_1", "amount": -2890, "fee": 1500}] if withdrawn else []
    moved += [{"id": "txn_2", "amount": 2890, "fee": 0}] if reinstated else []
    return {
        "id": "du_1",
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "amount": 2890,
        "currency": "eur",
        "reason": "fraudulent",
        "status": status,
        "balance_transactions": moved,
        "evidence_details": {"due_by": None},
    }


NOTICES = {
    "in order": [("needs_response", 1, 0), ("under_review", 1, 0), ("won", 1, 1)],
    "the end first": [("won", 1, 1), ("needs_response", 1, 0), ("under_review", 1, 0)],
    "each twice": [("needs_response", 1, 0), ("needs_response", 1, 0), ("won", 1, 1), ("won", 1, 1)],
    "an inquiry first": [("warning_needs_response", 0, 0), ("needs_response", 1, 0), ("won", 1, 1)],
    "the inquiry last": [("needs_response", 1, 0), ("won", 1, 1), ("warning_needs_response", 0, 0)],
}


@pytest.mark.parametrize("story", NOTICES)
def test_notices_of_a_dispute_may_come_in_any_order_and_twice(database: Database, story: str) -> None:
    from payments import disputes as ours  # noqa: PLC0415 - the sandbox's are called the same

    def work(session: Session) -> None:
        order = ordered(session)
        pay(session, order)
        for status, withdrawn, reinstated in NOTICES[story]:
            ours.record(session, told(status, withdrawn=bool(withdrawn), reinstated=bool(reinstated)), at=NOW)
        assert session.scalars(select(Dispute.status)).one() == "won"
        assert session.get_one(Order, order).frozen is None
        assert balances(session) == {"stripe": 1390, "fees": 1500, "sales": -2400, "delivery": -490}
        assert audit(session) == []

    database.write_now(work)


def test_a_dispute_of_money_that_is_none_of_ours_is_passed_over(database: Database) -> None:
    from payments import disputes as ours  # noqa: PLC0415 - the sandbox's are called the same

    provider = told("needs_response", withdrawn=True)
    assert database.write_now(lambda session: ours.record(session, provider, at=NOW)) is None
    assert database.read(balances) == {}
