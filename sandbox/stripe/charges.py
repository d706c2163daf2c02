"""Charges: what a card was asked for, and what it answered. Payments make them, nobody else."""

from sandbox.stripe import balance, disputes, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.model import (
    AUTHORISATION_DAYS,
    DAY_SECONDS,
    Charge,
    PaymentIntent,
    PaymentMethod,
    Refund,
    RefundStatus,
)


def attempt(
    account: Account, intent: PaymentIntent, method: PaymentMethod, *, authenticated: bool = False
) -> Charge:
    """Ask the card for the payment's amount: a succeeded or a failed charge, and its event."""
    decline = method.test_card.decline
    charge = Charge(
        id=account.new_id("ch_"),
        created=account.now(),
        payment_method=method.id,
        payment_intent=intent.id,
        status="failed" if decline else "succeeded",
        three_d_secure=authenticated,
        may_be_raised=intent.may_be_raised and not decline,
        email=method.email,
        name=method.name,
        **intent.model_dump(
            include={
                "amount",
                "currency",
                "customer",
                "metadata",
                "description",
                "receipt_email",
                "shipping",
                "statement_descriptor",
                "statement_descriptor_suffix",
                "transfer_group",
            }
        ),
    )
    if decline:
        charge.failure_code = decline.code
        charge.failure_message = decline.message
        charge.decline_code = decline.decline_code
    elif intent.captures_later:
        charge.capture_before = account.now() + AUTHORISATION_DAYS * DAY_SECONDS
    else:
        _take(account, charge, charge.amount)
    account.charges.save(charge)
    account.emit(f"charge.{charge.status}", rendering.charge(account, charge))
    if charge.captured:
        disputes.expect(account, charge)
    return charge


def raise_amount(account: Account, charge: Charge, amount: int) -> None:
    """Hold more on the same card than was authorised at first."""
    charge.amount = amount
    account.charges.save(charge)
    account.emit("charge.updated", rendering.charge(account, charge))


def capture(account: Account, charge: Charge, amount: int) -> None:
    """Take an authorised charge, or a part of it; the rest goes back to the customer at once."""
    _take(account, charge, amount)
    rest = charge.amount - amount
    if rest:
        refund = release(account, charge, rest)
        refund.balance_transaction = balance.book_partial_capture_reversal(account, charge, refund)
        account.refunds.save(refund)
    account.charges.save(charge)
    account.emit("charge.captured", rendering.charge(account, charge))
    disputes.expect(account, charge)


def _take(account: Account, charge: Charge, amount: int) -> None:
    charge.captured = True
    charge.amount_captured = amount
    charge.balance_transaction = balance.book_charge(account, charge, amount)


def release(account: Account, charge: Charge, amount: int, *, reason: str | None = None) -> Refund:
    """Let go of what was authorised and will not be captured; Stripe shows that as a refund."""
    refund = Refund(
        id=account.new_id("re_"),
        created=account.now(),
        amount=amount,
        currency=charge.currency,
        charge=charge.id,
        payment_intent=charge.payment_intent,
        status=RefundStatus.SUCCEEDED,
        reason=reason,
    )
    charge.amount_refunded += amount
    account.charges.save(charge)
    return account.refunds.save(refund)
