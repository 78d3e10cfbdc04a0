"""Stale and very wide quotes: named, left out, and of no weight in the fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aadlib.types import Floats
from pricers.calibration import CalibrationSettings, calibrate, holdout, screen_quotes
from pricers.chain import load_quotes
from pricers.chain.quotes import Quotes

from .conftest import make_quotes, one_slice

EXPIRIES = [0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 1.6]
STALE_PUTS = np.array([2, 4, 5, 6, 8, 9])
"""Six of the eight quotes from the third on, of 24: side by side too."""


@pytest.fixture(scope="module")
def clean() -> Quotes:
    return make_quotes(EXPIRIES, per_slice=24)


def moved(quotes: Quotes, positions: Floats, by: float) -> Quotes:
    """Return the quotes with some volatilities moved; prices stay, no fit looks at them."""
    volatilities = {}
    for name in ("volatility", "bid_volatility", "ask_volatility"):
        volatilities[name] = getattr(quotes, name).copy()
        volatilities[name][positions] += by
    return replace(quotes, **volatilities)


@pytest.mark.parametrize("by", [0.09, 0.02, -0.03])
def test_a_few_stale_quotes_are_named_and_bend_nothing(clean: Quotes, by: float) -> None:
    positions = np.flatnonzero(clean.slice_index == 4)[STALE_PUTS]
    quotes = moved(clean, positions, by)
    result = calibrate(quotes=quotes)
    screen = result.screen
    np.testing.assert_array_equal(np.flatnonzero(screen.is_stale), positions)
    np.testing.assert_allclose(screen.expected_volatility, clean.volatility, atol=3e-3)
    assert not screen.is_wide.any()
    assert {item.name.split()[-1] for item in screen.left_out(quotes)} == {"put"}
    assert all(item.reason == "stale" for item in screen.left_out(quotes))
    assert result.quality.n_quotes == len(quotes) - 6
    without = calibrate(quotes=clean.select(screen.kept))
    np.testing.assert_array_equal(result.surface.parameters, without.surface.parameters)
    assert np.abs(result.model_volatility - clean.volatility).max() < 1e-3


@pytest.mark.parametrize("position", range(5))
def test_scattered_stale_quotes_are_found(clean: Quotes, rng: np.random.Generator, position: int) -> None:
    for _ in range(position + 1):
        positions = np.sort(rng.choice(len(clean), 8, replace=False))
    screen = screen_quotes(moved(clean, positions, np.where(np.arange(8) % 2, 0.05, -0.04)))
    np.testing.assert_array_equal(np.flatnonzero(screen.is_stale), positions)


def test_a_lone_expiry_is_screened_by_its_own_strikes(clean: Quotes) -> None:
    quotes = one_slice(clean, 3)
    screen = screen_quotes(moved(quotes, np.array([7, 8]), 0.05))
    np.testing.assert_array_equal(np.flatnonzero(screen.is_stale), [7, 8])


def test_a_slice_that_differs_as_a_whole_is_kept(clean: Quotes) -> None:
    """Half of a slice or all of it: who can say which quotes are right."""
    mine = np.flatnonzero(clean.slice_index == 4)
    for positions in (mine, mine[:12]):
        assert screen_quotes(moved(clean, positions, 0.05)).kept.all()


def test_noise_within_the_spreads_is_kept(clean: Quotes, rng: np.random.Generator) -> None:
    noisy = moved(clean, np.arange(len(clean)), rng.normal(0.0, 0.003, len(clean)))
    assert screen_quotes(noisy).kept.all()


def test_very_wide_spreads_are_left_out_by_a_limit_of_choice(clean: Quotes) -> None:
    spread = clean.spread.copy()
    spread[[3, 30]] = clean.mid[[3, 30]] * [1.6, 1.5]
    quotes = replace(clean, spread=spread)
    screen = screen_quotes(quotes)
    np.testing.assert_array_equal(np.flatnonzero(screen.is_wide), [3])
    assert [item.reason for item in screen.left_out(quotes)] == ["wide spread"]
    assert screen.apply(quotes).dropped == {"spread above 1.5 times the mid": 1}
    assert screen_quotes(quotes, max_relative_spread=2.0).kept.all()
    np.testing.assert_array_equal(
        np.flatnonzero(screen_quotes(quotes, max_relative_spread=1.49).is_wide), [3, 30]
    )


def test_a_slice_keeps_five_quotes(clean: Quotes) -> None:
    few = clean.select((clean.slice_index != 4) | (np.cumsum(clean.slice_index == 4) <= 5))
    first = int(np.flatnonzero(few.slice_index == 4)[0])
    spread = few.spread.copy()
    spread[first] = 1.9 * few.mid[first]
    assert screen_quotes(replace(few, spread=spread)).kept.all()
    assert screen_quotes(moved(few, np.array([first + 2]), 0.05)).kept.all()


def test_a_clean_set_of_quotes_is_returned_as_it_is(clean: Quotes) -> None:
    screen = screen_quotes(clean)
    assert screen.apply(clean) is clean
    assert screen.left_out(clean) == ()


def test_the_settings_choose_the_limits(clean: Quotes) -> None:
    quotes = moved(clean, np.array([80]), 0.03)
    assert calibrate(quotes=quotes).screen.is_stale.sum() == 1
    lenient = CalibrationSettings(max_deviation=1e9)
    assert calibrate(quotes=quotes, settings=lenient).quality.n_quotes == len(quotes)


def test_weights_of_quotes_left_out_are_left_out(clean: Quotes) -> None:
    quotes = moved(clean, np.array([80]), 0.05)
    weights = np.linspace(1.0, 2.0, len(quotes))
    result = calibrate(quotes=quotes, weights=weights)
    kept = np.arange(len(quotes)) != 80
    expected = calibrate(quotes=clean.select(kept), weights=weights[kept])
    np.testing.assert_array_equal(result.surface.parameters, expected.surface.parameters)


def test_a_holdout_has_no_stale_quotes_and_no_outermost_ones(clean: Quotes) -> None:
    quotes = moved(clean, np.array([80]), 0.2)
    held = holdout(quotes=quotes, fraction=0.9)
    assert held.n_held_out == round(0.9 * (len(quotes) - 1))
    assert held.in_sample.n_quotes + held.n_held_out == len(quotes) - 1
    assert held.held_out.worst < 0.1


def test_the_shared_case(shared: Path) -> None:
    path = shared / "cases" / "market" / "stale_quotes.csv"
    if not path.is_file():
        pytest.skip("no stale_quotes.csv among the shared cases")
    quotes = load_quotes(path)
    stale = screen_quotes(quotes).left_out(quotes)
    assert sorted(item.name for item in stale) == [
        f"2024-09-20 {k} put" for k in ("80", "85", "87.5", "90", "95", "97.5")
    ]


@pytest.mark.parametrize(
    ("name", "n_stale", "n_wide"), [("spx_2019-05-17", 0, 0), ("spx_2020-03-20", 1, 147)]
)
def test_index_chains_keep_nearly_all(shared: Path, name: str, n_stale: int, n_wide: int) -> None:
    screen = screen_quotes(load_quotes(shared / "data" / name / "chain.csv"))
    assert (screen.is_stale.sum(), screen.is_wide.sum()) == (n_stale, n_wide)
