"""/v1/balance and /v1/balance_transactions"""

from sandbox.stripe import rendering
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON
from sandbox.stripe.paging import page


def retrieve(call: Call) -> JSON:
    return rendering.balance(call.account)


def retrieve_transaction(call: Call) -> JSON:
    entry = found(call.account.balance, "balance_transaction", call.ids["id"], "id")
    return rendering.balance_transaction(call.account, entry)


def list_transactions(call: Call) -> JSON:
    source, kind, currency = call.get("source"), call.get("type"), call.get("currency")
    rows = [
        entry
        for entry in call.account.balance
        if source in (None, entry.source)
        and kind in (None, entry.type)
        and currency in (None, entry.currency)
    ]
    return page(
        rows,
        call.parameters,
        lambda entry: rendering.balance_transaction(call.account, entry),
        url=call.path,
        kind="balance_transaction",
    )
