"""American chains: rates, forwards and volatilities from de-Americanised quotes; how the style is recognised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.american import CashDividend
from pricers.chain import (
    Chain,
    ParityFit,
    deamericanise,
    drop_unusable,
    exercise_of,
    fit_parity,
    read_chain,
    select_quotes,
)
from pricers.chain.exercise import bend_of_parity

from .american.truth import CASES, Case

FOLDER = Path(__file__).parent / "american"
RATE_BAR, FORWARD_BAR, VOLATILITY_BAR = 10e-4, 1e-3, 0.2e-2


def chain_of(name: str) -> Chain:
    return drop_unusable(read_chain(FOLDER / f"{name}.csv"))


def dividends_of(case: Case) -> list[CashDividend]:
    return [CashDividend(days / 365.0, amount) for days, amount in case.dividends]


def require_rates_and_forwards(parity: ParityFit, rate: float, forward: np.ndarray) -> None:
    assert np.abs(parity.rate - rate).max() < RATE_BAR
    np.testing.assert_allclose(parity.forward, forward, rtol=FORWARD_BAR)


@pytest.mark.parametrize("name", CASES)
def test_the_market_is_found_again(name: str) -> None:
    case, chain = CASES[name], chain_of(name)
    assert np.abs(fit_parity(chain).rate - case.rate).max() > 10.0 * RATE_BAR  # what is taken off matters
    found = deamericanise(chain, dividends=dividends_of(case))
    assert found.converged
    assert found.rate_gap < RATE_BAR
    assert np.abs(found.rate - case.rate).max() < RATE_BAR
    np.testing.assert_allclose(found.dividend_yield, case.dividend_yield, atol=2e-3)
    forwards = np.array([case.forward(t) for t in found.parity.expiry])
    require_rates_and_forwards(found.parity, case.rate, forwards)
    quotes = select_quotes(found.chain, parity=found.parity, min_open_interest=0.0)
    if case.escrowed:  # else the European prices have a smile of their own
        exact = [case.volatility(k, t) for k, t in zip(quotes.strike, quotes.expiry, strict=True)]
        np.testing.assert_allclose(quotes.volatility, exact, atol=VOLATILITY_BAR)


def test_a_flat_tree(shared: Path) -> None:
    """A spot of 100, 5%, a dividend yield of 1.5%, 20% volatility, by a tree of 400 steps."""
    chain = drop_unusable(read_chain(shared / "cases/market/amer_flat.csv"))
    found = deamericanise(chain)
    require_rates_and_forwards(found.parity, 0.05, 100.0 * np.exp(0.035 * found.parity.expiry))
    quotes = select_quotes(found.chain, parity=found.parity, min_open_interest=0.0)
    assert len(quotes) > 200
    np.testing.assert_allclose(quotes.volatility, 0.2, atol=VOLATILITY_BAR)
    assert exercise_of(chain).style == "american"
    assert exercise_of(drop_unusable(read_chain(shared / "cases/market/euro_flat.csv"))).style == "european"


def test_a_missing_side_takes_the_volatility_of_its_neighbours() -> None:
    """Rows whose partner out of the money is gone still get a premium; an expiry without pairs is dropped."""
    chain = chain_of("high_rate")
    forward = fit_parity(chain).forward[chain.expiry_index]
    outside = chain.is_call == (chain.strike >= forward)
    rng = np.random.default_rng(3)
    gone = (outside & (rng.random(len(chain)) < 0.2)) | ((chain.expiry_index == 6) & chain.is_call)
    found = deamericanise(chain.drop("left out", gone))
    assert found.chain.dropped["expiry without a call-put pair"] > 0
    assert len(found.chain) == found.premium.size == found.volatility.size
    case = CASES["high_rate"]
    require_rates_and_forwards(
        found.parity, case.rate, np.array([case.forward(t) for t in found.parity.expiry])
    )


def test_premiums_are_those_of_the_market() -> None:
    case, chain = CASES["middle"], chain_of("middle")
    found = deamericanise(chain)
    assert (found.premium >= 0.0).all()
    np.testing.assert_allclose(chain.bid - found.chain.bid, found.premium, atol=1e-12)
    years = found.chain.days / 365.0
    exact = [case.volatility(k, t) for k, t in zip(found.chain.strike, years, strict=True)]
    apart = np.abs(found.volatility - exact)
    assert np.median(apart) < 1e-4
    assert apart.max() < 0.01  # in the money where nothing is quoted outside: flat beyond the last strike


@pytest.mark.parametrize("name", CASES)
def test_the_style_is_recognised_by_the_shape_of_parity(name: str) -> None:
    chain = chain_of(name)
    found = exercise_of(chain)
    assert found.style == "american"
    assert "call less put misses a straight line" in found.reason
    assert abs(bend_of_parity(chain)) > 10.0


def test_a_de_americanised_chain_is_european() -> None:
    found = deamericanise(chain_of("middle")).chain
    assert exercise_of(found).style == "european"
    assert exercise_of(replace(found, exercise_style="")).style == "european"


@pytest.mark.parametrize(
    ("roots", "style"),
    [(("SPX", "SPXW"), "european"), (("^NDX",), "european"), (("$SPX",), "european"), (("SPY",), "american")],
)
def test_roots_and_words_settle_it(roots: tuple[str, ...], style: str) -> None:
    chain = replace(chain_of("middle"), roots=roots)
    assert exercise_of(chain).style == style
    american = replace(chain, exercise_style="american")
    assert exercise_of(american).style == "american"
    assert exercise_of(american, exercise="european").style == "european"


def test_bad_words_and_mixed_roots_are_refused() -> None:
    chain = chain_of("middle")
    with pytest.raises(AadValueError, match="exercise = 'bermudan'"):
        exercise_of(chain, exercise="bermudan")  # type: ignore[arg-type]
    with pytest.raises(AadValueError, match="are American and European"):
        exercise_of(replace(chain, roots=("SPX", "SPY")))
