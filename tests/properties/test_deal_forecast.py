"""A forecast is a chance that keeps its word: calibrated, in order, and silent where too little is known."""

from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from shop.deals.forecast import GROUPS_MIN, Basis, Odds, odds
from shop.deals.past_groups import PastGroup

DEAL, OTHER = uuid4(), uuid4()
CALIBRATED_WITHIN = 0.05  # of a bin's mean chance
QUARTER = 0.25

past_groups = st.lists(
    st.builds(
        PastGroup,
        deal_id=st.just(DEAL),
        joins=st.integers(0, 49),
        hours=st.floats(0.01, 168),
        had_its_time=st.booleans(),
        filled=st.just(False),
        discount=st.sampled_from([None, 0.1, 0.12, 0.3]),
    ),
    max_size=25,
)
enough = past_groups.map(
    lambda found: found + [PastGroup(DEAL, 1, 24.0, True, False, QUARTER) for _ in range(GROUPS_MIN)]
)
sizes, windows = st.integers(2, 50), st.floats(1, 168)


def told(found: Odds) -> tuple[float, float, float]:
    assert found.chance is not None
    assert found.low is not None
    assert found.high is not None
    return found.low, found.chance, found.high


@settings(max_examples=60, deadline=None)
@given(enough, sizes, windows, st.floats(-0.5, 0.9))
def test_the_chance_lies_in_its_interval_and_both_between_0_and_1(
    past: list[PastGroup], size: int, hours: float, discount: float
) -> None:
    low, chance, high = told(odds(past, [], size=size, hours=hours, discount=discount))
    assert 0 <= low <= chance <= high <= 1


@settings(max_examples=40, deadline=None)
@given(enough, sizes, sizes, windows, windows)
def test_it_falls_with_the_size_and_rises_with_the_window(
    past: list[PastGroup], size: int, other_size: int, hours: float, other_hours: float
) -> None:
    small, large = sorted((size, other_size))
    short, long = sorted((hours, other_hours))
    harder = told(odds(past, [], size=large, hours=short, discount=QUARTER))[1]
    easier = told(odds(past, [], size=small, hours=long, discount=QUARTER))[1]
    assert harder <= easier + 1e-12


@settings(max_examples=60, deadline=None)
@given(past_groups, past_groups)
def test_below_the_floor_it_says_nothing(own: list[PastGroup], others: list[PastGroup]) -> None:
    found = odds(own, others, size=3, hours=24, discount=QUARTER)
    ended = sum(each.had_its_time for each in own)
    # Of others only those that the shop read: none where the deal has enough of its own.
    all_ended = ended if ended >= GROUPS_MIN else ended + sum(each.had_its_time for each in others)
    assert found.groups == all_ended
    assert (found.chance is None) == (all_ended < GROUPS_MIN) == (found.basis is Basis.TOO_LITTLE)


# ---------------------------------------------------------------------- simulated shops


def simulated(
    rng: np.random.Generator,
    rate: float,
    *,
    size: int,
    window: float,
    watched: float = 1e9,
    deal: UUID = DEAL,
) -> PastGroup:
    """A group whose others join at that rate an hour, seen after `watched` hours."""
    until, time, joins = min(window, watched), 0.0, 0
    while joins < size - 1:
        time += rng.exponential(1 / rate)
        if time > until:
            return PastGroup(deal, joins, until, until >= window, False, QUARTER)
        joins += 1
    return PastGroup(deal, joins, time, True, True, QUARTER)


def true_chance(size: int, hours: float, *, mean: float, shape: float) -> float:
    """By another library than the forecast uses its own formula of."""
    return float(stats.nbinom.sf(size - 2, shape, shape / (shape + mean * hours)))


def forecast_of_a_shop(rng: np.random.Generator, *, still_forming: int) -> tuple[Odds, float]:
    """A shop whose rates nobody knows, and the true chance of the group that is asked about."""
    mean, shape = (
        float(np.exp(rng.normal(np.log(1 / 12), 1))),
        float(np.exp(rng.uniform(np.log(0.4), np.log(10)))),
    )

    def group(watched: float) -> PastGroup:
        size, window = int(rng.integers(2, 6)), float(rng.choice([12, 24, 48]))
        return simulated(rng, rng.gamma(shape, mean / shape), size=size, window=window, watched=watched)

    past = [group(1e9) for _ in range(int(rng.integers(10, 40)))]
    past += [group(float(rng.uniform(0.5, 12))) for _ in range(still_forming)]
    size, hours = int(rng.integers(2, 7)), float(rng.choice([12, 24, 48]))
    return odds(past, [], size=size, hours=hours, discount=QUARTER), true_chance(
        size, hours, mean=mean, shape=shape
    )


@pytest.mark.parametrize("still_forming", [0, 30], ids=["all ended", "many still form"])
def test_of_groups_with_a_chance_of_so_much_so_many_fill(still_forming: int) -> None:
    """In each fifth of the scale the mean chance is within CALIBRATED_WITHIN of the truth; 80 % intervals hold it 80 ± 8 %."""
    rng = np.random.default_rng(20261123)
    shops = [forecast_of_a_shop(rng, still_forming=still_forming) for _ in range(500)]
    told_of = np.array([told(found) for found, _ in shops])
    truth = np.array([true for _, true in shops])
    for fifth in range(5):
        here = (told_of[:, 1] * 5).astype(int).clip(0, 4) == fifth
        assert here.sum() >= 40
        assert abs(told_of[here, 1].mean() - truth[here].mean()) <= CALIBRATED_WITHIN
    held = ((told_of[:, 0] <= truth) & (truth <= told_of[:, 2])).mean()
    assert held == pytest.approx(0.8, abs=0.08)


