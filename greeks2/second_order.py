"""The door to second order: one signature and one result for every method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import Program
from aadlib.types import Floats
from greeks2.methods.bottleneck import bottleneck
from greeks2.methods.bumping2 import bumping2, n_evaluations
from greeks2.methods.coloring import Coloring
from greeks2.methods.edge_pushing.edge_pushing import (
    edge_pushing,
    require_cap,
    schedule_of,
    sparse_edge_pushing,
)
from greeks2.methods.forward_over_reverse import (
    SMALL_PROGRAM,
    colored_entries,
    coloring_from,
    coloring_of,
    forward_over_reverse,
    verified_entries,
)
from greeks2.methods.taylor.taylor import front_of, taylor
from greeks2.planner import Plan, plan
from greeks2.point import Point, Source, as_arguments, as_program, point_at, require_number
from greeks2.read_only import ReadOnly
from greeks2.structure.kinks import KinkGroup, kinks_of, warn_of_kinks

if TYPE_CHECKING:
    from scipy.sparse import csr_array

METHODS = ("edge_pushing", "taylor", "forward_over_reverse", "bottleneck", "bumping2")
"""Every method of `hessian`; all but the last are exact."""

SINGLE_OPERATIONS = ("edge_pushing", "taylor")
"""Methods that sweep single operations: they refuse programs with composite ones."""


def methods_for(program: Program) -> tuple[str, ...]:
    """Return the methods that run on a program: all of them where it has no composite operations."""
    return tuple(name for name in METHODS if not (program.composites and name in SINGLE_OPERATIONS))


@dataclass(frozen=True, eq=False)
class HessianResult:
    """A Hessian and how it came about.

    Attributes
    ----------
    value : float
    gradient : (n,) over the flattened active inputs
    matrix : (n, n) ndarray, or scipy.sparse array
    method : str, the one that was used
    kinks : operations that are not smooth, by source line
    counts : what the method did: nodes, pushes, evaluations, ...
    plan : Plan, where the method was chosen by "auto"
    """

    value: float
    gradient: Floats
    matrix: Any
    method: str
    kinks: tuple[KinkGroup, ...]
    counts: Mapping[str, int]
    plan: Plan | None = None

    def __repr__(self) -> str:
        kinks = f", {sum(k.count for k in self.kinks)} kinks" if self.kinks else ""
        shape = " x ".join(map(str, self.matrix.shape))
        return f"<HessianResult: {shape} by {self.method}, value {self.value:.10g}{kinks}>"


def hessian_result(
    f: Source,
    x: Any,
    *,
    method: str = "auto",
    sparse: bool = False,
    cap_active: int | None = None,
    sparsity: Any = None,
    passive: Sequence[int] = (),
    weights: Any = None,
    steps: Any = None,
) -> HessianResult:
    """Return value, gradient and Hessian with the method, its counts and the kinks: see `hessian`."""
    _require_options(method, cap_active, sparsity, steps)
    found = _solve(f, x, method, sparse, cap_active, sparsity, passive, weights, steps)
    kinks = kinks_of(found.program)
    warn_of_kinks(kinks, stacklevel=2)
    counts = ReadOnly(_counts(found, cap_active))
    return HessianResult(found.value, found.gradient, found.matrix, found.method, kinks, counts, found.plan)


class _Solved(NamedTuple):
    """What one solve leaves behind."""

    program: Program
    method: str
    plan: Plan | None
    value: float
    gradient: Floats
    matrix: Any
    coloring: Coloring | None


def _require_options(method: str, cap_active: int | None, sparsity: Any, steps: Any) -> None:
    if method not in (*METHODS, "auto"):
        raise AadValueError(f"method = {method!r}: choose one of {', '.join(METHODS)} or auto")
    if cap_active is not None and method not in ("edge_pushing", "auto"):
        raise AadValueError(
            f"cap_active = {cap_active!r} caps the arcs of edge_pushing, not of method {method!r}: drop one"
        )
    if sparsity is not None and (method not in ("forward_over_reverse", "auto") or cap_active is not None):
        other = f"method {method!r}" if cap_active is None else f"cap_active = {cap_active!r}"
        raise AadValueError(
            f"sparsity colours the directions of forward_over_reverse and has no meaning with {other}: drop one"
        )
    if steps is not None and method != "bumping2":
        raise AadValueError(f"steps are those of bumping2, not of method {method!r}: drop one")


def _solve(
    f: Source,
    x: Any,
    method: str,
    sparse: bool,
    cap_active: int | None,
    sparsity: Any,
    passive: Sequence[int],
    weights: Any,
    steps: Any,
) -> _Solved:
    """Record or replay, choose the method, run it."""
    arguments = as_arguments(x)
    program = as_program(f, arguments, passive=passive)
    if program.has_lanes:
        raise AadTypeError(
            "this program has lanes: a Hessian is taken at one market state, record it without lanes"
        )
    require_number(program, weights)
    require_cap(program, cap_active)
    chosen: Plan | None = None
    coloring: Coloring | None = None
    matrix: Any
    if method == "auto" and cap_active is not None:
        method = "edge_pushing"
    elif method == "auto" and sparsity is not None:
        method = "forward_over_reverse"
    elif method == "auto":
        chosen = plan(program, replays=1000 if isinstance(f, Program) else 1)
        method = chosen.method
    if sparsity is not None:
        coloring = coloring_from(program, sparsity)
    elif method == "forward_over_reverse" and (sparse or (chosen is not None and "colors" in chosen.counts)):
        coloring = coloring_of(program)
    small = program.n_nodes <= SMALL_PROGRAM and weights is None
    if method == "forward_over_reverse" and coloring is None and small:
        value, gradient, matrix = program.derivatives(*arguments)
    else:
        with point_at(program, arguments, weights) as point:
            if coloring is not None:
                entries = (verified_entries if sparsity is not None else colored_entries)(point, coloring)
                matrix = coloring.sparse(entries) if sparse else coloring.dense(entries)
            elif method == "edge_pushing" and sparse:
                matrix = sparse_edge_pushing(point, cap_active=cap_active)
            else:
                matrix = _dense(point, method, cap_active, weights, steps)
            value, gradient = point.value, point.gradient
    if sparse and isinstance(matrix, np.ndarray):
        from scipy.sparse import csr_array

        matrix = csr_array(matrix)
    return _Solved(program, method, chosen, value, gradient, matrix, coloring)


def _dense(point: Point, method: str, cap_active: int | None, weights: Any, steps: Any) -> Floats:
    if method == "edge_pushing":
        return edge_pushing(point, cap_active=cap_active)
    if method == "bumping2":
        return bumping2(point.program, point.arguments, weights=weights, steps=steps)
    sweep = {"taylor": taylor, "forward_over_reverse": forward_over_reverse, "bottleneck": bottleneck}[method]
    return sweep(point)


def _counts(found: _Solved, cap_active: int | None) -> dict[str, int]:
    program, method = found.program, found.method
    counts = {"nodes": program.n_nodes, "inputs": program.n_active}
    if method == "edge_pushing":
        schedule = schedule_of(program, cap_active)
        counts |= {"pushes": schedule.pushes, "live_arcs": schedule.peak, "flushes": schedule.n_flushes}
    elif method == "taylor":
        counts["front"] = front_of(program)[1]
    elif method == "bumping2":
        counts["evaluations"] = n_evaluations(program.n_active)
    else:
        counts["directions"] = program.n_active if found.coloring is None else found.coloring.n_colors
    return counts


@overload
def hessian(
    f: Source,
    x: Any,
    *,
    method: str = ...,
    sparse: Literal[False] = ...,
    cap_active: int | None = ...,
    sparsity: Any = ...,
    explain: Literal[False] = ...,
    passive: Sequence[int] = ...,
    weights: Any = ...,
    steps: Any = ...,
) -> Floats: ...
@overload
def hessian(
    f: Source,
    x: Any,
    *,
    method: str = ...,
    sparse: Literal[True],
    cap_active: int | None = ...,
    sparsity: Any = ...,
    explain: Literal[False] = ...,
    passive: Sequence[int] = ...,
    weights: Any = ...,
    steps: Any = ...,
) -> csr_array: ...
@overload
def hessian(
    f: Source,
    x: Any,
    *,
    method: str = ...,
    sparse: bool = ...,
    cap_active: int | None = ...,
    sparsity: Any = ...,
    explain: Literal[True],
    passive: Sequence[int] = ...,
    weights: Any = ...,
    steps: Any = ...,
) -> tuple[Any, Plan]: ...
def hessian(
    f: Source,
    x: Any,
    *,
    method: str = "auto",
    sparse: bool = False,
    cap_active: int | None = None,
    sparsity: Any = None,
    explain: bool = False,
    passive: Sequence[int] = (),
    weights: Any = None,
    steps: Any = None,
) -> Any:
    """Return the matrix of second derivatives of a function of numbers.

    Parameters
    ----------
    f : callable or Program
        A function is recorded at `x`; a program (`aadlib.record`) is replayed, and what a method prepares for it is
        kept.
    x : float, array (or list) of any shape, or a tuple of such for a function of several arguments
    method : "auto", "edge_pushing", "taylor", "forward_over_reverse", "bottleneck" or "bumping2"
        "auto" counts what each exact method would do and takes the cheapest.
    sparse : bool
        Return a `scipy.sparse.csr_array`; edge pushing then never makes the dense matrix, and forward over reverse
        sweeps one direction per colour of the pattern, which it finds from the program.
    cap_active : int, optional
        Edge pushing only: the largest number of second-order arcs held at once. The result differs by round-off.
    sparsity : (n, n) boolean array or scipy.sparse array, optional
        Where the Hessian may differ from zero, in either triangle or both; the diagonal always may. Forward over
        reverse then sweeps one direction per colour of these columns, and one more that tests the pattern.
    explain : bool
        Also return the `Plan` with the counts and the estimates behind "auto".
    passive : positions of arguments that are not differentiated (when `f` is a function)
    weights : array of the output's shape, for a function with several results: the Hessian of their weighted sum
    steps : (n,) bump sizes of bumping2

    Returns
    -------
    (n, n) array over the flattened active inputs, in the order of the arguments: (1, 1) for a float

    Raises
    ------
    AadValueError
        For an unknown method, a cap too small for one operation's arcs, an option of another method, or a Hessian with
        entries outside `sparsity`.
    AadTypeError
        For a result that is an array without `weights`, or that does not depend on `x`; for edge pushing or Taylor
        series of a program with composite operations.
    BranchChanged
        When a program would take another branch at `x`, or a bump of bumping2 crosses one.

    Warns
    -----
    KinkWarning
        Once, when operations that are not smooth were passed: how many, and at which source lines.

    Notes
    -----
    Exact methods differ by rounding. Against long doubles, relative to the largest entry, on a Crank-Nicolson price of
    125,000 to 182,000 operations in 9, 14 or 19 weights: forward over reverse, edge pushing and Taylor series below
    4e-13, the bottleneck sum below 3e-12, edge pushing with `cap_active=200` below 2e-11. The last two add up second
    derivatives in the coefficients of the scheme, which cancel where the weights move them together.

    Examples
    --------
    >>> from greeks2 import hessian
    >>> hessian(lambda x: x[0] * x[1] ** 2, [2.0, 3.0])
    array([[0., 6.],
           [6., 4.]])
    """
    _require_options(method, cap_active, sparsity, steps)
    found = _solve(f, x, method, sparse, cap_active, sparsity, passive, weights, steps)
    if found.program.kinks:
        warn_of_kinks(kinks_of(found.program), stacklevel=2)
    return (found.matrix, found.plan or plan(found.program)) if explain else found.matrix
