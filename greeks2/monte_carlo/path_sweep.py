"""The derivatives of one recorded path, summed over many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.lanes.bottleneck import STEP, block_time, meeting_code
from aadlib.lanes.machine import BlockMachine
from aadlib.lanes.machine_cuda import CudaMachine
from aadlib.lanes.path_code import PathCode, gradient_code, value_code
from aadlib.lanes.summed import LaneSums, UniformPoint
from aadlib.program.parts import Argument, Kink
from aadlib.program.program import Program
from aadlib.types import Floats
from greeks2.monte_carlo.methods.edge_pushing import pushing_code, pushing_within
from greeks2.monte_carlo.methods.forward_over_reverse import directional_code
from greeks2.monte_carlo.path_sums import PathSums

WRITERS: Mapping[str, Callable[[Program], PathCode]] = MappingProxyType(
    {"bottleneck": meeting_code, "edge_pushing": pushing_code, "forward_over_reverse": directional_code}
)
PATH_METHODS = tuple(WRITERS)
"""Exact second-order methods over paths."""

MACHINES: Mapping[str, Any] = MappingProxyType({"cpu": BlockMachine, "cuda": CudaMachine})
"""What sweeps the paths, by device."""

ORDERS = (0, 1, 2)

DIRECTION_STEPS = 10
"""Steps for a node and one direction of forward over reverse, the values and adjoints swept again among them."""


@dataclass(frozen=True)
class PathPlan:
    """Which method sweeps the paths, and the counts it was chosen by.

    Attributes
    ----------
    method : str, one of `PATH_METHODS`, or "adjoint sweep" and "value sweep" below order 2
    counts : for one path: steps of arithmetic of the code that was written and multiply-adds of whole rows beside them;
        for "auto" also the pushes of edge pushing, counted until it had lost, and directions times nodes
    """

    method: str
    counts: Mapping[str, int]

    def __reduce__(self) -> tuple[Any, ...]:
        return PathPlan, (self.method, dict(self.counts))  # a read-only view does not pickle


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


def planned_code(program: Program, method: str) -> tuple[PathCode, PathPlan]:
    """Return the code of second order for a method, or of the one that counts say is the fastest for "auto"."""
    if method != "auto":
        code = WRITERS[method](program)
        return code, PathPlan(method, MappingProxyType(_counts(program, code)))
    code = meeting_code(program)
    counts, times = _counts(program, code), {"bottleneck": block_time(code)}
    n_nodes = program.n_nodes - program.n_uniform
    counts["directions_times_nodes"] = program.n_active * n_nodes
    times["forward_over_reverse"] = STEP * DIRECTION_STEPS * counts["directions_times_nodes"]
    limit = int(min(times.values()) / STEP) - 3 * n_nodes
    pushed, counts["pushes"] = pushing_within(program, limit)
    codes = {"bottleneck": code}
    if pushed is not None:
        codes["edge_pushing"], times["edge_pushing"] = pushed, block_time(pushed)
    best = min(times, key=lambda name: times[name])
    if best not in codes:
        codes[best] = WRITERS[best](program)
    return codes[best], PathPlan(best, MappingProxyType(counts | _counts(program, codes[best])))


def first_order_code(program: Program, order: int) -> tuple[PathCode, PathPlan]:
    """Return the code of order 0 or 1."""
    name, write = (("value sweep", value_code), ("adjoint sweep", gradient_code))[order]
    code = write(program)
    return code, PathPlan(name, MappingProxyType(_counts(program, code)))


def _counts(program: Program, code: PathCode) -> dict[str, int]:
    return {
        "inputs": program.n_active,
        "nodes": program.n_nodes,
        "steps": code.code.steps * (program.n_active if code.directional else 1),
        "row_multiply_adds": code.wide_products,
    }


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
        key = ("paths", order, method if order == 2 else "", device)
        if key not in program.cache:  # writing the code costs more than a few thousand paths
            code, plan = planned_code(program, method) if order == 2 else first_order_code(program, order)
            program.cache[key] = LaneSums(program, code, MACHINES[device]), plan
        self._sums: LaneSums
        self.plan: PathPlan
        self._sums, self.plan = program.cache[key]
        self._shared = tuple(a for a in program.arguments if not a.lane)
        self._lanes = tuple(a for a in program.arguments if a.lane)

    @property
    def kinks(self) -> tuple[Kink, ...]:
        """Operations of the path that are not smooth: their curvature is zero on almost every path."""
        return self.program.kinks

    def sums(self, params: tuple[Any, ...], lanes: Sequence[Floats], begin: int, end: int) -> PathSums:
        """Return the sums over paths begin..end-1: see `sums_between`."""
        return self.sums_between(params, lanes, (begin, end))[0]

    def sums_between(
        self, params: tuple[Any, ...], lanes: Sequence[Floats], edges: Sequence[int]
    ) -> list[PathSums]:
        """Return the sums over the paths from each edge to the next: a pure function of those paths, to the last bit.

        Parameters
        ----------
        params : one array or float per shared argument, in the order of the arguments
        lanes : one array (n_paths, ...) per lane argument, read where it lies
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
        point = self._point(params)
        arrays, edges = self._arrays(lanes, edges)
        found = []
        for begin, end in pairwise(edges):
            sums, changed = self._sums.sums(point, arrays, begin, end)
            self._sums.raise_changed(changed, end - begin)
            if self.order == 0:
                found.append(PathSums(end - begin, float(sums[0]), None, None))
                continue
            value, gradient, hessian = self._sums.derivatives(point, sums)
            found.append(PathSums(end - begin, value, gradient, hessian if self.order == 2 else None))
        return found

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

    def _arrays(self, lanes: Sequence[Floats], edges: Sequence[int]) -> tuple[list[Floats], Sequence[int]]:
        """Return (n_paths, size) float arrays, and the edges in them."""
        if len(lanes) != len(self._lanes):
            raise AadTypeError(
                f"lanes has {len(lanes)} arrays: this path was recorded with {len(self._lanes)} lane arguments"
            )
        plain = all(isinstance(one, np.ndarray) and one.dtype == np.float64 for one in lanes)
        first, last = edges[0], edges[-1]
        rising = len(edges) > 1 and all(begin < end for begin, end in pairwise(edges))
        arrays = []
        for position, (one, argument) in enumerate(zip(lanes, self._lanes, strict=True)):
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
            arrays.append(self._flat(array if plain else array[first:last], argument))
        return arrays, edges if plain else [edge - first for edge in edges]

    @staticmethod
    def _flat(array: Floats, argument: Argument) -> Floats:
        flat = array if array.ndim == 2 else array.reshape(len(array), argument.size)
        return np.asarray(flat, dtype=np.float64)
