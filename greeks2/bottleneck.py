"""The curvature of every node, met by forward rows: cheap where few nodes are nonlinear, or inputs are few."""

from __future__ import annotations

from greeks2.point import Floats, Point


def bottleneck(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs,

        H = sum over nonlinear nodes v of  w_v  sum_ab d_ab t_a t_b',

    with adjoints w, second partials d_ab and forward rows t (derivatives in the inputs).

    Notes
    -----
    One tangent sweep per block of lanes and no second sweep backward; n**2 multiply-adds per nonlinear node.
    """
    found = point.replay.sweep_curvature(point.values, point.adjoints, point.directions)
    return 0.5 * (found + found.T)
