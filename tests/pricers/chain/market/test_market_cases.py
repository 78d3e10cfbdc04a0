"""Every given market against what should be noticed of it."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.chain import load_quotes

SOUND = [
    "euro_flat", "amer_flat", "coin_prices", "stale_quotes", "thin_slice_1m", "mid_only", "no_oi", "occ_symbol",
    "ssvi_skew",
]  # fmt: skip

REFUSED = {
    "spot_double": r"spot = 200: .*forwards at 100\.134 .*--spot 100\)",
    "two_roots_no_root_column": r"twice at different prices.*column root",
    "dup_headers3": r"columns 1 and 7 are both named 'bid' and differ, '5.0362' and '10.0724'",
}


@pytest.fixture
def load(shared):
    return lambda name, **options: load_quotes(shared / "cases" / "market" / f"{name}.csv", **options)


def test_every_market_has_a_test(shared):
    names = {path.stem for path in (shared / "cases" / "market").glob("*.csv")}
    assert names == {*SOUND, *REFUSED, "ssvi_book"}


@pytest.mark.parametrize("name", SOUND)
def test_sound_markets_raise_no_alarm(load, name):
    assert load(name).warnings == ()


@pytest.mark.parametrize("name", REFUSED)
def test_refused(load, name):
    with pytest.raises(AadValueError, match=REFUSED[name]):
        load(name)


@pytest.mark.parametrize(
    ("name", "bars"), [("euro_flat", (1e-4, 1e-5, 1e-4)), ("amer_flat", (1e-3, 1e-3, 2e-3))]
)
def test_rates_forwards_and_volatilities(load, name, bars):
    quotes = load(name)
    assert quotes.exercise_style == {"euro_flat": "european", "amer_flat": "american"}[name]
    expiry = np.array([piece.expiry for piece in quotes.slices])
    rate = -np.log([piece.discount for piece in quotes.slices]) / expiry
    assert rate == pytest.approx(0.05, abs=bars[0])
    forward = [piece.forward for piece in quotes.slices]
    assert forward == pytest.approx(100.0 * np.exp(0.035 * expiry), rel=bars[1])
    assert np.abs(quotes.volatility - 0.2).max() < bars[2]


def test_a_spot_by_option_reads_the_doubled_one(load):
    assert load("spot_double", spot=100.0).spot == 100.0


def test_coin_prices(load):
    quotes = load("coin_prices")
    assert any("units of the underlying" in note for note in quotes.explanation.notes)
    assert quotes.volatility == pytest.approx(load("no_oi").volatility, abs=2e-3)


def test_mid_prices(load):
    quotes = load("mid_only")
    assert quotes.is_mid_only and any("no meaning" in note for note in quotes.explanation.notes)
    assert np.all((quotes.bid < quotes.mid) & (quotes.mid < quotes.ask))


def test_no_open_interest_is_no_filter(load):
    assert any("no open interest" in note for note in load("no_oi").explanation.notes)


def test_symbols(load):
    assert {piece.root for piece in load("occ_symbol").slices} == {"XYZ"}


@pytest.mark.parametrize(("name", "n_quotes"), [("spx_2019-05-17", 3_159), ("spx_2020-03-20", 3_309)])
def test_real_chains_raise_no_alarm(shared, name, n_quotes):
    quotes = load_quotes(shared / "data" / name / "chain.csv")
    assert len(quotes) == n_quotes and quotes.warnings == ()
