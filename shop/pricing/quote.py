"""The one sum of a purchase. Cart, summary, order, invoice, payment page and receipt all show this and nothing else."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shop.money import Money, total
from shop.pricing.tax import TaxRules

Reason = Literal["coupon", "pickup", "kept", "leader"]
"""`leader`: for whoever starts a group. `kept`: what came off the goods that these are given in exchange for."""


@dataclass(frozen=True, slots=True)
class Goods:
    """So many units of one thing, and what of it decides discounts, tax and delivery."""

    units: int
    unit_price: Money
    category: str = ""
    handle: str = ""
    unit_grams: int = 0  # 0: nobody said

    @property
    def price(self) -> Money:
        return self.unit_price * self.units


@dataclass(frozen=True, slots=True)
class Rebate:
    """A part or an amount off. Exactly one of `percent` and `amount`; `most_percent` is a limit of the latter."""

    reason: Reason
    label: str = ""  # a coupon's code
    percent: Decimal | None = None
    amount: Money | None = None
    most_percent: int = 100  # of what it applies to
    categories: Collection[str] = ()  # only these, or `handles`; with neither all goods
    handles: Collection[str] = ()

    def covers(self, goods: Goods) -> bool:
        """Whether these goods become cheaper by it."""
        if not self.categories and not self.handles:
            return True
        named = goods.category.casefold() in {category.casefold() for category in self.categories}
        return named or goods.handle in self.handles

    def off(self, price: Money) -> Money:
        """What is taken off goods of that price, never more than they cost."""
        if self.percent is not None:
            return Money.from_decimal(price.decimal * self.percent / 100, price.currency)
        assert self.amount is not None, "a rebate is a part or an amount"
        most = Money(price.minor * self.most_percent // 100, price.currency)
        return min(self.amount, most)


@dataclass(frozen=True, slots=True)
class Discount:
    """What a rebate came to."""

    reason: Reason
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class TaxShare:
    """The tax at one rate: on what, and how much. With prices that include it, `base` does, too."""

    rate_bp: int
    base: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """One line of the cart: its full price, what comes off it, and its tax."""

    price: Money
    discount: Money
    rate_bp: int
    tax: Money

    @property
    def due(self) -> Money:
        """The price without its discount; tax is in it or comes on top, as the quote says."""
        return self.price - self.discount


@dataclass(frozen=True, slots=True)
class Quote:
    """What a purchase comes to. Every sum of parts is exact."""

    lines: tuple[QuotedLine, ...]
    discounts: tuple[Discount, ...]
    delivery: Money
    delivery_rate_bp: int
    delivery_tax: Money
    tax_included: bool
    goods: Money  # at full price

    @property
    def discount(self) -> Money:
        return total((each.amount for each in self.discounts), self.delivery.currency)

    @property
    def tax(self) -> Money:
        return total((line.tax for line in self.lines), self.delivery.currency) + self.delivery_tax

    @property
    def total(self) -> Money:
        """What the customer pays."""
        net = self.goods - self.discount + self.delivery
        return net if self.tax_included else net + self.tax

    @property
    def taxes(self) -> tuple[TaxShare, ...]:
        """The tax of each rate that is charged, the highest first."""
        parts = [(line.rate_bp, line.due, line.tax) for line in self.lines]
        return tax_shares([*parts, (self.delivery_rate_bp, self.delivery, self.delivery_tax)])


def quote(
    lines: Sequence[Goods],
    *,
    delivery: Money,
    rebates: Iterable[Rebate] = (),
    tax: TaxRules | None = None,
    country: str = "",
) -> Quote:
    """Add up a purchase that goes to `country` (ISO 3166-1). Amounts are of one currency, that of `delivery`.

    Rebates are taken one after the other, each from what the ones before have left, and are shared out over the lines
    they cover without losing a cent. Tax is rounded line by line, so that the lines' taxes are the whole tax.
    """
    rules = tax or TaxRules()
    discounts: list[Discount] = []
    off = [Money(0, delivery.currency)] * len(lines)
    for rebate in rebates:
        shares = _shared(rebate, lines, off)
        off = [before + share for before, share in zip(off, shares, strict=True)]
        taken = total(shares, delivery.currency)
        if taken:
            discounts.append(Discount(rebate.reason, rebate.label, taken))
    return requote(lines, off, discounts, delivery=delivery, tax=rules, country=country)


def requote(
    lines: Sequence[Goods],
    off: Sequence[Money],
    discounts: Sequence[Discount],
    *,
    delivery: Money,
    tax: TaxRules,
    country: str,
) -> Quote:
    """The sum where what comes `off` each line is agreed already, and delivery or destination are new."""
    rules = tax
    quoted = tuple(_line(goods, less, rules, country) for goods, less in zip(lines, off, strict=True))
    highest = max((line.rate_bp for line in quoted), default=0)
    return Quote(
        lines=quoted,
        discounts=tuple(discounts),
        delivery=delivery,
        delivery_rate_bp=highest,
        delivery_tax=rules.of(delivery, highest),
        tax_included=rules.included,
        goods=total((goods.price for goods in lines), delivery.currency),
    )


def tax_shares(parts: Iterable[tuple[int, Money, Money]]) -> tuple[TaxShare, ...]:
    """(rate in basis points, base, tax) of many things, summed by rate; without those at no rate."""
    by_rate: defaultdict[int, list[tuple[Money, Money]]] = defaultdict(list)
    for rate, base, tax in parts:
        if rate:
            by_rate[rate].append((base, tax))
    return tuple(
        TaxShare(
            rate,
            total((base for base, _ in each), each[0][0].currency),
            total((tax for _, tax in each), each[0][0].currency),
        )
        for rate, each in sorted(by_rate.items(), reverse=True)
    )


def _shared(rebate: Rebate, lines: Sequence[Goods], off: Sequence[Money]) -> list[Money]:
    """What the rebate takes off each line."""
    nothing = [Money(0, less.currency) for less in off]
    left = [
        goods.price - less if rebate.covers(goods) else Money(0, less.currency)
        for goods, less in zip(lines, off, strict=True)
    ]
    whole = total(left, left[0].currency) if left else None
    return rebate.off(whole).split(each.minor for each in left) if whole else nothing


def _line(goods: Goods, discount: Money, rules: TaxRules, country: str) -> QuotedLine:
    rate = rules.rate_bp(country, goods.category)
    return QuotedLine(goods.price, discount, rate, rules.of(goods.price - discount, rate))
