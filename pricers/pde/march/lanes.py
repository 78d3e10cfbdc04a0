"""Tangent and adjoint lanes of a march: which to sweep, and the second derivatives put together from them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aadlib.extend import map_pieces
from aadlib.types import Floats
from pricers.pde.march.march_kernels import (
    Directions,
    composite_adjoint_lanes_kernel,
    composite_tangents_kernel,
    lanes_together,
)
from pricers.pde.march.plan import CutDirections, MarchPlan
from pricers.pde.march.state import Adjoint, MarchState
from pricers.surfaces.surfaces_kernels import gather_kernel
from pricers.types import Longs


def sweep(
    plan: MarchPlan,
    state: MarchState,
    directions: CutDirections,
    adjoint: Adjoint | None,
    with_coefficients: bool,
) -> tuple[Floats, Floats]:
    """March tangents along directions.

    Returns
    -------
    values : (n_results, d), tangents of the results
    products : (n_weights + 1 + 2 n_rows, d), sums over solves of mu' A_p W_k for every weight, scale, drift and
        discount p, those after the weights only `with_coefficients`; zero without an adjoint

    Notes
    -----
    Where that makes no more lanes, lanes are single weights, which come alive only where the march uses them, and their
    tangents are combined; what else the directions move is left to lanes of its own.
    """
    parts, weights, alone = directions.parts, directions.weights, directions.alone
    n_directions, n_weights = directions.n_directions, plan.predictor.n_weights
    moving, others = np.zeros((2, n_directions), dtype=np.bool_)
    for k, part in enumerate(parts):
        if part is not None:
            (others if k else moving)[part.any(axis=0)] = True
    together, apart = (others | moving).sum(), others.sum()
    by_weight = weights is not None and padded(n_weights) + padded(apart) <= padded(together)
    values = np.zeros((plan.n_results, n_directions))
    products = np.zeros((n_weights + (plan.sizes[1] if with_coefficients else 0), n_directions))
    multipliers = None if adjoint is None else adjoint.multipliers
    if by_weight and weights is not None:
        used, columns, *swept = weight_lanes(plan, state, multipliers, with_coefficients)
        for total, lanes in zip((values, products), swept, strict=True):
            of_weights = lanes[:, columns]
            if alone is None:
                total += of_weights @ weights[used]
            else:
                total[:, alone[0][used]] = of_weights * alone[1][used]
    chosen = np.flatnonzero(others if by_weight else others | moving)
    if chosen.size:
        width = padded(chosen.size)
        dense = [None if part is None else _filled(part, chosen, width) for part in parts]
        if by_weight:
            dense[0] = None
        cut = Directions(width, None, None, dense)
        more = _march_lanes(plan, state, cut, width, multipliers, with_coefficients)
        for total, lanes in zip((values, products), more, strict=True):
            total[:, chosen] += lanes[:, : chosen.size]
    return values, products


def weight_lanes(
    plan: MarchPlan,
    state: MarchState,
    multipliers: Floats | None,
    with_coefficients: bool,
    threads: int | None = None,
    room: Floats | None = None,
) -> tuple[Longs, Longs, Floats, Floats]:
    """March a lane for each weight that any solve uses, moved by one.

    Parameters
    ----------
    room : what an earlier call with this plan returned for the values, to be overwritten, or None

    Returns
    -------
    used, columns : (n_used,) int, these weights, and the columns of their lanes
    values, products : see `sweep`, with a column for each lane
    """
    position, reached = plan.lane_order
    awake = int(reached.max())
    unit = Directions(padded(awake), position, reached, None)
    values, products = _march_lanes(
        plan, state, unit, padded(awake), multipliers, with_coefficients, threads, room
    )
    used = np.flatnonzero(position < awake)
    return used, position[used], values, products


def padded(n_lanes: int) -> int:
    """Return the number of lanes that is swept: a multiple of those marched at once."""
    return int(lanes_together()) * -(-int(n_lanes) // int(lanes_together()))


def _filled(part: Floats, chosen: object, width: int) -> Floats:
    """Return some columns, zeros beside them up to a width."""
    columns = part[:, chosen]  # type: ignore[index]
    room = np.zeros((len(part), width))
    room[:, : columns.shape[1]] = columns
    return room


def _march_lanes(
    plan: MarchPlan,
    state: MarchState,
    directions: Directions,
    width: int,
    multipliers: Floats | None,
    with_coefficients: bool,
    threads: int | None = None,
    room: Floats | None = None,
) -> tuple[Floats, Floats]:
    """March all blocks of lanes; return what `sweep` does for them."""
    n_weights = plan.predictor.n_weights
    values = np.zeros((plan.n_results, width)) if room is None or room.shape[1] != width else room
    products = np.zeros((n_weights + (plan.sizes[1] if with_coefficients else 0), width))
    of_weights = None if multipliers is None else products[:n_weights]
    of_coefficients = None if multipliers is None or not with_coefficients else products[n_weights:]

    def block(begin: int) -> None:
        composite_tangents_kernel(
            state.history,
            state.rows,
            directions,
            begin,
            multipliers,
            values,
            of_weights,
            of_coefficients,
            None,
        )

    _by_blocks(block, width, work=4.0 * state.doubled.size, threads=threads)
    return values, products


def _by_blocks(block: Callable[[int], None], width: int, *, work: float, threads: int | None = None) -> None:
    """Call a function with the first lane of every block, on threads where the work of all lanes is worth them."""
    map_pieces(block, range(0, width, int(lanes_together())), work=work * width, threads=threads)


def assemble(
    plan: MarchPlan,
    state: MarchState,
    adjoint: Adjoint,
    directions: CutDirections,
    products: Floats,
) -> Floats:
    """Return the curvature matrix (d, d) of a march from its tangents' products and the curvature of the variance."""
    weights, coefficients, alone = directions.weights, directions.coefficients, directions.alone
    n_weights, n_directions = plan.predictor.n_weights, directions.n_directions

    def transposed(x: Floats) -> Floats:
        """Return weights' x."""
        if alone is None:
            return np.asarray(weights.T @ x) if weights is not None else np.zeros((n_directions, x.shape[1]))
        result = np.zeros((n_directions, x.shape[1]))
        result[alone[0]] = alone[1][:, None] * x
        return result

    crossed = transposed(products[:n_weights])
    if coefficients is not None:
        moving = np.flatnonzero(coefficients.any(axis=1))
        crossed += coefficients[moving].T @ products[n_weights + moving]
        if weights is not None and coefficients[0].any():
            crossed -= np.outer(coefficients[0], _of_scale(state, adjoint) @ weights)
    matrix = -(crossed + crossed.T)
    bent = None if weights is None else curvature_in_weights(plan, state, adjoint)
    if weights is None or bent is None:
        return matrix
    if bent.ndim == 1:
        matrix += transposed(bent[:, None] * weights)
    elif alone is None:
        matrix += weights.T @ (bent @ weights)
    else:
        matrix[np.ix_(alone[0], alone[0])] += bent * alone[1] * alone[1][:, None]
    return matrix


