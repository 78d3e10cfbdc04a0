"""What a tree's Greeks come back as."""

from __future__ import annotations

from dataclasses import dataclass

from aadlib.types import Floats


@dataclass(frozen=True, eq=False)
class TreeGreeks:
    """A price on a tree with its derivatives in spot, rate, dividend yield and volatility, raw units.

    Attributes
    ----------
    price : float, currency
    gradient : (4,) per unit of `labels`: delta, rho, dividend_rho, vega
    hessian : (4, 4)
    labels : ("spot", "rate", "dividend_yield", "volatility"); of a curve or surface its parallel shift
    lattice, second_order : str
    n_steps : int
    """

    price: float
    gradient: Floats
    hessian: Floats
    labels: tuple[str, ...]
    lattice: str
    second_order: str
    n_steps: int

    @property
    def delta(self) -> float:
        """Per currency unit of spot."""
        return float(self.gradient[0])

    @property
    def rho(self) -> float:
        """Per unit of rate."""
        return float(self.gradient[1])

    @property
    def dividend_rho(self) -> float:
        """Per unit of dividend yield."""
        return float(self.gradient[2])

    @property
    def vega(self) -> float:
        """Per unit of volatility."""
        return float(self.gradient[3])

    @property
    def gamma(self) -> float:
        """Per currency unit of spot squared."""
        return float(self.hessian[0, 0])

    @property
    def vanna(self) -> float:
        """Per currency unit of spot and unit of volatility."""
        return float(self.hessian[0, 3])

    @property
    def volga(self) -> float:
        """Per unit of volatility squared."""
        return float(self.hessian[3, 3])
