"""What a mean owes to the kinks and jumps of its paths: unbiased, without a width, from the recording alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from greeks2.monte_carlo.kinks.joint_switches import Meetings
from greeks2.monte_carlo.kinks.roots import Roots, all_roots
from greeks2.monte_carlo.kinks.switches import SwitchPrograms, record_switch, switches_of
from greeks2.monte_carlo.path_sums import PathSums
from greeks2.monte_carlo.path_planner import PathPlan
from greeks2.monte_carlo.path_sweep import PathSweep

PILOT_SEED = 271828
PILOT_PATHS = 1024
"""Paths drawn for the direction of the noise that is integrated out; they are not among the paths of the mean."""

MIXTURES = 8
"""Sums of axes tried for that direction."""

TURN = 10.0
"""How much a direction that crosses as often one way as the other counts as worse."""

ROUND_OFF = 1e-12
"""Relative length below which a slope or a direction is none."""

TESTED_ROWS, FEWEST_TESTED = 2**14, 32
DEVIATIONS = 6.5
"""A sample moment of standard normals lies further out once in 10^10 times."""

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
        For an operation whose switches cannot be found, for order 0, for one edge written twice, and at order 2 for
        jumps that meet.

    Notes
    -----
    The direction is chosen on a pilot sample of its own, so that the estimate stays unbiased: see `steep_direction`.
    A part of the surface that it hardly crosses contributes variance, one that it does not cross at all is missed.
    """

    def __init__(self, sweep: PathSweep, params: tuple[Any, ...]) -> None:
        if sweep.order == 0:
            raise AadTypeError("smoothing='kink' adds to derivatives: ask for order 1 or 2")
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

    def sums(self, params: tuple[Any, ...], lanes: tuple[Floats, ...], begin: int, end: int) -> PathSums:
        """Return the sums over paths begin..end-1, what sits at switches included: see `PathSweep.sums`."""
        found = self._sweep.sums(params, lanes, begin, end)
        moved, still = self._split(params)
        noise = np.concatenate([np.asarray(one)[begin:end].reshape(end - begin, -1) for one in lanes], axis=1)
        chunk = max(64, CHUNK_NUMBERS // (moved.size + 1) ** (2 if self.order == 2 else 1))
        for tilted in self._tilted:
            for first in range(0, end - begin, chunk):
                found += self._at_switch(tilted, moved, still, noise[first : first + chunk])
        return found

    def sums_between(
        self, params: tuple[Any, ...], lanes: tuple[Floats, ...], edges: Sequence[int]
    ) -> list[PathSums]:
        """Return the sums over the paths from each edge to the next."""
        return [self.sums(params, lanes, begin, end) for begin, end in pairwise(edges)]

    def _split(self, params: tuple[Any, ...]) -> tuple[Floats, Floats]:
        """Return the flat shared inputs that are differentiated, and the others."""
        shared = [argument for argument in self.program.arguments if not argument.lane]
        parts: tuple[list[Floats], list[Floats]] = ([], [])
        for argument, given in zip(shared, params, strict=True):
            parts[0 if argument.active else 1].append(np.asarray(given, dtype=np.float64).ravel())
        moved, still = (np.concatenate(part) if part else np.zeros(0) for part in parts)
        return moved, still

    def _tilt(self, params: tuple[Any, ...]) -> list[TiltedSwitch]:
        switches = switches_of(self.program)
        if not switches:
            return []
        flat = np.concatenate([np.asarray(one, dtype=np.float64).ravel() for one in params])
        moved, still = self._split(params)
        n_noise = self.program.lane_slots.size
        pilot = np.random.Generator(np.random.Philox(PILOT_SEED)).standard_normal((PILOT_PATHS, n_noise))
        found = []
        for position, switch in enumerate(switches):
            programs = record_switch(self.program, switch, flat, pilot[0])
            values, slopes = programs.tilt.value_and_gradient(moved, pilot, still)
            spread = float(np.std(values)) or 1.0
            near = slopes * np.exp(-0.25 * (values / spread) ** 2)[:, None]
            if near.any():
                found.append((position, TiltedSwitch(programs, steep_direction(near))))
        if len(switches) > 1:
            meetings = Meetings(self.program, switches, moved, still, pilot)
            for position, tilted in found:
                rest, roots = self._edge(tilted, moved, still, pilot)
                points = rest[roots.lanes] + np.outer(roots.places, tilted.direction)
                meetings.require_none(position, points, self.order)
        return [tilted for _, tilted in found]

    @staticmethod
    def _edge(tilted: TiltedSwitch, moved: Floats, still: Floats, noise: Floats) -> tuple[Floats, Roots]:
        """Return the noise orthogonal to the direction, and where along it the switch stands on its edge."""
        direction, search = tilted.direction, tilted.programs.search
        rest = noise - np.outer(noise @ direction, direction)

        def crossing(lanes: Any, along: Floats) -> tuple[Floats, Floats]:
            values, slopes = search.value_and_gradient(moved, along, rest[lanes], direction, still)
            return values, slopes

        return rest, all_roots(crossing, len(noise))

    def _at_switch(self, tilted: TiltedSwitch, moved: Floats, still: Floats, noise: Floats) -> PathSums:
        """Return the sums of what sits at one switch; it adds no paths and no value."""
        direction, programs = tilted.direction, tilted.programs
        rest, roots = self._edge(tilted, moved, still, noise)
        n = moved.size
        empty = PathSums(0, 0.0, np.zeros(n), np.zeros((n, n)) if self.order == 2 else None)
        if not roots.lanes.size:
            return empty
        here = (
            np.broadcast_to(moved, (roots.lanes.size, n)),
            roots.places,
            rest[roots.lanes],
            direction,
            still,
        )
        jump, (jump_params, jump_along) = programs.jump.value_and_gradient(*here)
        if programs.switch.continuous:
            jump = np.zeros_like(jump)  # what is left of it is round-off
        if self.order == 1 or programs.switch.continuous:
            _, (slopes, along) = programs.surface.value_and_gradient(*here)
        else:
            _, first, bends = programs.surface.derivatives(*here)
            slopes, along = first[:, :n], first[:, n]
        weights = -np.sign(along) * INV_SQRT_2PI * np.exp(-0.5 * roots.places**2)
        moves = -slopes / along[:, None]  # of the root in the params
        gradient = (weights * jump) @ moves
        if self.order == 1:
            return PathSums(0, 0.0, gradient, None)
        half = (
            weights[:, None] * (jump_params + 0.5 * (jump_along - roots.places * jump)[:, None] * moves)
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


def steep_direction(slopes: Floats) -> Floats:
    """Return the unit vector, of some tried, along which an integral varies least.

    A root on a surface of slope g weighs 1 / |g e|, so the mean of |g|^2 / |g e| is made small: it is infinite where
    part of the surface runs along e. Directions that cross the surface both ways, with more roots to find, come last.
    Tried are the mean slope, the main axis of the slopes and sums of all their axes.

    Parameters
    ----------
    slopes : (n, n_noise), weighed by how near to the surface they were taken, not all zero
    """
    lengths = np.linalg.norm(slopes, axis=1)
    seen = lengths > ROUND_OFF * lengths.max()
    slopes, lengths = slopes[seen], lengths[seen]
    _, spreads, axes = np.linalg.svd(slopes, full_matrices=False)
    mean = slopes.mean(axis=0)
    signs = np.random.Generator(np.random.Philox(PILOT_SEED)).choice([-1.0, 1.0], (MIXTURES, spreads.size))
    signs[0] = np.where(axes @ mean < 0.0, -1.0, 1.0)
    tried = np.concatenate([axes[:1], mean[None], (signs * spreads**2) @ axes])
    norms = np.linalg.norm(tried, axis=1)
    tried = tried[norms > ROUND_OFF * norms.max()]
    tried /= np.linalg.norm(tried, axis=1)[:, None]
    cosines = slopes @ tried.T / lengths[:, None]
    costs = lengths @ (1.0 / np.maximum(np.abs(cosines), ROUND_OFF))
    turns = np.minimum((cosines > 0.0).mean(axis=0), (cosines < 0.0).mean(axis=0))
    best: Floats = tried[np.argmin(costs * (1.0 + TURN * turns))]
    return best


def require_standard_normal(name: str, rows: Any) -> None:
    """Raise `AadValueError` for noise whose means, variances or correlations are not those of independent N(0, 1).

    Parameters
    ----------
    rows : (n_paths, ...), of which the first `TESTED_ROWS` are looked at; fewer than `FEWEST_TESTED` tell nothing
    """
    flat = np.asarray(rows[:TESTED_ROWS], dtype=np.float64)
    n = len(flat)
    if n < FEWEST_TESTED:
        return
    flat = flat.reshape(n, -1)
    moments = flat.T @ flat / n
    off = np.abs(moments - np.diag(np.diag(moments)))
    for what, worst, expected, deviation in (
        ("a mean", float(flat.mean(axis=0)[np.argmax(np.abs(flat.mean(axis=0)))]), 0.0, 1.0),
        ("a variance", float(np.diag(moments)[np.argmax(np.abs(np.diag(moments) - 1.0))]), 1.0, np.sqrt(2.0)),
        ("a correlation", float(off.max()), 0.0, 1.0),
    ):
        if abs(worst - expected) > DEVIATIONS * deviation / np.sqrt(n):
            raise AadValueError(
                f"{name} has {what} of {worst:.4g} over {n} paths: smoothing='kink' integrates over independent "
                "standard normals, so give it those and scale and correlate them inside the path function"
            )
