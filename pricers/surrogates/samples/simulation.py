"""Simulate samples: states, payoffs and their gradients from one recorded path, a sample per lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError, BranchChanged
from aadlib.extend import Program, map_pieces, record, results_in_order
from aadlib.types import Floats
from aadlib.validation import require_finite, require_flag, whole_number
from pricers.surrogates.samples.noise import BLOCK, PATHS, STATES, drawn
from pricers.surrogates.samples.problem import OTHER_VALUES, Estimator, Problem, require_problem

PIECE_BYTES = 2**20
"""Noise of the samples that are swept at once: small enough for a second-level cache."""

PIECE = 2**12
"""Most samples swept at once."""

DRAW = 40.0
"""Work of drawing one normal, in operations of a sweep."""

STRIDE = 64
"""Pieces between two reports of progress."""

Array = npt.NDArray[Any]

Progress = Callable[[int, int], None]
"""Called with the number of samples done and of all samples."""


class Samples(NamedTuple):
    """States, payoffs and gradients, row by row.

    Attributes
    ----------
    x : (n, d)
    y : (n,) or (n, m), currency
    dydx : (n, d) or (n, m, d), currency per unit of the input; None where values alone were wanted
    """

    x: Array
    y: Array
    dydx: Array | None


@dataclass(frozen=True, eq=False)
class Sampler:
    """Makes any samples of a run: a pure function of their numbers, which can be pickled.

    Attributes
    ----------
    programs : the recorded path; where gradients of several payoffs are wanted, one program for each
    n_outputs : number of payoffs, 0 for a single one without an axis
    """

    problem: Problem
    programs: tuple[Program, ...]
    n_outputs: int
    seed: int
    gradients: bool
    dtype: np.dtype[Any]

    @property
    def work(self) -> float:
        """Operations per sample, about."""
        nodes = sum(program.n_nodes for program in self.programs)
        return (4.0 if self.gradients else 2.0) * nodes + DRAW * prod(self.problem.noise_shape)

    @property
    def piece(self) -> int:
        """Samples swept at once: depends on the problem alone."""
        fitting = PIECE_BYTES // (8 * max(1, prod(self.problem.noise_shape)))
        return max(BLOCK, min(PIECE, fitting - fitting % BLOCK))

    def empty(self, n: int) -> Samples:
        """Return arrays for n samples."""
        d = len(self.problem.inputs)
        outputs = (self.n_outputs,) if self.n_outputs else ()
        return Samples(
            np.empty((n, d), self.dtype),
            np.empty((n, *outputs), self.dtype),
            np.empty((n, *outputs, d), self.dtype) if self.gradients else None,
        )

    def __call__(self, piece: tuple[int, int]) -> Samples:
        """Return samples begin..end-1."""
        begin, end = piece
        x, z = self.inputs(begin, end)
        try:
            y, dydx = self.swept(x, z)
        except BranchChanged as error:
            raise BranchChanged(
                f"in samples {begin} to {end - 1} (lane 0 is sample {begin}): {error}"
            ) from None
        with np.errstate(over="ignore"):
            made = Samples(
                x.astype(self.dtype, copy=False),
                y.astype(self.dtype, copy=False),
                None if dydx is None else dydx.astype(self.dtype, copy=False),
            )
        for name, numbers in made._asdict().items():
            if numbers is not None and not np.isfinite(numbers).all():
                row = int(np.argwhere(~np.isfinite(numbers))[0][0])
                raise AadValueError(
                    f"{name} of sample {begin + row} is not finite: the path at x = {x[row].tolist()} "
                    f"overflows {self.dtype} or divides by zero; narrow the states"
                )
        return made

    def inputs(self, begin: int, end: int) -> tuple[Floats, Floats]:
        """Return states and noise of samples begin..end-1."""
        problem = self.problem

        def noise(generator: np.random.Generator, n: int) -> Floats:
            return problem.shocks(generator.standard_normal((n, *problem.noise_shape)))

        return (
            drawn(self.seed, STATES, begin, end, problem.states),
            drawn(self.seed, PATHS, begin, end, noise),
        )

    def swept(self, x: Floats, z: Floats) -> tuple[Floats, Floats | None]:
        """Return payoffs and gradients at states and noise."""
        if not self.gradients:
            return self.programs[0].value(x, z), None
        both = [program.value_and_gradient(x, z) for program in self.programs]
        if not self.n_outputs:
            return both[0]
        return np.stack([y for y, _ in both], axis=1), np.stack([dydx for _, dydx in both], axis=1)


def antithetic_pair(path: Estimator) -> Estimator:
    """Return the mean of a path and its mirror image, whose normals are negated."""

    def pair(x: Any, z: Any) -> Any:
        return 0.5 * (path(x, z) + path(x, -z))

    return pair


def recorded(path: Estimator, x: Floats, z: Floats, *, gradients: bool) -> tuple[tuple[Program, ...], int]:
    """Record a path at one state, (1, d), and its noise: programs, and the number of payoffs (0 for a single one)."""
    lanes: dict[str, Any] = {"lanes": (0, 1), "passive": (1,)}
    program = record(path, x, z, **lanes)
    if not program.output_shape:
        return (program,), 0
    if len(program.output_shape) > 1:
        raise AadTypeError(
            f"the payoff has shape {program.output_shape}: must be a number or one axis of payoffs, (m,)"
        )
    m = program.output_shape[0]
    if not gradients:
        return (program,), m

    def one(output: int) -> Program:
        return record(lambda x, z: path(x, z)[output], x, z, **lanes)

    return tuple(one(output) for output in range(m)), m


def sampler(
    problem: Problem,
    *,
    seed: int,
    labels: str | None,
    gradients: bool,
    antithetic: bool,
    dtype: npt.DTypeLike,
) -> Sampler:
    """Return what makes samples of a problem; arguments as for `simulate`."""
    require_problem(problem)
    require_flag("gradients", gradients)
    require_flag("antithetic", antithetic)
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise AadValueError(f"dtype = {dtype!r}: must be float64 or float32")
    kind_of_labels = problem.checked_labels(labels)
    differentiable = gradients or kind_of_labels in OTHER_VALUES
    path = problem.estimator(kind_of_labels) if differentiable else problem.payoff
    fresh = Sampler(problem, (), 0, whole_number("seed", seed, 0), gradients, kind)
    x, z = fresh.inputs(0, 1)
    require_finite("states", x)
    if x.shape != (1, len(problem.inputs)):
        raise AadValueError(
            f"states has shape (n, {', '.join(map(str, x.shape[1:]))}): must be (n, {len(problem.inputs)})"
        )
    programs, n_outputs = recorded(antithetic_pair(path) if antithetic else path, x, z, gradients=gradients)
    return Sampler(problem, programs, n_outputs, fresh.seed, gradients, kind)


def simulate(
    problem: Problem,
    n_samples: int,
    *,
    seed: int,
    labels: str | None = None,
    gradients: bool = True,
    antithetic: bool = False,
    dtype: npt.DTypeLike = np.float64,
    first: int = 0,
    executor: Any = None,
    progress: Progress | None = None,
) -> Samples:
    """Simulate states, payoffs and their gradients: what a surrogate is trained on.

    A path is recorded once; every sample is a lane of its sweep, with a state of its own.

    Parameters
    ----------
    problem : Problem
    n_samples : int, >= 1
    seed : int, >= 0
    labels : str, one of problem.LABELS; by default the first of them
        How gradient labels are made: "pathwise", or where the payoff jumps "hybrid", "likelihood_ratio" or "smoothed".
    gradients : bool
        Whether gradients are wanted. Values alone are those of the payoff, as they are with gradients up to round-off;
        with "smoothed" and "conditional" labels those of the labels.
    antithetic : bool
        Each sample is the mean over a path and its mirror image.
    dtype : float64 or float32
        Of the arrays; sweeps are in float64.
    first : int, >= 0
        Number of the first sample: a sample depends on the seed and its number alone.
    executor : object with `submit(function, *arguments)` that returns futures, such as a ProcessPoolExecutor, optional
        Makes pieces of the samples in its workers; by default threads of this process do. Same bits either way.
    progress : function of (samples done, samples in all), optional

    Returns
    -------
    Samples, that is x, y, dydx

    Raises
    ------
    AadValueError, AadTypeError
        For an unknown kind of labels, a size below 1, or a payoff that is not finite.
    BranchChanged
        Where a comparison steers the path: write it with `where` or `maximum`.

    Warns
    -----
    LabelsWarning
        For pathwise labels of a payoff that jumps.
    ExecutorWarning
        When the executor failed and its pieces were made in this process.

    Examples
    --------
    >>> from pricers.surrogates import BachelierBasket
    >>> x, y, dydx = simulate(BachelierBasket(n_assets=7), 1000, seed=1)
    >>> x.shape, y.shape, dydx.shape
    ((1000, 7), (1000,), (1000, 7))
    """
    n = whole_number("n_samples", n_samples, 1)
    begin = whole_number("first", first, 0)
    make = sampler(problem, seed=seed, labels=labels, gradients=gradients, antithetic=antithetic, dtype=dtype)
    return gathered(make, begin, begin + n, executor, progress)


def gathered(
    make: Sampler, begin: int, end: int, executor: Any = None, progress: Progress | None = None
) -> Samples:
    """Return samples begin..end-1, made piece by piece by an executor or on this process's threads."""
    whole = make.empty(end - begin)
    pieces = [(start, min(start + make.piece, end)) for start in range(begin, end, make.piece)]

    def keep(piece: tuple[int, int], part: Samples) -> None:
        rows = slice(piece[0] - begin, piece[1] - begin)
        whole.x[rows], whole.y[rows] = part.x, part.y
        if whole.dydx is not None:
            whole.dydx[rows] = part.dydx

    if executor is not None:
        for piece, part in results_in_order(make, pieces, executor):
            keep(piece, part)
            if progress is not None:
                progress(piece[1] - begin, end - begin)
        return whole
    step = len(pieces) if progress is None else STRIDE
    for k in range(0, len(pieces), step):
        some = pieces[k : k + step]
        map_pieces(lambda piece: keep(piece, make(piece)), some, work=make.work * (some[-1][1] - some[0][0]))
        if progress is not None:
            progress(some[-1][1] - begin, end - begin)
    return whole
