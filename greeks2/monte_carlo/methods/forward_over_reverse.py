"""Forward over reverse over lanes: the derivative of the adjoint sweep along one direction, all lanes at once."""

from __future__ import annotations

from aadlib.extend import STEP, ZERO, PathCode, PathWriter, Program, Term
from greeks2.monte_carlo.methods.method import Offer, PathMethod

DIRECTION_STEPS = 10
"""Steps for a node and one direction, the values and adjoints swept again among them."""


def directional_code(program: Program) -> PathCode:
    """Return code for values, gradients and the Hessian times one direction; `LaneSums` sweeps it once per input."""
    path = PathWriter(program)
    writer = path.writer
    adjoints = path.adjoints()
    tangents: dict[int, int] = {}

    def tangent(slot: int) -> int:
        if path.is_uniform(slot):
            return writer.constant(("tangent", slot))
        return tangents[slot]

    for k in range(path.first_lane_node, path.n_nodes):
        if path.activity[k]:
            terms = [(partial, tangent(slot)) for slot, partial in path.partials(k)]
            tangents[path.first_node + k] = writer.total(terms)
    sums: dict[int, int] = {}
    waiting: dict[int, list[Term]] = {}

    def add(slot: int, a: int, b: int) -> None:
        if not path.is_uniform(slot):
            waiting.setdefault(slot, []).append((a, b))
        elif ZERO not in (a, b):
            if slot not in sums:
                sums[slot] = writer.sum_register()
            writer.add_to(sums[slot], a, b)

    for k, adjoint in adjoints:
        derivative = writer.total(waiting.pop(path.first_node + k, []))
        for slot, partial in path.partials(k):
            add(slot, derivative, partial)
        for a, b, mixed, second in path.curvatures(k):
            weight = writer.product(adjoint, second)
            add(a, weight, tangent(b))
            if mixed:
                add(b, weight, tangent(a))
    return path.finish(2, columns=list(sums), sums=list(sums.values()), directional=True)


def _offer(program: Program, time_to_beat: float) -> Offer:
    products = program.n_active * (program.n_nodes - program.n_uniform)
    return Offer(STEP * DIRECTION_STEPS * products, {"directions_times_nodes": products})


FORWARD_OVER_REVERSE = PathMethod(name="forward_over_reverse", write=directional_code, offer=_offer)
