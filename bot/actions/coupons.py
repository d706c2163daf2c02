"""Coupons in the conversation: tried when they are told, kept for the checkout."""

from bot.actions.purchase import cart_price, take_told_coupon
from bot.dialogue.dialogue import Dialogue, Outcome, action
from shop.cart import service as carts
from shop.money import total


@action("ask", "applied", "kept")
def try_coupon(dialogue: Dialogue) -> Outcome:
    """Put the code that was told to use. Raises CouponRefused, which says why it does not hold."""
    goods = carts.goods(carts.lines(dialogue.session, dialogue.customer))
    if not take_told_coupon(dialogue, goods):
        return Outcome("ask")
    code = dialogue.slot("coupon_in_use")
    if not goods:
        return Outcome("kept", {"code": code})
    price = cart_price(dialogue)
    off = total((each.amount for each in price.discounts), price.goods.currency)
    return Outcome("applied", {"code": code, "off": off, "subtotal": price.goods})
