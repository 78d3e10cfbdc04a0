"""Volatility surfaces: the contract with every engine, backward and forward marches, paths and trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from aadlib.errors import AadTypeError
from aadlib.types import Floats

Link = Literal["volatility", "log_volatility", "variance"]
"""What a predictor is of."""

Self = TypeVar("Self", bound="VolatilitySurface")


@dataclass(frozen=True, eq=False)
class Tabulated:
    """A surface on the cells of a march: a predictor, its weights and what it predicts.

    Parameters
    ----------
    predictor : `LocalBasis`, or a `Predictor` of `pricers.pde.march.plan`, with one row or one a step
    weights : list of numbers of any kind, the predictor's
    link : "volatility", "log_volatility" or "variance"
    """

    predictor: Any
    weights: list[Any]
    link: Link


@runtime_checkable
class VolatilitySurface(Protocol):
    """A local volatility of spot and time, per square root of a year, and the numbers it is differentiated in."""

    @property
    def numbers(self) -> list[Any]:
        """What it is differentiated in: (n,) numbers of any kind."""

    def with_numbers(self: Self, numbers: Any) -> Self:
        """Return the surface at other numbers of any kind, laid out as `numbers`."""

    @property
    def seams(self) -> Sequence[float]:
        """Times at which it may jump, increasing: a march lays its steps between them."""

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the volatilities at spots, a float or (n,) floats, and one time: a number or (n,) numbers."""

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the volatility of a step, at the logarithm of a spot that is another on every path.

        The step begins at a float time and has a float length (years): it takes the volatility of its middle, or where
        the surface jumps in between the mean. The logarithm is a number of any kind, or an array of them. No
        comparison steers a recording: where pieces of the surface are looked up, they are by value, in every path and
        every replay anew.
        """


@runtime_checkable
class TabulatedSurface(VolatilitySurface, Protocol):
    """A surface whose numbers a march takes as they are, over a table of its cells, and not a number for every cell."""

    def tabulated(self, spots: Floats, times: Floats) -> Tabulated:
        """Return it on a march's interior nodes (n,) in steps with these midpoints."""


NO_SEAMS: tuple[float, ...] = ()


def require_surface(name: str, surface: Any) -> None:
    """Raise unless something is a volatility surface."""
    if not hasattr(surface, "along_paths"):
        raise AadTypeError(
            f"{name}: {surface!r} must be a FlatVolatility, a SplineVolatility, an SVILocalVolatility, the surface of "
            f"a "
            "calibration or another VolatilitySurface"
        )


def number_labels(surface: Any, singular: str) -> list[str]:
    """Return a label for each number of a surface: by its `number_names` where it has any, else by position.

    Names say where a number acts: "0.25y" at an expiry, "x=-0.1" at a log-moneyness, "S=95" at a spot.
    """
    names = getattr(surface, "number_names", None)
    return [f"{singular}[{name}]" for name in (range(len(surface.numbers)) if names is None else names)]
