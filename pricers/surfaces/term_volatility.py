"""Volatility that changes with time alone: the term structure of implied volatility."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, require_increasing, require_positive, require_shape, values_of


@dataclass(frozen=True, eq=False)
class TermVolatility:
    """Implied volatilities by expiry; the local variance is constant between two of them, and no strike matters.

    Parameters
    ----------
    expiries : (n,) float, years, > 0, increasing
        The last interval has no end.
    volatilities : (n,) numbers of any kind, implied, per square root of a year, > 0

    Raises
    ------
    AadValueError
        For expiries out of order, a volatility that is not positive, or a total variance that does not grow with
        expiry: then no volatility in between gives these prices.

    Examples
    --------
    >>> surface = TermVolatility([0.5, 1.0], [0.2, 0.25])
    >>> round(float(surface(100.0, 0.75)), 6), round(float(surface.mean_volatility(1.0)), 6)
    (0.291548, 0.25)
    """

    expiries: Floats
    volatilities: Any

    def __post_init__(self) -> None:
        expiries = as_floats("expiries", self.expiries)
        require_increasing("expiries", expiries)
        require_positive("expiries", expiries)
        if not expiries.size:
            raise AadValueError("expiries is empty: give at least one")
        require_shape("volatilities", self.volatilities, expiries.shape)
        require_positive("volatilities", self.volatilities)
        expiries.setflags(write=False)
        object.__setattr__(self, "expiries", expiries)
        listed = self.volatilities
        listed = listed.tolist() if isinstance(listed, np.ndarray) else list(listed)
        object.__setattr__(self, "volatilities", listed)
        variance = values_of(listed) ** 2 * expiries
        falls = np.flatnonzero(np.diff(variance) <= 0.0)
        if falls.size:
            k = int(falls[0])
            raise AadValueError(
                f"volatilities[{k + 1}] = {float(values_of(listed)[k + 1])!r}: variance times expiry must grow, from "
                f"{variance[k]:.6g} at {expiries[k]:.6g} years it falls to {variance[k + 1]:.6g}"
            )

    @property
    def numbers(self) -> list[Any]:
        """The implied volatilities."""
        return list(self.volatilities)

    @property
    def number_names(self) -> list[str]:
        """The expiry of each number."""
        return [f"{expiry:.6g}y" for expiry in self.expiries]

    def with_numbers(self, numbers: Any) -> TermVolatility:
        """Return the surface with other implied volatilities."""
        return TermVolatility(self.expiries, numbers)

    @property
    def seams(self) -> Sequence[float]:
        """All expiries but the last, where the variance jumps."""
        return self.expiries[:-1].tolist()

    @property
    def local_variances(self) -> list[Any]:
        """The variance per year of each interval, (n,) numbers."""
        total = [
            volatility * volatility * t for volatility, t in zip(self.numbers, self.expiries, strict=True)
        ]
        widths = np.diff(self.expiries, prepend=0.0).tolist()
        return [
            (w - before) / width for w, before, width in zip(total, [0.0, *total[:-1]], widths, strict=True)
        ]

    def accumulated_variance(self, time: Any) -> Any:
        """Return the variance of the log spot from today to a float time (years), or to each of many."""
        if isinstance(time, ad.ADVar) or hasattr(time, "partials"):
            raise AadTypeError(
                "time is being differentiated: the variance of a term structure jumps in time, so give a number for "
                "the volatility there"
            )
        begins = np.concatenate([[0.0], self.expiries[:-1]])
        widths = np.append(np.diff(self.expiries, prepend=0.0)[:-1], np.inf)
        spent = np.clip(np.asarray(time, dtype=np.float64)[..., None] - begins, 0.0, widths)
        variances = self.local_variances
        if all(isinstance(x, float) for x in variances):
            return spent @ np.array(variances)
        columns = np.moveaxis(spent, -1, 0)
        used = [
            (v, w if np.ndim(w) else float(w))
            for v, w in zip(variances, columns, strict=True)
            if np.any(w > 0.0)
        ]
        return (
            sum((v * w for v, w in used[1:]), start=used[0][0] * used[0][1]) if used else 0.0 * variances[0]
        )

    def mean_volatility(self, expiry: Any) -> Any:
        """Return the implied volatility for a float expiry (years, > 0), or for each of many."""
        return ad.sqrt(self.accumulated_variance(expiry) / expiry)

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the local volatility at spots and one float time: the same at all spots."""
        return ad.sqrt(self.local_variances[self._interval(time)])

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the volatility of a step, the same on every path: exact, whatever lies between its ends."""
        if length == 0.0:
            return self(None, time)
        spent = self.accumulated_variance(time + length) - self.accumulated_variance(time)
        return ad.sqrt(spent * (1.0 / length))

    def _interval(self, time: Any) -> int:
        return min(
            int(np.searchsorted(self.expiries, float(values_of(time)), side="left")), self.expiries.size - 1
        )
