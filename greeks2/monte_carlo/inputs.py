"""What an expectation is taken of: noise, params and the recorded path, each checked, and names for the params."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import Program
from aadlib.types import Floats
from aadlib.validation import as_floats, require_finite
from greeks2.monte_carlo.noise.normals import Normals
from greeks2.monte_carlo.noise.sobol import Sobol
from greeks2.monte_carlo.noise.sources import LaneSource, given_lanes
from greeks2.monte_carlo.path_sweep import require_path
from greeks2.monte_carlo.recordings import path_program


def lane_sources(lanes: Any) -> tuple[LaneSource, ...]:
    """Return one lane source per lane argument, all of one length."""
    given = lanes if isinstance(lanes, tuple) else (lanes,)
    if not given:
        raise AadValueError("lanes = (): give the noise of the paths, an array, Normals or Sobol")
    sources: tuple[LaneSource, ...] = tuple(
        one if isinstance(one, (Normals, Sobol)) else given_lanes(position, one)
        for position, one in enumerate(given)
    )
    if len(sources) > 1 and any(isinstance(source, Sobol) for source in sources):
        raise AadValueError(
            f"lanes has {len(sources)} sources with Sobol among them: one Sobol sequence carries all dimensions, give "
            "it the whole shape and take the noise apart in the path function"
        )
    lengths = [source.n_paths for source in sources]
    if len(set(lengths)) > 1:
        raise AadValueError(f"lanes differ in length: {lengths}; give every lane argument the same paths")
    return sources


def param_arrays(params: Any) -> tuple[Floats, ...]:
    """Return the params as finite floats, one array per argument."""
    several = isinstance(params, tuple)
    given = params if several else (params,)
    if not given:
        raise AadValueError("params = (): give at least one number to differentiate in")
    arrays = []
    for position, one in enumerate(given):
        name = f"params[{position}]" if several else "params"
        numbers = as_floats(name, one)
        require_finite(name, numbers)
        if not numbers.size:
            raise AadValueError(f"{name} = {one!r} is empty: give at least one number")
        arrays.append(numbers)
    return tuple(arrays)


def recorded_path(path: Any, params: tuple[Floats, ...], sources: tuple[LaneSource, ...]) -> Program:
    """Record the path at its first noise, or check a recording against the params and the noise."""
    if isinstance(path, Program) and path.retrace is not None:
        raise AadTypeError(f"path = {path!r} records again where a branch changes: record it with lanes=")
    if not isinstance(path, Program):
        first = [source.cut(0, 1, stream)() for stream, source in enumerate(sources)]
        positions = range(len(params), len(params) + len(sources))
        return path_program(path, (*params, *first), positions)
    require_path(path)
    for what, lane, shapes in (
        ("params", False, [one.shape for one in params]),
        ("lanes", True, [source.shape for source in sources]),
    ):
        wanted = [argument.shape for argument in path.taken if argument.lane is lane]
        if shapes != wanted:
            raise AadValueError(
                f"{what} have shapes {shapes}: this program was recorded for {wanted}; record again"
            )
    return path


def param_labels(path: Any, program: Program, *, single: bool) -> tuple[str, ...]:
    """Return a name for every active param: as the path's `labels` name them, or "params[1]", "params[0][1, 2]"."""
    named = getattr(path, "labels", None)
    n_active = sum(
        int(np.prod(argument.shape, dtype=int))
        for argument in program.arguments
        if argument.active and not argument.lane
    )
    if isinstance(named, tuple) and len(named) == n_active and single:
        return named
    labels: list[str] = []
    shared = [argument for argument in program.arguments if not argument.lane]
    for position, argument in enumerate(shared):
        name = "params" if single else f"params[{position}]"
        if argument.active:
            labels += [
                f"{name}[{', '.join(index)}]" if index else name
                for index in product(*[map(str, range(size)) for size in argument.shape])
            ]
    return tuple(labels)
