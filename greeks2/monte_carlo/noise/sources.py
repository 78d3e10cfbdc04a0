"""Where the noise of the paths comes from: what a lane source offers, and arrays as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats

Draw = Callable[[], Floats]
"""Makes the noise of some paths, (n, *shape), in whatever process it is called; it can be pickled."""


class LaneSource(Protocol):
    """The noise of every path for one lane argument, made or read piece by piece."""

    @property
    def n_paths(self) -> int:
        """Number of paths."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one path's noise."""

    @property
    def together(self) -> int:
        """Number of consecutive paths that are one sample: 2 for antithetic pairs."""

    @property
    def block(self) -> int:
        """A piece that begins at a multiple of this many paths is made without waste."""

    @property
    def replicates(self) -> int:
        """Number of independent randomisations that the paths come in, one after the other; 1 for random paths."""

    def cut(self, begin: int, end: int, stream: int) -> Draw:
        """Return what makes the noise of paths begin..end-1 as lane argument number `stream`."""


@dataclass(frozen=True, eq=False)
class GivenLanes:
    """Noise given as an array with one row per path; a `numpy.memmap` is read piece by piece."""

    rows: Any
    position: int
    together: int = 1
    block: int = 1
    replicates: int = 1

    @property
    def n_paths(self) -> int:
        """Number of rows."""
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row."""
        return tuple(self.rows.shape[1:])

    def cut(self, begin: int, end: int, stream: int) -> Draw:
        """Return what checks and hands out rows begin..end-1: it carries these rows only."""
        return partial(checked_rows, np.asarray(self.rows[begin:end]), begin, self.position)


def checked_rows(rows: Any, begin: int, position: int) -> Floats:
    """Return rows as floats; raise `AadValueError` that names the first one with a NaN or an infinity."""
    numbers = np.asarray(rows, dtype=np.float64)
    with np.errstate(all="ignore"):
        total = np.add.reduce(numbers, axis=None)  # is finite where every number is, unless it overflows
    if not (np.isfinite(total) or np.isfinite(numbers).all()):
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
        row = (begin + index[0], *index[1:])
        raise AadValueError(
            f"lanes[{position}] is {float(numbers[index])!r} in row {row[0]}, at {list(row)}: every path needs finite "
            "noise; drop the row or draw it again"
        )
    return numbers


def given_lanes(position: int, given: Any) -> GivenLanes:
    """Return an array (or list) as a lane source; it is neither copied nor read."""
    try:
        rows = np.asanyarray(given)
    except ValueError as error:
        raise AadTypeError(f"lanes[{position}] is not an array of floats: {error}") from None
    if rows.dtype.kind not in "iuf":
        what = f"has dtype {rows.dtype}" if isinstance(given, np.ndarray) else f"= {given!r}"
        raise AadTypeError(
            f"lanes[{position}] {what}: give an array of floats with one row per path, Normals or Sobol"
        )
    if isinstance(rows, np.ma.MaskedArray):
        raise AadTypeError(
            f"lanes[{position}] is a masked array: every path needs its noise, give a plain array"
        )
    if rows.ndim == 0:
        raise AadValueError(
            f"lanes[{position}] = {given!r} is one number: give an array with one row per path, Normals or Sobol"
        )
    if rows.size == 0:
        raise AadValueError(
            f"lanes[{position}] has shape {rows.shape}: give at least one path with some noise"
        )
    return GivenLanes(rows, position)
