"""Edge pushing over lanes: the schedule of pushes, found once, written out as products and sums of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aadlib.block_code import ONE, ZERO, Term
from aadlib.path_code import PathCode, PathWriter
from aadlib.program import Program
from greeks2.edge_pushing import schedule_of

if TYPE_CHECKING:
    from greeks2.edge_pushing import Schedule

# Fields of a record and bits of its shape, as in arc_fields.pxi.
NODE, SHAPE, COUNT, SELF, ROW, AA, AB, BB, RUN, RUN_LENGTH, RUN_A, RUN_B, MOVES = range(13)
RIGHT, TWICE, CREATES, SECOND = 2, 4, 8, 16


def pushing_code(program: Program) -> PathCode:
    """Return code for values, gradients and Hessians by edge pushing, down to the slots that no lane changes.

    There the arcs of all lanes are added up; the uniform part carries the sums to the inputs.
    """
    return _Pushing(program, schedule_of(program)).written()


class _Pushing:
    """The arena of `arc_sweep.push_arcs`, with registers in place of numbers.

    A place holds the terms of its weight, which are added up when it is read; `ends` names the slots of its arc. An arc
    from a slot to itself is kept at half its weight, as there.
    """

    def __init__(self, program: Program, schedule: Schedule) -> None:
        self.path = PathWriter(program)
        self.writer = self.path.writer
        self.schedule = schedule
        self.first = program.first_node
        self.arena: dict[int, list[Term]] = {}
        self.ends: dict[int, Term] = {}
        self.columns: dict[int, int] = {}
        self.pairs: dict[Term, int] = {}

    def add(self, place: int, a: int, b: int, ends: Term) -> None:
        """Add a term to the weight of an arc; between slots that no lane changes it is added up over the lanes."""
        if ZERO in (a, b):
            return
        if self.path.is_uniform(ends[0]) and self.path.is_uniform(ends[1]):
            total = self.sum_of(*ends)
            self.writer.add_to(total, a, b)
            if ends[0] == ends[1]:
                self.writer.add_to(total, a, b)
        else:
            self.arena.setdefault(place, []).append((a, b))
            self.ends[place] = ends

    def sum_of(self, i: int, j: int) -> int:
        """Return the register of sums of the arc between two uniform slots."""
        one, other = sorted(self.columns.setdefault(slot, len(self.columns)) for slot in (i, j))
        if (one, other) not in self.pairs:
            self.pairs[one, other] = self.writer.sum_register()
        return self.pairs[one, other]

    def take(self, place: int) -> int:
        """Return the weight at a place and leave nothing there."""
        return self.writer.total(self.arena.pop(place, []))

    def other_end(self, place: int, slot: int) -> int:
        """Return the end of an arc that is not `slot`."""
        i, j = self.ends[place]
        return j if i == slot else i

    def push(self, place: int, slot: int, aims: list[tuple[int, int, int]]) -> None:
        """Move the arc at a place to operands: (place, operand, partial) each."""
        weight = self.take(place)
        if weight == ZERO:
            return
        other = self.other_end(place, slot)
        for to, operand, partial in aims:
            self.add(to, partial, weight, (operand, other))

    def written(self) -> PathCode:
        """Write everything and return the code."""
        adjoints = dict(self.path.adjoints())
        schedule, moves = self.schedule, self.schedule.moves.tolist()
        targets = schedule.targets.tolist()
        at_target = at_move = 0
        for record in schedule.records.tolist():
            k = record[NODE]
            if k < self.path.first_lane_node:
                break
            for source, target in moves[at_move : at_move + record[MOVES]]:
                self.arena.setdefault(target, []).extend(self.arena.pop(source, []))
                self.ends[target] = self.ends.get(source, (-1, -1))
            at_move += record[MOVES]
            n_targets = self._count_targets(record)
            self._node(record, targets[at_target : at_target + n_targets], adjoints.get(k, ZERO))
            at_target += n_targets
        return self.path.finish(
            2,
            columns=list(self.columns),
            pairs=list(self.pairs),
            sums=list(self.pairs.values()),
        )

    @staticmethod
    def _count_targets(record: list[int]) -> int:
        pushed = record[COUNT] - (1 if record[COUNT] and record[SELF] >= 0 else 0)
        return pushed * (2 if record[SHAPE] & RIGHT else 1)

    def _node(self, record: list[int], targets: list[int], adjoint: int) -> None:
        """Push the arcs of one node and create its own."""
        writer, path, k, shape = self.writer, self.path, record[NODE], record[SHAPE]
        slot, both = self.first + k, bool(shape & RIGHT)
        a, b = path.left[k], path.right[k]
        if shape & SECOND:
            a = b
        dx = path.first(k, 1 if shape & SECOND else 0)
        if shape & TWICE:
            dx = writer.total([(dx, ONE), (path.first(k, 1), ONE)])
        dy = path.first(k, 1) if both else ZERO
        aims = iter(targets)
        own = ZERO
        for position in range(record[COUNT]):
            place = record[ROW] + position
            if position == record[SELF]:
                own = self.take(place)
                continue
            found = [(next(aims), a, dx)]
            if both:
                found.append((next(aims), b, dy))
            self.push(place, slot, found)
        if own != ZERO:
            along = writer.product(dx, own)
            self.add(record[AA], dx, along, (a, a))
            if both:
                self.add(record[AB], dy, writer.total([(along, ONE), (along, ONE)]), (a, b))
                self.add(record[BB], dy, writer.product(dy, own), (b, b))
        for position in range(record[RUN_LENGTH]):
            found = [(record[RUN_A] + position, a, dx)]
            if both:
                found.append((record[RUN_B] + position, b, dy))
            self.push(record[RUN] + position, slot, found)
        if shape & CREATES and adjoint != ZERO:
            self._create(record, a, b, adjoint)

    def _create(self, record: list[int], a: int, b: int, adjoint: int) -> None:
        writer, path, k, shape = self.writer, self.path, record[NODE], record[SHAPE]
        half = writer.product(adjoint, writer.literal(0.5))
        dxx, dxy, dyy = (path.second(k, which) for which in range(3))
        if shape & TWICE:
            dxx = writer.total([(dxx, ONE), (dxy, ONE), (dxy, ONE), (dyy, ONE)])
        elif shape & SECOND:
            dxx = dyy
        self.add(record[AA], half, dxx, (a, a))
        if shape & RIGHT:
            self.add(record[AB], adjoint, dxy, (a, b))
            self.add(record[BB], half, dyy, (b, b))
