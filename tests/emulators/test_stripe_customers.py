"""Customers with the real library: made, changed, found again, and let go."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.emulators.stripe_sandbox import Sandbox, intent_parameters, plain, session_parameters


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def ann(sandbox: Sandbox, **more: Any) -> stripe.Customer:
    return sandbox.client.v1.customers.create({"email": "ann@example.com", "name": "Ann Ó Briain", **more})


def test_a_customer_is_kept_as_told(sandbox: Sandbox) -> None:
    made = ann(
        sandbox,
        phone="+353871234567",
        address={"city": "Dublin", "country": "IE"},
        shipping={"name": "Ann", "address": {"line1": "1 Sample Street"}},
        preferred_locales=["en-IE"],
        metadata={"shop": "42"},
    )
    shown = plain(sandbox.client.v1.customers.retrieve(made.id))
    assert shown == plain(made)
    assert made.id.startswith("cus_")
    assert (shown["address"]["city"], shown["address"]["line1"]) == ("Dublin", None)
    assert shown["shipping"]["address"]["line1"] == "1 Sample Street"
    assert shown["metadata"] == {"shop": "42"}
    assert sandbox.events() == ["customer.created"]


def test_a_change_tells_what_it_was_before(sandbox: Sandbox) -> None:
    v1, made = sandbox.client.v1, ann(sandbox, address={"city": "Dublin"})
    v1.customers.update(made.id, {"email": "ann@example.org", "address": ""})
    after = v1.customers.retrieve(made.id)
    assert (after.email, after.address, after.name) == ("ann@example.org", None, "Ann Ó Briain")
    event = v1.events.list({"type": "customer.updated"}).data[0]
    before = plain(event)["data"]["previous_attributes"]
    assert before == {"address": plain(made)["address"], "email": "ann@example.com"}


@pytest.mark.parametrize("email", ["ann", "ann@host", f"{'a' * 510}@example.com"])
def test_an_address_that_is_none_is_refused(sandbox: Sandbox, email: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.customers.create({"email": email})
    assert (refusal.value.param, refusal.value.code) == ("email", "email_invalid")
    assert not sandbox.events()


def test_who_was_deleted_says_so_and_buys_no_more(sandbox: Sandbox) -> None:
    v1, made = sandbox.client.v1, ann(sandbox)
    assert plain(v1.customers.delete(made.id)) == {"id": made.id, "object": "customer", "deleted": True}
    assert v1.customers.retrieve(made.id).deleted
    assert not v1.customers.list().data
    assert sandbox.events()[-1] == "customer.deleted"
    for use in (
        lambda: v1.customers.update(made.id, {"name": "Ann"}),
        lambda: v1.customers.delete(made.id),
        lambda: v1.payment_intents.create(intent_parameters(customer=made.id)),
        lambda: v1.checkout.sessions.create(session_parameters(customer=made.id, customer_email=None)),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=f"No such customer: '{made.id}'"):
            use()


def test_customers_are_listed_by_address_to_the_letter(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    first, second = ann(sandbox), ann(sandbox)
    v1.customers.create({"email": "Ann@example.com"})
    found = v1.customers.list({"email": "ann@example.com"}).data
    assert [customer.id for customer in found] == [second.id, first.id]


def test_what_was_just_made_is_not_found_by_searching_yet(sandbox: Sandbox) -> None:
    made = ann(sandbox)
    search = sandbox.client.v1.customers.search
    assert not search({"query": 'email:"ann@example.com"'}).data
    sandbox.clock.advance(60)
    assert [customer.id for customer in search({"query": 'email:"ann@example.com"'}).data] == [made.id]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('email:"ANN@example.com"', ["Ann"]),
        ("name~'bo'", []),
        ("name~'bob'", ["Bob"]),
        ('-name:"Ann"', ["Cy", "Bob"]),
        ('metadata["tier"]:"gold"', ["Bob"]),
        ('-metadata["tier"]:null', ["Bob"]),
        ("phone:null", ["Cy", "Bob"]),
        ('name:"Ann" OR name:"Bob"', ["Bob", "Ann"]),
        ('email~"example.com" AND -phone:null', ["Ann"]),
        ('email~"example.com" name:"Cy"', ["Cy"]),
        ("created>{start}", ["Cy", "Bob"]),
        ("created>={start} AND created<{last}", ["Bob", "Ann"]),
        ('name:"A\\"nn"', []),
    ],
)
def test_customers_are_searched(sandbox: Sandbox, query: str, found: list[str]) -> None:
    v1, start = sandbox.client.v1, sandbox.now()
    for name, more in (
        ("Ann", {"phone": "+1"}),
        ("Bob", {"metadata": {"tier": "gold"}}),
        ("Cy", {}),
    ):
        v1.customers.create({"name": name, "email": f"{name.lower()}@example.com", **more})  # type: ignore[typeddict-item]
        sandbox.clock.advance(60)
    if query == "name~'bo'":
        with pytest.raises(stripe.InvalidRequestError, match="at least 3 characters"):
            v1.customers.search({"query": query})
        return
    query = query.replace("{start}", str(start)).replace("{last}", str(start + 120))
    assert [customer.name for customer in v1.customers.search({"query": query}).data] == found


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("ann@example.com", "unable to parse"),
        ('email:"a" and name:"b" or name:"c"', "AND or OR, and not both"),
        ('shoe_size:"42"', "unsupported search field"),
        ("email:ann", "quotation marks"),
        ('email>"a"', "does not go with"),
        ('created~"1"', "compared with a number"),
        ('metadata["a"]~"bcd"', "does not go with"),
        ('name:"Ann"!', "unable to parse"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(sandbox: Sandbox, query: str, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message) as refusal:
        sandbox.client.v1.customers.search({"query": query})
    assert refusal.value.param == "query"


def test_what_was_found_comes_in_pages(sandbox: Sandbox) -> None:
    for _ in range(7):
        ann(sandbox)
    sandbox.clock.advance(60)
    first = sandbox.client.v1.customers.search({"query": 'email:"ann@example.com"', "limit": 3})
    assert (len(first.data), first.has_more) == (3, True)
    assert len(list(first.auto_paging_iter())) == 7
    with pytest.raises(stripe.InvalidRequestError, match="Invalid page"):
        sandbox.client.v1.customers.search({"query": 'email:"ann@example.com"', "page": "3"})


def test_payments_and_charges_know_their_customer(sandbox: Sandbox) -> None:
    v1, made = sandbox.client.v1, ann(sandbox)
    intent = v1.payment_intents.create(
        intent_parameters(customer=made.id, expand=["customer", "latest_charge"])
    )
    v1.payment_intents.create(intent_parameters())
    assert isinstance(intent.customer, stripe.Customer)
    assert intent.latest_charge.customer == made.id  # type: ignore[union-attr]
    assert [each.id for each in v1.payment_intents.list({"customer": made.id}).data] == [intent.id]
    assert len(v1.charges.list({"customer": made.id}).data) == 1
    later = v1.payment_intents.create({"amount": 500, "currency": "eur"})
    assert v1.payment_intents.update(later.id, {"customer": made.id}).customer == made.id


def test_a_visit_of_a_customer_knows_their_address(sandbox: Sandbox) -> None:
    v1, made = sandbox.client.v1, ann(sandbox)
    session = v1.checkout.sessions.create(session_parameters(customer=made.id, customer_email=None))
    assert (session.customer, session.customer_creation) == (made.id, None)
    page = sandbox.http.get(f"/pay/{session.id}").text
    assert "ann@example.com" in page
    assert 'name="email"' not in page
    sandbox.pay(session.id)
    (charge,) = v1.charges.list({"customer": made.id}).data
    assert charge.billing_details.email == "ann@example.com"
    by_address = {"customer_details": {"email": "ann@example.com"}}
    assert [each.id for each in v1.checkout.sessions.list(by_address).data] == [session.id]  # type: ignore[arg-type]
    assert len(v1.checkout.sessions.list({"customer": made.id}).data) == 1


@pytest.mark.parametrize("other", [{"customer_email": "a@example.com"}, {"customer_creation": "always"}])
def test_a_visit_has_one_customer(sandbox: Sandbox, other: dict[str, str]) -> None:
    given = {"customer_email": None, "customer": ann(sandbox).id, **other}
    with pytest.raises(stripe.InvalidRequestError, match="You may only specify one of these parameters"):
        sandbox.client.v1.checkout.sessions.create(session_parameters(**given))


@pytest.mark.parametrize(("creation", "made"), [("always", 1), ("if_required", 0)])
def test_a_visit_makes_a_customer_if_the_shop_wants_one(sandbox: Sandbox, creation: str, made: int) -> None:
    v1 = sandbox.client.v1
    session = v1.checkout.sessions.create(session_parameters(customer_creation=creation))
    sandbox.pay(session.id, "declined")
    assert not v1.customers.list().data
    sandbox.pay(session.id, name="Ann Ó Briain")
    done = v1.checkout.sessions.retrieve(session.id, {"expand": ["customer", "payment_intent"]})
    assert len(v1.customers.list().data) == made
    if made:
        assert isinstance(done.customer, stripe.Customer)
        assert (done.customer.email, done.customer.name) == ("ann@example.com", "Ann Ó Briain")
        assert done.payment_intent.customer == done.customer.id  # type: ignore[union-attr]
        assert len(v1.charges.list({"customer": done.customer.id}).data) == 1