def curvature_in_weights(plan: MarchPlan, state: MarchState, adjoint: Adjoint) -> Floats | None:
    """Return the second derivatives in pairs of weights that u has by itself, times its adjoint.

    They are (n_weights, n_weights), or where only these are not zero the diagonal (n_weights,), or None.
    """
    total = plan.predictor.curvature(state.parts[0], adjoint.predictor)
    bend = state.bend
    if bend is None:
        return total
    factors = adjoint.diffusion * bend
    if state.basis.is_single:
        own = np.zeros(plan.predictor.n_weights)
        alike = state.basis.values(np.ones(own.size))
        gather_kernel(*state.basis.arrays, factors * alike, own)
        return own
    gram = state.basis.gram(factors)
    return gram if total is None else total + gram


def _of_scale(state: MarchState, adjoint: Adjoint) -> Floats:
    """Return the second derivatives in the scale and each weight that u has by itself, times its adjoint."""
    result = np.zeros(state.basis.n_weights)
    gather_kernel(*state.basis.arrays, adjoint.diffusion * (state.slope / state.parts[1][0]), result)
    return result


def second_order(plan: MarchPlan, state: MarchState, adjoint: Adjoint, directions: CutDirections) -> Floats:
    """Return the derivative of the adjoint of all operands along directions, (n, d)."""
    n_directions = directions.n_directions
    width = padded(n_directions)
    dense = [
        np.zeros((size, width)) if part is None else _filled(part, slice(None), width)
        for part, size in zip(directions.parts, plan.sizes, strict=True)
    ]
    lanes = Directions(width, None, None, dense)
    bars, values = np.zeros((sum(plan.sizes), width)), np.empty((plan.n_results, width))

    def block(begin: int) -> None:
        solutions = np.empty((*state.doubled.shape, int(lanes_together())))
        composite_tangents_kernel(
            state.history, state.rows, lanes, begin, None, values, None, None, solutions
        )
        composite_adjoint_lanes_kernel(
            state.history,
            state.rows,
            lanes,
            begin,
            adjoint.multipliers,
            None,
            solutions,
            *plan.parts(bars),
        )

    _by_blocks(block, width, work=60.0 * state.doubled.size)
    weights, scale = dense[0], dense[1][0]
    of_scale = _of_scale(state, adjoint)
    of_weights, of_coefficients = plan.parts(bars)[:2]
    bent = curvature_in_weights(plan, state, adjoint)
    if bent is not None:
        of_weights += bent[:, None] * weights if bent.ndim == 1 else bent @ weights
    of_weights += np.outer(of_scale, scale)
    of_coefficients[0] += of_scale @ weights
    return bars[:, :n_directions]


def adjoint_lanes(plan: MarchPlan, state: MarchState, seeds: Floats) -> Floats:
    """Return the adjoints of all operands for columns of seeds of the results (n, d)."""
    n_directions = seeds.shape[1]
    width = padded(n_directions)
    directions = Directions(width, None, None, [None] * 6)
    bars, given = np.zeros((sum(plan.sizes), width)), _filled(seeds, slice(None), width)

    def block(begin: int) -> None:
        composite_adjoint_lanes_kernel(
            state.history, state.rows, directions, begin, None, given, None, *plan.parts(bars)
        )

    _by_blocks(block, width, work=30.0 * state.doubled.size)
    return bars[:, :n_directions]
