"""Dynamics: the contract between a path and its assets: parameters in groups, a start, and the normal law of a step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import require_finite, require_positive, values_of
from pricers.curves.rate_curve import Rate, discount_factor, is_curve, mean_rate, require_rate, shifted
from pricers.monte_carlo.correlation import pack_correlations, require_correlation, unpack_correlations
from pricers.monte_carlo.triangular import Factor, factorize

Model = TypeVar("Model", bound="Dynamics")


@dataclass(frozen=True, kw_only=True, eq=False)
class Dynamics(ABC):
    """Correlated assets whose log prices move by normal steps: what `Path` and the smoothings ask of a model.

    A new one is a frozen dataclass with this base: its own fields, `GROUPS`, `IS_EXACT` and `law`; where a group is
    not one number per asset, `group`, `labels` and `fields_at` too.

    Parameters
    ----------
    spots : (n_assets,) numbers, currency, > 0
    rate : number or RateCurve, per year, continuously compounded
    dividend_yields : (n_assets,) numbers or curves or one for all, per year
        Of a curve what may be differentiated is its parallel shift.
    correlation : (n_assets, n_assets) numbers, optional
        Symmetric, ones on the diagonal, positive semidefinite; independent assets without it. The factor has no
        derivative in correlations where assets are perfectly correlated.

    Raises
    ------
    AadValueError
        For a spot that is not positive, NaN, a wrong length, or an unusable correlation matrix.
    """

    spots: Any
    rate: Rate = 0.0
    dividend_yields: Any = 0.0
    correlation: Any = None

    GROUPS: ClassVar[Mapping[str, str]] = {
        "spots": "spot",
        "rate": "rate",
        "dividend_yields": "dividend_yield",
        "correlations": "correlation",
    }
    """Groups of numbers a path may be differentiated in, each with what one of its numbers is called."""
    IS_EXACT: ClassVar[bool] = True
    """Whether one step of any length has the exact law; then a path may be differentiated in its expiry too."""

    def __post_init__(self) -> None:
        spots = as_numbers("spots", self.spots)
        require_positive("spots", spots)
        require_rate("rate", self.rate)
        if not is_curve(self.rate) and isinstance(self.rate, list | tuple):
            raise AadTypeError(f"rate = {self.rate!r}: must be one number or a curve")
        object.__setattr__(self, "spots", spots)
        yields = as_numbers("dividend_yields", self.dividend_yields, len(spots))
        object.__setattr__(self, "dividend_yields", yields)
        object.__setattr__(self, "correlation", as_correlation(self.correlation, len(spots)))

    @property
    def n_assets(self) -> int:
        """Number of assets."""
        return len(self.spots)

    def group(self, name: str) -> Floats:
        """Return the values of one group of parameters: (size,) floats."""
        if name == "correlations":
            matrix = np.eye(self.n_assets) if self.correlation is None else values_of(self.correlation)
            return pack_correlations(matrix)
        if name in ("rate", "dividend_yields"):
            given = getattr(self, name)
            return np.array([_flat_part(rate) for rate in (given if isinstance(given, tuple) else (given,))])
        return np.atleast_1d(values_of(getattr(self, name)))

    def labels(self, name: str) -> list[str]:
        """Name the parameters of one group."""
        n, singular = self.n_assets, self.GROUPS[name]
        if name == "correlations":
            return [f"{singular}[{i},{j}]" for i in range(n) for j in range(i)]
        if name == "rate":
            return [singular]
        return [f"{singular}[{i}]" for i in range(n)]

    def replaced(self: Model, groups: Mapping[str, Any]) -> Model:
        """Return the same model with other numbers, of any kind, in some groups."""
        return replace(self, **self.fields_at(groups))

    def fields_at(self, groups: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of the dataclass that these numbers replace."""
        fields = {name: numbers for name, numbers in groups.items() if name != "correlations"}
        if "rate" in fields:
            fields["rate"] = shifted(self.rate, fields["rate"][0])
        if "dividend_yields" in fields:
            pairs = zip(self.dividend_yields, fields["dividend_yields"], strict=True)
            fields["dividend_yields"] = tuple(shifted(given, number) for given, number in pairs)
        if "correlations" in groups:
            fields["correlation"] = unpack_correlations(groups["correlations"], self.n_assets)
        return fields

    def factor(self) -> Factor:
        """Return the rows of the Cholesky factor of the correlation matrix; recorded where that is."""
        return factorize(self.correlation)

    def log_spots(self) -> list[Any]:
        """Return ln S_i at the start."""
        return [ad.log(spot) for spot in self.spots]

    def drifts(self, begin: float, length: Any) -> list[Any]:
        """Return the mean of rate less dividend yield over a step, for each asset."""
        end = begin + length
        rate = mean_rate(self.rate, begin, end)
        return [rate - mean_rate(dividend_yield, begin, end) for dividend_yield in self.dividend_yields]

    def discount(self, time: Any) -> Any:
        """Return the value today of one unit of currency at a time (years)."""
        return discount_factor(self.rate, time)

    def moved(self, log_prices: list[Any], time: float, length: Any, shocks: list[Any]) -> list[Any]:
        """Return the log prices a step later, given correlated normals.

        A model whose own steps are more exact than `law` overrides it. The last step of a path always has the law, so
        that smoothings may integrate it.
        """
        return self.normally_moved(log_prices, time, length, shocks)

    def normally_moved(self, log_prices: list[Any], time: float, length: Any, shocks: list[Any]) -> list[Any]:
        """Return the log prices a step of the normal `law` later."""
        means, deviations = self.law(log_prices, time, length)
        return [
            mean + deviation * shock for mean, deviation, shock in zip(means, deviations, shocks, strict=True)
        ]

    @abstractmethod
    def law(self, log_prices: list[Any], time: float, length: Any) -> tuple[list[Any], list[Any]]:
        """Return means and standard deviations of the log prices a step later, given the log prices now.

        Parameters
        ----------
        log_prices : list of n_assets numbers, at `time` (years)
        length : number, years, the length of the step
        """


def _flat_part(rate: Rate) -> float:
    """Return the value of a number, or of a curve's parallel shift."""
    return float(values_of(rate.shift if is_curve(rate) else rate))


def as_numbers(name: str, given: Any, length: int | None = None) -> tuple[Any, ...]:
    """Return one number, or curve, per asset as a tuple; a single one stands for `length` equal ones."""
    if np.ndim(given) == 0:
        numbers: tuple[Any, ...] = (given,) * (1 if length is None else length)
    elif np.ndim(given) == 1:
        numbers = tuple(given)
    else:
        raise AadValueError(f"{name} has shape {np.shape(given)}: must be one number per asset")
    require_finite(name, [number for number in numbers if not is_curve(number)])
    if not numbers:
        raise AadValueError(f"{name} is empty: give at least one asset")
    if length is not None and len(numbers) != length:
        raise AadValueError(f"{name} has {len(numbers)} entries: there are {length} spots, give one for each")
    return tuple(float(x) if isinstance(x, (int, np.floating, np.integer)) else x for x in numbers)


def as_correlation(given: Any, n_assets: int) -> Any:
    """Return the rows of a checked correlation matrix, or None where nothing is correlated."""
    if given is None:
        return None
    require_correlation("correlation", given, n_assets)
    if isinstance(given, np.ndarray) and given.dtype != object:
        given = given.astype(np.float64)
    return [[x if hasattr(x, "value") else float(x) for x in row] for row in given]
