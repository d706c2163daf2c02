"""/v1/coupons and /v1/promotion_codes"""

from sandbox.stripe import checks, discounts, rendering
from sandbox.stripe.endpoints.call import Call, found
from sandbox.stripe.errors import JSON, no_such
from sandbox.stripe.model import Coupon, PromotionCode
from sandbox.stripe.paging import page
from sandbox.stripe.parameters import merged_metadata


def _coupon(call: Call) -> Coupon:
    coupon = found(call.account.coupons, "coupon", call.ids["coupon"], "coupon")
    if coupon.deleted:
        raise no_such("coupon", coupon.id, param="coupon")
    return coupon


def create(call: Call) -> JSON:
    return rendering.coupon(call.account, discounts.create_coupon(call.account, call.parameters))


def retrieve(call: Call) -> JSON:
    return rendering.coupon(call.account, _coupon(call))


def update(call: Call) -> JSON:
    """Only its name and metadata (https://docs.stripe.com/api/coupons/update)."""
    coupon = _coupon(call)
    coupon.metadata = merged_metadata(coupon.metadata, call.get("metadata"))
    coupon.name = call.get("name", coupon.name)
    call.account.coupons.save(coupon)
    shown = rendering.coupon(call.account, coupon)
    call.account.emit("coupon.updated", shown)
    return shown


def delete(call: Call) -> JSON:
    coupon = _coupon(call)
    discounts.delete_coupon(call.account, coupon)
    return rendering.deleted("coupon", coupon.id)


def list_all(call: Call) -> JSON:
    rows = [coupon for coupon in call.account.coupons if not coupon.deleted]
    return page(
        rows,
        call.parameters,
        lambda coupon: rendering.coupon(call.account, coupon),
        url=call.path,
        kind="coupon",
    )


def _code(call: Call) -> PromotionCode:
    return found(call.account.promotion_codes, "promotion code", call.ids["promotion_code"], "promotion_code")


def create_code(call: Call) -> JSON:
    code = discounts.create_promotion_code(call.account, call.parameters)
    return rendering.promotion_code(call.account, code)


def retrieve_code(call: Call) -> JSON:
    return rendering.promotion_code(call.account, _code(call))


def update_code(call: Call) -> JSON:
    code = _code(call)
    metadata = merged_metadata(code.metadata, call.get("metadata"))
    discounts.switch(call.account, code, on=call.get("active", code.switched_on))
    code.metadata = metadata
    call.account.promotion_codes.save(code)
    shown = rendering.promotion_code(call.account, code)
    call.account.emit("promotion_code.updated", shown)
    return shown


def list_codes(call: Call) -> JSON:
    account = call.account
    if "coupon" in call.parameters:
        discounts.known_coupon(account, call.get("coupon"), "coupon")
    checks.known_customer(account, call.get("customer"))
    typed: str | None = call.get("code")
    rows = [
        code
        for code in account.promotion_codes
        if call.get("coupon") in (None, code.coupon)
        and call.get("customer") in (None, code.customer)
        and (typed is None or typed.lower() == code.code.lower())
        and call.get("active") in (None, code.redeemable(account.coupons[code.coupon], account.now()))
    ]
    return page(
        rows,
        call.parameters,
        lambda code: rendering.promotion_code(account, code),
        url=call.path,
        kind="promotion code",
    )
