"""Derivatives of a mean at the kinks and jumps of its paths: the noise integrated out along one direction, exactly."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, describe_line
from aadlib.types import Floats
from greeks2.monte_carlo.kinks.direction import steep_directions
from greeks2.monte_carlo.kinks.joint_switches import JointSwitches
from greeks2.monte_carlo.kinks.roots import Roots, all_roots
from greeks2.monte_carlo.kinks.switches import SwitchPrograms, record_switch, switches_of
from greeks2.monte_carlo.noise.sources import GivenLanes, LaneSource
from greeks2.monte_carlo.noise.standard_normal import require_standard_normal
from greeks2.monte_carlo.path_planner import PathPlan
from greeks2.monte_carlo.path_sums import PathSums, RangeSums, stacked
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.structure.kinks import KinkWarning

PILOT_SEED = 271828
PILOT_PATHS = 1024
"""Paths drawn for the direction of the noise that is integrated out; they are not among the paths of the mean."""

GRAZING, FEWEST_GRAZING, LIKELY = 0.2, 2, 5.0
"""A surface is tangent to a direction where that crosses it both ways, several likely roots with so small a slope."""

CHUNK_NUMBERS = 2**22
"""Second derivatives held at once."""

INV_SQRT_2PI = 0.3989422804014327


@dataclass(frozen=True)
class TiltedSwitch:
    """A switch and the direction of the noise (unit vector over the flat noise) along which it is crossed."""

    programs: SwitchPrograms
    direction: Floats


class KinkSweep:
    """A `PathSweep` whose gradient and Hessian also hold what sits at the switches of the path.

    Let a path be f(z) above and below a surface Y(p, z) = 0, with the jump D = f_above - f_below. With z = r + x e, e a
    fixed unit direction and r orthogonal to it, x is standard normal given r, and the mean over x alone,

        integral of f_below phi up to x*, and of f_above phi from x* on,    Y(p, r + x* e) = 0,  dY/dx > 0,

    is differentiable. Its gradient is the mean of the path's own plus, at every root,

        - s phi(x*) D x*_i,

    and its Hessian the mean of the path's own plus

        - s phi(x*) [D_i x*_j + D_j x*_i + (D_x - x* D) x*_i x*_j + D x*_ij],    s = sign dY/dx.

    Subscripts are derivatives in the params and in x. Where f is continuous (D = 0, D_i = J Y_i) this is the mean of
    J delta(Y) Y_i Y_j. Several switches add up, but for second derivatives where two jumps meet or one has a corner:
    those are refused (see `greeks2.monte_carlo.kinks.joint_switches`).

    Parameters
    ----------
    sweep : PathSweep of order 1 or 2, over noise that is independent and standard normal
    params : one array per shared argument, where it is recorded

    Raises
    ------
    AadTypeError
        For an operation whose switches cannot be found, a path with stages, for order 0, for one edge written twice,
        and at order 2 for jumps that meet.

    Notes
    -----
    The direction is chosen on a pilot sample of its own, so that the estimate stays unbiased: see `steep_direction`.
    A part of the surface that it hardly crosses contributes variance, one that it does not cross at all is missed.
    """

    def __init__(self, sweep: PathSweep, params: tuple[Any, ...]) -> None:
        if sweep.order == 0:
            raise AadTypeError("smoothing='kink' adds to derivatives: ask for order 1 or 2")
        if sweep.program.stages:
            raise AadTypeError(
                "smoothing='kink' moves paths to their kinks, and this one solves for numbers in every path (roots, or "
                "matrices in LAPACK's basis): smooth the payoff by hand (softplus)"
            )
        self.program, self.order, self._sweep = sweep.program, sweep.order, sweep
        self._tilted = tuple(self._tilt(params))

    @property
    def plan(self) -> PathPlan:
        """How the paths between the switches are swept."""
        return self._sweep.plan

    @property
    def n_switches(self) -> int:
        """Surfaces on which the path changes its branch."""
        return len(self._tilted)

    def sums(self, params: tuple[Any, ...], noise: tuple[Floats, ...], begin: int, end: int) -> PathSums:
        """Return the sums over paths begin..end-1, what sits at switches included: see `PathSweep.sums`."""
        return self.sums_between(params, noise, (begin, end))[0]

    def sums_between(
        self, params: tuple[Any, ...], noise: tuple[Floats, ...], edges: Sequence[int]
    ) -> RangeSums:
        """Return the sums over the paths from each edge to the next."""
        at_switches = [self._at_switches(params, noise, begin, end) for begin, end in pairwise(edges)]
        return self._sweep.sums_between(params, noise, edges) + stacked(at_switches)

    def _at_switches(
        self, params: tuple[Any, ...], noise: tuple[Floats, ...], begin: int, end: int
    ) -> PathSums:
        """Return the sums of what sits at all switches; it adds no paths and no value."""
        active, passive = self._split(params)
        flat = np.concatenate([np.asarray(one)[begin:end].reshape(end - begin, -1) for one in noise], axis=1)
        n = active.size
        chunk = max(64, CHUNK_NUMBERS // (n + 1) ** (2 if self.order == 2 else 1))
        sums = self._nothing(n)
        for tilted in self._tilted:
            for first in range(0, end - begin, chunk):
                sums += self._at_switch(tilted, active, passive, flat[first : first + chunk])
        return sums

    def _nothing(self, n: int) -> PathSums:
        """Return sums to which nothing was added, for n inputs."""
        return PathSums(0, 0.0, np.zeros(n), np.zeros((n, n)) if self.order == 2 else None)

    def _split(self, params: tuple[Any, ...]) -> tuple[Floats, Floats]:
        """Return the flat shared inputs that are differentiated, and the others."""
        shared = [argument for argument in self.program.arguments if not argument.lane]
        parts: tuple[list[Floats], list[Floats]] = ([], [])
        for argument, given in zip(shared, params, strict=True):
            parts[0 if argument.active else 1].append(np.asarray(given, dtype=np.float64).ravel())
        active, passive = (np.concatenate(part) if part else np.zeros(0) for part in parts)
        return active, passive

    def _tilt(self, params: tuple[Any, ...]) -> list[TiltedSwitch]:
        switches = switches_of(self.program)
        if not switches:
            return []
        flat = np.concatenate([np.asarray(one, dtype=np.float64).ravel() for one in params])
        active, passive = self._split(params)
        n_noise = self.program.lane_slots.size
        pilot = np.random.Generator(np.random.Philox(PILOT_SEED)).standard_normal((PILOT_PATHS, n_noise))
        tilted: list[tuple[int, TiltedSwitch]] = []
        for position, switch in enumerate(switches):
            programs = record_switch(self.program, switch, flat, pilot[0])
            values, slopes = programs.tilt.value_and_gradient(active, pilot, passive)
            spread = float(np.std(values)) or 1.0
            near = slopes * np.exp(-0.25 * (values / spread) ** 2)[:, None]
            if near.any():
                known = active, passive, pilot
                tilted.append((position, self._steepest(programs, near, *known)))
        if len(switches) > 1:
            joint = JointSwitches(self.program, switches, active, passive, pilot)
            for position, one in tilted:
                rest, roots = self._edge(one, active, passive, pilot)
                points = rest[roots.lanes] + np.outer(roots.along, one.direction)
                joint.require_none(position, points, self.order)
        return [one for _, one in tilted]

    def _steepest(
        self, programs: SwitchPrograms, near: Floats, active: Floats, passive: Floats, pilot: Floats
    ) -> TiltedSwitch:
        """Return a switch with the best direction that its surface does not touch, where that matters.

        Raises
        ------
        AadTypeError
            Where the surface of a jump is tangent to every direction tried and second derivatives are asked for.
        """
        directions = steep_directions(near)
        if self.order < 2 or programs.switch.continuous or pilot.shape[1] < 2:
            return TiltedSwitch(programs, directions[0])
        for direction in directions:
            tilted = TiltedSwitch(programs, direction)
            if not self._touches(tilted, active, passive, pilot):
                return tilted
        raise AadTypeError(
            "smoothing='kink' has no second derivative at the jump at "
            f"{describe_line(programs.switch.line)}: the surface where it stands is tangent to the direction of the "
            "noise that is integrated out, where two crossings meet and vanish, and the estimate has no variance. Ask "
            "for order=1, or smooth the jump (aadlib.sigmoid of a multiple)"
        )

    def _touches(self, tilted: TiltedSwitch, active: Floats, passive: Floats, noise: Floats) -> bool:
        """Return whether a surface is tangent to its direction: crossed both ways, and some slopes are small."""
        rest, roots = self._edge(tilted, active, passive, noise)
        if not (np.diff(roots.lanes) == 0).any():
            return False
        points = rest[roots.lanes] + np.outer(roots.along, tilted.direction)
        slopes = np.abs(
            tilted.programs.tilt.value_and_gradient(active, points, passive)[1] @ tilted.direction
        )
        slopes = slopes[np.abs(roots.along) < LIKELY]
        return int(np.count_nonzero(slopes < GRAZING * np.sqrt(np.mean(slopes**2)))) >= FEWEST_GRAZING

    @staticmethod
    def _edge(tilted: TiltedSwitch, active: Floats, passive: Floats, noise: Floats) -> tuple[Floats, Roots]:
        """Return the noise orthogonal to the direction, and where along it the switch stands on its edge."""
        direction, search = tilted.direction, tilted.programs.search
        rest = noise - np.outer(noise @ direction, direction)

        def crossing(lanes: Any, along: Floats) -> tuple[Floats, Floats]:
            values, slopes = search.value_and_gradient(active, along, rest[lanes], direction, passive)
            return values, slopes

        return rest, all_roots(crossing, len(noise))

    @staticmethod
    def _warn_of_lost_roots(roots: Roots, n_paths: int) -> None:
        if roots.doubtful.size:
            warnings.warn(
                f"smoothing='kink': on {roots.doubtful.size} of {n_paths} paths a switch turns so often along the "
                "noise that crossings may be lost, and what sits there with them",
                KinkWarning,
                stacklevel=2,
            )

    def _at_switch(self, tilted: TiltedSwitch, active: Floats, passive: Floats, noise: Floats) -> PathSums:
        """Return the sums of what sits at one switch."""
        direction, programs = tilted.direction, tilted.programs
        rest, roots = self._edge(tilted, active, passive, noise)
        self._warn_of_lost_roots(roots, len(noise))
        n = active.size
        if not roots.lanes.size:
            return self._nothing(n)
        here = (
            np.broadcast_to(active, (roots.lanes.size, n)),
            roots.along,
            rest[roots.lanes],
            direction,
            passive,
        )
        jump, (jump_params, jump_along) = programs.jump.value_and_gradient(*here)
        if programs.switch.continuous:
            jump = np.zeros_like(jump)  # what is left of it is round-off
        if self.order == 1 or programs.switch.continuous:
            _, (slopes, along) = programs.surface.value_and_gradient(*here)
        else:
            _, first, bends = programs.surface.derivatives(*here)
            slopes, along = first[:, :n], first[:, n]
        weights = -np.sign(along) * INV_SQRT_2PI * np.exp(-0.5 * roots.along**2)
        moves = -slopes / along[:, None]  # of the root in the params
        gradient = (weights * jump) @ moves
        if self.order == 1:
            return PathSums(0, 0.0, gradient, None)
        half = (
            weights[:, None] * (jump_params + 0.5 * (jump_along - roots.along * jump)[:, None] * moves)
        ).T @ moves
        if not programs.switch.continuous:
            # x*_ij = -(Y_ij + Y_ix x*_j + Y_xj x*_i + Y_xx x*_i x*_j) / Y_x, times the weight and the jump
            along_root = np.concatenate(
                [np.broadcast_to(np.eye(n), (moves.shape[0], n, n)), moves[:, None, :]], axis=1
            )
            half += 0.5 * np.einsum(
                "k,kai,kab,kbj->ij", -weights * jump / along, along_root, bends, along_root, optimize=True
            )
        return PathSums(0, 0.0, gradient, half + half.T)


def over_standard_normals(
    sweep: PathSweep, params: tuple[Floats, ...], sources: tuple[LaneSource, ...]
) -> KinkSweep:
    """Return the sweep with its kinks integrated out; raise `AadValueError` for noise that is not standard normal."""
    for source in sources:
        if isinstance(source, GivenLanes):
            require_standard_normal(f"lanes[{source.position}]", source.rows)
    return KinkSweep(sweep, params)
