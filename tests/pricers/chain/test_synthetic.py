"""The shipped synthetic chain: made again byte for byte, and sound as a market."""

from __future__ import annotations

import sys
from importlib import resources

import numpy as np
import pytest

from pricers.calibration.quality import fit_quality
from pricers.chain import drop_unusable, fit_parity, load_quotes, read_chain, synthetic
from pricers.surfaces.svi import check_butterfly, check_calendar


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    target = tmp_path_factory.mktemp("synthetic") / "chain.csv"
    synthetic.write_synthetic_chain(target)
    return target


def test_the_shipped_file_is_what_the_script_makes(path):
    shipped = resources.files("apps") / "data" / "synthetic_chain.csv"
    assert shipped.read_bytes() == path.read_bytes()
    assert len(shipped.read_bytes()) < 300_000


def test_command_line_writes_the_same_file_and_nothing_else(path, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["synthetic", str(tmp_path / "chain.csv")])
    synthetic.main()
    assert [p.name for p in tmp_path.iterdir()] == ["chain.csv"]
    assert (tmp_path / "chain.csv").read_bytes() == path.read_bytes()


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "chain.csv"
    target.write_text("old")

    def interrupt(day: synthetic.Day) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(synthetic, "synthetic_chain", interrupt)
    with pytest.raises(KeyboardInterrupt):
        synthetic.write_synthetic_chain(target)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["chain.csv"]


def test_published_surface_is_the_one_of_the_source(shared):
    rows = [
        line.split(",")
        for line in (shared / "data" / "reference_values" / "svi_spx_20050915_gatheral.csv")
        .read_text()
        .splitlines()
        if not line.startswith("#")
    ]
    assert rows[0] == ["expiry", "t", "a", "b", "sig", "rho", "m"]
    published = tuple((row[0], *(float(x) for x in row[2:])) for row in rows[1:])
    assert published == synthetic.GATHERAL_SPX_2005_09_15


def test_surface_has_no_static_arbitrage():
    surface = synthetic.published_surface()
    assert check_butterfly(slices=surface.slices).is_free
    assert check_calendar(slices=surface.slices).is_free


def test_every_row_is_usable_or_a_zero_bid(path):
    chain = read_chain(path)
    cleaned = drop_unusable(chain)
    assert set(cleaned.dropped) == {"bid not above zero"}
    assert {
        (chain.roots[r], chain.expiry_dates[e].isoformat())
        for r, e in zip(chain.root_index, chain.expiry_index, strict=True)
    } == set(synthetic.EXPIRIES)


def test_parity_recovers_rate_and_forwards(path):
    fit = fit_parity(drop_unusable(read_chain(path)))
    assert fit.rate == pytest.approx(np.full(len(synthetic.EXPIRIES), synthetic.FIRST_DAY.rate), abs=0.0015)
    true = synthetic.FIRST_DAY.spot * np.exp(
        (synthetic.FIRST_DAY.rate - synthetic.DIVIDEND_YIELD) * fit.expiry
    )
    assert fit.forward == pytest.approx(true, abs=0.2)


def test_the_surface_prices_inside_the_spreads(path):
    quotes = load_quotes(path)
    surface = synthetic.published_surface()
    model = np.empty(len(quotes))
    for index, item in enumerate(quotes.slices):
        members = quotes.slice_index == index
        variance = surface.total_variance(quotes.log_moneyness[members], expiry=item.expiry)
        model[members] = np.sqrt(variance / item.expiry)
    quality = fit_quality(quotes=quotes, model_volatility=model)
    assert len(quotes) > 1_000
    assert quality.share_inside > 0.99
    assert quality.rmse < 0.0015
