"""Whatever is bought, taken off and taxed: every sum of parts is exact, and all who charge charge the same."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from payments.stripe_gateway import checkout_arguments
from shop.money import Money, total
from shop.orders.charges import charges
from shop.orders.model import Order
from shop.orders.service import DeliveryChoice, Terms
from shop.pricing.quote import Goods, Quote, Rebate, quote
from shop.pricing.tax import ReducedTax, TaxRules
from shop.promotions.model import Coupon
from storage.engine import Database
from tests.trade import NOW, customer, place, stock

CATEGORIES = ("Mugs", "Tea", "Books")
rates = st.decimals(0, 100, places=2)
countries = st.sampled_from(["BE", "DE", "US"])


@st.composite
def tax_rules(draw: st.DrawFn) -> TaxRules:
    reduced = ReducedTax(categories=("Tea", "Books"), rates={"BE": draw(rates)})
    return TaxRules(
        included=draw(st.booleans()), rates={"BE": draw(rates), "DE": draw(rates)}, reduced=(reduced,)
    )


def rebates(currency: str) -> st.SearchStrategy[list[Rebate]]:
    amounts = st.integers(1, 5000).map(lambda minor: Money(minor, currency))
    parts = st.decimals(1, 90, places=1)
    coupon = st.builds(
        Rebate, st.just("coupon"), st.just("CODE"), percent=parts, categories=st.sampled_from([(), ("tea",)])
    ) | st.builds(Rebate, st.just("coupon"), st.just("CODE"), amount=amounts)
    pickup = st.builds(Rebate, st.just("pickup"), amount=amounts, most_percent=st.just(50))
    return st.tuples(coupon, pickup).flatmap(lambda both: st.sampled_from([[], [both[0]], list(both)]))


@st.composite
def purchases(draw: st.DrawFn) -> Quote:
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    goods = st.builds(
        Goods,
        units=st.integers(1, 99),
        unit_price=st.integers(0, 100_000).map(lambda minor: Money(minor, currency)),
        category=st.sampled_from(CATEGORIES),
    )
    return quote(
        draw(st.lists(goods, min_size=1, max_size=6)),
        delivery=Money(draw(st.integers(0, 2000)), currency),
        rebates=draw(rebates(currency)),
        tax=draw(tax_rules()),
        country=draw(countries),
    )


@given(purchases())
def test_no_cent_is_lost_between_lines_discounts_taxes_and_total(found: Quote) -> None:
    currency = found.delivery.currency
    assert total((line.discount for line in found.lines), currency) == found.discount
    assert total((share.tax for share in found.taxes), currency) == found.tax
    due = total((line.due for line in found.lines), currency) + found.delivery
    assert found.total == (due if found.tax_included else due + found.tax)
    for line in found.lines:
        assert 0 <= line.discount.minor <= line.price.minor
        assert line.tax.minor >= 0
        assert not found.tax_included or line.tax <= line.due


@given(purchases())
def test_tax_is_right_to_half_a_minor_unit_on_every_line(found: Quote) -> None:
    for line in found.lines:
        rate = Decimal(line.rate_bp) / 10_000
        exact = line.due.minor * rate / (1 + rate if found.tax_included else 1)
        assert abs(line.tax.minor - exact) <= Decimal("0.5")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    basket=st.lists(st.tuples(st.integers(100, 9000), st.integers(1, 5)), min_size=1, max_size=3),
    delivery=st.integers(0, 900),
    taken=rebates("EUR"),
    tax=tax_rules(),
)
def test_the_quote_the_order_the_invoice_and_the_payment_page_come_to_the_same(
    database: Database,
    basket: list[tuple[int, int]],
    delivery: int,
    taken: list[Rebate],
    tax: TaxRules,
) -> None:
    def work(session: Session) -> Order:
        session.add(Coupon(code="CODE", percent=10, currency="EUR", created_at=NOW))
        goods = {
            stock(session, f"thing-{place_}", on_hand=9, price_minor=price): units
            for place_, (price, units) in enumerate(basket)
        }
        return place(
            session,
            customer(session),
            goods,
            delivery=DeliveryChoice("standard", Money(delivery, "EUR"), country="BE"),
            terms=Terms(rebates=tuple(taken), tax=tax),
        )

    order = database.read(work)
    shown = quote(
        [Goods(units, Money(price, "EUR")) for price, units in basket],
        delivery=Money(delivery, "EUR"),
        rebates=taken,
        tax=tax,
        country="BE",
    )
    lines = charges(order)
    arguments = checkout_arguments(
        lines=[(each.kind, each.unit_minor, each.units) for each in lines if each.minor >= 0],
        discount=("Discount", order.discount_minor) if order.discount_minor else None,
        currency="EUR",
        order_id=str(order.id),
        conversation="web:test",
        expires_at=NOW,
        return_url="http://127.0.0.1/",
    )
    page = sum(line["quantity"] * line["price_data"]["unit_amount"] for line in arguments["line_items"])
    off = arguments.get("coupon", {}).get("amount_off", 0)
    assert order.total == shown.total
    assert sum(each.minor for each in lines) == order.total_minor
    assert page - off == order.total_minor
    assert order.taxes == shown.taxes
