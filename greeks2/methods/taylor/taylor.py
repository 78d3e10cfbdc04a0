"""Second-order Taylor series: carried forward along one direction, and substituted backward for the whole Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import ADVar, Program, Tape
from aadlib.types import Floats
from greeks2.methods.method import (
    CALL,
    ENTRY,
    NODE,
    PASS,
    POINT,
    Estimate,
    Method,
    Request,
    Solution,
    solution_at,
)
from greeks2.methods.taylor import front_sweep
from greeks2.point import Point, Source, as_arguments, as_program, point_at, point_of, require_plain
from greeks2.structure.front import Front, front_of
from greeks2.structure.hubs import hub_rows
from greeks2.structure.singular import settled, settled_series

FRONT_ENTRY = 0.35
"""Nanoseconds, as in `greeks2.methods.method`: an entry of a vector over the front."""


def taylor(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs by backward substitution of series in series.

    Notes
    -----
    The output's perturbation is a polynomial in those of the live nodes; each node's own truncated series is put in its
    place, from the last node to the first. Cost: two vectors of the front's size per node; memory: the front squared.
    """
    require_plain(point.program, "taylor")
    addresses, size, n_rows, hubs = front_of(point.program)
    n, front = point.active.size, np.zeros((n_rows, size))
    front_sweep.substitute_backward(
        point.program.nodes, point.values, point.adjoints, addresses, hubs, hub_rows(point, hubs), n, front
    )
    with np.errstate(over="ignore", invalid="ignore"):  # infinities of both signs: NaN
        return front[:n, :n] + front[:n, :n].T


def solve(request: Request) -> Solution:
    """Return the Hessian with value and gradient."""
    with request.point() as point:
        return solution_at(point, taylor(point), front_of(request.program))


def _counts(program: Program, front: Front) -> dict[str, int]:
    return {"front": front.size}


def _estimate(program: Program, best: float, replays: int) -> Estimate:
    size = front_of(program).size
    time = POINT + CALL + program.n_nodes * (3.0 * NODE + 3.0 * FRONT_ENTRY * size) + ENTRY * size**2
    return Estimate(time, {"front": size, "bytes_taylor": 8 * size * size})


def taylor_backpropagate(
    target: ADVar | Program, inputs: Sequence[Any], *, tape: Tape | None = None
) -> tuple[Floats, Floats]:
    """Return the gradient (n,) and the dense Hessian (n, n) by one backward sweep.

    Parameters
    ----------
    target : the output variable of a tape, or a program
    inputs : the tape's variables to differentiate in, or the program's arguments
    tape : Tape, needed when `target` is a variable: the one it was recorded on, which may still be open

    Examples
    --------
    >>> import aadlib as ad
    >>> from greeks2 import taylor_backpropagate
    >>> with ad.Tape() as tape:
    ...     x, y = tape.input(2.0), tape.input(3.0)
    ...     gradient, hessian = taylor_backpropagate(x * y * y, [x, y], tape=tape)
    >>> gradient, hessian
    (array([ 9., 12.]), array([[0., 6.],
           [6., 4.]]))
    """
    if isinstance(target, ADVar):
        if tape is None:
            raise AadTypeError("target is a variable of a tape: give the tape it was recorded on as tape=")
        source: Tape | Program = tape
    else:
        source = target
    with point_of(source, target if isinstance(target, ADVar) else None, inputs) as point:
        return settled(point, taylor(point))


def taylor_series(f: Source, x: Any, direction: Any) -> tuple[float, float, float]:
    """Return the truncated series (v0, v1, v2) of f(x + eps * direction) = v0 + eps v1 + eps**2 / 2 v2.

    Parameters
    ----------
    f : callable or Program with one number as its result
    x : the point, a tuple for several arguments
    direction : (n,) over the flattened active inputs

    Examples
    --------
    >>> from greeks2 import taylor_series
    >>> taylor_series(lambda x: x[0] * x[1] ** 2, [2.0, 3.0], [0.0, 1.0])
    (18.0, 12.0, 4.0)
    """
    arguments = as_arguments(x)
    program = as_program(f, arguments)
    require_plain(program, "taylor_series")
    with point_at(program, arguments) as point:
        along = np.asarray(direction, dtype=np.float64).ravel()
        if along.size != point.active.size:
            raise AadValueError(
                f"direction has {along.size} entries: the function has {point.active.size} active inputs"
            )
        series = np.zeros((program.n_slots, 2))
        series[point.active, 0] = along
        front_sweep.carry_series(program.nodes, point.values, series)
        v1, v2 = settled_series(point, along, series[program.outputs[0]])
        return point.value, float(v1), float(v2)


TAYLOR = Method(
    name="taylor",
    solve=solve,
    counts=_counts,
    seconds={PASS: _estimate},
    options={},
    is_exact=True,
    takes_composites=False,
)
