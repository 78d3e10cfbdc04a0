"""The door to Monte Carlo: the mean of a path function with its derivatives and the standard error of every number."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.program.program import Program, record
from aadlib.types import Floats
from aadlib.validation import as_floats, require_finite, whole_number
from greeks2.monte_carlo.kinks.kink import KinkSweep, require_standard_normal
from greeks2.monte_carlo.kinks.switches import CONTINUOUS, FOLLOWING
from greeks2.monte_carlo.noise.normals import Normals
from greeks2.monte_carlo.noise.sobol import Sobol
from greeks2.monte_carlo.noise.sources import GivenLanes, LaneSource, given_lanes
from greeks2.monte_carlo.path_sums import PathSums
from greeks2.monte_carlo.path_sweep import PathSweep, require_path
from greeks2.monte_carlo.result import Expectation
from greeks2.monte_carlo.run.batches import (
    BatchMeans,
    batch_edges,
    batches_per_piece,
    paths_per_card_piece,
    paths_per_piece,
)
from greeks2.monte_carlo.run.progress import Progress, reporting
from greeks2.monte_carlo.run.workers import Piece, Task, own_threads, sums_in_order
from greeks2.structure.kinks import KinkGroup, KinkWarning, kinks_of, listed

WITHOUT_JUMP = CONTINUOUS + FOLLOWING
"""Operations that make no path jump by themselves."""


def expectation(
    path: Callable[..., Any] | Program,
    params: Any,
    *,
    lanes: Any,
    order: int = 2,
    method: str = "auto",
    smoothing: str | None = None,
    executor: Any = None,
    device: str = "cpu",
    progress: bool | Progress = False,
    batches: int = 32,
) -> Expectation:
    """Return the mean of a path function over many paths, with derivatives in its params and standard errors.

    Parameters
    ----------
    path : callable or Program
        A function of the params and of one path's noise that returns a number, in plain Python and NumPy. It is
        recorded once, at `params` and the first path. Or a recording: `aadlib.record(path, params, noise, lanes=(1,),
        passive=(1,))`.
    params : float, array (or list) of any shape, or a tuple of such for a function of several
        What is differentiated. A recording may have passive ones among them.
    lanes : array, Normals or Sobol, or a tuple of them for a function of several noises
        An array has one row per path (a `numpy.memmap` is read piece by piece); Normals are made on the fly, so memory
        does not grow with the number of paths.
    order : 0 the mean, 1 with gradient, 2 with Hessian
    method : "auto", "bottleneck", "edge_pushing" or "forward_over_reverse", for order 2
    smoothing : None or "kink"
        "kink" integrates the kinks and jumps of the paths out along one direction of the noise, so that their part of
        the gradient and the Hessian is there, without bias and without a width to choose. For noise that is independent
        and standard normal, and order 1 or 2; see `greeks2.monte_carlo.kinks`. Where jumps meet (a barrier on several
        dates) or the edge of one has a corner (a digital on the best of several assets) there is order 1 only.
    executor : optional, object with the `submit` of `concurrent.futures`
        A ProcessPoolExecutor, dask.distributed's `client.get_executor()` or another; by default the paths are spread
        over threads of this process (`AADLIB_NUM_THREADS`). Only the recording is sent to workers, never the function.
    device : "cpu", or "cuda" to sweep the paths on a card, while threads here make the noise; without a card that is an
        error, nothing falls back to the CPU
    progress : bool, or callable of (paths done, all paths)
        True shows a bar on stderr where that is a terminal. A callable is called in this thread.
    batches : int, 2 or more
        The standard errors come from the spread of this many batch means; for Sobol points from the replicates.

    Returns
    -------
    Expectation

    Raises
    ------
    AadValueError
        For an unknown order, method, smoothing or device, fewer than two batches, no paths, lanes that differ in
        length, params or noise that are not finite, noise that is not standard normal where smoothing needs it; for
        device="cuda" without a card, or with an executor or smoothing.
    AadTypeError
        For a path that returns an array, or something that does not depend on its arguments; an executor without
        `submit`; a recording whose noise is not a passive lane argument; kinks that smoothing="kink" cannot treat.
    BranchChanged
        For a path whose `if` takes another branch on some paths than on the first: use `where` or `maximum`.

    Warns
    -----
    KinkWarning
        For order 2 through operations that are not smooth: their curvature is not in the Hessian. For order 1 and 2
        through steps (comparisons, sign, floor): what sits where a path jumps is not in the gradient either.
    ExecutorWarning
        When workers were lost and their paths swept again here.

    Notes
    -----
    The result has the same bits for any number of threads or workers and any executor: paths are cut in pieces by their
    number, the noise's layout and the recording alone, and sums are added in the paths' order.

    Antithetic pairs count as one sample. Noise that is given as an array must have independent rows.

    Examples
    --------
    >>> import numpy as np
    >>> from greeks2 import Normals, expectation
    >>> def path(p, z):
    ...     return p[0] * np.exp(p[1] * z - 0.5 * p[1] ** 2)
    >>> found = expectation(path, [100.0, 0.2], lanes=Normals(n_paths=10_000, shape=(), seed=7, antithetic=True))
    >>> bool(abs(found.value - 100.0) < 4.0 * found.stderr), found.hessian.shape
    (True, (2, 2))
    """
    sources = _sources(lanes)
    if order not in (0, 1, 2):
        raise AadValueError(f"order = {order!r}: choose 0 (mean), 1 (and gradient) or 2 (and Hessian)")
    if smoothing not in (None, "kink"):
        raise AadValueError(f"smoothing = {smoothing!r}: choose None or 'kink'")
    batches = whole_number("batches", batches, 2)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise AadTypeError(
            f"executor = {executor!r} has no submit: give an executor of concurrent.futures or one that works like it"
        )
    if device != "cpu" and (executor is not None or smoothing is not None):
        raise AadValueError(
            f"device = {device!r} takes neither executor nor smoothing: leave them out, or use device='cpu'"
        )
    given = _params(params)
    program = _recorded(path, given, sources)
    plain = PathSweep(program, order, method, device)
    sweep: PathSweep | KinkSweep = plain
    first_moved = program.first_node + program.n_uniform  # of the slots that the noise moves
    kinks = kinks_of(program)
    jumps = tuple(kink for kink in kinks_of(program, begin=first_moved) if kink.operation not in WITHOUT_JUMP)
    if smoothing is not None:
        sweep = _kink_sweep(plain, given, sources)
        kinks, jumps = kinks_of(program, end=first_moved), ()
    _warn_of_kinks(kinks, jumps, order)
    n_paths = sources[0].n_paths
    work = n_paths * (sweep.plan.counts["steps"] + sweep.plan.counts["row_multiply_adds"])
    means = BatchMeans()
    with reporting(progress) as report, own_threads(executor, work=work) as workers:
        pieces = sums_in_order(Task(sweep, given), _pieces(program, sources, batches, device), workers)
        with closing(pieces):  # after Ctrl-C or an error here, what waits is cancelled at once
            for batch in _batch_sums(pieces, report, n_paths):
                means.add(batch)
    found = means.estimate()
    return Expectation(
        value=found.mean.value,
        stderr=found.stderr.value,
        gradient=found.mean.gradient,
        gradient_stderr=found.stderr.gradient,
        hessian=found.mean.hessian,
        hessian_stderr=found.stderr.hessian,
        n_paths=found.n_paths,
        n_batches=found.n_batches,
        labels=_labels(program, single=not isinstance(params, tuple)),
        order=order,
        smoothing=smoothing,
        method=sweep.plan.method,
        kinks=kinks,
        plan=sweep.plan,
    )


def _kink_sweep(sweep: PathSweep, params: tuple[Floats, ...], sources: tuple[LaneSource, ...]) -> KinkSweep:
    """Return the sweep with its kinks integrated out, for noise that allows it."""
    for source in sources:
        if isinstance(source, GivenLanes):
            require_standard_normal(f"lanes[{source.position}]", source.rows)
    return KinkSweep(sweep, params)


def _sources(lanes: Any) -> tuple[LaneSource, ...]:
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


def _params(params: Any) -> tuple[Floats, ...]:
    """Return the params as finite floats, one array per argument."""
    several = isinstance(params, tuple)
    given = params if several else (params,)
    if not given:
        raise AadValueError("params = (): give at least one number to differentiate in")
    found = []
    for position, one in enumerate(given):
        name = f"params[{position}]" if several else "params"
        numbers = as_floats(name, one)
        require_finite(name, numbers)
        if not numbers.size:
            raise AadValueError(f"{name} = {one!r} is empty: give at least one number")
        found.append(numbers)
    return tuple(found)


def _recorded(path: Any, params: tuple[Floats, ...], sources: tuple[LaneSource, ...]) -> Program:
    """Record the path at its first noise, or check a recording against the params and the noise."""
    if isinstance(path, Program) and path.retrace is not None:
        raise AadTypeError(f"path = {path!r} records again where a branch changes: record it with lanes=")
    if not isinstance(path, Program):
        first = [source.cut(0, 1, stream)() for stream, source in enumerate(sources)]
        positions = range(len(params), len(params) + len(sources))
        return record(path, *params, *first, lanes=positions, passive=positions)
    require_path(path)
    for what, lane, shapes in (
        ("params", False, [one.shape for one in params]),
        ("lanes", True, [source.shape for source in sources]),
    ):
        wanted = [argument.shape for argument in path.arguments if argument.lane is lane]
        if shapes != wanted:
            raise AadValueError(
                f"{what} have shapes {shapes}: this program was recorded for {wanted}; record again"
            )
    return path


def _warn_of_kinks(kinks: tuple[KinkGroup, ...], jumps: tuple[KinkGroup, ...], order: int) -> None:
    missing = "What sits where a path jumps is not in the gradient: the delta of a digital is 0. "
    if order == 2 and kinks:
        what = (
            f"paths pass operations that are not smooth: {listed(kinks)}. Their second derivative is zero on almost "
            f"every path, so the gamma that sits at the kink is not in this Hessian. {missing if jumps else ''}"
        )
    elif order == 1 and jumps:
        what = f"paths pass steps: {listed(jumps)}. {missing}"
    else:
        return
    warnings.warn(
        f"{what}Give smoothing='kink' where the noise is standard normal, or smooth the path: "
        "aadlib.softplus(x, sharpness=...) in place of maximum(x, 0), the smoothing= of the pricer",
        KinkWarning,
        stacklevel=3,
    )


def _pieces(program: Program, sources: tuple[LaneSource, ...], batches: int, device: str) -> Iterator[Piece]:
    """Yield the pieces of all paths in order: several small batches, or a part of a large one.

    The replicates of Sobol points are batches, and each is drawn by itself.
    """
    n_paths = sources[0].n_paths
    block = max(source.block for source in sources)
    replicates = sources[0].replicates
    if replicates > 1:
        edges = [k * (n_paths // replicates) for k in range(replicates + 1)]
    else:
        together = max(source.together for source in sources)
        edges = batch_edges(n_paths, batches, together=together, block=block)
    shapes = [source.shape for source in sources]
    if device == "cuda":
        size = paths_per_card_piece(shapes, block)
    else:
        size = paths_per_piece(shapes, program.n_nodes, block)
    several = 1 if replicates > 1 else batches_per_piece(edges, size)
    for batch in range(0, len(edges) - 1, several):
        cuts = tuple(edges[batch : batch + several + 1])
        parts = [cuts] if several > 1 else pairwise([*range(cuts[0], cuts[1], size), cuts[1]])
        for part in parts:
            draws = tuple(source.cut(part[0], part[-1], stream) for stream, source in enumerate(sources))
            yield Piece(batch, part, draws)


def _batch_sums(
    swept: Iterable[tuple[Piece, list[PathSums]]], report: Progress, n_paths: int
) -> Iterator[PathSums]:
    """Add the pieces up to batches, in order, and report how far they are."""
    batch, sums = 0, None
    for piece, parts in swept:
        for number, found in enumerate(parts, piece.batch):
            if sums is not None and number != batch:
                yield sums
                sums = None
            batch, sums = number, found if sums is None else sums + found
        report(piece.edges[-1], n_paths)
    if sums is not None:
        yield sums


def _labels(program: Program, *, single: bool) -> tuple[str, ...]:
    """Return a name for every active param: "params", "params[1]", "params[0][1, 2]"."""
    found = []
    shared = [argument for argument in program.arguments if not argument.lane]
    for position, argument in enumerate(shared):
        name = "params" if single else f"params[{position}]"
        if argument.active:
            found += [
                f"{name}[{', '.join(map(str, index))}]" if index else name
                for index in np.ndindex(argument.shape)
            ]
    return tuple(found)
