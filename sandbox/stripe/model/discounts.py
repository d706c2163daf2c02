"""Coupons, the codes that customers type to get them, and their use on one visit."""

from decimal import Decimal

from pydantic import BaseModel, Field

from sandbox.stripe.model.entity import Entity


class Coupon(Entity):
    """A part or an amount off (https://docs.stripe.com/api/coupons)."""

    name: str | None = None
    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: str | None = None  # of amount_off
    duration: str = "once"
    duration_in_months: int | None = None
    max_redemptions: int | None = None
    redeem_by: int | None = None
    times_redeemed: int = 0
    metadata: dict[str, str] = Field(default_factory=dict)
    deleted: bool = False

    def redeemable(self, now: int) -> bool:
        """Whether it is still to be had: what the API shows as `valid`."""
        return not (self.deleted or _over(self.redeem_by, now) or _used_up(self))


class PromotionCode(Entity):
    """A word for a coupon, with conditions of its own (https://docs.stripe.com/api/promotion_codes)."""

    code: str
    coupon: str
    switched_on: bool = True
    customer: str | None = None
    expires_at: int | None = None
    max_redemptions: int | None = None
    times_redeemed: int = 0
    first_time_transaction: bool = False
    minimum_amount: int | None = None
    minimum_amount_currency: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)

    def redeemable(self, coupon: Coupon, now: int) -> bool:
        """What the API shows as `active`: it and its coupon are still to be had."""
        own = self.switched_on and not (_over(self.expires_at, now) or _used_up(self))
        return own and coupon.redeemable(now)


class Discount(BaseModel):
    """A coupon on one visit, and the code it came by if it came by one."""

    id: str
    start: int
    coupon: str
    promotion_code: str | None = None
    amount: int


def _over(end: int | None, now: int) -> bool:
    return end is not None and end <= now


def _used_up(offer: Coupon | PromotionCode) -> bool:
    return offer.max_redemptions is not None and offer.times_redeemed >= offer.max_redemptions
