"""/v1/refunds"""

from sandbox.stripe import checks, refunds, rendering
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON, invalid
from sandbox.stripe.model import Charge, Refund
from sandbox.stripe.paging import page
from sandbox.stripe.parameters import merged_metadata


def create(call: Call) -> JSON:
    charge = _charge_to_refund(call)
    amount: int | None = call.get("amount")
    if amount is not None:
        checks.check_at_least(amount, 1, "amount")
    metadata = merged_metadata({}, call.get("metadata"))
    refund = refunds.create(call.account, charge, amount, reason=call.get("reason"), metadata=metadata)
    return rendering.refund(refund)


def _charge_to_refund(call: Call) -> Charge:
    charge_id, intent_id = call.get("charge"), call.get("payment_intent")
    if charge_id is None and intent_id is None:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if charge_id is not None and intent_id is not None:
        raise invalid("You may only specify one of these parameters: payment_intent, charge.")
    if charge_id is not None:
        return found(call.account.charges, "charge", charge_id, "id")
    intent = found(call.account.intents, "payment_intent", str(intent_id), "payment_intent")
    return refunds.charge_to_refund(call.account, intent)


def _refund(call: Call) -> Refund:
    return found(call.account.refunds, "refund", call.ids["refund"], "refund")


def retrieve(call: Call) -> JSON:
    return rendering.refund(_refund(call))


def update(call: Call) -> JSON:
    refund = _refund(call)
    refund.metadata = merged_metadata(refund.metadata, call.get("metadata"))
    call.account.refunds.save(refund)
    shown = rendering.refund(refund)
    call.account.emit("refund.updated", shown)
    return shown


def list_all(call: Call) -> JSON:
    charge, intent = call.get("charge"), call.get("payment_intent")
    rows = [
        refund
        for refund in call.account.refunds
        if charge in (None, refund.charge) and intent in (None, refund.payment_intent)
    ]
    return page(rows, call.parameters, rendering.refund, url=call.path, kind="refund")


def cancel(call: Call) -> JSON:
    refund = _refund(call)
    refunds.check_cancelable(refund)
    return rendering.refund(refund)
