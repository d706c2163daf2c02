"""The lines of a checkout, as the shop describes them: https://docs.stripe.com/api/checkout/sessions/create."""

from decimal import Decimal
from typing import Final

from sandbox.stripe import checks
from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid, not_emulated
from sandbox.stripe.model import LineItem
from sandbox.stripe.parameters import Parameters, merged_metadata, missing

LINE_ITEMS_MAX: Final = 100


def line_items(account: Account, given: list[Parameters]) -> list[LineItem]:
    """The lines as they are kept. Raises for what is missing, mixed or not emulated."""
    if not given:
        raise missing("line_items")
    if len(given) > LINE_ITEMS_MAX:
        raise invalid(f"A session takes at most {LINE_ITEMS_MAX} line items.", param="line_items")
    items = [_line_item(account, item, f"line_items[{index}]") for index, item in enumerate(given)]
    if len({item.currency for item in items}) > 1:
        raise invalid("All line items of a Checkout Session must have the same currency.", param="line_items")
    return items


def _line_item(account: Account, given: Parameters, path: str) -> LineItem:
    for name in ("price", "adjustable_quantity", "tax_rates"):
        if name in given:
            raise not_emulated(f"`{name}` on a line item (give `price_data`)", param=f"{path}[{name}]")
    if "price_data" not in given:
        raise missing(f"{path}[price_data]")
    if "quantity" not in given:
        raise missing(f"{path}[quantity]")
    checks.check_at_least(given["quantity"], 1, f"{path}[quantity]")
    price: Parameters = given["price_data"]
    product = _product(price, f"{path}[price_data]")
    return LineItem(
        id=account.new_id("li_"),
        created=account.now(),
        price=account.new_id("price_"),
        product=account.new_id("prod_", 14),
        name=product["name"],
        description=product.get("description"),
        images=product.get("images", []),
        unit_amount=_unit_amount(price, f"{path}[price_data]"),
        quantity=given["quantity"],
        currency=checks.check_currency(price["currency"], f"{path}[price_data][currency]"),
        metadata=merged_metadata({}, given.get("metadata")),
        product_metadata=merged_metadata({}, product.get("metadata")),
    )


def _product(price: Parameters, path: str) -> Parameters:
    for name in ("product", "recurring"):
        if name in price:
            raise not_emulated(f"`price_data[{name}]`", param=f"{path}[{name}]")
    if "product_data" not in price:
        raise missing(f"{path}[product_data]")
    product: Parameters = price["product_data"]
    for index, image in enumerate(product.get("images", [])):
        checks.check_url(image, f"{path}[product_data][images][{index}]")
    return product


def _unit_amount(price: Parameters, path: str) -> int:
    if "unit_amount" in price and "unit_amount_decimal" in price:
        raise invalid(
            "You may only specify one of these parameters: unit_amount, unit_amount_decimal.", param=path
        )
    if "unit_amount" not in price and "unit_amount_decimal" not in price:
        raise missing(f"{path}[unit_amount]")
    amount: int | Decimal = price["unit_amount" if "unit_amount" in price else "unit_amount_decimal"]
    if amount != int(amount):
        raise not_emulated("prices with a fraction of a minor unit", param=f"{path}[unit_amount_decimal]")
    checks.check_at_least(int(amount), 0, f"{path}[unit_amount]")
    return int(amount)
