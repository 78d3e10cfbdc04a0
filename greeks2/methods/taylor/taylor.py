"""Second-order Taylor series: carried forward along one direction, and substituted backward for the whole Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import ADVar, Program, Tape
from aadlib.types import Floats
from greeks2.methods.edge_pushing.edge_pushing import reached_slots
from greeks2.methods.taylor import front_sweep
from greeks2.point import Point, Source, as_arguments, as_program, point_at, point_of, require_plain
from greeks2.structure.hubs import Hubs, hub_rows, hubs_of


class Front(NamedTuple):
    """Where the series of a program's slots stand while they are substituted.

    Attributes
    ----------
    places : (n_slots,) the place of every slot, -1 where it never has one; of hubs, a row below the front
    size : int, how many places there are
    n_rows : int, places and rows of hubs
    hubs : Hubs, which have no place: the inputs they depend on take it
    """

    places: npt.NDArray[np.int32]
    size: int
    n_rows: int
    hubs: Hubs


_fronts: WeakKeyDictionary[Program, Front] = WeakKeyDictionary()


def front_of(program: Program) -> Front:
    """Return the front of a program, found at the first call and kept."""
    if program not in _fronts:
        require_plain(program, "taylor")
        hubs = hubs_of(program)
        places, size, n_rows = front_sweep.plan_front(
            program.left,
            program.right,
            program.activity,
            program.input_active.view(np.uint8),
            reached_slots(program),
            hubs.end_row,
            program.first_node,
        )
        _fronts[program] = Front(places, size, n_rows, hubs)
    return _fronts[program]


def taylor(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs by backward substitution of series in series.

    Notes
    -----
    The output's perturbation is a polynomial in those of the live nodes; each node's own truncated series is put in its
    place, from the last node to the first. Cost: two vectors of the front's size per node; memory: the front squared.
    """
    program, n = point.program, point.active.size
    places, size, n_rows, hubs = front_of(program)
    front = np.zeros((n_rows, size))
    front_sweep.substitute_backward(
        program.op, program.left, program.right, program.activity, point.values, point.adjoints,
        places, hubs.end_row, hubs.low, hubs.high, hubs.start, places[hubs.inputs], hub_rows(point, hubs),
        program.first_node, n, front,
    )  # fmt: skip
    return front[:n, :n] + front[:n, :n].T


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
        return point.gradient, taylor(point)


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
        front_sweep.carry_series(
            program.op,
            program.left,
            program.right,
            program.activity,
            point.values,
            series,
            program.first_node,
        )
        v1, v2 = series[program.outputs[0]]
        return point.value, float(v1), float(v2)
