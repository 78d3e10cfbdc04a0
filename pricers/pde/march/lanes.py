"""Tangent and adjoint lanes of a march: which to sweep, and the second derivatives put together from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.extend import map_pieces
from aadlib.types import Floats
from pricers.pde.march.adjoint_lanes_kernels import composite_adjoint_lanes_kernel
from pricers.pde.march.plan import Adjoint, Directions, MarchPlan, MarchState
from pricers.pde.march.tangent_kernels import composite_tangents_kernel
from pricers.surfaces.surfaces_kernels import gather_kernel, predictor_kernel

LANES_PER_BLOCK = 48
"""Lanes marched together: two arrays of nodes times lanes stay in the second-level cache."""


def sweep(
    plan: MarchPlan,
    state: MarchState,
    directions: Directions,
    adjoint: Adjoint | None,
    with_coefficients: bool,
) -> tuple[Floats, Floats]:
    """March tangents along directions.

    Returns
    -------
    values : (n_results, d), tangents of the results
    products : (n_weights + 1 + 2 n_rows, d), sums over solves of mu' A_p W_k for every weight, scale, drift and
        discount p; zero without an adjoint

    Notes
    -----
    Where that makes no more lanes, lanes are single weights, whose sources are sparse and which come alive only where
    the march uses them, and their tangents are combined; what else the directions move is left to lanes of its own.
    """
    parts, weights, alone = directions.parts, directions.weights, directions.alone
    others = np.zeros(weights.shape[1], dtype=np.bool_)
    for part in parts[1:]:
        if part.any():
            others |= part.any(axis=0)
    moving = weights.any(axis=0)
    together, apart = (others | moving).sum(), others.sum()
    by_weight = bool(moving.any()) and padded(len(weights)) + padded(apart) <= padded(together)
    values = np.zeros((plan.n_results, weights.shape[1]))
    products = np.zeros((len(weights) + plan.sizes[1], weights.shape[1]))
    multipliers = np.empty((0, plan.stencil.shape[1])) if adjoint is None else adjoint.multipliers
    if by_weight:
        swept = _unit_lanes(plan, state, multipliers, with_coefficients)
        if alone is None:
            values, products = (np.ascontiguousarray(x @ weights) for x in swept)
        else:
            values[:, alone[0]], products[:, alone[0]] = (x * alone[1] for x in swept)
    chosen = np.flatnonzero(others if by_weight else others | moving)
    if chosen.size:
        dense = [part[:, chosen] for part in parts]
        if by_weight:
            dense[0] = np.zeros_like(dense[0])
        more = _dense_lanes(plan, state, dense, multipliers, with_coefficients)
        values[:, chosen] += more[0]
        products[:, chosen] += more[1]
    return values, products


def padded(n_lanes: int) -> int:
    """Return the number of lanes that is swept: a multiple of eight."""
    return 8 * -(-int(n_lanes) // 8)


def _unit_lanes(
    plan: MarchPlan, state: MarchState, multipliers: Floats, with_coefficients: bool
) -> tuple[Floats, Floats]:
    n_weights = plan.predictor.n_weights

    def block(begin: int) -> tuple[Floats, Floats]:
        width = padded(min(LANES_PER_BLOCK, n_weights - begin))
        nothing = [np.zeros((size, width)) for size in (1, *plan.sizes[1:])]
        values, product, sums = march_block(
            plan, state, nothing, multipliers, with_coefficients, unit_begin=begin
        )
        return values, np.concatenate([product, sums])

    begins = range(0, n_weights, LANES_PER_BLOCK)
    blocks = map_pieces(block, begins, work=8.0 * state.doubled.size * n_weights)
    position = plan.lane_order[0]
    values, products = (np.concatenate(parts, axis=1)[:, position] for parts in zip(*blocks, strict=True))
    return values, products


def _dense_lanes(
    plan: MarchPlan,
    state: MarchState,
    parts: list[Floats],
    multipliers: Floats,
    with_coefficients: bool,
) -> tuple[Floats, Floats]:
    def block(columns: list[Floats]) -> Floats:
        values, product, sums = march_block(plan, state, columns, multipliers, with_coefficients)
        return np.concatenate([values, product, sums])

    joined = by_blocks(parts, block, work=10.0 * state.doubled.size)
    values, products = np.split(joined, [plan.n_results])
    return values, products


def march_block(
    plan: MarchPlan,
    state: MarchState,
    parts: list[Floats],
    multipliers: Floats,
    with_coefficients: bool,
    *,
    unit_begin: int = -1,
    history: Floats | None = None,
) -> tuple[Floats, Floats, Floats]:
    """March one padded block of directions, or of single weights from `unit_begin` on."""
    width = parts[1].shape[1]
    results = np.zeros((*state.results.shape, width))
    product, sums = np.zeros((plan.predictor.n_weights, width)), np.zeros((plan.sizes[1], width))
    composite_tangents_kernel(
        *state.factors(plan), *state.basis.arrays, state.slope, state.variance,
        multipliers, with_coefficients, *plan.lane_order, unit_begin, *parts, results, product, sums,
        np.empty((0, 1, 1)) if history is None else history,
    )  # fmt: skip
    return results.reshape(-1, width), product, sums


def by_blocks(parts: list[Floats], block: Callable[[list[Floats]], Floats], *, work: float) -> Floats:
    """Apply a function to blocks of columns of all parts, padded to a multiple of eight, and join the results."""
    n_columns = parts[0].shape[1]

    def filled_block(begin: int) -> Floats:
        width = min(LANES_PER_BLOCK, n_columns - begin)
        filled = []
        for part in parts:
            room = np.zeros((len(part), padded(width)))
            room[:, :width] = part[:, begin : begin + width]
            filled.append(room)
        return block(filled)[:, :width]

    blocks = map_pieces(filled_block, range(0, n_columns, LANES_PER_BLOCK), work=work * n_columns)
    return np.concatenate(blocks, axis=1)


def assemble(
    plan: MarchPlan,
    state: MarchState,
    adjoint: Adjoint,
    directions: Directions,
    products: Floats,
) -> Floats:
    """Return the curvature matrix (d, d) of a march from its tangents' products and the curvature of the variance."""
    weights, coefficients, alone = directions.weights, directions.coefficients, directions.alone

    def transposed(x: Floats) -> Floats:
        """Return weights' x."""
        if alone is None:
            return np.asarray(weights.T @ x)
        result = np.zeros((weights.shape[1], x.shape[1]))
        result[alone[0]] = alone[1][:, None] * x
        return result

    crossed = transposed(products[: len(weights)])
    moving = np.flatnonzero(coefficients.any(axis=1))
    if moving.size:
        crossed += coefficients[moving].T @ products[len(weights) + moving]
    if coefficients[0].any():
        of_scale = np.zeros(len(weights))
        gather_kernel(*state.basis.arrays, adjoint.diffusion * (state.slope / state.parts[1][0]), of_scale)
        crossed -= np.outer(coefficients[0], of_scale @ weights)
    matrix = -(crossed + crossed.T)
    if not weights.any():
        return matrix
    of_predictor = plan.predictor.curvature_along(state.parts[0], adjoint.diffusion * state.slope, weights)
    if of_predictor is not None:
        matrix += transposed(of_predictor)
    if state.bend is not None:
        factors = adjoint.diffusion * state.bend
        if state.basis.is_single:
            own = np.zeros(len(weights))
            alike, _ = state.basis.linearised(np.ones(len(weights)))
            gather_kernel(*state.basis.arrays, factors * alike, own)
            matrix += transposed(own[:, None] * weights)
        else:
            gram = state.basis.gram(factors)
            if alone is None:
                matrix += weights.T @ (gram @ weights)
            else:
                matrix[np.ix_(alone[0], alone[0])] += gram * alone[1] * alone[1][:, None]
    return matrix


