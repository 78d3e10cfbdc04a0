"""Markets that are believed, warned of and refused."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.chain import (
    MarketLimits,
    MarketWarning,
    drop_unusable,
    given_market,
    imply_market,
    parse_limits,
    read_chain,
    select_quotes,
)


def test_a_sound_market_has_nothing_to_say(make_chain):
    market = imply_market(make_chain())
    assert market.warnings == () and market.exercise.style == "european"
    assert market.parity.rate == pytest.approx(0.03, abs=1e-4)


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1, 2.0])
def test_a_spot_that_the_forwards_contradict_is_refused(make_chain, factor):
    chain = replace(make_chain(), spot=100.0 * factor)
    with pytest.raises(
        AadValueError, match=r"spot = \d+: .*is a spot of (100|99\.99|100\.0)\d*, .*--spot 1?"
    ):
        imply_market(chain)
    gap = abs(np.log(factor)) + 0.01
    assert imply_market(chain, limits={"spot_gap": gap, "carry": 10.0}).warnings == ()


def test_the_limit_that_the_message_names_admits_the_spot(make_chain):
    chain = replace(make_chain(), spot=200.0)
    with pytest.raises(AadValueError) as caught:
        imply_market(chain)
    option = str(caught.value).split("--limits ")[1].split(")")[0]
    assert imply_market(chain, limits=parse_limits(option)).warnings == ()


def test_a_spot_that_is_a_little_off_is_warned_of(make_chain):
    with pytest.warns(MarketWarning, match=r"spot of 100.*\+2.6% off"):
        market = imply_market(replace(make_chain(), spot=97.5))
    assert len(market.warnings) == 1


def test_one_expiry_has_a_spot_too(make_chain):
    chain = make_chain(days=(60,))
    assert imply_market(chain).warnings == ()
    with pytest.raises(AadValueError, match="spot = 200"):
        imply_market(replace(chain, spot=200.0))


def test_a_hard_borrow_is_warned_of_and_can_be_believed(make_chain):
    chain = make_chain(dividend_yield=0.35)
    with pytest.warns(MarketWarning, match=r"forwards grow by -32\.0% a year.*--limits carry=0.3"):
        imply_market(chain)
    assert imply_market(chain, limits={"carry": 0.4}).warnings == ()


@pytest.mark.parametrize(("rate", "word"), [(0.25, "high_rate"), (-0.06, "low_rate")])
def test_rates_out_of_the_band_are_warned_of(make_chain, rate, word):
    chain = make_chain(rate=rate, dividend_yield=rate)
    with pytest.warns(MarketWarning, match=rf"zero rates of .*--limits {word}="):
        imply_market(chain, exercise="european")


def test_rates_far_out_are_refused(make_chain):
    with pytest.raises(AadValueError, match="where -2% to 15% is believed"):
        imply_market(make_chain(rate=1.0, dividend_yield=1.0))


def test_american_prices_read_as_european_are_warned_of(make_american):
    with pytest.warns(MarketWarning) as caught:
        market = imply_market(make_american(strikes=np.arange(60.0, 141.0, 5.0)), exercise="european")
    assert market.warnings == tuple(str(warning.message) for warning in caught)
    assert any(
        "implies zero rates of -" in text and "--exercise american" in text for text in market.warnings
    )


def test_american_prices_are_recognised(make_american):
    market = imply_market(make_american())
    assert market.exercise.style == "american" and market.warnings == ()
    assert market.parity.rate == pytest.approx(0.05, abs=1e-3)
    quotes = select_quotes(market.chain, parity=market.parity, min_open_interest=0.0)
    assert quotes.volatility == pytest.approx(0.2, abs=2e-3)


def test_european_prices_under_an_american_name_are_read_as_what_they_are(make_chain):
    chain = replace(make_chain(rate=0.05, dividend_yield=0.015), exercise_style="american")
    with pytest.warns(MarketWarning, match="call less put is a straight line"):
        market = imply_market(chain)
    assert market.parity.rate == pytest.approx(0.05, abs=1e-3)


def test_calls_and_puts_of_different_moments_are_found(make_chain):
    early, late = make_chain(), make_chain(spot=101.0)
    jumbled = np.arange(len(early)) // 2 % 3 == 0
    bid, ask = (
        np.where(jumbled & early.is_call, getattr(late, n), getattr(early, n)) for n in ("bid", "ask")
    )
    with pytest.warns(MarketWarning, match=r"parity does not hold in \d of 4 expiries.*different moments"):
        imply_market(replace(early, bid=bid, ask=ask), exercise="european")


def test_adjusted_contracts_are_left_out_and_counted(make_chain):
    chain = make_chain(roots=("ABC", "ABC1"))
    with pytest.warns(MarketWarning, match=r"136 options of ABC1 are adjusted contracts"):
        market = imply_market(chain)
    assert market.chain.dropped == {"adjusted contract (ABC1)": 136}


def test_a_root_that_ends_in_a_digit_of_its_own_is_no_adjusted_contract(make_chain):
    assert imply_market(make_chain(roots=("US500",))).warnings == ()


def test_weeklies_under_the_root_of_monthlies_are_said(make_chain):
    # 2024-01-19 is the third Friday, 17 days away.
    with pytest.warns(MarketWarning, match="1 expiries on third Fridays and 1 on other days"):
        imply_market(make_chain(roots=("SPX",), days=(17, 31)))
    chain = make_chain(roots=("SPX", "SPXW"), days=(17, 31))
    chain = chain.drop("", (chain.root_index == 0) & (chain.expiry_index == 1))
    assert imply_market(chain).warnings == ()


def test_roots_of_one_date_with_other_forwards_are_warned_of(make_chain):
    chain, higher = make_chain(roots=("ABC", "XYZ")), make_chain(roots=("ABC", "XYZ"), spot=101.0)
    other = chain.root_index == 1
    bid, ask = (np.where(other, getattr(higher, n), getattr(chain, n)) for n in ("bid", "ask"))
    with pytest.warns(MarketWarning, match=r"differ by root on 4 dates.*ABC 10\d\.\d+, XYZ 10\d\.\d+"):
        imply_market(replace(chain, bid=bid, ask=ask))


def test_given_rates_and_forwards_are_taken(make_chain):
    chain = make_chain()
    given = given_market(quote_date=chain.quote_date, rate=0.031, dividend_yield=0.011)
    market = imply_market(chain, given=given)
    assert market.parity.rate == pytest.approx(0.031, abs=1e-12)
    growth = 100.0 * np.exp((0.031 - 0.011) * market.parity.expiry)
    assert market.parity.forward == pytest.approx(growth, rel=1e-12)
    date = chain.expiry_dates[1]
    given = given_market(quote_date=chain.quote_date, forwards={date: 100.497})
    assert imply_market(chain, given=given).parity.forward[1] == 100.497


def test_given_forwards_that_the_quotes_do_not_have_are_said(make_chain):
    chain = make_chain()
    given = given_market(quote_date=chain.quote_date, dividend_yield=0.06)
    with pytest.raises(AadValueError, match="parity does not hold"):
        imply_market(chain, given=given)


def test_given_numbers_hold_for_american_chains_too(make_american):
    chain = make_american()
    given = given_market(quote_date=chain.quote_date, rate=0.05, dividend_yield=0.015)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        market = imply_market(chain, given=given)
    assert market.parity.rate == pytest.approx(0.05, abs=1e-12)
    assert market.parity.forward == pytest.approx(100.0 * np.exp(0.035 * market.parity.expiry), rel=1e-12)
    with pytest.raises(AadValueError, match="--rate, --curve"):
        imply_market(chain, given=given_market(quote_date=chain.quote_date, dividend_yield=0.015))


def test_limits_are_checked():
    with pytest.raises(AadValueError, match="no limit 'carrot'; there are spot_gap, carry"):
        parse_limits("carrot=1")
    with pytest.raises(AadValueError, match="name=number"):
        parse_limits("carry")
    with pytest.raises(AadValueError, match="must be below high_rate"):
        MarketLimits(low_rate=0.2)
    with pytest.raises(AadTypeError):
        imply_market(None, limits=3.0)  # type: ignore[arg-type]


def test_cash_dividends_that_nobody_gave_are_said():
    folder = Path(__file__).parent.parent / "american"
    chain = drop_unusable(read_chain(folder / "dividends.csv"))
    with pytest.warns(MarketWarning) as caught:
        imply_market(chain)
    assert any("--dividends" in str(warning.message) for warning in caught)
    dividends = {77.0 / 365.0: 1.2, 259.0 / 365.0: 1.3}
    given = given_market(quote_date=chain.quote_date, dividends=dividends)
    market = imply_market(chain, given=given)
    assert market.warnings == () and market.parity.rate == pytest.approx(0.045, abs=1e-3)


def noisy(chain, rng):
    """Return a chain with spreads of 6% of the price and 10 cents, its mids anywhere in the inner third."""
    mid = 0.5 * (chain.bid + chain.ask)
    half = np.maximum(0.03 * mid, 0.05)
    mid = mid + rng.uniform(-0.3, 0.3, mid.size) * half
    return drop_unusable(replace(chain, bid=mid - half, ask=mid + half))


def test_american_options_in_wide_spreads_are_told_by_their_rates(make_american, rng):
    with pytest.warns(
        MarketWarning, match=r"too wide to tell.*Read as American: say it with exercise= \(--exercise"
    ):
        market = imply_market(noisy(make_american(strikes=np.arange(85.0, 115.1, 2.5)), rng))
    assert market.exercise.style == "american"
    assert market.parity.rate == pytest.approx(0.05, abs=0.02)


def test_european_options_in_wide_spreads_raise_no_alarm(make_chain, rng):
    market = imply_market(noisy(make_chain(roots=("ABC",), rate=0.05, days=(45, 112, 203, 322)), rng))
    assert market.exercise.style == "european" and market.warnings == ()
    assert market.parity.rate == pytest.approx(0.05, abs=0.01)


def test_what_could_be_either_is_said(make_chain, rng):
    chain = noisy(make_chain(roots=("ABC",), rate=0.02, dividend_yield=0.015), rng)
    with pytest.warns(MarketWarning, match=r"too wide to tell.*Read as European"):
        imply_market(chain)
    assert imply_market(chain, exercise="european").warnings == ()


def test_two_settlements_on_one_date_of_many_are_found(make_chain):
    chain, higher = make_chain(days=(17, 31, 45, 60, 90, 120)), make_chain(days=(17,), spot=101.0)
    columns = ("root_index", "expiry_index", "strike", "is_call", "bid", "ask", "open_interest")
    both = replace(chain, **{n: np.concatenate([getattr(chain, n), getattr(higher, n)]) for n in columns})
    with pytest.raises(AadValueError, match=r"34 of 34 options stand twice at different prices"):
        drop_unusable(both)
