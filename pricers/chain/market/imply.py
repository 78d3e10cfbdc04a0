"""From a cleaned chain to the market behind it: style, European prices, forwards, discount factors, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aadlib.errors import AadValueError
from pricers.chain.american import deamericanise
from pricers.chain.chain import Chain, require_chain
from pricers.chain.exercise import LARGE_RESIDUAL, Exercise, Style, exercise_of
from pricers.chain.market.checks import check_rates, check_residuals, check_spot
from pricers.chain.market.findings import Finding, refuse, warn
from pricers.chain.market.given import GivenMarket
from pricers.chain.market.limits import MarketLimits, limits_of
from pricers.chain.market.roots import check_roots, drop_adjusted
from pricers.chain.parity import ParityFit, fit_parity, given_parity, has_pairs


@dataclass(frozen=True, eq=False)
class ImpliedMarket:
    """The market behind a chain.

    Attributes
    ----------
    chain : Chain
        With prices as if the options were European, ready for `select_quotes`.
    parity : ParityFit
        Of that chain, and of what was given.
    exercise : Exercise
        How the options are exercised, and how that is known.
    warnings : tuple of str
    """

    chain: Chain
    parity: ParityFit
    exercise: Exercise
    warnings: tuple[str, ...]


def imply_market(
    chain: Chain,
    *,
    exercise: Style | None = None,
    given: GivenMarket | None = None,
    limits: MarketLimits | Mapping[str, float] | None = None,
) -> ImpliedMarket:
    """Find the style of a chain, take early exercise off, fit parity, and check what comes out.

    Parameters
    ----------
    chain : Chain
        Cleaned by `drop_unusable`.
    exercise : "american", "european" or None
        None: see `exercise_of`.
    given : GivenMarket, optional
        Rates, dividends and forwards to take instead of implied ones.
    limits : MarketLimits or mapping, optional
        What is believed without a word.

    Returns
    -------
    ImpliedMarket

    Raises
    ------
    AadValueError
        If no strike has both a call and a put and rates and forwards are not given, or the options are American then;
        if the market is not to be believed: a spot that the forwards contradict, rates that no market has, parity that
        does not hold. The message has the numbers, the likely cause and the argument (and option) that settles it.

    Warns
    -----
    MarketWarning
        Where something is odd and not yet beyond belief.
    """
    require_chain(chain)
    believed, given = limits_of(limits), given or GivenMarket()
    chain, findings = drop_adjusted(chain)
    if not has_pairs(chain):
        return _as_given(chain, given, believed, exercise, findings)
    raw = fit_parity(chain, given=given)
    spot_findings = check_spot(chain, raw, believed)
    refuse(spot_findings)  # before early exercise, whose worth depends on the spot
    style = exercise_of(chain, exercise=exercise)
    if style.doubt:
        findings.append(Finding(style.doubt))
    market, parity = chain, raw
    if style.style == "american":
        if given.dividend_yield is not None and given.rates is None:
            raise AadValueError(
                "dividend_yield= needs rate= or curve= where options are American (--rate, --curve): their parity does "
                "not tell the rate before early exercise is known"
            )
        equivalent = deamericanise(chain, dividends=given.dividends, given=given)
        before, after = _residual(raw), _residual(equivalent.parity)
        if exercise is None and before < LARGE_RESIDUAL and after > believed.residual:
            reason = style.reason
            style = Exercise("european", f"{reason}, but the prices are those of European ones")
            findings.append(
                Finding(
                    f"the options are American ({reason}), but call less put is a straight line in the strike, missed "
                    f"by {before:.1%} of the spreads; with early-exercise premiums taken off it would be missed by "
                    f"{after:.0%}. Read as European prices: exercise='american' (--exercise american) takes premiums "
                    "off all the same"
                )
            )
        else:
            market, parity = equivalent.chain, equivalent.parity
            spot_findings = check_spot(market, parity, believed)
            if not equivalent.converged:
                findings.append(
                    Finding(
                        "early-exercise premiums did not settle: rates and forwards may be off; give rate= or curve= "
                        "(--rate, --curve), dividends= (--dividends)"
                    )
                )
    is_american = style.style == "american"
    findings += [
        *spot_findings,
        *check_rates(market, parity, believed, is_american=is_american),
        *check_residuals(market, parity, believed, is_american=is_american),
        *check_roots(market, parity, believed),
    ]
    refuse(findings)
    return ImpliedMarket(market, parity, style, warn(findings))


def _as_given(
    chain: Chain,
    given: GivenMarket,
    believed: MarketLimits,
    exercise: Style | None,
    findings: list[Finding],
) -> ImpliedMarket:
    """Return the market of a chain without call-put pairs: the rates and forwards that are given, checked."""
    parity = given_parity(chain, given)
    style = exercise_of(chain, exercise=exercise)
    if style.style == "american":
        raise AadValueError(
            f"the options are American ({style.reason}), and no strike has both a call and a put: early-exercise "
            "premiums cannot be told from volatilities; give a chain with both, or exercise='european' "
            "(--exercise european)"
        )
    findings = [
        *findings,
        *check_spot(chain, parity, believed),
        *check_rates(chain, parity, believed, is_american=False),
        *check_roots(chain, parity, believed),
    ]
    refuse(findings)
    return ImpliedMarket(chain, parity, style, warn(findings))


def _residual(parity: ParityFit) -> float:
    return float(np.average(parity.relative_residual, weights=parity.n_pairs))
