"""The balance and its lines as the API shows them."""

from collections import Counter

from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import BalanceTransaction


def balance_transaction(account: Account, entry: BalanceTransaction) -> JSON:
    details = {
        "amount": entry.fee,
        "application": None,
        "currency": entry.currency,
        "description": entry.fee_description,
        "type": "stripe_fee",
    }
    return {
        "id": entry.id,
        "object": "balance_transaction",
        "amount": entry.amount,
        "available_on": entry.available_on,
        "balance_type": "payments",
        "created": entry.created,
        "currency": entry.currency,
        "description": entry.description,
        "exchange_rate": None,
        "fee": entry.fee,
        "fee_details": [details] if entry.fee else [],
        "net": entry.net,
        "reporting_category": entry.reporting_category,
        "source": entry.source,
        "status": "available" if entry.available_on <= account.now() else "pending",
        "type": entry.type,
    }


def balance(account: Account) -> JSON:
    """What is there by now and what is still on its way, by currency (https://docs.stripe.com/api/balance)."""
    available, pending = Counter[str](), Counter[str]()
    for entry in account.balance:
        (available if entry.available_on <= account.now() else pending)[entry.currency] += entry.net
    currencies = sorted(set(available) | set(pending)) or [account.settings.default_currency]
    return {
        "object": "balance",
        "available": [_funds(available[currency], currency) for currency in currencies],
        "livemode": False,
        "pending": [_funds(pending[currency], currency) for currency in currencies],
        "refund_and_dispute_prefunding": {
            "available": [_funds(0, currency) for currency in currencies],
            "pending": [_funds(0, currency) for currency in currencies],
        },
    }


def _funds(amount: int, currency: str) -> JSON:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}
