"""The door to second order: one signature and one result for every method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import Program, is_strict
from aadlib.extend import strict as strict_block
from aadlib.types import Floats
from greeks2 import methods
from greeks2.methods.method import Method, Request, Solution
from greeks2.planner import Choice, Plan, choose, count_all, plan
from greeks2.point import Source, as_arguments, as_program, require_number
from greeks2.read_only import ReadOnly
from greeks2.result import HessianResult
from greeks2.structure.kinks import kinks_of, warn_of_kinks

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NOTHING: Mapping[str, int] = {}


def _solve(
    f: Source,
    x: Any,
    name: str,
    sparse: bool,
    options: Mapping[str, Any],
    passive: Sequence[int],
    weights: Any,
    strictly: bool,
    count: Callable[[Program, int], Choice],
) -> tuple[Program, Method, Choice | None, Solution, Any]:
    """Record or replay, choose the method where nothing else decides, run it; the matrix comes last.

    The choice is there for "auto" alone.
    """
    given = {option: value for option, value in options.items() if value is not None}
    method = _method_for(name, given) if given or name != "auto" else None
    arguments = as_arguments(x)
    program = as_program(f, arguments, passive=passive)
    if program.has_lanes:
        raise AadTypeError(
            "this program has lanes: a Hessian is taken at one market state, record it without lanes"
        )
    require_number(program, weights)
    choice, counts = None, NOTHING
    if method is None:
        choice = count(program, 1000 if isinstance(f, Program) else 1)
        method, counts = choice.method, choice.counts
    with strict_block(strictly or is_strict()):
        solution = method.solve(Request(program, arguments, weights, sparse, given, counts))
    matrix = solution.matrix
    if sparse and isinstance(matrix, np.ndarray):
        from scipy.sparse import csr_array

        matrix = csr_array(matrix)
    return program, method, choice, solution, matrix


def _method_for(name: str, options: Mapping[str, Any]) -> Method | None:
    """Return the method of that name, or for "auto" the exact one whose option is given; None where none is.

    Raises
    ------
    AadValueError
        For an unknown name, and for an option of another method.
    """
    by_name = {method.name: method for method in methods.METHODS}
    if name not in by_name and name != "auto":
        raise AadValueError(f"method = {name!r}: choose one of {', '.join(by_name)} or auto")
    method, rival = by_name.get(name), f"method {name!r}"
    for option, value in options.items():
        owner = next(one for one in methods.METHODS if option in one.options)
        if method is None and owner.is_exact:
            method, rival = owner, f"{option} = {value!r}"
        elif owner is not method:
            raise AadValueError(f"{owner.options[option].format(given=value)} {rival}: drop one")
    return method


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
    strict: bool = False,
) -> HessianResult:
    """Return value, gradient and Hessian with the method, its counts and the kinks: see `hessian`."""
    options = {"cap_active": cap_active, "sparsity": sparsity, "steps": steps}
    program, used, choice, solution, matrix = _solve(
        f, x, method, sparse, options, passive, weights, strict, count_all
    )
    kinks = kinks_of(program)
    warn_of_kinks(kinks, stacklevel=2)
    counts = {"nodes": program.n_nodes, "inputs": program.n_active} | used.counts(program, solution.prepared)
    chosen = None if choice is None else choice.plan
    return HessianResult(
        solution.value, solution.gradient, matrix, used.name, kinks, ReadOnly(counts), chosen
    )


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
    strict: bool = ...,
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
    strict: bool = ...,
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
    strict: bool = ...,
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
    strict: bool = False,
) -> Any:
    """Return the matrix of second derivatives of a function of numbers.

    Parameters
    ----------
    f : callable or Program
        A function is recorded at `x`; a program (`aadlib.record`) is replayed, and what a method prepares for it is
        cached.
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
    strict : bool
        Whether entries that are not determined are NaN, as in an `aadlib.strict` block. Else the zero that met an
        infinity is taken for one.

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
        Once, when operations that are not smooth were passed, or comparisons that chose a branch: how many, and at
        which source lines.
    SingularWarning
        Where an operation in use at the edge of its domain has an infinite partial that met a zero. All exact methods
        return the same entries there.

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
    options = {"cap_active": cap_active, "sparsity": sparsity, "steps": steps}
    counting = count_all if explain else choose
    program, _, choice, _, matrix = _solve(f, x, method, sparse, options, passive, weights, strict, counting)
    if program.kinks or program.guards:
        warn_of_kinks(kinks_of(program), stacklevel=2)
    if not explain:
        return matrix
    return matrix, plan(program) if choice is None else choice.plan
