"""Settlements and adjusted contracts: what the roots of a chain say about its options."""

from __future__ import annotations

import numpy as np

from pricers.chain.chain import Chain
from pricers.chain.market.findings import Finding
from pricers.chain.market.limits import MarketLimits
from pricers.chain.parity import ParityFit
from pricers.chain.settlement import OPEN_SETTLED_ROOTS, is_settled_at_open, normalise_root


def is_adjusted(root: str, roots: tuple[str, ...]) -> bool:
    """Tell whether a root is an adjusted contract's: the clearing house adds a digit to the root it was."""
    bare = normalise_root(root)
    return bare[-1:].isdigit() and bare[:-1] in {normalise_root(other) for other in roots}


def drop_adjusted(chain: Chain) -> tuple[Chain, list[Finding]]:
    """Leave adjusted contracts out, whose deliverable is not the underlying of the others."""
    adjusted = [root for root in chain.roots if is_adjusted(root, chain.roots)]
    if not adjusted:
        return chain, []
    bad = np.isin(chain.root_index, [chain.roots.index(root) for root in adjusted])
    count = int(bad.sum())
    names = ", ".join(adjusted)
    return chain.drop(f"adjusted contract ({names})", bad), [
        Finding(
            f"{count} options of {names} are adjusted contracts (after a split, merger or special dividend), which "
            "deliver something else than the rest: left out; to price them, read them from a file of their own with "
            "the price of what they deliver as spot= (--spot)"
        )
    ]


def check_roots(chain: Chain, parity: ParityFit, limits: MarketLimits) -> list[Finding]:
    """Find settlements at the open and the close under one root, and roots of one date whose forwards differ."""
    findings = []
    for r, root in enumerate(chain.roots):
        dates = [chain.expiry_dates[k] for k in np.unique(chain.expiry_index[chain.root_index == r])]
        at_open = [date for date in dates if is_settled_at_open(root=root, expiry_date=date)]
        if at_open and len(at_open) < len(dates) and normalise_root(root) in OPEN_SETTLED_ROOTS:
            findings.append(
                Finding(
                    f"root {root} has {len(at_open)} expiries on third Fridays and {len(dates) - len(at_open)} on "
                    "other days: weeklies, which settle at the close, under the root of options settled at the open. "
                    f"{at_open[0]} and the like are taken as settled at the open, 0.27 days shorter: give the "
                    "options' own roots (SPX, SPXW) with columns= (--columns root=...)"
                )
            )
    gaps = {date: np.ptp(np.log(parity.forward[parity.expiry_index == date])) for date in parity.expiry_index}
    date, gap = max(gaps.items(), key=lambda item: float(item[1]))
    if gap > limits.root_gap:
        shown = ", ".join(
            f"{chain.roots[parity.root_index[k]] or 'no root'} {parity.forward[k]:.6g}"
            for k in np.flatnonzero(parity.expiry_index == date)
        )
        n_dates = sum(each > limits.root_gap for each in gaps.values())
        findings.append(
            Finding(
                f"forwards of one date differ by root on {n_dates} dates, most on {chain.expiry_dates[date]}: {shown}. "
                "Settlements at the open and at the close differ by less; these are prices of different moments or "
                "underlyings: choose with at= or underlying= (--at, --underlying)",
                "root_gap",
                float(gap) / limits.root_gap,
                float(gap),
            )
        )
    return findings