def forecast_of_a_new_deal(rng: np.random.Generator) -> tuple[Odds, float]:
    """A deal with hardly a group of its own, in a shop with five others that are faster or slower."""
    shop_log_rate, shape = rng.normal(np.log(1 / 12), 1), float(np.exp(rng.uniform(np.log(0.4), np.log(10))))

    def deal_of(count: int, deal: UUID) -> tuple[float, list[PastGroup]]:
        mean = float(np.exp(rng.normal(shop_log_rate, 0.5)))
        rates = rng.gamma(shape, mean / shape, count)
        kinds = [(int(rng.integers(2, 6)), float(rng.choice([12, 24, 48]))) for _ in range(count)]
        return mean, [
            simulated(rng, rate, size=size, window=window, deal=deal)
            for rate, (size, window) in zip(rates, kinds, strict=True)
        ]

    mean, own = deal_of(int(rng.integers(0, 6)), DEAL)
    others = [group for _ in range(5) for group in deal_of(10, OTHER)[1]]
    found = odds(own, others, size=3, hours=24, discount=QUARTER)
    return found, true_chance(3, 24, mean=mean, shape=shape)


def test_a_forecast_from_other_deals_is_right_on_average_and_does_not_feign_certainty() -> None:
    """The mean chance is within CALIBRATED_WITHIN of the truth; 80 % intervals hold it 80 ± 8 %."""
    rng = np.random.default_rng(20261124)
    shops = [forecast_of_a_new_deal(rng) for _ in range(300)]
    truth = np.array([true for _, true in shops])
    low, chance, high = np.array([told(found) for found, _ in shops]).T
    assert abs(chance.mean() - truth.mean()) <= CALIBRATED_WITHIN
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.8, abs=0.08)


def test_with_many_groups_it_comes_to_the_truth() -> None:
    rng = np.random.default_rng(7)
    past = [simulated(rng, rng.gamma(2, 0.04), size=3, window=24) for _ in range(200)]
    low, chance, high = told(odds(past, [], size=4, hours=24, discount=QUARTER))
    assert chance == pytest.approx(true_chance(4, 24, mean=0.08, shape=2), abs=0.06)
    assert high - low < 0.15


def test_a_group_that_still_forms_counts_with_the_time_it_had() -> None:
    """An hour without a join says little, a day says more, and neither is a group that failed."""
    past = [PastGroup(DEAL, 1, 24.0, True, False, QUARTER) for _ in range(10)]

    def chance_after(hours: float) -> float:
        young = [PastGroup(DEAL, 0, hours, False, False, QUARTER) for _ in range(10)]
        found = odds([*past, *young], [], size=3, hours=24, discount=QUARTER)
        assert (found.groups, found.unfinished) == (10, 10)
        return told(found)[1]

    alone = told(odds(past, [], size=3, hours=24, discount=QUARTER))[1]
    assert chance_after(0.0) == pytest.approx(alone)
    assert chance_after(0.0) > chance_after(1.0) > chance_after(20.0)


# ---------------------------------------------------------------------- other deals, other prices


def many(joins: int, count: int, *, deal: UUID = DEAL, discount: float = QUARTER) -> list[PastGroup]:
    return [PastGroup(deal, joins, 24.0, True, False, discount) for _ in range(count)]


def test_where_a_deal_has_too_few_others_speak_but_not_as_surely() -> None:
    own = told(odds(many(1, 20), [], size=3, hours=24, discount=QUARTER))
    found = odds(many(1, 2), many(1, 18, deal=OTHER), size=3, hours=24, discount=QUARTER)
    assert (found.basis, found.groups, found.own) == (Basis.SHOP, 20, 2)
    low, _, high = told(found)
    assert high - low > own[2] - own[0]


def test_a_deal_with_enough_of_its_own_does_not_listen_to_others() -> None:
    own = many(1, GROUPS_MIN)
    alone = odds(own, [], size=3, hours=24, discount=QUARTER)
    assert odds(own, many(9, 50, deal=OTHER), size=3, hours=24, discount=QUARTER) == alone


def test_another_price_changes_nothing_until_enough_groups_tell_what_it_does() -> None:
    past = [*many(1, 10, discount=0.2), *many(3, GROUPS_MIN - 1, discount=0.4)]
    low_price, high_price = (odds(past, [], size=3, hours=24, discount=share) for share in (0.4, 0.2))
    assert not low_price.knows_discount
    assert low_price == high_price
    assert low_price.discounts == (0.2, 0.4)


def test_with_enough_groups_at_two_prices_the_lower_price_has_its_own_chance() -> None:
    past = [*many(1, 15, discount=0.2), *many(3, 15, discount=0.4)]
    dear, between, cheap = (odds(past, [], size=3, hours=24, discount=share) for share in (0.2, 0.3, 0.4))
    assert cheap.knows_discount
    assert told(dear)[1] + 0.2 < told(cheap)[1]
    assert told(dear)[1] < told(between)[1] < told(cheap)[1]


def test_prices_that_differ_by_a_hair_are_the_same_price() -> None:
    past = [*many(1, 15, discount=0.20), *many(3, 15, discount=0.24)]
    assert not odds(past, [], size=3, hours=24, discount=0.2).knows_discount


def test_groups_whose_goods_are_gone_still_count() -> None:
    past = [replace(each, discount=None) for each in many(1, 12)]
    found = odds(past, [], size=3, hours=24, discount=QUARTER)
    assert found.discounts is None
    assert told(found)[1] > 0
