"""Sums of a recorded path's value and derivatives over ranges of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import (
    BlockMachine,
    CudaMachine,
    Kink,
    LaneSums,
    Program,
    UniformPoint,
    once_per_program,
    undetermined_lanes,
    unusual,
)
from aadlib.types import Floats
from greeks2.monte_carlo.path_planner import PATH_METHODS, PathPlan, planned_code
from greeks2.monte_carlo.path_sums import PathSums, RangeSums

MACHINES: Mapping[str, Any] = MappingProxyType({"cpu": BlockMachine, "cuda": CudaMachine})
"""What sweeps the paths, by device."""

ORDERS = (0, 1, 2)


def require_path(program: Program) -> None:
    """Raise unless a program is one path: one number, from active shared arguments and passive lane arguments."""
    if not program.has_lanes:
        raise AadTypeError("this program has no lane argument: record the path with lanes= naming its noise")
    if program.output_shape:
        raise AadTypeError(f"a path returns one number, this one returns shape {program.output_shape}")
    mixed = [k for k, argument in enumerate(program.arguments) if argument.lane and argument.active]
    if mixed:
        raise AadTypeError(
            f"lane arguments {mixed} are active: sums over paths are differentiated in shared arguments, so record "
            f"with passive={mixed}"
        )


@once_per_program
def _sums_of(program: Program, order: int, method: str, device: str) -> tuple[LaneSums, PathPlan]:
    planned = planned_code(program, order, method)
    return LaneSums(program, planned.path, MACHINES[device]), planned.plan


class PathSweep:
    """Sums of a path's value, gradient and Hessian over ranges of paths.

    Threads may share it, and it pickles. A range is swept in one thread, without the GIL.

    Parameters
    ----------
    program : Program, one path: shared arguments (some active) and passive lane arguments
    order : 0, 1 or 2
    method : "auto" or one of `PATH_METHODS`, used at order 2
    device : "cpu", or "cuda" for a card, on which ranges take turns; nothing falls back to the CPU

    Attributes
    ----------
    program, order, device : as given
    plan : PathPlan
    """

    def __init__(self, program: Program, order: int = 2, method: str = "auto", device: str = "cpu") -> None:
        require_path(program)
        if order not in ORDERS:
            raise AadValueError(f"order = {order!r}: choose 0, 1 or 2")
        if method not in ("auto", *PATH_METHODS):
            raise AadValueError(f"method = {method!r}: choose 'auto' or one of {', '.join(PATH_METHODS)}")
        if device not in MACHINES:
            raise AadValueError(f"device = {device!r}: choose one of {', '.join(MACHINES)}")
        self.program = program
        self.order = order
        self.device = device
        # Writing the code costs more than sweeping a few thousand paths.
        self._sums, self.plan = _sums_of(program, order, method if order == 2 else "", device)
        self._shared = tuple(a for a in program.arguments if not a.lane)
        self._lanes = tuple(a for a in program.taken if a.lane)

    @property
    def kinks(self) -> tuple[Kink, ...]:
        """Operations of the path that are not smooth: their curvature is zero on almost every path."""
        return self.program.kinks

    def sums(self, params: tuple[Any, ...], noise: Sequence[Floats], begin: int, end: int) -> PathSums:
        """Return the sums over paths begin..end-1: see `sums_between`."""
        return self.sums_between(params, noise, (begin, end))[0]

    def count_nonzero(self, params: tuple[Any, ...], noise: Sequence[Floats]) -> int:
        """Return on how many paths the value is other than 0."""
        n = len(noise[0])
        point = self._point(params)
        arrays, edges = self._arrays(noise, (0, n))
        outputs = np.empty(n)
        self._sums.sums(point, arrays, edges, outputs)
        return int(np.count_nonzero(outputs))

    def sums_between(
        self, params: tuple[Any, ...], noise: Sequence[Floats], edges: Sequence[int]
    ) -> RangeSums:
        """Return the sums over the paths from each edge to the next: a pure function of those paths, to the last bit.

        Parameters
        ----------
        params : one array or float per shared argument, in the order of the arguments
        noise : one array (n_paths, ...) per lane argument, read where it lies
        edges : numbers of paths, increasing

        Raises
        ------
        AadTypeError, AadValueError
            For a wrong number of arrays, a wrong shape, an empty range, or numbers that are not finite.
        BranchChanged
            Where a comparison comes out otherwise than recorded, with its source line and the number of paths.
        NotFinite
            Where a path's value or a derivative is not finite.
        """
        before = unusual()
        point = self._point(params)
        arrays, edges = self._arrays(noise, edges)
        if self.program.stages:
            arrays += self._solved(params, arrays, edges)
        sums, changed = self._sums.sums(point, arrays, edges)
        self._sums.raise_changed(changed, edges)
        sizes = np.diff(np.array(edges, dtype=np.float64))
        if self.order == 0:
            return RangeSums(sizes, sums[:, 0].copy(), None, None)
        values, gradients, hessians = self._sums.derivatives(point, sums)
        unknown = undetermined_lanes(self.program, point, arrays, (edges[0], edges[-1]), self.order, before)
        return RangeSums(sizes, values, gradients, hessians if self.order == 2 else None, unknown)

    def _point(self, params: tuple[Any, ...]) -> UniformPoint:
        """Return the uniform part at the params."""
        if len(params) != len(self._shared):
            raise AadTypeError(
                f"params has {len(params)} arrays: this path was recorded with {len(self._shared)} shared arguments"
            )
        given = [np.asarray(one, dtype=np.float64) for one in params]
        for position, (numbers, argument) in enumerate(zip(given, self._shared, strict=True)):
            if numbers.shape != argument.shape:
                raise AadValueError(
                    f"params[{position}] has shape {numbers.shape}: this path was recorded for {argument.shape}; "
                    "record again"
                )
        return self._sums.at(given)

    def _solved(self, params: tuple[Any, ...], arrays: list[Floats], edges: Sequence[int]) -> list[Floats]:
        """Return what is solved for in every path, roots say: one array per stage, filled in between the edges."""
        rows = slice(edges[0], edges[-1])
        shared, lanes = iter(params), iter(arrays)
        given = [
            next(lanes)[rows].reshape(-1, *argument.shape) if argument.lane else next(shared)
            for argument in self.program.taken
        ]
        found = []
        for stage in self.program.stages:
            given.append(stage.results(given))
            whole = np.zeros((len(arrays[0]), given[-1].shape[1]))
            whole[rows] = given[-1]
            found.append(whole)
        return found

    def _arrays(self, noise: Sequence[Floats], edges: Sequence[int]) -> tuple[list[Floats], Sequence[int]]:
        """Return (n_paths, size) float arrays, and the edges in them."""
        if len(noise) != len(self._lanes):
            raise AadTypeError(
                f"lanes has {len(noise)} arrays: this path was recorded with {len(self._lanes)} lane arguments"
            )
        plain = all(
            [isinstance(one, np.ndarray) and one.dtype == np.float64 and one.flags.aligned for one in noise]
        )
        first, last = edges[0], edges[-1]
        rising = len(edges) > 1 and sorted(set(edges)) == list(edges)
        arrays = []
        for position, (one, argument) in enumerate(zip(noise, self._lanes, strict=True)):
            array = np.asarray(one)
            if array.shape[1:] != argument.shape or array.ndim == 0:
                raise AadValueError(
                    f"lanes[{position}] has shape {array.shape}: this path was recorded for (n_paths"
                    f"{''.join(f', {size}' for size in argument.shape)}); record again"
                )
            if not (first >= 0 and last <= len(array) and rising):
                raise AadValueError(
                    f"paths between {list(edges)} of {len(array)} in lanes[{position}]: give increasing numbers of "
                    "paths, at least two"
                )
            rows = array if plain else array[first:last]
            flat = rows if rows.ndim == 2 else rows.reshape(len(rows), argument.size)
            arrays.append(np.asarray(flat) if plain else np.array(flat, dtype=np.float64))
        return arrays, edges if plain else [edge - first for edge in edges]
