"""Edge pushing over lanes: the pushes of a path, found once, as products and sums of blocks (Gower and Mello, 2012)."""

from __future__ import annotations

import math

from aadlib.extend import ONE, STEP, ZERO, PathCode, PathWriter, Program, Term
from greeks2.monte_carlo.methods.method import Offer, PathMethod


def pushing_code(program: Program) -> PathCode:
    """Return code for values, gradients and Hessians by edge pushing, down to the slots that no lane changes.

    There the arcs of all lanes are added up; the uniform part carries the sums to the inputs.
    """
    pushing = _Pushing(program)
    pushing.sweep(None)
    return pushing.written()


class _Pushing:
    """Arcs with registers in place of weights: an arc has the terms of its weight, added up when it is pushed.

    An arc between two slots is stored once, in the row of the larger one, so that a finished node's row is dropped.
    """

    def __init__(self, program: Program) -> None:
        self.path = PathWriter(program)
        self.writer = self.path.writer
        self.first = self.path.first_node
        self.rows: dict[int, dict[int, list[Term]]] = {}
        self.columns: dict[int, int] = {}
        self.pairs: dict[Term, int] = {}
        self.pushes = 0

    def sweep(self, limit: int | None) -> bool:
        """Write every push from the last node to the first lane node; False where there are more than `limit`."""
        adjoints = dict(self.path.adjoints())
        for k in range(self.path.n_nodes - 1, self.path.first_lane_node - 1, -1):
            row = self.rows.pop(self.first + k, None)
            if row is not None:
                self._push(self.first + k, row, self._operands(k))
            if limit is not None and self.pushes > limit:
                return False
            if k in adjoints:
                for a, b, mixed, second in self.path.curvatures(k):
                    self.add(a, b, adjoints[k], self._doubled(second) if mixed and a == b else second)
        return True

    def written(self) -> PathCode:
        """Return the code."""
        return self.path.finish(
            2, columns=list(self.columns), pairs=list(self.pairs), sums=list(self.pairs.values())
        )

    def add(self, i: int, j: int, a: int, b: int) -> None:
        """Add a times b to an arc; between slots that no lane changes it is added up over the lanes."""
        if ZERO in (a, b):
            return
        if self.path.is_uniform(i) and self.path.is_uniform(j):
            self.writer.add_to(self.sum_of(i, j), a, b)
        else:
            self.rows.setdefault(max(i, j), {}).setdefault(min(i, j), []).append((a, b))

    def sum_of(self, i: int, j: int) -> int:
        """Return the register of sums of the arc between two uniform slots."""
        one, other = sorted(self.columns.setdefault(slot, len(self.columns)) for slot in (i, j))
        if (one, other) not in self.pairs:
            self.pairs[one, other] = self.writer.sum_register()
        return self.pairs[one, other]

    def _doubled(self, register: int) -> int:
        return self.writer.total([(register, ONE), (register, ONE)])

    def _operands(self, k: int) -> list[Term]:
        """Return (slot, partial) for the active operands of a node, one entry where both are the same."""
        partials = self.path.partials(k)
        if len(partials) == 2 and partials[0][0] == partials[1][0]:
            return [(partials[0][0], self.writer.total([(partial, ONE) for _, partial in partials]))]
        return partials

    def _push(self, slot: int, row: dict[int, list[Term]], operands: list[Term]) -> None:
        """Move the arcs of a node to its operands."""
        own = self.writer.total(row.pop(slot, []))
        if own != ZERO:
            self.pushes += len(operands)
            for position, (a, partial) in enumerate(operands):
                along = self.writer.product(partial, own)
                for b, other in operands[position:]:
                    self.add(a, b, other, along)
        for end, terms in row.items():
            weight = self.writer.total(terms)
            if weight == ZERO:
                continue
            self.pushes += len(operands)
            for a, partial in operands:
                self.add(a, end, partial, self._doubled(weight) if a == end else weight)


def _offer(program: Program, time_to_beat: float) -> Offer:
    """Give up once there are more pushes than steps in the time to beat, values and adjoints taken off."""
    pushing = _Pushing(program)
    limit = int(time_to_beat / STEP) - 3 * (program.n_nodes - program.n_uniform)
    if not pushing.sweep(limit):
        return Offer(math.inf, {"pushes": pushing.pushes})
    path = pushing.written()
    return Offer(path.block_time, {"pushes": pushing.pushes}, path)


EDGE_PUSHING = PathMethod(name="edge_pushing", write=pushing_code, offer=_offer)
