"""The bottleneck sum: over nonlinear nodes, second partials times outer products of forward rows. One sweep forward."""

from __future__ import annotations

from aadlib.extend import (
    SPREAD,
    Program,
    bottleneck_sum,
    bottleneck_work,
    created_arcs_of,
    direction_groups,
    n_threads,
)
from aadlib.extend import simd as lanes
from aadlib.types import Floats
from greeks2.methods.method import (
    BLOCK_CALL,
    CALL,
    ENTRY,
    PASS,
    POINT,
    Estimate,
    Method,
    Request,
    Solution,
    blocks_of,
    cost_now,
    solution_at,
)
from greeks2.point import Point

# Nanoseconds, as in `greeks2.methods.method`.
SWEEPS_CALL = 16_000.0  # Python around the sweeps
# A node of a sweep over one group of blocks: its partials and its row; and an arc: its second partial, added to a row.
ROW = {"baseline": 13.5, "avx2": 12.0, "avx512": 10.5}
CREATED = {"baseline": 15.5, "avx2": 9.0, "avx512": 9.0}
END = 1.5  # an entry of a row that an arc ends at, set aside for the product
PRODUCT = 0.05  # a multiply-add of the matrix product
TANGENT_NODE = 10.0  # a node of a tangent sweep over one block of lanes


def bottleneck(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs: see `aadlib.program.second_order.bottleneck_sum`."""
    return bottleneck_sum(point.replay)


def solve(request: Request) -> Solution:
    """Return the Hessian with value and gradient."""
    with request.point() as point:
        return solution_at(point, bottleneck(point))


def _estimate(program: Program, best: float, replays: int) -> Estimate:
    arcs, n = created_arcs_of(program), program.n_active
    blocks, groups = blocks_of(n), len(direction_groups(n))
    if program.composites:
        time = POINT + CALL + BLOCK_CALL * blocks + TANGENT_NODE * program.n_nodes * blocks
    else:
        threads = min(n_threads(), groups) if bottleneck_work(program, groups) > SPREAD else 1
        sweep = cost_now(ROW) * arcs.n_rows + cost_now(CREATED) * arcs.n_arcs
        time = POINT + SWEEPS_CALL + sweep * -(-groups // max(1, threads))
        time += END * arcs.n_ends * n + PRODUCT * arcs.n_ends * n * n
    counts = {
        "created_arcs": arcs.n_arcs,
        "arc_ends": arcs.n_ends,
        "arc_rows": arcs.n_rows,
        "bytes_bottleneck": 8 * (arcs.n_addresses + arcs.n_ends) * lanes.LANES * blocks,
    }
    return Estimate(time + ENTRY * n * n, counts)


BOTTLENECK = Method(
    name="bottleneck",
    solve=solve,
    counts=lambda program, _: {"directions": program.n_active},
    seconds={PASS: _estimate},
    options={},
    is_exact=True,
    takes_composites=True,
)
