"""What the Greeks are called, what they are measured in, and which way time runs."""

from __future__ import annotations

from dataclasses import dataclass

from aadlib.errors import AadValueError

UNITS = ("raw", "market")
ORDER = ("spot", "strike", "expiry", "rate", "dividend_yield", "volatility")
"""Inputs in the order in which Greeks are listed and named; others follow by name."""


@dataclass(frozen=True)
class MarketInput:
    """One kind of market input.

    Attributes
    ----------
    name : str, the name its Greeks are found under
    greek : str, the first-order Greek
    unit, market_unit : str, what one bump is, raw and as desks quote it
    scale : float, market bump in raw units
    sign : -1.0 where the Greek runs against the input: time passes as expiry shrinks
    """

    name: str
    greek: str
    unit: str
    market_unit: str
    scale: float
    sign: float = 1.0


SPOT = MarketInput("spot", "delta", "1.00 of spot", "1.00 of spot", 1.0)
VOLATILITY = MarketInput("volatility", "vega", "1.00 of volatility", "volatility point (0.01)", 0.01)
RATE = MarketInput("rate", "rho", "1.00 of rate", "basis point of rate (0.0001)", 1e-4)
DIVIDEND = MarketInput(
    "dividend_yield", "dividend_rho", "1.00 of dividend yield", "basis point of dividend yield (0.0001)", 1e-4
)
EXPIRY = MarketInput(
    "expiry", "theta", "year that passes", "calendar day that passes (1/365)", 1.0 / 365.0, -1.0
)
STRIKE = MarketInput("strike", "dual_delta", "1.00 of strike", "1.00 of strike", 1.0)

ALIASES: dict[str, MarketInput] = {
    **dict.fromkeys(("forward", "forwards", "spot", "spots", "spot_price", "underlying", "s", "s0"), SPOT),
    **dict.fromkeys(("volatility", "volatilities", "vol", "vols", "sigma", "sigmas"), VOLATILITY),
    **dict.fromkeys(("rate", "rates", "interest_rate", "risk_free_rate", "r"), RATE),
    **dict.fromkeys(("dividend_yield", "dividend_yields", "dividend", "q"), DIVIDEND),
    **dict.fromkeys(("expiry", "expiries", "maturity", "time", "time_to_expiry", "t"), EXPIRY),
    **dict.fromkeys(("strike", "strikes", "k"), STRIKE),
}
"""Input names, in lower case, and what they are."""

SECOND: dict[frozenset[str], str] = {
    frozenset({"spot"}): "gamma",
    frozenset({"volatility"}): "volga",
    frozenset({"strike"}): "dual_gamma",
    frozenset({"spot", "volatility"}): "vanna",
    frozenset({"spot", "expiry"}): "charm",
    frozenset({"volatility", "expiry"}): "veta",
    frozenset({"rate", "volatility"}): "vera",
    frozenset({"spot", "rate"}): "delta_rho",
    frozenset({"rate"}): "rho_convexity",
}
"""Names of second-order Greeks by the two inputs; others are called d2_ with both names."""


def rank(of: MarketInput) -> tuple[int, str]:
    """Return the key by which inputs are ordered."""
    return (ORDER.index(of.name) if of.name in ORDER else len(ORDER), of.name)


def market_input(name: str) -> MarketInput:
    """Return what an input is by its name; an unknown one is measured in itself, its Greek called d_name."""
    known = ALIASES.get(name.lower())
    return known or MarketInput(name, f"d_{name}", f"1.00 of {name}", f"1.00 of {name}", 1.0)


def second_name(one: MarketInput, other: MarketInput) -> str:
    """Return the name of the second-order Greek in two inputs."""
    first, second = sorted((one, other), key=rank)
    return SECOND.get(frozenset({one.name, other.name}), f"d2_{first.name}_{second.name}")


def bump(of: MarketInput, units: str) -> tuple[float, str]:
    """Return the factor, sign included, and the label of one input's bump in a system of units."""
    if units not in UNITS:
        raise AadValueError(f"units = {units!r}: choose 'raw' or 'market'")
    if units == "raw":
        return of.sign, of.unit
    return of.sign * of.scale, of.market_unit
