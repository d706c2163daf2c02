"""The purchase that a conversation is about: what is in the cart, where it goes, and what it comes to."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from babel.numbers import format_percent

from bot.dialogue.dialogue import Dialogue, as_uuid
from shop.cart import service as carts
from shop.cart.model import CartLine
from shop.catalogue.item import Item
from shop.deals import groups
from shop.deals import offers as deals
from shop.deals.model import Deal, DealGroup
from shop.delivery.offers import Offer, offers
from shop.delivery.options import PickupPoint
from shop.money import Money
from shop.pricing.quote import Discount, Goods, Quote, Rebate, TaxShare, quote
from shop.pricing.tax import WHOLE_BP
from shop.promotions import service as promotions
from shop.promotions.model import Coupon
from shop.promotions.service import CouponRefused


@dataclass(frozen=True, slots=True)
class Joining:
    """The seat of a group deal that a checkout is about; `group` is None where they start one."""

    deal: Deal
    group: DealGroup | None
    item: Item

    @classmethod
    def of(cls, dialogue: Dialogue) -> Self | None:
        """What the slot `joining` names, at the group's own price; None where the cart is checked out."""
        named = dialogue.slot("joining")
        if named is None:
            return None
        session = dialogue.session
        deal = deals.get(session, as_uuid(named["deal"]))
        group = groups.find(session, named["group"]) if named["group"] else None
        variant = carts.find_variant(session, as_uuid(named["variant"]))
        price = deals.price_of(deal, variant.id, group) if variant else None
        if variant is None or price is None:  # it is not sold any more
            return None
        return cls(deal, group, Item(variant, named["units"], price))

    @property
    def bonus(self) -> tuple[Rebate, ...]:
        """What whoever starts a group pays less."""
        minor = self.deal.leader_bonus_minor if self.group is None else 0
        return (Rebate(reason="leader", amount=Money(minor, self.deal.currency)),) if minor else ()


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is to be bought, with its destination: the cart, or a seat of a group deal.

    `offer` is the chosen delivery, where that is possible.
    """

    items: list[Item]
    goods: list[Goods]
    coupon: Coupon | None
    offers: list[Offer]
    offer: Offer | None
    quote: Quote
    rebates: tuple[Rebate, ...]
    joining: Joining | None = None


def purchase(dialogue: Dialogue) -> Purchase:
    """The cart at today's prices, or the seat that is wanted, with the coupon in use and the delivery chosen so far."""
    profile, joining = dialogue.profile, Joining.of(dialogue)
    items = [joining.item] if joining else carts.items(carts.lines(dialogue.session, dialogue.customer))
    goods = [each.goods for each in items]
    coupon = coupon_in_use(dialogue) if joining is None or joining.deal.coupons_stack else None
    ways = offers(profile, goods, destination(dialogue), coupon=coupon.rebate if coupon else None)
    chosen = next((each for each in ways if each.code == dialogue.slot("delivery")), None)
    off = (*(joining.bonus if joining else ()), *rebates(coupon, chosen))
    return Purchase(
        items=items,
        goods=goods,
        coupon=coupon,
        offers=ways,
        offer=chosen,
        quote=quote(
            goods,
            delivery=chosen.price if chosen else Money(0, profile.currency),
            rebates=off,
            tax=profile.tax,
            country=chosen.country if chosen else destination(dialogue),
        ),
        rebates=off,
        joining=joining,
    )


def rebates(coupon: Coupon | None, offer: Offer | None) -> tuple[Rebate, ...]:
    """The coupon first, then what fetching saves of the rest."""
    return ((coupon.rebate,) if coupon else ()) + (offer.rebates if offer else ())


def destination(dialogue: Dialogue) -> str:
    """The country it goes to, as far as that was told: the shop's own otherwise."""
    address = dialogue.slot("address")
    country = address.get("country") if isinstance(address, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON
    return str(country or dialogue.profile.country)  # pyright: ignore[reportUnknownArgumentType] - JSON


def chosen_point(dialogue: Dialogue, offer: Offer | None) -> PickupPoint | None:
    """The pickup point that is meant; where there is only one, that."""
    points = offer.option.points if offer else ()
    if len(points) == 1:
        return points[0]
    return next((point for point in points if point.code == dialogue.slot("pickup_point")), None)


def coupon_in_use(dialogue: Dialogue) -> Coupon | None:
    """The coupon that was accepted earlier, whether it still holds or not."""
    code = dialogue.slot("coupon_in_use")
    return promotions.find(dialogue.session, code) if code else None


@dataclass(frozen=True, slots=True)
class CartPrice:
    """What the cart alone comes to, delivery not chosen yet; `unfit` says why the coupon in use takes nothing off."""

    lines: list[CartLine]
    discounts: tuple[Discount, ...]
    goods: Money  # discounts taken off
    unfit: CouponRefused | None


def cart_price(dialogue: Dialogue) -> CartPrice:
    """The cart at today's prices with the coupon in use, as far as that holds; it stays in use."""
    lines = carts.lines(dialogue.session, dialogue.customer)
    goods, coupon = carts.goods(lines), coupon_in_use(dialogue)
    unfit = _refusal(dialogue, coupon, goods) if coupon else None
    bill = quote(
        goods,
        delivery=Money(0, dialogue.profile.currency),
        rebates=rebates(None if unfit else coupon, None),
        tax=dialogue.profile.tax,
        country=destination(dialogue),
    )
    return CartPrice(lines, bill.discounts, bill.goods - bill.discount, unfit)


def lapsed_coupon(dialogue: Dialogue, goods: list[Goods]) -> CouponRefused | None:
    """Why the coupon in use does not hold any more; it is dropped then."""
    coupon = coupon_in_use(dialogue)
    if coupon is None:
        return None
    refused = _refusal(dialogue, coupon, goods)
    if refused is not None:
        dialogue.set_slot("coupon_in_use", None)
    return refused


def _refusal(dialogue: Dialogue, coupon: Coupon, goods: list[Goods]) -> CouponRefused | None:
    try:
        promotions.check(dialogue.session, coupon, dialogue.customer, goods, at=dialogue.now)
    except CouponRefused as refused:
        return refused
    return None


def take_told_coupon(dialogue: Dialogue, goods: list[Goods]) -> bool:
    """Put the code that was just told to use; False when none was. Raises CouponRefused; one in use is kept then."""
    code = dialogue.slot("coupon")
    if not code:
        return False
    dialogue.set_slot("coupon", None)
    coupon = promotions.look_up(dialogue.session, str(code), dialogue.customer, at=dialogue.now)
    promotions.check(dialogue.session, coupon, dialogue.customer, goods, at=dialogue.now)
    dialogue.set_slot("coupon_in_use", coupon.code)
    return True


def discount_facts(dialogue: Dialogue, discounts: tuple[Discount, ...]) -> list[dict[str, Any]]:
    """What is taken off, named in the customer's language."""
    return [
        {"name": dialogue.words(f"words_charge_{each.reason}", label=each.label), "amount": -each.amount}
        for each in discounts
    ]


def tax_facts(dialogue: Dialogue, shares: tuple[TaxShare, ...]) -> list[dict[str, Any]]:
    """The tax of each rate, as people of that language write percentages: 21%, 21 %."""
    return [
        {
            "rate": format_percent(
                Decimal(share.rate_bp) / WHOLE_BP, locale=dialogue.language, decimal_quantization=False
            ),
            "tax": share.tax,
        }
        for share in shares
    ]
