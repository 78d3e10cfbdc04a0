"""The Himalayan payoff against removing assets one by one."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.monte_carlo import GeometricBrownianMotion, HimalayaOption, Path
from pricers.monte_carlo.payoffs.himalaya import best_of_left
from pricers.monte_carlo.smoothing.kernel import KernelCorner

REFERENCES = (90.0, 100.0, 120.0, 80.0)


def removed_one_by_one(prices: np.ndarray, strike: float) -> float:
    """Return the payoff by a list of the assets that are left."""
    left, locked = list(range(prices.shape[1])), []
    for row in prices:
        best = max(left, key=lambda i: row[i] / REFERENCES[i])
        locked.append(row[best] / REFERENCES[best])
        left.remove(best)
    return 100.0 * max(float(np.mean(locked)) - strike, 0.0)


@pytest.mark.parametrize("n_dates", [1, 3, 4])
def test_it_is_what_removing_assets_gives(n_dates: int, rng: np.random.Generator) -> None:
    option = HimalayaOption(references=REFERENCES, strike=0.95)
    for prices in rng.uniform(60.0, 140.0, (200, n_dates, 4)):
        paid = option.value(prices.tolist(), [0.9] * n_dates)
        assert paid == pytest.approx(0.9 * removed_one_by_one(prices, 0.95), abs=1e-10)


def test_softened_choices_are_near_the_exact_ones_where_the_width_is_small(rng: np.random.Generator) -> None:
    option = HimalayaOption(references=REFERENCES, strike=0.95)
    corner = KernelCorner(1e-6)
    for prices in rng.uniform(60.0, 140.0, (50, 3, 4)):
        exact = option.value(prices.tolist(), [1.0] * 3)
        assert option.value(prices.tolist(), [1.0] * 3, corner) == pytest.approx(exact, abs=1e-4)


def test_shares_of_the_best_add_up_to_what_is_left() -> None:
    corner = KernelCorner(5.0)
    best, chosen = best_of_left([100.0, 103.0, 98.0], [0.5, 1.0, 0.25], corner)
    assert sum(chosen) == pytest.approx(1.0) and all(0.0 <= share <= 1.0 for share in chosen)
    assert 98.0 < best < 110.0
    nothing, none = best_of_left([100.0, 103.0], [0.0, 0.0], corner)
    assert nothing == 0.0 and none == [0.0, 0.0]


def test_more_dates_than_assets() -> None:
    market = GeometricBrownianMotion(spots=[100.0, 100.0], volatilities=0.2)
    path = Path(
        dynamics=market,
        payoff=HimalayaOption(references=(100.0, 100.0)),
        expiry=1.0,
        n_steps=3,
        track_steps=True,
    )
    with pytest.raises(
        AadValueError, match=r"n_steps = 3: a Himalayan option on 2 assets has at most 2 dates"
    ):
        path(path.parameters, np.zeros((3, 2)))
