"""Kinks and jumps of a path whose part of the derivatives is missing, and the warning that says so."""

from __future__ import annotations

import warnings

from aadlib.extend import Program, once_per_program
from greeks2.monte_carlo.kinks.switches import CONTINUOUS, FOLLOWING
from greeks2.structure.kinks import KinkGroup, KinkWarning, kinks_of, listed

WITHOUT_JUMP = CONTINUOUS + FOLLOWING
"""Operations that make no path jump by themselves."""


@once_per_program
def unsmoothed_kinks(
    program: Program, smoothing: str | None
) -> tuple[tuple[KinkGroup, ...], tuple[KinkGroup, ...]]:
    """Return the operations that are not smooth and not smoothed, and those among them that the noise makes jump."""
    first_varying = program.first_node + program.n_uniform
    if smoothing is not None:
        return kinks_of(program, end=first_varying), ()
    varying = kinks_of(program, begin=first_varying)
    return kinks_of(program), tuple([kink for kink in varying if kink.operation not in WITHOUT_JUMP])


def warn_of_unsmoothed(
    kinks: tuple[KinkGroup, ...], jumps: tuple[KinkGroup, ...], order: int, *, stacklevel: int
) -> None:
    """Issue a `KinkWarning` where derivatives of that order miss what sits at kinks or jumps."""
    missing = "What sits where a path jumps is not in the gradient: the delta of a digital is 0. "
    if order == 2 and kinks:
        what = (
            f"paths pass operations that are not smooth: {listed(kinks)}. Their second derivative is zero on almost "
            f"every path, so the gamma that sits at the kink is not in this Hessian. {missing if jumps else ''}"
        )
    elif order == 1 and jumps:
        what = f"paths pass steps: {listed(jumps)}. {missing}"
    else:
        return
    warnings.warn(
        f"{what}Give smoothing='kink' where the noise is standard normal, or smooth the path: "
        "aadlib.softplus(x, sharpness=...) in place of maximum(x, 0), the smoothing= of the pricer",
        KinkWarning,
        stacklevel=stacklevel + 1,
    )
