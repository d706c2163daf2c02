"""Coupons and promotion codes: made by the merchant, tried on a visit, used up when it is paid.

https://docs.stripe.com/payments/checkout/discounts and https://docs.stripe.com/billing/subscriptions/coupons.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sandbox.stripe import checks, rendering
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid, not_emulated
from sandbox.stripe.model import CheckoutSession, Coupon, Discount, PromotionCode
from sandbox.stripe.money import stated
from sandbox.stripe.parameters import Parameters, merged_metadata, missing

CODE_LENGTH_MAX: Final = 500
_CODE: Final = re.compile(r"[A-Za-z0-9_-]+")
_MINTED_CODE: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def create_coupon(account: Account, given: Parameters) -> Coupon:
    """Raises Stripe's refusal of a coupon that takes nothing off, or two things, or is there already."""
    _check_coupon(account, given)
    coupon = Coupon(
        id=given.get("id") or account.new_id("", 8),
        created=account.now(),
        duration=given.get("duration", "once"),
        metadata=merged_metadata({}, given.get("metadata")),
        **_taken(
            given, ("name", "percent_off", "amount_off", "max_redemptions", "redeem_by", "duration_in_months")
        ),
        currency=checks.check_currency(given["currency"], "currency") if "amount_off" in given else None,
    )
    account.coupons.save(coupon)
    account.emit("coupon.created", rendering.coupon(account, coupon))
    return coupon


