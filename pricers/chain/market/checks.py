"""Checks of an implied market: spot against forwards, carry, rates, and parity itself."""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats
from pricers.chain.chain import Chain
from pricers.chain.market.findings import Finding
from pricers.chain.market.limits import MarketLimits
from pricers.chain.parity import ParityFit
from pricers.types import Bools

DISCOUNT_SLACK = 0.002
"""By how much ln(discount factor) may miss the band of rates before it counts."""


def check_spot(chain: Chain, parity: ParityFit, limits: MarketLimits) -> list[Finding]:
    """Compare the spot with the forwards carried back to the quote date, and each forward with the others."""
    growth = np.log(parity.forward / chain.spot)
    gap, carry = _line(parity.expiry, growth, limits.carry)
    findings = []
    if abs(gap) > limits.spot_gap:
        implied, first, last = chain.spot * np.exp(gap), parity.forward[0], parity.forward[-1]
        findings.append(
            Finding(
                f"spot = {chain.spot:g}: put-call parity puts the forwards at {first:.6g} "
                f"({_date(chain, parity, 0)}) to {last:.6g} ({_date(chain, parity, -1)}), which carried back to "
                f"{chain.quote_date} is a spot of {implied:.6g}, {np.expm1(gap):+.1%} off. The spot is likely of "
                "another moment, unit or share split: give it with "
                f"spot={implied:.6g} (--spot {implied:.6g}) or columns= (--columns spot=...)",
                "spot_gap",
                abs(gap) / limits.spot_gap,
                abs(gap),
            )
        )
    if abs(carry) > limits.carry:
        findings.append(
            Finding(
                f"forwards grow by {carry:+.1%} a year over the spot {chain.spot:g}. A stock that is hard to borrow "
                "does that; else spot, dates or the unit of prices are wrong: see --spot, --quote-date and --columns",
                "carry",
                abs(carry) / limits.carry,
                abs(carry),
            )
        )
    miss = growth - gap - carry * parity.expiry
    worst = int(np.argmax(np.abs(miss)))
    if parity.expiry.size > 2 and abs(miss[worst]) > limits.forward_gap:
        findings.append(
            Finding(
                f"the forward of {_date(chain, parity, worst)} is {parity.forward[worst]:.6g}, "
                f"{np.expm1(miss[worst]):+.1%} off the line of the other expiries. A large dividend does that, or "
                "prices of an adjusted contract or of another moment: leave the expiry out, or give forwards= "
                "(--forwards)",
                "forward_gap",
                abs(miss[worst]) / limits.forward_gap,
                abs(miss[worst]),
            )
        )
    return findings


def _line(expiry: Floats, growth: Floats, carry: float) -> tuple[float, float]:
    """Return level and slope of the line through ln(forward / spot) by medians (Theil and Sen).

    Expiries too close together to tell one from the other leave the slope to the carry that is believed.
    """
    first, second = np.triu_indices(expiry.size, 1)
    apart = expiry[second] >= np.maximum(1.5 * expiry[first], expiry[first] + 0.02)
    if not apart.any():
        level = np.sign(growth) * np.maximum(0.0, np.abs(growth) - carry * expiry)
        return float(np.median(level)), float(np.median((growth - level) / expiry))
    first, second = first[apart], second[apart]
    slope = float(np.median((growth[second] - growth[first]) / (expiry[second] - expiry[first])))
    return float(np.median(growth - slope * expiry)), slope


def check_rates(chain: Chain, parity: ParityFit, limits: MarketLimits, *, is_american: bool) -> list[Finding]:
    """Find zero rates and forward rates that no market has."""
    expiry, log_discount = parity.expiry, np.log(parity.discount)
    _, distinct = np.unique(expiry, return_index=True)
    times, sums = np.append(0.0, expiry[distinct]), np.append(0.0, -log_discount[distinct])
    for name, rate, years in (
        ("zero rate", -log_discount / expiry, expiry),
        ("forward rate", np.diff(sums) / np.diff(times), np.diff(times)),
    ):
        middle, half = 0.5 * (limits.low_rate + limits.high_rate), 0.5 * (limits.high_rate - limits.low_rate)
        beyond = np.maximum(np.abs(rate - middle) - DISCOUNT_SLACK / years, 0.0) / half
        worst = int(np.argmax(beyond))
        if beyond[worst] <= 1.0:
            continue
        limit = "low_rate" if rate[worst] < middle else "high_rate"
        cause = "Prices and strikes may be in different units, or the strikes too few"
        if is_american:
            cause = "Early exercise depends on dividends: give cash dividends with dividends= (--dividends)"
        elif limit == "low_rate":
            cause = (
                "American options read as European ones look so: exercise='american' (--exercise american) takes early "
                "exercise off"
            )
        return [
            Finding(
                f"put-call parity implies {name}s of {rate.min():.1%} to {rate.max():.1%} a year (discount factor "
                f"{parity.discount[-1]:.4f} to {_date(chain, parity, -1)}), where {limits.low_rate:.0%} to "
                f"{limits.high_rate:.0%} is believed. {cause}; or give rate= or curve= (--rate, --curve)",
                limit,
                float(beyond[worst]),
                float(rate[worst]),
            )
        ]
    return []


def check_residuals(
    chain: Chain, parity: ParityFit, limits: MarketLimits, *, is_american: bool
) -> list[Finding]:
    """Find expiries whose calls and puts do not belong together."""
    residual = parity.relative_residual
    bad: Bools = residual > limits.residual
    if not bad.any():
        return []
    worst = int(np.argmax(residual))
    cause = (
        "dividends or rates differ from what was assumed: give them with dividends=, rate= or curve= (--dividends, "
        "--rate, --curve), or exercise='european' (--exercise european) if they are"
        if is_american
        else "American options, calls and puts of different moments, mixed settlements, or forwards and rates given "
        "that the quotes do not have: see exercise= (--exercise), at= (--at)"
    )
    return [
        Finding(
            f"put-call parity does not hold in {bad.sum()} of {residual.size} expiries: at "
            f"{_date(chain, parity, worst)} half of the {parity.n_pairs[worst]} pairs near the money miss it by "
            f"{parity.residual[worst]:.3g} or more, {residual[worst]:.0%} of their spreads, where "
            f"{limits.residual:.0%} is believed. Likely {cause}",
            "residual",
            # One bad expiry is a warning; most of them must be bad to be refused.
            float(max(np.median(residual) / limits.residual, 1.0)),
            float(residual[worst]),
        )
    ]


def _date(chain: Chain, parity: ParityFit, k: int) -> str:
    return f"{chain.roots[parity.root_index[k]]} {chain.expiry_dates[parity.expiry_index[k]]}".strip()
