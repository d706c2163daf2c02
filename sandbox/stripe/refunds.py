"""Refunds: money back to the card it came from, at once or when the bank gets round to it.

https://docs.stripe.com/refunds
"""

from sandbox.stripe import balance, disputes, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.cards import RefundCourse
from sandbox.stripe.errors import invalid
from sandbox.stripe.model import Charge, IntentStatus, PaymentIntent, Refund, RefundStatus
from sandbox.stripe.money import stated


def charge_to_refund(account: Account, intent: PaymentIntent) -> Charge:
    """The charge that a refund "of the payment" means."""
    charge = account.charges.get(intent.latest_charge or "")
    if charge is None or charge.status == "failed":
        raise invalid(f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.")
    return charge


def create(
    account: Account, charge: Charge, amount: int | None, *, reason: str | None, metadata: dict[str, str]
) -> Refund:
    """Give back that much, or all that is left. Raises Stripe's refusal if there is not so much."""
    _check(account, charge, amount)
    refund = Refund(
        id=account.new_id("re_"),
        created=account.now(),
        amount=charge.unrefunded if amount is None else amount,
        currency=charge.currency,
        charge=charge.id,
        payment_intent=charge.payment_intent,
        status=RefundStatus.SUCCEEDED,
        reason=reason,
        metadata=metadata,
    )
    _plan(account, charge, refund)
    charge.amount_refunded += refund.amount
    refund.balance_transaction = balance.book_refund(account, charge, refund)
    account.charges.save(charge)
    account.refunds.save(refund)
    account.emit("refund.created", rendering.refund(refund))
    account.emit("charge.refunded", rendering.charge(account, charge))
    disputes.refunded(account, charge)
    return refund


def _check(account: Account, charge: Charge, amount: int | None) -> None:
    intent = account.intents[charge.payment_intent]
    if charge.status == "failed":
        raise invalid(f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.")
    if intent.status == IntentStatus.REQUIRES_CAPTURE:
        raise invalid(
            f"This uncaptured Charge was created by a PaymentIntent ({intent.id}). You must cancel the "
            "PaymentIntent to reverse the authorization instead of refunding the Charge directly. For more "
            "information, see https://stripe.com/docs/payments/place-a-hold-on-a-payment-method"
        )
    if disputes.takes_hold_of(account, charge):
        # https://docs.stripe.com/error-codes#charge-disputed
        raise invalid(
            f"Charge {charge.id} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if charge.unrefunded == 0:
        raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount > charge.unrefunded:
        raise invalid(
            f"Refund amount ({stated(amount, charge.currency)}) is greater than unrefunded amount on charge "
            f"({stated(charge.unrefunded, charge.currency)})",
            param="amount",
        )


def _plan(account: Account, charge: Charge, refund: Refund) -> None:
    course = account.payment_methods[charge.payment_method].test_card.refunds
    if course == RefundCourse.AT_ONCE:
        return
    refund.settles_at = account.now() + account.settings.refund_settles_after_seconds
    account.agenda.add(refund.settles_at, "refund", refund.id)
    if course == RefundCourse.PENDING_THEN_SUCCEEDED:
        refund.status = RefundStatus.PENDING
        refund.settles_as = RefundStatus.SUCCEEDED
    else:
        refund.settles_as = RefundStatus.FAILED


def check_cancelable(refund: Refund) -> None:
    """Raises: only a refund that waits for its customer's bank details can be cancelled, and no card needs any
    (https://docs.stripe.com/api/refunds/cancel).
    """
    raise invalid(
        f"Refunds in status `{refund.status}` cannot be canceled. Only refunds with a status of `requires_action` can "
        "be canceled.",
        param="refund",
    )


def call_off(account: Account, refund: Refund) -> None:
    """Cancel a refund that is still pending, as the Dashboard can for a short while
    (https://docs.stripe.com/refunds#cancel-refund). Raises once it is not pending any more.
    """
    if refund.status != RefundStatus.PENDING:
        raise invalid(f"Refund {refund.id} is {refund.status} and cannot be canceled any more.")
    _end(account, refund, RefundStatus.CANCELED, reason="merchant_request")


def settle(account: Account, refund: Refund) -> None:
    """The bank's answer arrives; a second time it changes nothing."""
    if refund.settles_as is not None:
        _end(account, refund, refund.settles_as, reason="expired_or_canceled_card")


def _end(account: Account, refund: Refund, status: RefundStatus, *, reason: str) -> None:
    """`reason` is told when the money does not arrive."""
    refund.move(status)
    refund.settles_as = None
    refund.settles_at = None
    if refund.came_back:
        refund.failure_reason = reason
        _take_back(account, refund)
    account.refunds.save(refund)
    shown = rendering.refund(refund)
    account.emit("refund.failed" if refund.status == RefundStatus.FAILED else "refund.updated", shown)
    account.emit("charge.refund.updated", shown)


def _take_back(account: Account, refund: Refund) -> None:
    """What did not arrive is the merchant's money again (https://docs.stripe.com/refunds#failed-refunds)."""
    charge = account.charges[refund.charge]
    charge.amount_refunded -= refund.amount
    account.charges.save(charge)
    refund.failure_balance_transaction = balance.book_refund_failure(account, charge, refund)
