"""Whether a chain's options are American or European, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_choice
from pricers.chain.american import deamericanise
from pricers.chain.chain import Chain, require_chain
from pricers.chain.parity import ParityFit, fit_parity, has_pairs
from pricers.chain.settlement import normalise_root

Style = Literal["american", "european"]

_EUROPEAN = """
SPX SPXW SPXPM XSP XSPAM NANOS NDX NDXP XND NQX RUT RUTW MRUT DJX XEO VIX VIXW RLG RLV RUI SIXB SIXC SIXE SIXI SIXM SIXR
SIXRE SIXT SIXU SIXV SIXY NIFTY BANKNIFTY FINNIFTY DAX ODAX ESX OESX SX5E UKX NKY HSI KOSPI200 BTC ETH
"""
EUROPEAN_ROOTS = frozenset(_EUROPEAN.split())
"""Roots of index and coin options that are exercised at expiry only."""
AMERICAN_ROOTS = frozenset({"OEX", "SPY", "QQQ", "IWM", "DIA"})
"""Roots known to be American: the S&P 100 and funds."""

LARGE_RESIDUAL = 0.1
"""Share of the two spreads by which parity is missed that is no noise of quotes."""
BETTER = 0.9
"""What taking premiums off must leave of the parity residual."""
FEWEST_PAIRS = 8
BEND_SIGNIFICANCE = 6.0
"""Standard errors of the pooled curvature of call less put in the strike beyond which it is no accident."""


EXACT = 0.02
"""Share of the two spreads below which parity holds so well that the options must be European."""
USUAL_RATES = (-0.005, 0.09)
"""Rates between which the style is told where the shape of parity is lost in the spreads."""
SAME_RATES = 0.005
"""Difference of the rates of both readings that is not worth asking about."""


@dataclass(frozen=True)
class Exercise:
    """The style and one sentence about how it is known.

    `doubt` is another sentence where neither the source nor the shape of parity tells for certain, else empty.
    """

    style: Style
    reason: str
    doubt: str = ""


def exercise_of(chain: Chain, *, exercise: Style | None = None) -> Exercise:
    """Tell how the options of a chain are exercised.

    Parameters
    ----------
    chain : Chain
        Cleaned by `drop_unusable`; its `exercise_style` is what the source says.
    exercise : "american", "european" or None
        What the user says; it settles the matter.

    Returns
    -------
    Exercise
        From, in this order: the user, the source, the roots, the shape of parity. Call less put is a straight line in
        the strike for European options; early exercise bends it, and without the premiums it is straighter.

    Raises
    ------
    AadValueError
        If `exercise` is another word, or if some roots are American and others European.

    Notes
    -----
    Where rates and dividends are so low that exercise is worth nothing, both styles cost the same and the answer is
    "european".
    """
    require_chain(chain)
    if exercise is not None:
        require_choice("exercise", exercise, ("american", "european"))
        return Exercise(exercise, "as asked for")
    said: dict[str, Style] = {"american": "american", "european": "european"}
    if chain.exercise_style in said:
        return Exercise(said[chain.exercise_style], "the source says so in its column of exercise styles")
    roots = {normalise_root(root) for root in chain.roots}
    if roots and roots <= EUROPEAN_ROOTS:
        return Exercise("european", f"options on {', '.join(sorted(roots))} are")
    if roots & AMERICAN_ROOTS:
        if roots & EUROPEAN_ROOTS:
            raise AadValueError(
                f"roots {sorted(roots)} are American and European: give one of them, or say exercise="
            )
        return Exercise("american", f"options on {', '.join(sorted(roots & AMERICAN_ROOTS))} are")
    return _by_shape(chain)


def _by_shape(chain: Chain) -> Exercise:
    if not has_pairs(chain):
        return Exercise("european", "no strike has both a call and a put, which would tell American ones")
    raw, bend = fit_parity(chain), bend_of_parity(chain)
    before = _residual(raw)
    shape = f"call less put misses a straight line in the strike by {before:.0%} of the spreads"
    if abs(bend) > BEND_SIGNIFICANCE and before > LARGE_RESIDUAL:
        after = _residual(deamericanise(chain).parity)
        if after < BETTER * before:
            bent = f"a bend of {abs(bend):.0f} standard errors, rates near {float(np.median(raw.rate)):.1%}"
            return Exercise("american", f"{shape} ({bent}), without early-exercise premiums by {after:.0%}")
    return _by_rates(chain, raw, shape) if before > EXACT else Exercise("european", shape)


def _by_rates(chain: Chain, raw: ParityFit, shape: str) -> Exercise:
    """Choose the reading with rates that a market has: European ones of American prices are too low by percents."""
    try:
        equivalent = deamericanise(chain)
    except AadValueError:
        return Exercise("european", shape)
    european, american = float(np.median(raw.rate)), float(np.median(equivalent.parity.rate))
    low, high = USUAL_RATES
    usual = [low <= rate <= high for rate in (european, american)]
    if usual == [True, False] or abs(european - american) < SAME_RATES:
        return Exercise("european", shape)
    style: Style = "american" if usual == [False, True] else "european"
    rates = (
        f"rates near {european:.1%} where the options are European, {american:.1%} where they are American"
    )
    return Exercise(
        style,
        f"{shape}; {rates}",
        f"the spreads are too wide to tell American options from European ones: {rates}. Read as "
        f"{style.capitalize()}: say it with exercise= (--exercise american or european)",
    )


def _residual(parity: ParityFit) -> float:
    return float(np.average(parity.relative_residual, weights=parity.n_pairs))


def bend_of_parity(chain: Chain) -> float:
    """Return the pooled curvature of call less put in the strike, in standard errors.

    Puts exercised early bend it down, calls up; 0 where no expiry has eight pairs.
    """
    raw = fit_parity(chain)
    ratios = []
    for root, expiry, forward in zip(raw.root_index, raw.expiry_index, raw.forward, strict=True):
        own = (chain.root_index == root) & (chain.expiry_index == expiry)
        strikes, call, put = np.intersect1d(
            chain.strike[own & chain.is_call], chain.strike[own & ~chain.is_call], return_indices=True
        )
        if strikes.size < FEWEST_PAIRS:
            continue
        mid, spread = 0.5 * (chain.bid + chain.ask), chain.ask - chain.bid
        rows_call, rows_put = (
            np.flatnonzero(own & chain.is_call)[call],
            np.flatnonzero(own & ~chain.is_call)[put],
        )
        difference = mid[rows_call] - mid[rows_put]
        weight = 1.0 / (spread[rows_call] + spread[rows_put])
        ratios.append(_curvature_ratio(strikes / forward - 1.0, difference / forward, weight))
    return float(np.sum(ratios) / np.sqrt(len(ratios))) if ratios else 0.0


def _curvature_ratio(x: Floats, y: Floats, weight: Floats) -> float:
    """Return the coefficient of x^2 over its standard error, by robust weighted regression."""
    basis = np.stack([np.ones_like(x), x, x * x], axis=1)
    used = weight.copy()
    for _ in range(8):
        coefficients, *_ = np.linalg.lstsq(basis * used[:, None], y * used, rcond=None)
        miss = (y - basis @ coefficients) * weight
        scale = 1.4826 * float(np.median(np.abs(miss))) + 1e-12
        used = weight * np.sqrt(1.5 / np.maximum(np.abs(miss) / scale, 1.5))
    covariance = np.linalg.pinv((basis * used[:, None]).T @ (basis * used[:, None]))
    return float(coefficients[2] / (scale * np.sqrt(covariance[2, 2]) + 1e-300))
