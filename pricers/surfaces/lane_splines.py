"""B-splines on lanes: every path lies in another knot interval, and no comparison steers the recording."""

from __future__ import annotations

from typing import Any

import aadlib as ad
from aadlib.validation import require_shape
from pricers.surfaces.bspline import BSplineBasis


def spline_on_lanes(basis: BSplineBasis, weights: Any, coordinate: Any) -> Any:
    """Evaluate a spline at a number that is another on every lane; its end values beyond the end knots.

    Parameters
    ----------
    basis : BSplineBasis
    weights : (basis.size,) numbers of any kind
    coordinate : number of any kind, or an array over paths

    Notes
    -----
    The polynomial of the interval is summed up from steps in the stopped coordinate: leading coefficients change at
    every knot that lies below. Pieces join with `degree - 1` continuous derivatives, so for degree 3 the first two are
    right everywhere between the end knots; at the end knots the slope jumps to zero and a second derivative there is
    not seen. Per knot and lane: one comparison, degree + 2 multiplications, without curvature.
    """
    require_shape("weights", weights, (basis.size,))
    points = basis.breakpoints.tolist()
    here = ad.stop_gradient(coordinate)
    polynomials = [basis.piece(list(weights), k) for k in range(len(points) - 1)]
    below = _indicator(here < points[0])
    above = _indicator(here > points[-1])
    inside = 1.0 - below - above
    knot: Any = points[0]
    coefficients = polynomials[0]
    for k in range(1, len(polynomials)):
        beyond = _indicator(here >= points[k])
        knot = knot + beyond * (points[k] - points[k - 1])
        coefficients = [
            c + beyond * (after - before)
            for c, after, before in zip(coefficients, polynomials[k], polynomials[k - 1], strict=True)
        ]
    held = inside * coordinate + (below * points[0] + above * points[-1])
    offset = held - knot
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * offset + coefficient
    return value


def _indicator(condition: Any) -> Any:
    """Return a condition, recorded or not, as the number 1 or 0."""
    return condition * 1.0
