"""Customers: made by the shop or by a visit to the pay page, found again by their e-mail address.

https://docs.stripe.com/api/customers
"""

from typing import Any, Final

from sandbox.stripe import checks, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.errors import JSON
from sandbox.stripe.model import Customer
from sandbox.stripe.parameters import Parameters, merged_metadata

_PREFIX_LETTERS: Final = "0123456789ABCDEF"
FIELDS: Final = (
    "address",
    "business_name",
    "description",
    "email",
    "individual_name",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
)


def create(account: Account, given: Parameters) -> Customer:
    """A new customer; nothing keeps two from having one address, as at Stripe."""
    customer = Customer(
        id=account.new_id("cus_", 14),
        created=account.now(),
        invoice_prefix="".join(account.random.choices(_PREFIX_LETTERS, k=8)),
        metadata=merged_metadata({}, given.get("metadata")),
        **_fields(given),
    )
    account.customers.save(customer)
    account.emit("customer.created", rendering.customer(customer))
    return customer


def update(account: Account, customer: Customer, given: Parameters) -> None:
    """Change what is given; an empty value clears its field."""
    before = rendering.customer(customer)
    fields, metadata = _fields(given), merged_metadata(customer.metadata, given.get("metadata"))
    for name, value in fields.items():
        setattr(customer, name, value)
    customer.metadata = metadata
    account.customers.save(customer)
    after = rendering.customer(customer)
    account.emit(
        "customer.updated", after, previous={key: before[key] for key in after if before[key] != after[key]}
    )


def _fields(given: Parameters) -> dict[str, Any]:
    checks.check_email(given.get("email") or None, "email")
    fields: dict[str, Any] = {name: given[name] or None for name in FIELDS if name in given}
    if "preferred_locales" in fields:
        fields["preferred_locales"] = fields["preferred_locales"] or []
    for name in ("address", "shipping"):
        if fields.get(name):
            fields[name] = _ADDRESSED[name](fields[name])
    return fields


def _whole_address(given: JSON) -> JSON:
    return {**rendering.NO_ADDRESS, **{name: value or None for name, value in given.items()}}


def _whole_shipping(given: JSON) -> JSON:
    address = _whole_address(given.get("address", {}))
    return {"address": address, "name": given.get("name"), "phone": given.get("phone") or None}


_ADDRESSED: Final = {"address": _whole_address, "shipping": _whole_shipping}


def delete(account: Account, customer: Customer) -> None:
    """For good; its payments stay (https://docs.stripe.com/api/customers/delete)."""
    shown = rendering.customer(customer)
    customer.deleted = True
    account.customers.save(customer)
    account.emit("customer.deleted", shown)


def from_visit(account: Account, details: JSON) -> Customer:
    """The customer that a pay page makes of what was told there."""
    given = {name: details[name] for name in ("email", "name", "phone", "address") if details.get(name)}
    return create(account, given)
