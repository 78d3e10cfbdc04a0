"""Put-call parity: exact on an exact chain, robust on a spoilt one, smooth across expiries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.chain import drop_unusable, fit_parity, read_chain


def test_exact_chain_gives_its_forwards_and_rates(make_chain):
    fit = fit_parity(make_chain(rate=0.03, dividend_yield=0.01))
    assert fit.expiry == pytest.approx(np.array([30, 90, 180, 365]) / 365, rel=1e-14)
    assert fit.regression_rate == pytest.approx(np.full(4, 0.03), abs=1e-10)
    # The weak prior pulls the curve by far less than a tenth of a basis point.
    assert fit.rate == pytest.approx(np.full(4, 0.03), abs=1e-6)
    assert fit.discount == pytest.approx(np.exp(-0.03 * fit.expiry), abs=1e-6)
    assert fit.forward == pytest.approx(100.0 * np.exp(0.02 * fit.expiry), rel=1e-6)
    assert np.all(fit.residual < 1e-4)
    assert fit.zero_rate(0.25) == pytest.approx(0.03, abs=1e-6)


def test_entries_are_sorted_by_expiry_and_named_by_root(make_chain):
    chain = make_chain(roots=("SPXW", "SPX"), days=(200, 17, 90))  # 17 days on is a third Friday
    fit = fit_parity(chain)
    assert np.all(np.diff(fit.expiry) >= 0.0)
    names = [
        (chain.roots[r], chain.expiry_dates[e].day)
        for r, e in zip(fit.root_index, fit.expiry_index, strict=True)
    ]
    assert names[:2] == [("SPX", 19), ("SPXW", 19)]
    assert fit.expiry[1] - fit.expiry[0] == pytest.approx(0.27 / 365)


def test_noise_at_short_expiries_does_not_reach_the_curve(make_chain, rng):
    chain = make_chain(days=(7, 14, 30, 90, 180, 365, 500), spread=0.05)
    noise = 0.01 * rng.standard_normal(len(chain))
    fit = fit_parity(replace(chain, bid=chain.bid + noise, ask=chain.ask + noise))
    regression_error, curve_error = np.abs(fit.regression_rate - 0.03), np.abs(fit.rate - 0.03)
    assert regression_error.max() > 0.01
    assert np.all(regression_error < 4.0 * fit.regression_rate_error)
    assert curve_error.max() < 0.3 * regression_error.max()
    assert np.all(curve_error[-3:] < 0.001)
    assert fit.forward == pytest.approx(100.0 * np.exp(0.02 * fit.expiry), abs=0.02)


def test_a_few_wild_quotes_change_little(make_chain):
    chain = make_chain(spread=0.04)
    bid, ask = chain.bid.copy(), chain.ask.copy()
    wild = np.arange(5, len(chain), 29)
    bid[wild] += 0.5
    ask[wild] += 0.5
    fit = fit_parity(replace(chain, bid=bid, ask=ask))
    assert fit.rate == pytest.approx(np.full(4, 0.03), abs=5e-4)
    assert fit.forward == pytest.approx(100.0 * np.exp(0.02 * fit.expiry), abs=0.02)


def test_negative_rates(make_chain):
    fit = fit_parity(make_chain(rate=-0.01, dividend_yield=0.02))
    assert fit.rate == pytest.approx(np.full(4, -0.01), abs=1e-6)


def test_a_single_expiry_and_a_single_pair(make_chain):
    one = fit_parity(make_chain(days=(180,)))
    assert one.rate == pytest.approx([0.03], abs=1e-4)
    single = fit_parity(make_chain(days=(180,), strikes=(100.0,)))
    assert single.n_pairs.tolist() == [1]
    assert np.isnan(single.regression_rate[0])
    assert single.rate.tolist() == [0.0]  # nothing known but the prior
    assert single.forward[0] == pytest.approx(101.0, abs=0.05)


def test_calls_only_have_no_parity(make_chain):
    chain = make_chain()
    with pytest.raises(AadValueError, match="no strike with both a call and a put"):
        fit_parity(chain.drop("puts", ~chain.is_call))


def test_an_expiry_without_pairs_is_left_out(make_chain):
    chain = make_chain()
    lonely = chain.drop("puts of the first expiry", ~chain.is_call & (chain.expiry_index == 0))
    assert fit_parity(lonely).expiry_index.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("folder", "low", "high"), [("spx_2019-05-17", 0.023, 0.030), ("spx_2020-03-20", 0.006, 0.011)]
)
def test_real_chains_have_sane_rates_and_residuals(shared, folder, low, high):
    chain = drop_unusable(
        read_chain(shared / "data" / folder / "chain.csv"), min_expiry=7 / 365, max_expiry=2.0
    )
    fit = fit_parity(chain)
    assert np.all((fit.rate > low) & (fit.rate < high))
    assert np.nanmax(np.abs(fit.regression_rate - fit.rate)) > 0.02  # what the curve protects from
    assert fit.relative_residual.max() < 0.1
    assert fit.n_pairs.min() >= 20