def second_order(plan: MarchPlan, state: MarchState, adjoint: Adjoint, parts: list[Floats]) -> Floats:
    """Return the derivative of the adjoint of all operands along one padded block of directions, (n, lanes)."""
    width = parts[0].shape[1]
    history = np.empty((*state.doubled.shape, width))
    march_block(plan, state, parts, np.empty((0, plan.stencil.shape[1])), True, history=history)
    seeds = np.zeros((*state.results.shape, width))
    diffusion, bars = _adjoint_block(plan, state, seeds, adjoint.multipliers, parts[0], parts[1], history)
    moved = np.empty((*plan.predictor.shape, width))
    row = np.empty(plan.predictor.shape)
    for lane in range(width):
        predictor_kernel(*state.basis.arrays, np.ascontiguousarray(parts[0][:, lane]), row)
        moved[..., lane] = row
    scale, of_scale = state.parts[1][0], parts[1][0]
    bars[1][0] = np.einsum("jil,ji->l", diffusion, state.variance)
    bars[1][0] += np.einsum("jil,ji->l", moved, adjoint.diffusion * state.slope / scale)
    diffusion *= state.slope[..., None]
    if state.bend is not None:
        diffusion += (adjoint.diffusion * state.bend)[..., None] * moved
    diffusion += (adjoint.diffusion * state.slope / scale)[..., None] * of_scale
    _gather(state, diffusion, bars[0])
    of_predictor = plan.predictor.curvature_along(state.parts[0], adjoint.diffusion * state.slope, parts[0])
    if of_predictor is not None:
        bars[0] += of_predictor
    return np.concatenate(bars)


def adjoint_lanes(plan: MarchPlan, state: MarchState, seeds: Floats) -> Floats:
    """Return the adjoints of all operands for one padded block of seeds of the results (n, lanes)."""
    nothing = np.zeros((plan.predictor.n_weights, 1)), np.zeros((plan.sizes[1], 1))
    by_node = seeds.reshape(*state.results.shape, -1)
    diffusion, bars = _adjoint_block(plan, state, by_node, np.empty((0, 1)), *nothing, np.empty((0, 1, 1)))
    bars[1][0] = np.einsum("jil,ji->l", diffusion, state.variance)
    diffusion *= state.slope[..., None]
    _gather(state, diffusion, bars[0])
    return np.concatenate(bars)


def _adjoint_block(
    plan: MarchPlan, state: MarchState, seeds: Floats, *forcing: Floats
) -> tuple[Floats, list[Floats]]:
    width = seeds.shape[2]
    bars = [np.zeros((size, width)) for size in plan.sizes]
    diffusion = np.zeros((*plan.predictor.shape, width))
    multipliers, weights, coefficients, history = forcing
    composite_adjoint_lanes_kernel(
        *state.factors(plan), *state.basis.arrays, state.slope, state.variance,
        multipliers, seeds, weights, coefficients, history, diffusion, bars[1][1:], *bars[2:],
    )  # fmt: skip
    return diffusion, bars


def _gather(state: MarchState, of_cells: Floats, result: Any) -> None:
    """Add the transpose of the basis, lane by lane, to result (n_weights, lanes)."""
    for lane in range(of_cells.shape[2]):
        column = np.zeros(state.basis.n_weights)
        gather_kernel(*state.basis.arrays, np.ascontiguousarray(of_cells[..., lane]), column)
        result[:, lane] += column
