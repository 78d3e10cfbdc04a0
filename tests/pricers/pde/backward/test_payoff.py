"""The averaged payoff against quadrature, and the boundary values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from pricers.pde.backward.payoff import averaged_payoff, boundary_values, intrinsic_values
from pricers.pde.grids import Grid, log_grid, uniform_grid

UNIFORM = uniform_grid(lowest=0.0, highest=200.0, n_nodes=21)
LOGARITHMIC = log_grid(lowest=40.0, highest=250.0, n_nodes=21)


@pytest.mark.parametrize("grid", [UNIFORM, LOGARITHMIC])
@pytest.mark.parametrize("strike", [96.0, 100.0, 103.7, 105.0, 109.9])
@pytest.mark.parametrize("is_call", [True, False])
def test_the_kink_cell_adds_what_the_other_branch_adds(grid: Grid, strike: float, is_call: bool) -> None:
    sign = 1.0 if is_call else -1.0
    x = grid.positions
    edges = 0.5 * (x[:-1] + x[1:])
    kink = np.log(strike) if grid is LOGARITHMIC else strike

    def spot(position: float) -> float:
        return float(np.exp(position)) if grid is LOGARITHMIC else position

    expected = np.maximum(sign * (grid.spots - strike), 0.0)
    for i in range(1, grid.n_nodes - 1):
        low, high = edges[i - 1], edges[i]
        if low < kink < high:
            line = (
                (lambda s: sign * (s - strike)) if sign * (grid.spots[i] - strike) > 0.0 else (lambda s: 0.0)
            )
            # the payoff less the straight line through the node, averaged over the cell
            excess = quad(
                lambda p, line=line: max(sign * (spot(p) - strike), 0.0) - line(spot(p)),
                low,
                high,
                points=[kink],
            )[0]
            expected[i] += excess / (high - low)
    np.testing.assert_allclose(np.array(averaged_payoff(grid, strike, is_call), float), expected, atol=1e-10)


@pytest.mark.parametrize("grid", [UNIFORM, LOGARITHMIC])
def test_call_minus_put_is_the_forward_payoff(grid: Grid) -> None:
    for strike in (96.0, 100.0, 103.7):
        gap = np.array(averaged_payoff(grid, strike, True)) - np.array(averaged_payoff(grid, strike, False))
        np.testing.assert_allclose(gap, grid.spots - strike, atol=1e-12)


def test_a_kink_outside_leaves_the_payoff_alone() -> None:
    np.testing.assert_array_equal(
        averaged_payoff(UNIFORM, 2.0, True), UNIFORM.spots * 1.0 - 2.0 * (UNIFORM.spots > 0)
    )


def test_intrinsic_values() -> None:
    spots = np.array([80.0, 100.0, 120.0])
    assert intrinsic_values(spots, 100.0, True) == [0.0, 0.0, 20.0]
    assert intrinsic_values(spots, 100.0, False) == [20.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("level", "is_call", "american", "expected"),
    [
        (50.0, True, False, 0.0),
        (0.0, False, False, 100.0 * np.exp(-0.05)),
        (0.0, False, True, 100.0),
        (300.0, False, False, 0.0),
        (300.0, True, False, 300.0 * np.exp(-0.02) - 100.0 * np.exp(-0.05)),
        (300.0, True, True, 300.0 * np.exp(-0.02) - 100.0 * np.exp(-0.05)),
    ],
)
def test_boundary_values(level: float, is_call: bool, american: bool, expected: float) -> None:
    found = boundary_values(level, 100.0, 0.05, 0.02, [0.0, 1.0], is_call, american)
    assert found[0] == max(level - 100.0 if is_call else 100.0 - level, 0.0)
    assert found[1] == pytest.approx(max(expected, found[0] if american else 0.0))
