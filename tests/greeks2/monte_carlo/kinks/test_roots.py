"""Every root of a function of one number, on many lanes."""

import numpy as np
import pytest

from greeks2.monte_carlo.kinks.roots import REACH, all_roots


def test_one_root_per_lane() -> None:
    levels = np.linspace(-2.0, 2.0, 9)
    roots = all_roots(lambda lanes, x: (np.exp(x) - np.exp(levels[lanes]), np.exp(x)), levels.size)
    assert roots.lanes.tolist() == list(range(9))
    np.testing.assert_allclose(roots.along, levels, rtol=0.0, atol=1e-14)


def test_lanes_without_a_root_have_none() -> None:
    roots = all_roots(lambda lanes, x: (x * x + 1.0 + lanes, 2.0 * x), 3)
    assert roots.lanes.size == roots.along.size == 0


@pytest.mark.parametrize("gap", [0.7, 0.2, 1e-3, 1e-6])
def test_two_roots_within_one_cell(gap: float) -> None:
    roots = all_roots(lambda lanes, x: ((x - 0.51) ** 2 - gap**2, 2.0 * (x - 0.51)), 1)
    np.testing.assert_allclose(roots.along, [0.51 - gap, 0.51 + gap], rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("gap", [0.7, 0.2, 1e-2, 1e-4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_two_roots_beside_a_corner(gap: float, sign: float) -> None:
    """The larger of two exponentials, one rising and one falling, that meet at 0.6."""

    def function(lanes: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rising, falling = np.exp(0.2 * (x - 0.6)), np.exp(-0.5 * (x - 0.6))
        slope = np.where(rising > falling, 0.2 * rising, -0.5 * falling)
        return sign * (np.maximum(rising, falling) - np.exp(0.1 * gap)), sign * slope

    roots = all_roots(function, 1)
    np.testing.assert_allclose(roots.along, [0.6 - 0.2 * gap, 0.6 + 0.5 * gap], rtol=0.0, atol=1e-9)


def test_many_roots_come_in_order() -> None:
    roots = all_roots(lambda lanes, x: (np.cos((1 + lanes) * x), -(1 + lanes) * np.sin((1 + lanes) * x)), 2)
    expected = [(k + 0.5) * np.pi for k in range(-3, 3)]
    np.testing.assert_allclose(
        roots.along[roots.lanes == 0], [place for place in expected if abs(place) < REACH]
    )
    doubled = [(k + 0.5) * np.pi / 2.0 for k in range(-5, 5)]
    np.testing.assert_allclose(roots.along[roots.lanes == 1], doubled)


def test_a_steep_function_is_bracketed() -> None:
    def function(lanes: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.arctan(50.0 * (x - 1.23)), 50.0 / (1.0 + (50.0 * (x - 1.23)) ** 2)

    roots = all_roots(function, 1)
    np.testing.assert_allclose(roots.along, [1.23], atol=1e-13)
