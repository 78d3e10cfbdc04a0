"""The derivatives of one recorded path, summed over many."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.freeze import frozen
from aadlib.program import Program
from greeks2.expectation.path_sums import Floats, PathSums

PATH_METHODS = ("bottleneck", "edge_pushing", "forward_over_reverse")
"""Exact second-order methods over paths."""

ORDERS = (0, 1, 2)


@dataclass(frozen=True)
class PathPlan:
    """Which method sweeps the paths, and the counts it was chosen by."""

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


def _all_lanes(program: Program) -> Program:
    """Return the recording with every argument varying from lane to lane."""
    twin = copy.copy(program)
    twin.arguments = tuple(replace(argument, lane=True) for argument in program.arguments)
    twin.lane_slots = frozen(np.arange(program.n_inputs, dtype=np.int32))
    twin.n_uniform = 0
    twin.segments = ((0, 0),)
    twin._idle, twin._points = [], []
    return twin


class PathSweep:
    """Sums of a path's value, gradient and Hessian over ranges of paths.

    Parameters
    ----------
    program : Program, one path: shared arguments (some active) and passive lane arguments
    order : 0, 1 or 2
    method : "auto" or one of `PATH_METHODS`, used at order 2
    """

    def __init__(self, program: Program, order: int = 2, method: str = "auto") -> None:
        require_path(program)
        if order not in ORDERS:
            raise AadValueError(f"order = {order!r}: choose 0, 1 or 2")
        if method not in ("auto", *PATH_METHODS):
            raise AadValueError(f"method = {method!r}: choose 'auto' or one of {', '.join(PATH_METHODS)}")
        self.program = program
        self.order = order
        self.plan = PathPlan("forward_over_reverse" if method == "auto" else method, MappingProxyType({}))
        self._lanes = _all_lanes(program)

    def sums(self, params: tuple[Any, ...], lanes: Sequence[Floats], begin: int, end: int) -> PathSums:
        """Return the sums over paths begin..end-1.

        Parameters
        ----------
        params : one array or float per shared argument, in the order of the arguments
        lanes : one array (n_paths, ...) per lane argument
        """
        shared, rows = iter(params), iter(lanes)
        n = end - begin
        plain: list[Any] = []
        spread: list[Any] = []
        for argument in self.program.arguments:
            if argument.lane:
                part = np.asarray(next(rows))[begin:end]
                plain.append(part)
                spread.append(part)
            else:
                given = np.asarray(next(shared), dtype=np.float64)
                plain.append(given)
                spread.append(np.broadcast_to(given, (n, *given.shape)))
        if self.order == 0:
            return PathSums(n, float(self.program.value(*plain).sum()), None, None)
        if self.order == 1:
            value, found = self.program.value_and_gradient(*plain)
            parts = found if isinstance(found, tuple) else (found,)
            return PathSums(n, float(value.sum()), np.concatenate([np.ravel(p) for p in parts]), None)
        values, gradients, hessians = self._lanes.derivatives(*spread)
        return PathSums(n, float(values.sum()), gradients.sum(axis=0), hessians.sum(axis=0))
