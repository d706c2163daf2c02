"""The account's ledger: what each charge, refund and dispute did to the balance, fees included.

Types and categories: https://docs.stripe.com/reports/balance-transaction-types
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sandbox.stripe.account import Account
from sandbox.stripe.model import DAY_SECONDS, BalanceTransaction, Charge, Dispute, Refund


def book_charge(account: Account, charge: Charge, captured: int) -> str:
    """A capture: the whole charge comes in, less the fee on what was captured."""
    wait = account.settings.funds_available_after_days * DAY_SECONDS
    fee = fee_on(account, captured)
    return _book(account, charge, "charge", charge.amount, source=charge.id, fee=fee, wait_seconds=wait)


def book_refund(account: Account, charge: Charge, refund: Refund) -> str:
    """Money goes back to the customer; the fee of the charge stays with Stripe."""
    return _book(account, charge, "refund", -refund.amount, source=refund.id)


def book_partial_capture_reversal(account: Account, charge: Charge, refund: Refund) -> str:
    """What was authorised and not captured, which book_charge booked as if it had been."""
    return _book(
        account, charge, "refund", -refund.amount, source=refund.id, category="partial_capture_reversal"
    )


def book_refund_failure(account: Account, charge: Charge, refund: Refund) -> str:
    """A refund that the customer's bank sent back, or that was called off."""
    return _book(account, charge, "refund_failure", refund.amount, source=refund.id)


def book_dispute(account: Account, charge: Charge, dispute: Dispute) -> str:
    """The bank takes the disputed amount, and Stripe its fee, in one line."""
    fee = account.settings.dispute_fee_minor
    return _book(
        account, charge, "adjustment", -dispute.amount, source=dispute.id, category="dispute", fee=fee
    )


def book_dispute_reversal(account: Account, charge: Charge, dispute: Dispute) -> str:
    """A dispute was won: the amount comes back, the fee does not."""
    return _book(
        account, charge, "adjustment", dispute.amount, source=dispute.id, category="dispute_reversal"
    )


def fee_on(account: Account, amount: int) -> int:
    """Stripe's share of a captured amount, in minor units, rounded half up."""
    share = (amount * account.settings.fee_rate).to_integral_value(ROUND_HALF_UP)
    return int(share + Decimal(account.settings.fee_fixed_minor))


_DESCRIPTIONS: Final = {
    "dispute": "Chargeback withdrawal for {charge}",
    "dispute_reversal": "Chargeback reversal for {charge}",
}


def _book(
    account: Account,
    charge: Charge,
    kind: str,
    amount: int,
    *,
    source: str,
    fee: int = 0,
    category: str = "",
    wait_seconds: int = 0,
) -> str:
    now = account.now()
    description = _DESCRIPTIONS.get(category)
    entry = BalanceTransaction(
        id=account.new_id("txn_"),
        created=now,
        type=kind,
        reporting_category=category or kind,
        amount=amount,
        fee=fee,
        fee_description="Dispute fee" if category == "dispute" else "Stripe processing fees",
        currency=charge.currency,
        source=source,
        available_on=now + wait_seconds,
        description=description.format(charge=charge.id) if description else charge.description,
    )
    return account.balance.save(entry).id
