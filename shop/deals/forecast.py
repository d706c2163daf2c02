"""How likely a group of a deal is to fill in its time, learned from past groups, and what it brings.

After its leader, others join a group at random, at a rate of its own: some leaders know more people than others. The
rates of a shop's groups are Gamma distributed, so the joins in a window are negative binomial (Greenwood and Yule 1920),
and a group that was full early, failed, or still forms tells what it can: so many joins in so many hours. Mean and shape
of that Gamma distribution are not known; each pair is weighed by how well it explains the past groups and by a wide prior
(Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 5). The chance is the mean over the pairs, its interval what they
make of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy import special
from sqlalchemy.orm import Session

from shop.deals import past_groups
from shop.deals.model import HOURS_MAX, HOURS_MIN, SIZE_MAX, SIZE_MIN, Deal
from shop.deals.past_groups import PastGroup, discount_of, with_discount
from shop.money import Money

GROUPS_MIN: Final = 8  # past groups that had their time: with fewer there is no forecast
OTHERS_WEIGHT: Final = 0.1
"""How much a group of another deal tells of this one: ten of them as much as one of its own (a power prior; Ibrahim and
Chen 2000). With it, intervals hold the truth as often as they say in simulated shops whose deals differ in speed by a
factor of about 1.6; at 1.0 they hold it less than half as often as they say (tests/properties/test_deal_forecast.py)."""
DISCOUNT_STEP: Final = 0.05  # of the single price; a smaller difference of discounts is none
GROUPS_AT_A_DISCOUNT_MIN: Final = 8  # at each of two discounts, to tell what a discount does
INTERVAL: Final = 0.8  # the share of what may be that lies between low and high

UNKNOWN_EFFECT: Final = "which the chance does not allow for, as too few groups tell what a price does"

Numbers = NDArray[np.float64]
_special: Any = special  # has no types

LOG_RATES: Final[Numbers] = np.log(1 / 24) + np.arange(
    -6, 6, 0.06
)  # joins an hour: one a day, and 400 times less or more
RATE_SPREAD: Final = 2.0  # of the prior, in logarithms: one join a day, give or take seven times
SHAPES: Final[Numbers] = np.geomspace(0.3, 30, 11)  # 0.3: few leaders bring nearly all; 30: all alike
EFFECTS: Final[Numbers] = np.linspace(-1, 1, 17)  # change of the rate's logarithm for ten points of discount
EFFECT_SPREAD: Final = 0.4  # of its prior: ten points change the rate by half, give or take


class Basis(StrEnum):
    """Whose groups a forecast rests on."""

    THIS_DEAL = "this_deal"
    SHOP = "shop"  # the few of this deal, and those of others
    TOO_LITTLE = "too_little"


@dataclass(frozen=True, slots=True)
class Odds:
    """The chance that a group fills, and what it rests on. Shares are 0 to 1."""

    basis: Basis
    chance: float | None  # None: too little data
    low: float | None  # the interval of INTERVAL around it; it tells how well the chance is known
    high: float | None
    groups: int  # that had their time: those it rests on
    own: int  # of them, of this deal
    filled: int  # of them, by customers alone
    unfinished: int  # that still form or were ended early: they count with the time they had
    discounts: tuple[float, float] | None  # the smallest and largest of the past groups
    knows_discount: bool  # the chance allows for the discount, as past groups tell what that does
    hours_longest: float  # for which one of them could be joined


@dataclass(frozen=True, slots=True)
class Forecast:
    """A group as it is planned, its odds, and its money: minor units of `currency`, at one unit a seat.

    The shop does not know what goods cost it, so there is no profit here: only what the price gives up.
    """

    odds: Odds
    size: int
    hours: int
    currency: str
    price_minor: int  # of a unit in the group; of several variants, the cheapest one's
    single_minor: int  # of the same unit alone, today
    discount: float  # share off the single price, the mean over the deal's variants
    leader_bonus_minor: int
    revenue_minor: (
        int | None
    )  # of a group that was started, on average: 0 where it fails; None: too little data
    given_up_minor: int | None  # of it, against single prices, the leader's bonus included

    @property
    def given_up_each_minor(self) -> int:
        """What a unit gives up against its single price."""
        return self.single_minor - self.price_minor


def forecast(
    session: Session,
    deal: Deal,
    *,
    at: datetime,
    size: int | None = None,
    hours: int | None = None,
    price_minor: int | None = None,
) -> Forecast:
    """The odds and the money of the next group of a deal, which is loaded with its prices; what is not told is as the deal has it.

    Raises ValueError where the shop would refuse such a deal.
    """
    size = deal.size if size is None else size
    hours = deal.window_hours if hours is None else hours
    prices = {
        each.variant_id: each.price_minor if price_minor is None else price_minor for each in deal.prices
    }
    singles = past_groups.single_prices(session, prices)
    _check(size, hours, prices, singles)
    own = past_groups.read(session, deal.id, own=True, at=at)
    others = [] if _enough(own) else past_groups.read(session, deal.id, own=False, at=at)
    discount = discount_of(prices, singles) or 0.0
    cheapest = min(prices, key=lambda variant_id: (prices[variant_id], str(variant_id)))
    found = odds(own, others, size=size, hours=hours, discount=discount)
    given_up = size * (singles[cheapest] - prices[cheapest]) + deal.leader_bonus_minor
    return Forecast(
        odds=found,
        size=size,
        hours=hours,
        currency=deal.currency,
        price_minor=prices[cheapest],
        single_minor=singles[cheapest],
        discount=discount,
        leader_bonus_minor=deal.leader_bonus_minor,
        revenue_minor=_on_average(found, size * prices[cheapest] - deal.leader_bonus_minor),
        given_up_minor=_on_average(found, given_up),
    )


def _check(size: int, hours: int, prices: Mapping[UUID, int], singles: Mapping[UUID, int]) -> None:
    if not SIZE_MIN <= size <= SIZE_MAX:
        raise ValueError(f"a group has {SIZE_MIN} to {SIZE_MAX} seats, not {size}")
    if not HOURS_MIN <= hours <= HOURS_MAX:
        raise ValueError(f"a group has {HOURS_MIN} to {HOURS_MAX} hours, not {hours}")
    if not prices or prices.keys() - singles.keys():
        raise ValueError("the deal has no price, or is about goods without a single price")
    if any(not 0 < price < singles[variant_id] for variant_id, price in prices.items()):
        raise ValueError("the group price has to be below the single price, and above nothing")


def _on_average(found: Odds, minor: int) -> int | None:
    return None if found.chance is None else round(found.chance * minor)


# ---------------------------------------------------------------------- the odds


def odds(
    own: Sequence[PastGroup], others: Sequence[PastGroup], *, size: int, hours: float, discount: float
) -> Odds:
    """The chance that size − 1 people join within the hours; groups of others count only where the deal has too few."""
    enough = _enough(own)
    past = list(own) if enough else [*own, *others]
    ended = [each for each in past if each.had_its_time]
    knows_discount = enough and _tells_of_discounts(own)
    chance = low = high = None
    if _enough(past):
        weights = [1.0 if place < len(own) else OTHERS_WEIGHT for place in range(len(past))]
        fitted = _weigh(past, weights, discount=discount if knows_discount else None)
        chance, low, high = fitted.chance(size - 1, hours)
    return Odds(
        basis=Basis.TOO_LITTLE if chance is None else Basis.THIS_DEAL if enough else Basis.SHOP,
        chance=chance,
        low=low,
        high=high,
        groups=len(ended),
        own=sum(each.had_its_time for each in own),
        filled=sum(each.filled for each in ended),
        unfinished=len(past) - len(ended),
        discounts=_range(with_discount(past)),
        knows_discount=knows_discount,
        hours_longest=max((each.hours for each in past), default=0.0),
    )


def _enough(past: Sequence[PastGroup]) -> bool:
    return sum(each.had_its_time for each in past) >= GROUPS_MIN


def _range(sorted_shares: Sequence[float]) -> tuple[float, float] | None:
    return (sorted_shares[0], sorted_shares[-1]) if sorted_shares else None


def _tells_of_discounts(past: Sequence[PastGroup]) -> bool:
    """Whether enough groups had their time at each of two discounts that are clearly apart."""
    shares = with_discount([each for each in past if each.had_its_time])
    levels: list[list[float]] = [[]]
    for share in shares:
        if levels[-1] and share - levels[-1][-1] >= DISCOUNT_STEP:
            levels.append([])
        levels[-1].append(share)
    return sum(len(level) >= GROUPS_AT_A_DISCOUNT_MIN for level in levels) >= 2


@dataclass(frozen=True, slots=True)
class _Fitted:
    """Pairs of mean rate and shape, and how likely each is: arrays of one length, weights that sum to 1."""

    rates: Numbers  # joins an hour
    shapes: Numbers
    weights: Numbers

    def chance(self, joins: int, hours: float) -> tuple[float, float, float]:
        """That so many join in so many hours: the mean, and the interval of INTERVAL, which is wide enough to hold it."""
        scales = self.shapes / self.rates
        # The upper tail of the negative binomial distribution (DLMF 8.17.24).
        tails: Numbers = _special.betainc(joins, self.shapes, hours / (hours + scales))
        mean = float(np.clip(tails @ self.weights, 0, 1))
        order = np.argsort(tails, kind="stable")
        below = np.cumsum(self.weights[order])
        low, high = (
            float(np.interp(share, below, tails[order])) for share in ((1 - INTERVAL) / 2, (1 + INTERVAL) / 2)
        )
        return mean, min(low, mean), max(high, mean)


def _weigh(past: Sequence[PastGroup], weights: Sequence[float], *, discount: float | None) -> _Fitted:
    """Weigh every pair by the past. Told a discount, rates are those at it, and what discounts do is weighed, too.

    A group of k joins in h hours has the likelihood ∫ rate^k e^(−rate·h) Gamma(rate; shape a, scale b) d rate, which is
    Γ(a+k)/Γ(a) · b^a / (b+h)^(a+k) with b = a / mean rate: the same for one that was stopped by its last join as for
    one that was stopped by the clock.
    """
    effects = np.zeros(1) if discount is None else EFFECTS
    log_rates, shapes, effects = (
        axis.ravel() for axis in np.meshgrid(LOG_RATES, SHAPES, effects, indexing="ij")
    )
    scales = shapes / np.exp(log_rates)
    logs = -((log_rates - np.log(1 / 24)) ** 2) / (2 * RATE_SPREAD**2) - effects**2 / (2 * EFFECT_SPREAD**2)
    for group, weight in zip(past, weights, strict=True):
        logs += weight * _log_likelihood(group, scales, shapes, effects, discount=discount)
    likely = np.exp(logs - logs.max())
    return _Fitted(np.exp(log_rates), shapes, likely / likely.sum())


def _log_likelihood(
    group: PastGroup, scales: Numbers, shapes: Numbers, effects: Numbers, *, discount: float | None
) -> Numbers:
    """The logarithm, but for what all pairs have in common. A group of unknown discount counts as if at this one."""
    more = 0.0 if discount is None or group.discount is None else (group.discount - discount) * 10
    log_factors = effects * more
    gamma: Numbers = _special.gammaln(shapes + group.joins) - _special.gammaln(shapes)
    hours = group.hours * np.exp(log_factors)
    return (
        gamma
        + group.joins * log_factors
        + shapes * np.log(scales)
        - (shapes + group.joins) * np.log(scales + hours)
    )


# ---------------------------------------------------------------------- in words


def in_words(found: Forecast, *, locale: str = "en") -> str:
    """Two or three sentences in English for staff; amounts as people of `locale` write them."""
    return " ".join(
        filter(None, (_chance_words(found, locale), _basis_words(found), _money_words(found, locale)))
    )


def _chance_words(found: Forecast, locale: str) -> str:
    odds = found.odds
    if odds.chance is None or odds.low is None or odds.high is None:
        return (
            f"There is too little data for a chance: {_groups(odds.groups)} had time to end,"
            f" and it takes {GROUPS_MIN}."
        )
    price = Money(found.price_minor, found.currency).format(locale)
    return (
        f"A group of {found.size} at {price} fills within {found.hours} h with a chance of {_percent(odds.chance)}"
        f" (with {_percent(INTERVAL)} certainty between {_percent(odds.low)} and {_percent(odds.high)})."
    )


def _basis_words(found: Forecast) -> str:
    odds = found.odds
    if odds.basis is Basis.TOO_LITTLE:
        return ""
    own = (
        f"{odds.own} of this deal and {odds.groups - odds.own} of others"
        if odds.own
        else "all of other deals"
    )
    whose = " of this deal" if odds.basis is Basis.THIS_DEAL else f", {own}"
    parts = (
        f"It rests on {_groups(odds.groups)}{whose}, {odds.filled} of which filled",
        _discount_words(found),
        _time_words(found),
    )
    return "; ".join(filter(None, parts)) + "."


def _discount_words(found: Forecast) -> str:
    """What the price does to the comparison; nothing where it was about the same."""
    if found.odds.discounts is None:
        return ""
    least, most = found.odds.discounts
    now = found.discount
    if max(now - least, most - now) < DISCOUNT_STEP:
        return ""
    then = _share(least) if most - least < DISCOUNT_STEP else f"{_share(least)} to {_share(most)}"
    tried = least - DISCOUNT_STEP < now < most + DISCOUNT_STEP
    further = "" if tried else ", further than was ever tried"
    allowed = f"which the chance allows for{further}" if found.odds.knows_discount else UNKNOWN_EFFECT
    return f"their price was different, {then} off then and {_share(now)} now, {allowed}"


def _time_words(found: Forecast) -> str:
    """Where nobody has ever waited as long as is asked."""
    longest = found.odds.hours_longest
    return f"none of them had more than {longest:.0f} h" if found.hours > longest * 1.5 else ""


def _money_words(found: Forecast, locale: str) -> str:
    def money(minor: int) -> str:
        return Money(minor, found.currency).format(locale)

    each = f"A unit gives up {money(found.given_up_each_minor)} against the single price of {money(found.single_minor)}"
    unknown = "what it costs the shop is not known here, so neither is the profit"
    if found.revenue_minor is None:
        return f"{each}; {unknown}."
    return f"{each}, and a group that is started brings {money(found.revenue_minor)} on average at one unit a seat; {unknown}."


def _groups(count: int) -> str:
    return f"{count} past group{'' if count == 1 else 's'}"


def _share(share: float) -> str:
    return f"{share * 100:.0f} %"


def _percent(chance: float) -> str:
    """Never 0 or 100 %: nobody is that sure."""
    if chance < 0.01:
        return "less than 1 %"
    return "more than 99 %" if chance > 0.99 else _share(chance)
