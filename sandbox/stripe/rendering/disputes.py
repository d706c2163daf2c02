"""Disputes as the API shows them."""

from typing import Final

from sandbox.stripe.account import Account
from sandbox.stripe.cards import DisputeCourse
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import Dispute
from sandbox.stripe.rendering.ledger import balance_transaction

EVIDENCE_TEXTS: Final = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
# These hold files, which this emulator does not keep.
_EVIDENCE_FILES: Final = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
# Visa's codes (https://docs.stripe.com/disputes/reason-codes-defense-requirements).
_REASON_CODES: Final = {
    DisputeCourse.FRAUDULENT: "10.4",
    DisputeCourse.PRODUCT_NOT_RECEIVED: "13.1",
    DisputeCourse.INQUIRY: "10",
}


def dispute(account: Account, dispute: Dispute) -> JSON:
    charge = account.charges[dispute.charge]
    card = account.payment_methods[charge.payment_method].test_card
    reason_code = _REASON_CODES[dispute.course]
    return {
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount,
        "balance_transactions": [
            balance_transaction(account, account.balance[entry]) for entry in dispute.balance_transactions
        ],
        "charge": dispute.charge,
        "created": dispute.created,
        "currency": dispute.currency,
        "enhanced_eligibility_types": [],
        "evidence": {
            **dict.fromkeys((*EVIDENCE_TEXTS, *_EVIDENCE_FILES)),
            "enhanced_evidence": {},
            **dispute.evidence,
        },
        "evidence_details": _evidence_details(dispute),
        "is_charge_refundable": not dispute.blocks_refunds and charge.unrefunded > 0,
        "livemode": False,
        "metadata": dispute.metadata,
        "network_reason_code": reason_code,
        "payment_intent": dispute.payment_intent,
        "payment_method_details": {
            "card": {
                "brand": card.brand,
                "case_type": dispute.case_type,
                "network": card.brand,
                "network_reason_code": reason_code,
            },
            "type": "card",
        },
        "reason": dispute.course.value,
        "status": dispute.status.value,
    }


def _evidence_details(dispute: Dispute) -> JSON:
    return {
        "due_by": dispute.due_by,
        "enhanced_eligibility": {},
        "has_evidence": bool(dispute.evidence),
        "past_due": dispute.past_due,
        "submission_count": dispute.submissions,
        "submission_method": "manual" if dispute.submissions else "not_submitted",
    }
