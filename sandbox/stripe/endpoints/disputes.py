"""/v1/disputes"""

from sandbox.stripe import checks, disputes, rendering
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import Dispute
from sandbox.stripe.paging import page
from sandbox.stripe.parameters import Parameters, merged_metadata
from sandbox.stripe.rendering.disputes import EVIDENCE_TEXTS


def _dispute(call: Call) -> Dispute:
    return found(call.account.disputes, "dispute", call.ids["dispute"], "dispute")


def retrieve(call: Call) -> JSON:
    return rendering.dispute(call.account, _dispute(call))


def update(call: Call) -> JSON:
    dispute = _dispute(call)
    evidence: Parameters = call.get("evidence", {})
    checks.check_emulated(evidence, set(EVIDENCE_TEXTS), "evidence")
    metadata = merged_metadata(dispute.metadata, call.get("metadata"))
    submit: bool = call.get("submit", True)
    disputes.update(call.account, dispute, evidence=evidence, submit=submit, metadata=metadata)
    return rendering.dispute(call.account, dispute)


def close(call: Call) -> JSON:
    dispute = _dispute(call)
    disputes.close(call.account, dispute)
    return rendering.dispute(call.account, dispute)


def list_all(call: Call) -> JSON:
    rows = [
        dispute
        for dispute in call.account.disputes
        if call.get("charge") in (None, dispute.charge)
        and call.get("payment_intent") in (None, dispute.payment_intent)
    ]
    return page(
        rows,
        call.parameters,
        lambda dispute: rendering.dispute(call.account, dispute),
        url=call.path,
        kind="dispute",
    )
