"""/v1/charges"""

from sandbox.stripe import rendering
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON
from sandbox.stripe.paging import page


def retrieve(call: Call) -> JSON:
    charge = found(call.account.charges, "charge", call.ids["charge"], "id")
    return rendering.charge(call.account, charge)


def list_all(call: Call) -> JSON:
    intent, group = call.get("payment_intent"), call.get("transfer_group")
    rows = [
        charge
        for charge in call.account.charges
        if intent in (None, charge.payment_intent)
        and group in (None, charge.transfer_group)
        and call.get("customer") in (None, charge.customer)
    ]
    return page(
        rows,
        call.parameters,
        lambda charge: rendering.charge(call.account, charge),
        url=call.path,
        kind="charge",
    )
