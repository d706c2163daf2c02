"""Coupons and promotion codes with the real library, on the API and on the pay page."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.stripe.errors import StripeError
from sandbox.stripe.model import CheckoutSession, Discount, LineItem
from tests.emulators.stripe_sandbox import Sandbox, plain, price, session_parameters

DAY = 86_400


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(webhooks=False) as sandbox:
        yield sandbox


def coupon(sandbox: Sandbox, **given: Any) -> stripe.Coupon:
    return sandbox.client.v1.coupons.create(given or {"percent_off": 10})  # type: ignore[arg-type]


def code(sandbox: Sandbox, word: str = "TEA10", of: stripe.Coupon | None = None, **more: Any) -> Any:
    of = of or coupon(sandbox)
    return sandbox.client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": of.id}, "code": word, **more}
    )


def opened(sandbox: Sandbox, **changes: Any) -> stripe.checkout.Session:
    return sandbox.client.v1.checkout.sessions.create(session_parameters(**changes))


def with_codes(sandbox: Sandbox, **changes: Any) -> stripe.checkout.Session:
    return opened(sandbox, allow_promotion_codes=True, **changes)


def refused(sandbox: Sandbox, message: str, **changes: Any) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError, match=message) as refusal:
        opened(sandbox, **changes)
    return refusal.value


def test_a_coupon_is_kept_as_told(sandbox: Sandbox) -> None:
    made = coupon(sandbox, id="SPRING", name="Spring", percent_off=12.5, max_redemptions=3)
    assert plain(sandbox.client.v1.coupons.retrieve("SPRING")) == plain(made)
    assert (made.percent_off, made.duration, made.valid, made.times_redeemed) == (12.5, "once", True, 0)
    other = coupon(sandbox, amount_off=500, currency="EUR", duration="repeating", duration_in_months=3)
    assert (other.amount_off, other.currency, len(other.id)) == (500, "eur", 8)
    assert [each.id for each in sandbox.client.v1.coupons.list().data] == [other.id, "SPRING"]
    renamed = sandbox.client.v1.coupons.update("SPRING", {"name": "May", "metadata": {"a": "1"}})
    assert (renamed.name, renamed.metadata.to_dict()) == ("May", {"a": "1"})  # type: ignore[union-attr]
    assert plain(sandbox.client.v1.coupons.delete("SPRING")) == {
        "id": "SPRING",
        "object": "coupon",
        "deleted": True,
    }
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon: 'SPRING'"):
        sandbox.client.v1.coupons.retrieve("SPRING")
    assert coupon(sandbox, id="SPRING", percent_off=5).percent_off == 5
    assert sandbox.events() == [
        "coupon.created",
        "coupon.created",
        "coupon.updated",
        "coupon.deleted",
        "coupon.created",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "either `percent_off` or `amount_off`"),
        ({"percent_off": 5, "amount_off": 5, "currency": "eur"}, "either `percent_off` or `amount_off`"),
        ({"percent_off": 0}, "greater than 0 and at most 100"),
        ({"percent_off": 100.5}, "greater than 0 and at most 100"),
        ({"amount_off": 0, "currency": "eur"}, "greater than or equal to 1"),
        ({"amount_off": 500}, "Missing required param: currency"),
        ({"amount_off": 500, "currency": "tea"}, "Invalid currency: tea"),
        ({"percent_off": 5, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 5, "duration_in_months": 2}, "duration_in_months"),
        ({"percent_off": 5, "max_redemptions": 0}, "greater than or equal to 1"),
        ({"percent_off": 5, "redeem_by": 1}, "in the past"),
        ({"percent_off": 5, "redeem_by": 4102444800}, "no more than five years"),
        ({"percent_off": 5, "id": "TAKEN"}, "Coupon already exists"),
        ({"percent_off": 5, "applies_to": {"products": ["prod_1"]}}, "does not emulate"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(
    sandbox: Sandbox, given: dict[str, Any], message: str
) -> None:
    coupon(sandbox, id="TAKEN", percent_off=1)
    with pytest.raises(stripe.InvalidRequestError, match=message):
        sandbox.client.v1.coupons.create(given)  # type: ignore[arg-type]


def test_a_code_stands_for_a_coupon(sandbox: Sandbox) -> None:
    of = coupon(sandbox)
    made = code(sandbox, "Tea-10", of, metadata={"campaign": "spring"})
    assert (made.code, made.active, made.promotion.coupon) == ("Tea-10", True, of.id)
    v1 = sandbox.client.v1
    minted = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": of.id}})
    assert len(minted.code) == 8
    for wanted, found in (
        ({"code": "TEA-10"}, [made.id]),
        ({"coupon": of.id}, [minted.id, made.id]),
        ({"active": False}, []),
    ):
        assert [each.id for each in v1.promotion_codes.list(wanted).data] == found  # type: ignore[arg-type]
    shown = v1.promotion_codes.retrieve(made.id, {"expand": ["promotion.coupon"]})
    assert shown.promotion.coupon.percent_off == 10  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"promotion": {"type": "coupon"}}, "You must pass promotion.coupon"),
        ({"promotion": {"type": "coupon", "coupon": "NOPE"}}, "No such coupon: 'NOPE'"),
        ({"code": "two words"}, "must match the regex pattern"),
        ({"code": "tAkEn"}, "An active promotion code with `code: tAkEn` already exists"),
        ({"customer": "cus_nobody"}, "No such customer"),
        ({"expires_at": 1}, "in the past"),
        ({"expires_at": 1_900_000_000}, "after its coupon's `redeem_by`"),
        ({"max_redemptions": 6}, "cannot be greater than its coupon's"),
        ({"restrictions": {"minimum_amount": 100}}, "both `minimum_amount`"),
        ({"restrictions": {"currency_options": {"usd": {"minimum_amount": 1}}}}, "does not emulate"),
    ],
)
def test_a_code_that_makes_no_sense_is_refused(sandbox: Sandbox, given: dict[str, Any], message: str) -> None:
    of = coupon(sandbox, percent_off=5, max_redemptions=5, redeem_by=sandbox.now() + 30 * DAY)
    code(sandbox, "TAKEN", of)
    with pytest.raises(stripe.InvalidRequestError, match=message):
        sandbox.client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": of.id}, **given})


def test_a_code_is_switched_off_and_on(sandbox: Sandbox) -> None:
    v1, made = sandbox.client.v1, code(sandbox)
    assert not v1.promotion_codes.update(made.id, {"active": False}).active
    refused(sandbox, "it is not active", discounts=[{"promotion_code": made.id}])
    again = code(sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        v1.promotion_codes.update(made.id, {"active": True})
    v1.promotion_codes.update(again.id, {"active": False})
    assert v1.promotion_codes.update(made.id, {"active": True}).active
    v1.coupons.delete(made.promotion.coupon)
    assert not v1.promotion_codes.retrieve(made.id).active
    v1.promotion_codes.update(made.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be activated"):
        v1.promotion_codes.update(made.id, {"active": True})


def test_the_shop_takes_a_coupon_off(sandbox: Sandbox) -> None:
    of = coupon(sandbox, percent_off=12.5)
    session = opened(
        sandbox, discounts=[{"coupon": of.id}], expand=["total_details.breakdown", "discounts.coupon"]
    )
    assert (session.amount_subtotal, session.amount_total) == (3048, 3048 - 381)
    details = session.total_details
    assert details is not None
    assert details.amount_discount == 381
    assert [entry.amount for entry in details.breakdown.discounts] == [381]  # type: ignore[union-attr]
    assert session.discounts is not None
    assert session.discounts[0].coupon.id == of.id  # type: ignore[union-attr]
    items = sandbox.client.v1.checkout.sessions.line_items.list(session.id).data
    assert sum(item.amount_discount for item in items) == 381
    assert [item.amount_subtotal - item.amount_discount for item in items] == [
        item.amount_total for item in items
    ]
    sandbox.pay(session.id)
    (charge,) = sandbox.client.v1.charges.list().data
    assert charge.amount == 2667
    assert sandbox.client.v1.coupons.retrieve(of.id).times_redeemed == 1


@pytest.mark.parametrize("shipping", [0, 490])
def test_more_than_there_is_cannot_be_taken_off(sandbox: Sandbox, shipping: int) -> None:
    of = coupon(sandbox, amount_off=9999, currency="eur")
    rate = {
        "display_name": "Post",
        "type": "fixed_amount",
        "fixed_amount": {"amount": shipping, "currency": "eur"},
    }
    session = opened(sandbox, discounts=[{"coupon": of.id}], shipping_options=[{"shipping_rate_data": rate}])
    assert (session.total_details.amount_discount, session.amount_total) == (3048, shipping)  # type: ignore[union-attr]


def test_an_order_that_costs_nothing_asks_for_no_card(sandbox: Sandbox) -> None:
    of = coupon(sandbox, percent_off=100)
    session = opened(sandbox, discounts=[{"coupon": of.id}])
    page = sandbox.http.get(f"/pay/{session.id}").text
    assert "Complete the order" in page
    assert 'name="card"' not in page
    done = sandbox.http.post(f"/pay/{session.id}", data={})
    assert done.headers["location"].startswith("https://shop.example/thanks")
    over = sandbox.client.v1.checkout.sessions.retrieve(session.id)
    assert (over.status, over.payment_status, over.payment_intent) == (
        "complete",
        "no_payment_required",
        None,
    )
    assert str(over.customer).startswith("cus_")
    assert not sandbox.client.v1.charges.list().data
    assert "There was nothing to pay." in sandbox.http.get(f"/pay/{session.id}").text
    again = opened(sandbox, discounts=[{"coupon": of.id}])
    assert sandbox.pay(again.id).paid


def test_what_is_left_can_be_charged(sandbox: Sandbox) -> None:
    of = coupon(sandbox, amount_off=3000, currency="eur")
    assert refused(sandbox, "at least €0.50", discounts=[{"coupon": of.id}]).code == "amount_too_small"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"discounts": [{"coupon": "NOPE"}]}, "No such coupon: 'NOPE'"),
        ({"discounts": [{"promotion_code": "promo_nope"}]}, "No such promotion code: 'promo_nope'"),
        (
            {"discounts": [{"coupon": "A", "promotion_code": "B"}]},
            "either a `coupon` or a `promotion_code`",
        ),
        ({"discounts": [{"coupon": "A"}, {"coupon": "B"}]}, "at most one discount"),
        ({"discounts": [{"coupon": "A"}], "allow_promotion_codes": True}, "only specify one of these"),
    ],
)
def test_a_discount_that_is_none_is_refused(sandbox: Sandbox, changes: dict[str, Any], message: str) -> None:
    refused(sandbox, message, **changes)


def test_a_coupon_in_another_currency_does_not_count(sandbox: Sandbox) -> None:
    of = coupon(sandbox, amount_off=500, currency="usd")
    refused(sandbox, "takes off usd", discounts=[{"coupon": of.id}])


def test_a_coupon_ends(sandbox: Sandbox) -> None:
    of = coupon(sandbox, percent_off=10, redeem_by=sandbox.now() + DAY)
    word = code(sandbox, of=of)
    sandbox.clock.advance(DAY)
    assert refused(sandbox, "Coupon expired", discounts=[{"coupon": of.id}]).code == "coupon_expired"
    assert not sandbox.client.v1.coupons.retrieve(of.id).valid
    assert not sandbox.client.v1.promotion_codes.retrieve(word.id).active


def test_a_code_ends(sandbox: Sandbox) -> None:
    made = code(sandbox, expires_at=sandbox.now() + 3600)
    session = with_codes(sandbox)
    sandbox.clock.advance(3600)
    assert "This code is invalid." in typed(session, "TEA10").text
    assert not sandbox.client.v1.promotion_codes.retrieve(made.id).active


def test_a_code_is_used_up(sandbox: Sandbox) -> None:
    made = code(sandbox, max_redemptions=1)
    given = {"discounts": [{"promotion_code": made.id}]}
    first, second = opened(sandbox, **given), opened(sandbox, **given)
    assert sandbox.pay(first.id).paid
    used = sandbox.client.v1.promotion_codes.retrieve(made.id)
    assert (used.times_redeemed, used.active) == (1, False)
    gone = sandbox.pay(second.id)
    assert (gone.paid, gone.code) == (False, "discount_gone")
    refused(sandbox, "it is not active", **given)
    assert sandbox.pay(second.id).paid  # for the whole price
    amounts = [charge.amount for charge in sandbox.client.v1.charges.list().data]
    assert amounts == [3048, 2743]


def test_a_code_may_be_for_one_customer(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    ann, bob = (v1.customers.create({"email": f"{name}@example.com"}).id for name in ("ann", "bob"))
    made = code(sandbox, customer=ann)
    given = {"customer_email": None, "discounts": [{"promotion_code": made.id}]}
    assert opened(sandbox, customer=ann, **given).amount_total == 2743
    refused(sandbox, "it belongs to another customer", customer=bob, **given)
    refused(sandbox, "it belongs to another customer", discounts=[{"promotion_code": made.id}])
    assert code(sandbox, customer=bob).code == made.code  # each customer has codes of their own


def test_a_code_may_be_for_a_first_purchase(sandbox: Sandbox) -> None:
    ann = sandbox.client.v1.customers.create({"email": "ann@example.com"}).id
    made = code(sandbox, restrictions={"first_time_transaction": True})
    given = {"customer": ann, "customer_email": None, "discounts": [{"promotion_code": made.id}]}
    first = opened(sandbox, **given)
    assert not sandbox.pay(first.id, "declined").paid  # a failed try is no purchase
    assert sandbox.pay(first.id).paid
    refused(sandbox, "the associated customer has prior transactions", **given)


def test_a_code_may_want_a_minimum(sandbox: Sandbox) -> None:
    rule = {"minimum_amount": 3049, "minimum_amount_currency": "eur"}
    made = code(sandbox, restrictions=rule)
    given = {"discounts": [{"promotion_code": made.id}]}
    refused(sandbox, "does not meet the minimum amount requirement", **given)
    one_more = [{"price_data": price("Teapot", 3049), "quantity": 1}]
    assert opened(sandbox, line_items=one_more, **given).amount_total == 2744
    dollars = [{"price_data": price("Teapot", 9900, "usd"), "quantity": 1}]
    refused(sandbox, "minimum amount requirement", line_items=dollars, **given)


def typed(session: stripe.checkout.Session, word: str, **more: str) -> httpx.Response:
    return httpx.post(f"{session.url}/promotion", data={"code": word, **more})


def test_a_customer_types_a_code_on_the_page_and_takes_it_off(sandbox: Sandbox) -> None:
    code(sandbox)
    session = with_codes(sandbox)
    page = httpx.get(str(session.url)).text
    assert 'name="code"' in page
    back = typed(session, " tea10 ")
    assert (back.status_code, back.headers["location"]) == (303, session.url)
    page = httpx.get(str(session.url)).text
    assert "TEA10" in page
    assert "-€3.05" in page
    assert "€27.43" in page
    typed(session, "", action="remove")
    assert "€27.43" not in httpx.get(str(session.url)).text
    typed(session, "TEA10")
    httpx.post(str(session.url), data={"card": "visa"})
    done = sandbox.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (done.amount_total, done.payment_intent.amount) == (2743, 2743)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("word", "words"), [("TEA99", "This code is invalid."), ("", "Please type your code.")]
)
def test_a_code_that_does_not_count_is_told_beside_its_field(sandbox: Sandbox, word: str, words: str) -> None:
    session = with_codes(sandbox)
    answer = typed(session, word)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-describedby="code-error"' in answer.text


def test_codes_are_taken_only_where_the_shop_allows_them(sandbox: Sandbox) -> None:
    code(sandbox)
    session = opened(sandbox)
    assert 'name="code"' not in httpx.get(str(session.url)).text
    assert "takes no promotion codes" in typed(session, "TEA10").text
    sandbox.client.v1.checkout.sessions.expire(session.id)
    assert typed(session, "TEA10").status_code == 410
    with pytest.raises(StripeError, match="takes no promotion codes"):
        sandbox.pay(opened(sandbox).id, promotion_code="TEA10")


def test_a_discount_that_is_gone_is_told_before_anything_is_charged(sandbox: Sandbox) -> None:
    made = code(sandbox)
    session = with_codes(sandbox)
    typed(session, "TEA10")
    sandbox.client.v1.promotion_codes.update(made.id, {"active": False})
    answer = httpx.post(str(session.url), data={"card": "visa"})
    assert answer.status_code == 422
    assert "The discount is not to be had any more." in answer.text
    assert "€30.48" in answer.text
    assert "payment_intent.created" not in sandbox.events()


def test_a_code_typed_while_the_bank_is_asked_voids_what_it_was_asked(sandbox: Sandbox) -> None:
    code(sandbox)
    session = with_codes(sandbox)
    bank = httpx.post(str(session.url), data={"card": "three_d_secure"}).headers["location"]
    typed(session, "TEA10")
    assert httpx.post(bank, data={"answer": "approve"}).status_code == 404
    assert sandbox.pay(session.id, "three_d_secure").paid
    (charge,) = sandbox.client.v1.charges.list().data
    assert charge.amount == 2743


@settings(deadline=None)
@given(
    prices=st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 9)), min_size=1, max_size=8),
    off=st.integers(0, 60_000),
)
def test_the_lines_shares_of_a_discount_add_up_to_it(prices: list[tuple[int, int]], off: int) -> None:
    items = [
        LineItem(
            id=f"li_{index}",
            created=0,
            price="price_1",
            product="prod_1",
            name="Tea",
            unit_amount=amount,
            quantity=quantity,
            currency="eur",
        )
        for index, (amount, quantity) in enumerate(prices)
    ]
    session = CheckoutSession(
        id="cs_1",
        created=0,
        expires_at=1,
        currency="eur",
        items=items,
        success_url="https://shop.example/",
        discount=Discount(id="di_1", start=0, coupon="A", amount=off),
    )
    shares = session.discounted_by_item
    assert sum(shares) == session.discounted == min(off, session.subtotal)
    assert all(0 <= share <= item.total for share, item in zip(shares, items, strict=True))
    assert session.total == session.subtotal - session.discounted >= 0