def _taken(given: Parameters, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


def _check_coupon(account: Account, given: Parameters) -> None:
    percent, amount = given.get("percent_off"), given.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("A coupon takes off either `percent_off` or `amount_off`: give one of them.")
    if percent is not None and not 0 < percent <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100.", param="percent_off")
    if amount is not None:
        checks.check_at_least(amount, 1, "amount_off")
        if "currency" not in given:
            raise missing("currency")
    if (given.get("duration") == "repeating") != ("duration_in_months" in given):
        raise invalid(
            "`duration_in_months` goes with `duration=repeating`, and only with it.", param="duration"
        )
    if "max_redemptions" in given:
        checks.check_at_least(given["max_redemptions"], 1, "max_redemptions")
    checks.check_future(given.get("redeem_by"), account.now(), "redeem_by")
    known = account.coupons.get(given.get("id", ""))
    if known is not None and not known.deleted:
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")


def known_coupon(account: Account, coupon_id: str, param: str) -> Coupon:
    coupon = account.coupons.get(coupon_id)
    if coupon is None or coupon.deleted:
        raise invalid(f"No such coupon: '{coupon_id}'", param=param, code="resource_missing")
    return coupon


def delete_coupon(account: Account, coupon: Coupon) -> None:
    """No more can be had; what was redeemed stays redeemed (https://docs.stripe.com/api/coupons/delete)."""
    shown = rendering.coupon(account, coupon)
    coupon.deleted = True
    account.coupons.save(coupon)
    account.emit("coupon.deleted", shown)


def create_promotion_code(account: Account, given: Parameters) -> PromotionCode:
    """Raises Stripe's refusal of a code that is taken, misspelt, or outlives its coupon."""
    promotion: Parameters = given["promotion"]
    if "coupon" not in promotion:
        raise invalid("You must pass promotion.coupon when passing promotion", param="promotion.coupon")
    coupon = known_coupon(account, promotion["coupon"], "promotion[coupon]")
    restrictions: Parameters = given.get("restrictions", {})
    _check_restrictions(restrictions)
    _check_promotion_code(account, coupon, given)
    code = PromotionCode(
        id=account.new_id("promo_"),
        created=account.now(),
        code=given.get("code") or "".join(account.random.choices(_MINTED_CODE, k=8)),
        coupon=coupon.id,
        switched_on=given.get("active", True),
        metadata=merged_metadata({}, given.get("metadata")),
        **_taken(given, ("customer", "expires_at", "max_redemptions")),
        **_taken(restrictions, ("first_time_transaction", "minimum_amount", "minimum_amount_currency")),
    )
    account.promotion_codes.save(code)
    account.emit("promotion_code.created", rendering.promotion_code(account, code))
    return code


def _check_restrictions(given: Parameters) -> None:
    if "currency_options" in given:
        raise not_emulated("`restrictions[currency_options]`", param="restrictions[currency_options]")
    if ("minimum_amount" in given) != ("minimum_amount_currency" in given):
        raise invalid(
            "You must pass both `minimum_amount` and `minimum_amount_currency`, or neither.",
            param="restrictions",
        )
    if "minimum_amount" in given:
        checks.check_at_least(given["minimum_amount"], 1, "restrictions[minimum_amount]")
        currency = "restrictions[minimum_amount_currency]"
        given["minimum_amount_currency"] = checks.check_currency(given["minimum_amount_currency"], currency)


def _check_promotion_code(account: Account, coupon: Coupon, given: Parameters) -> None:
    checks.known_customer(account, given.get("customer"))
    checks.check_future(given.get("expires_at"), account.now(), "expires_at")
    if coupon.redeem_by is not None and given.get("expires_at", 0) > coupon.redeem_by:
        raise invalid("A promotion code cannot expire after its coupon's `redeem_by`.", param="expires_at")
    if "max_redemptions" in given:
        checks.check_at_least(given["max_redemptions"], 1, "max_redemptions")
        if coupon.max_redemptions is not None and given["max_redemptions"] > coupon.max_redemptions:
            raise invalid(
                "A promotion code's `max_redemptions` cannot be greater than its coupon's.",
                param="max_redemptions",
            )
    if "code" in given:
        _check_code(account, given["code"], given.get("customer"))


def _check_code(account: Account, code: str, customer: str | None) -> None:
    if not _CODE.fullmatch(code) or len(code) > CODE_LENGTH_MAX:
        raise invalid(
            f"This value must match the regex pattern. (/\\A[a-zA-Z0-9\\-_]+\\z/ does not match for the value {code}).",
            param="code",
        )
    # "Regardless of case, this code must be unique across all active promotion codes for a specific customer"
    # (https://docs.stripe.com/api/promotion_codes/create).
    for other in account.promotion_codes:
        same = other.code.lower() == code.lower() and other.customer == customer
        if same and other.redeemable(account.coupons[other.coupon], account.now()):
            raise invalid(f"An active promotion code with `code: {code}` already exists.")


def switch(account: Account, code: PromotionCode, *, on: bool) -> None:
    """Put a code out of use, or into use again while there is something of it left."""
    if on and not code.switched_on:
        _check_code(account, code.code, code.customer)
        trial = code.model_copy(update={"switched_on": True})
        if not trial.redeemable(account.coupons[code.coupon], account.now()):
            raise invalid(
                "A promotion code that has expired or is used up cannot be activated.", param="active"
            )
    code.switched_on = on


def apply(account: Account, session: CheckoutSession, coupon: Coupon, code: PromotionCode | None) -> None:
    """Take it off the visit's total. Raises why not."""
    refusal = _refusal(account, session, coupon, code)
    if refusal is not None:
        raise refusal
    session.discount = Discount(
        id=account.new_id("di_"),
        start=account.now(),
        coupon=coupon.id,
        promotion_code=code.id if code else None,
        amount=_off(coupon, session.subtotal),
    )


def _off(coupon: Coupon, subtotal: int) -> int:
    if coupon.amount_off is not None:
        return min(coupon.amount_off, subtotal)
    assert coupon.percent_off is not None
    return int((subtotal * coupon.percent_off / Decimal(100)).to_integral_value(ROUND_HALF_UP))


def apply_typed(account: Account, session: CheckoutSession, typed: str) -> None:
    """The customer typed a code on the pay page. Raises why it does not count."""
    matching = [code for code in account.promotion_codes if code.code.lower() == typed.strip().lower()]
    own_first = sorted(matching, key=lambda code: code.customer != session.customer)
    live = [code for code in own_first if code.redeemable(account.coupons[code.coupon], account.now())]
    if not live:
        raise invalid("This code is invalid.", param="promotion_code")
    apply(account, session, account.coupons[live[0].coupon], live[0])


def recheck(account: Account, session: CheckoutSession) -> StripeError | None:
    """Before the visit is paid: others may have used the last of it. What is gone comes off, and the error says so."""
    discount = session.discount
    if discount is None:
        return None
    code = account.promotion_codes[discount.promotion_code] if discount.promotion_code else None
    refusal = _refusal(account, session, account.coupons[discount.coupon], code)
    if refusal is not None:
        session.discount = None
        account.sessions.save(session)
    return refusal


def redeem(account: Account, session: CheckoutSession) -> None:
    """The visit is complete: its coupon and code count one more."""
    discount = session.discount
    if discount is None:
        return
    coupon = account.coupons[discount.coupon]
    coupon.times_redeemed += 1
    account.coupons.save(coupon)
    if discount.promotion_code is not None:
        code = account.promotion_codes[discount.promotion_code]
        code.times_redeemed += 1
        account.promotion_codes.save(code)


def _refusal(
    account: Account, session: CheckoutSession, coupon: Coupon, code: PromotionCode | None
) -> StripeError | None:
    if not coupon.redeemable(account.now()):
        return invalid(f"Coupon expired: {coupon.id}", code="coupon_expired", param="discounts")
    if coupon.currency not in (None, session.currency):
        return invalid(
            f"The coupon takes off {coupon.currency}, and this Checkout Session is in {session.currency}.",
            param="discounts",
        )
    return None if code is None else _code_refusal(account, session, coupon, code)


def _code_refusal(
    account: Account, session: CheckoutSession, coupon: Coupon, code: PromotionCode
) -> StripeError | None:
    if not code.redeemable(coupon, account.now()):
        return _not_redeemable("it is not active")
    if code.customer not in (None, session.customer):
        return _not_redeemable("it belongs to another customer")
    if code.first_time_transaction and _has_bought(account, session.customer):
        return _not_redeemable("the associated customer has prior transactions")
    if code.minimum_amount is not None:
        least = f"{stated(code.minimum_amount, code.minimum_amount_currency or '')}"
        if code.minimum_amount_currency != session.currency or session.subtotal < code.minimum_amount:
            return _not_redeemable(
                f"the associated purchase does not meet the minimum amount requirement ({least})"
            )
    return None


def _not_redeemable(why: str) -> StripeError:
    return invalid(f"This promotion code cannot be redeemed because {why}.", param="discounts")


def _has_bought(account: Account, customer: str | None) -> bool:
    paid = (charge for charge in account.charges if charge.status == "succeeded")
    return customer is not None and any(charge.customer == customer for charge in paid)
