"""Monte Carlo expectation: the mean of a path function with its derivatives and the standard error of every number."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import Program, Undetermined, is_strict, results_in_order
from aadlib.validation import whole_number
from greeks2.monte_carlo.inputs import lane_sources, param_arrays, param_labels, recorded_path
from greeks2.monte_carlo.kinks.kink import KinkSweep, over_standard_normals
from greeks2.monte_carlo.kinks.unsmoothed import unsmoothed_kinks, warn_of_unsmoothed
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.monte_carlo.rare_events import warn_of_rare_events
from greeks2.monte_carlo.result import Expectation
from greeks2.monte_carlo.run.batches import BatchMeans, Estimate
from greeks2.monte_carlo.run.pieces import pieces_of
from greeks2.monte_carlo.run.progress import Progress, reporting
from greeks2.monte_carlo.run.workers import Task, add_batches, own_threads


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
    strict: bool = False,
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
        It is slow where there are many kinks: every one is looked for along the whole path at 18 points. Gradients of
        10,000 paths took 25 times as long as without smoothing for one kink, 110, 210 and 890 times for a barrier on 4,
        12 and 24 dates; one-step survival, `smoothing="conditional_expectation"` of a path, has no such cost.
        A `pricers.monte_carlo.Path` has a `smoothing=` of its own, how corners of its payoff are rounded or integrated:
        give one or the other.
    executor : optional, object with the `submit` of `concurrent.futures`
        A ProcessPoolExecutor, dask.distributed's `client.get_executor()` or another; by default the paths are spread
        over threads of this process (`AADLIB_NUM_THREADS`). Only the recording is sent to workers, never the function.
    device : "cpu", or "cuda" to sweep the paths on a card, while threads here make the noise; without a card that is an
        error, nothing falls back to the CPU
    progress : bool, or callable of (paths done, all paths)
        True shows a bar on stderr where that is a terminal. A callable is called in this thread.
    batches : int, 2 or more
        The standard errors come from the spread of this many batch means; for Sobol points from the replicates.
    strict : bool
        Whether derivatives that are not determined on some path are NaN, as in an `aadlib.strict` block.

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
    RareEventWarning
        Where at most 30 paths carry the estimate, the others being 0: how many, and what the probability is below.
    SingularWarning
        Where an operation in use at the edge of its domain has an infinite partial that met a zero: on how many paths.
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
    >>> result = expectation(path, [100.0, 0.2], lanes=Normals(n_paths=10_000, shape=(), seed=7, antithetic=True))
    >>> bool(abs(result.value - 100.0) < 4.0 * result.stderr), result.hessian.shape
    (True, (2, 2))
    """
    sources = lane_sources(lanes)
    batches = _require_options(order, smoothing, executor, device, batches)
    given = param_arrays(params)
    program = recorded_path(path, given, sources)
    plain = PathSweep(program, order, method, device)
    sweep: PathSweep | KinkSweep = (
        plain if smoothing is None else over_standard_normals(plain, given, sources)
    )
    kinks, jumps = unsmoothed_kinks(program, smoothing)
    warn_of_unsmoothed(kinks, jumps, order, stacklevel=2)
    n_paths = sources[0].n_paths
    work = n_paths * (sweep.plan.counts["steps"] + sweep.plan.counts["row_multiply_adds"])
    means = BatchMeans()
    with reporting(progress) as report, own_threads(executor, work=work) as workers:
        pieces = pieces_of(program, sources, batches, device, shared=workers is not None)
        swept = results_in_order(Task(sweep, given), pieces, workers)
        with closing(swept):  # after Ctrl-C or an error here, what waits is cancelled at once
            add_batches(swept, means, report, n_paths)
    warn_of_rare_events(means, lambda: pieces_of(program, sources, batches, "cpu"), program, given)
    estimate = means.estimate()
    if means.undetermined is not None:
        means.undetermined.warn(program, n_paths)
        if strict or is_strict(program):
            _leave_open(estimate, means.undetermined, program)
    return Expectation(
        value=estimate.mean.value,
        stderr=estimate.stderr.value,
        gradient=estimate.mean.gradient,
        gradient_stderr=estimate.stderr.gradient,
        hessian=estimate.mean.hessian,
        hessian_stderr=estimate.stderr.hessian,
        n_paths=estimate.n_paths,
        n_batches=estimate.n_batches,
        labels=param_labels(path, program, single=not isinstance(params, tuple)),
        order=order,
        smoothing=smoothing,
        method=sweep.plan.method,
        kinks=kinks,
        plan=sweep.plan,
    )


def _leave_open(estimate: Estimate, undetermined: Undetermined, program: Program) -> None:
    """Put NaN in the place of derivatives that are not determined, and of their standard errors."""
    for sums in (estimate.mean, estimate.stderr):
        if sums.gradient is not None:
            sums.gradient[undetermined.gradient[program.input_active]] = np.nan
        if sums.hessian is not None:
            sums.hessian[undetermined.hessian] = np.nan


def _require_options(order: int, smoothing: str | None, executor: Any, device: str, batches: int) -> int:
    """Return the number of batches; raise for options that are unknown or do not go together."""
    if isinstance(order, bool) or order not in (0, 1, 2):
        raise AadValueError(f"order = {order!r}: choose 0 (mean), 1 (and gradient) or 2 (and Hessian)")
    if smoothing not in (None, "kink"):
        raise AadValueError(
            f"smoothing = {smoothing!r}: choose None or 'kink'; smoothings of a pricer's payoff (softplus, kernel, "
            "conditional_expectation, ...) belong to its path, pricers.monte_carlo.Path(smoothing=...)"
        )
    batches = whole_number("batches", batches, 2)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise AadTypeError(
            f"executor = {executor!r} has no submit: give an executor of concurrent.futures or one that works like it"
        )
    if device != "cpu" and (executor is not None or smoothing is not None):
        raise AadValueError(
            f"device = {device!r} takes neither executor nor smoothing: leave them out, or use device='cpu'"
        )
    return batches
