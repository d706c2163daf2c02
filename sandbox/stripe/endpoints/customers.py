"""/v1/customers"""

from sandbox.stripe import customers, rendering, search
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON, no_such
from sandbox.stripe.model import Customer
from sandbox.stripe.paging import found_page, page


def _customer(call: Call) -> Customer:
    """One that is still there to be changed."""
    customer = found(call.account.customers, "customer", call.ids["customer"], "id")
    if customer.deleted:
        raise no_such("customer", customer.id, param="id")
    return customer


def create(call: Call) -> JSON:
    return rendering.customer(customers.create(call.account, call.parameters))


def retrieve(call: Call) -> JSON:
    """One that was deleted says so."""
    return rendering.customer(found(call.account.customers, "customer", call.ids["customer"], "id"))


def update(call: Call) -> JSON:
    customer = _customer(call)
    customers.update(call.account, customer, call.parameters)
    return rendering.customer(customer)


def delete(call: Call) -> JSON:
    customer = _customer(call)
    customers.delete(call.account, customer)
    return rendering.customer(customer)


def list_all(call: Call) -> JSON:
    """By e-mail address to the letter: "a case-sensitive filter" (https://docs.stripe.com/api/customers/list)."""
    email: str | None = call.get("email")
    rows = [each for each in call.account.customers if not each.deleted and email in (None, each.email)]
    return page(rows, call.parameters, rendering.customer, url=call.path, kind="customer")


def search_all(call: Call) -> JSON:
    """What was made less than the search lag ago is not found yet."""
    fits = search.matcher(call.get("query"))
    newest = call.account.now() - call.account.settings.search_lag_seconds
    rows = [
        each for each in call.account.customers if not each.deleted and each.created <= newest and fits(each)
    ]
    return found_page(rows, call.parameters, rendering.customer, url=call.path)
