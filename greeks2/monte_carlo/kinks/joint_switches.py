"""Joint second derivatives of switches: what an integral along one direction of the noise leaves out.

The mean of a path with jumps at Y_a = 0 and Y_b = 0 has, beside the terms of each switch, second derivatives

    E[D_ab delta(Y_a) delta(Y_b) (Y_a,i Y_b,j + Y_b,i Y_a,j)],    D_ab = f(+, +) - f(+, -) - f(-, +) + f(-, -),

signs for the sides of the two switches. They vanish where the jumps add up (D_ab = 0) and where the surfaces do not
meet. Where both are one surface, neither jump is defined while the other switch stands on its edge. And a surface that
itself jumps where another switch does is crossed without a root to be found; one that turns there gives its jump a
delta of its own in the second derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, describe_line
from aadlib.extend import Program, record
from aadlib.types import Floats
from greeks2.monte_carlo.kinks.switches import Switch, crossing, path_inputs, run

NEAREST = 16
"""Roots of one switch that are looked at for each other switch: those nearest to it."""

ROUND_OFF = 1e-9
"""Relative to the spread of a surface, or to the size of a path, what counts as zero."""

SHARE = 0.01
"""Roots of one switch that must lie on the edge of another before they are one surface, at least in part."""


class JointSwitches:
    """Finds pairs of switches whose joint second derivatives `KinkSweep` does not have.

    Parameters
    ----------
    program : Program, a path
    switches : its switches, two or more
    active, passive : flat shared inputs, those that are differentiated and the others
    pilot : (n, n_noise), a sample of the noise
    """

    def __init__(
        self, program: Program, switches: Sequence[Switch], active: Floats, passive: Floats, pilot: Floats
    ) -> None:
        self.switches = switches
        self._active, self._passive = active, passive
        inputs = path_inputs(program)

        def surfaces(active: Any, noise: Any, passive: Any) -> Any:
            return edges(run(program, inputs(active, passive, noise)))

        def edges(slots: Sequence[Any]) -> Any:
            return np.array([crossing(slots, switch) for switch in switches], dtype=object)

        def on_sides(active: Any, noise: Any, passive: Any, sides: Any) -> Sequence[Any]:
            forced = {n: side for switch, side in zip(switches, sides, strict=True) for n in switch.nodes}
            return run(program, inputs(active, passive, noise), forced)

        def value_on_sides(active: Any, noise: Any, passive: Any, sides: Any) -> Any:
            return on_sides(active, noise, passive, sides)[program.outputs[0]] + 0.0 * noise[0]

        def surfaces_on_sides(active: Any, noise: Any, passive: Any, sides: Any) -> Any:
            return edges(on_sides(active, noise, passive, sides))

        first, halves = pilot[:1], np.full((1, len(switches)), 0.5)
        self._surfaces = record(surfaces, active, first, passive, lanes=(1,), passive=(0, 2))
        self._surfaces_on_sides = record(
            surfaces_on_sides, active, first, passive, halves, lanes=(1, 3), passive=(0, 2, 3)
        )
        self._value_on_sides = record(
            value_on_sides, active[None], first, passive, halves, lanes=(0, 1, 3), passive=(1, 2, 3)
        )
        spreads = np.std(self._surfaces.value(active, pilot, passive), axis=0)
        self._spreads = np.where(spreads > 0.0, spreads, 1.0)

    def require_none(self, a: int, points: Floats, order: int) -> None:
        """Raise `AadTypeError` where switch number `a` and another make derivatives of that order wrong.

        Parameters
        ----------
        points : (k, n_noise), noise at which this switch stands on its edge
        """
        if not len(points):
            return
        values = self._surfaces.value(self._active, points, self._passive)
        self._require_smooth_edges(a, points, values)
        distances = np.abs(values) / self._spreads
        on_edge = (distances <= ROUND_OFF).mean(axis=0) > SHARE
        jumps = np.array([not switch.continuous for switch in self.switches])
        crossed = (values.min(axis=0) < 0.0) & (values.max(axis=0) > 0.0) & jumps[a] & (order == 2)
        self._require_no_corners(a, [int(b) for b in np.flatnonzero(crossed) if b != a], points, values)
        crossed &= jumps
        others = [int(b) for b in np.flatnonzero(on_edge | crossed) if b != a]
        if not others:
            return
        rows = [np.argsort(distances[:, b], kind="stable")[:NEAREST] for b in others]
        together = self._together(a, np.repeat(others, [len(r) for r in rows]), values, points, rows, order)
        for b, joined in zip(others, np.split(together, np.cumsum([len(r) for r in rows])[:-1]), strict=True):
            if joined.any():
                self._refuse(a, b, on_edge=bool(on_edge[b]))

    def _require_smooth_edges(self, a: int, points: Floats, values: Floats) -> None:
        """Raise where another surface jumps as this switch changes its side."""
        sides = (values > 0.0).astype(np.float64)
        sides[:, a] = 1.0
        above = self._surfaces_on_sides.value(self._active, points, self._passive, sides)
        sides[:, a] = 0.0
        below = self._surfaces_on_sides.value(self._active, points, self._passive, sides)
        jumps = (np.abs(above - below) > ROUND_OFF * self._spreads).any(axis=0)
        jumps[a] = False
        if jumps.any():
            jumping = self.switches[int(np.flatnonzero(jumps)[0])]
            raise AadTypeError(
                f"smoothing='kink' meets an edge, at {describe_line(jumping.line)}, that jumps itself where another "
                f"switches, at {describe_line(self.switches[a].line)}: keep jumps out of what is compared, or smooth "
                "the path"
            )

    def _require_no_corners(self, a: int, others: Sequence[int], points: Floats, values: Floats) -> None:
        """Raise where this switch's own surface turns as another switch changes its side."""
        if not others:
            return
        rows = np.linspace(0, len(points) - 1, NEAREST).astype(np.intp)
        lanes, toggled = np.tile(rows, len(others)), np.repeat(others, NEAREST)
        sides = (values[lanes] > 0.0).astype(np.float64)
        surfaces = []
        for side in (1.0, 0.0):
            sides[np.arange(lanes.size), toggled] = side
            on_side = self._surfaces_on_sides.value(self._active, points[lanes], self._passive, sides)
            surfaces.append(on_side[:, a])
        turned = np.abs(surfaces[0] - surfaces[1]) > ROUND_OFF * self._spreads[a]
        if turned.any():
            other = self.switches[int(toggled[np.argmax(turned)])]
            raise AadTypeError(
                f"smoothing='kink' has no second derivatives where the edge of a jump has a corner: the edge at "
                f"{describe_line(self.switches[a].line)} turns at {describe_line(other.line)}. Ask for order=1, whose "
                "gradient is unbiased, or smooth the path"
            )

    def _together(
        self, a: int, others: Any, values: Floats, points: Floats, rows: Sequence[Any], order: int
    ) -> Any:
        """Return where D_ab, or at order 2 one of its derivatives, is not zero."""
        chosen = np.concatenate(rows)
        sides = (values[chosen] > 0.0).astype(np.float64)
        lane = np.arange(chosen.size)
        active = np.broadcast_to(self._active, (chosen.size, self._active.size))
        difference: Any = 0.0
        size: Any = 0.0
        for side_a, side_b in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)):
            sides[:, a] = side_a
            sides[lane, others] = side_b
            value, gradient = self._value_on_sides.value_and_gradient(
                active, points[chosen], self._passive, sides
            )
            row = np.column_stack([value, gradient] if order == 2 else [value])
            difference = difference + row if side_a == side_b else difference - row
            size = np.maximum(size, np.abs(row).max(axis=0))
        size[0] = max(size[0], self._spreads[a])  # both sides may be 0 but for the round-off of a root
        return (np.abs(difference) > ROUND_OFF * size).any(axis=1)

    def _refuse(self, a: int, b: int, *, on_edge: bool) -> None:
        where = f"{describe_line(self.switches[a].line)} and {describe_line(self.switches[b].line)}"
        if on_edge:
            raise AadTypeError(
                f"smoothing='kink' meets one edge written twice, at {where}: each step is undefined on the edge of the "
                "other, so write the condition once"
            )
        raise AadTypeError(
            f"smoothing='kink' has no second derivatives where two jumps meet, at {where}: what is paid on one side of "
            "the first depends on the side of the second. Ask for order=1, whose gradient is unbiased, or smooth the "
            "path"
        )
