"""Options on binomial trees, and their Greeks by dual numbers through the same source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, require_finite, require_non_negative, require_positive, whole_number

LATTICES = ("leisen_reimer", "cox_ross_rubinstein")
"""Where the nodes stand."""

SECOND_ORDER = ("differences", "likelihood_ratio", "pathwise")
"""How second derivatives are taken: see `greeks`."""

LABELS = ("spot", "rate", "volatility")
ACTIVE = (0, 3, 5)
"""Positions of these among the arguments of a tree."""

VOLATILITY_STEP, RATE_STEP = 0.01, 0.005
"""Half-widths of the differences of gradients."""

NO_DIVIDENDS: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, eq=False)
class TreeGreeks:
    """A price on a tree with its derivatives in spot, rate and volatility, raw units.

    Attributes
    ----------
    price : float, currency
    gradient : (3,) per unit of `labels`: delta, rho, vega
    hessian : (3, 3); NaN where the method gives no entry
    labels : ("spot", "rate", "volatility")
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
    def vega(self) -> float:
        """Per unit of volatility."""
        return float(self.gradient[2])

    @property
    def gamma(self) -> float:
        """Per currency unit of spot squared."""
        return float(self.hessian[0, 0])

    @property
    def vanna(self) -> float:
        """Per currency unit of spot and unit of volatility."""
        return float(self.hessian[0, 2])

    @property
    def volga(self) -> float:
        """Per unit of volatility squared."""
        return float(self.hessian[2, 2])


def price(
    *,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float = 0.0,
    volatility: float,
    is_call: bool = True,
    exercise: str = "american",
    dividends: Sequence[tuple[float, float]] = NO_DIVIDENDS,
    n_steps: int = 1001,
    lattice: str = "leisen_reimer",
) -> float:
    """Price an option on a binomial tree.

    Parameters
    ----------
    spot, strike : float, currency, > 0
    expiry : float, years, > 0
    rate, dividend_yield : float, per year, continuously compounded; negative ones are allowed
    volatility : float, per square root of a year, > 0
    is_call : bool
    exercise : "american" or "european"
    dividends : pairs of (years from now, currency) of cash dividends; their value is taken off the spot that diffuses
        (escrowed), those after expiry do not count
    n_steps : int, >= 1, odd for "leisen_reimer"
    lattice : one of `LATTICES`

    Returns
    -------
    float, currency

    Raises
    ------
    AadValueError
        For a number that is not finite or out of range, an unknown name, an even number of steps on a Leisen-Reimer
        lattice, dividends worth more than the spot, or steps too long for the drift.
    AadTypeError
        When `is_call` is not a bool.

    Notes
    -----
    Cox-Ross-Rubinstein errors fall with 1/n_steps, in the even-odd zigzag of its kind; Leisen-Reimer's with its square
    for European options, and without zigzag for American ones. Exercise is looked for in every node: it may happen on
    one side, on both (negative rates) or nowhere.

    Examples
    --------
    >>> from pricers.trees import price
    >>> round(price(spot=100.0, strike=100.0, expiry=1.0, rate=0.03, volatility=0.2, is_call=False), 3)
    6.743
    """
    tree, arguments = _tree(
        spot, strike, expiry, rate, dividend_yield, volatility, dividends, n_steps, is_call, exercise, lattice
    )
    return _checked(float(tree(*arguments)[0]), arguments)


def greeks(
    *,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float = 0.0,
    volatility: float,
    is_call: bool = True,
    exercise: str = "american",
    dividends: Sequence[tuple[float, float]] = NO_DIVIDENDS,
    n_steps: int = 1001,
    lattice: str = "leisen_reimer",
    second_order: str = "differences",
) -> TreeGreeks:
    """Return price, gradient and Hessian in spot, rate and volatility.

    Parameters
    ----------
    spot ... lattice : as for `price`
    second_order : one of `SECOND_ORDER`
        "differences" takes central differences of the gradients that duals carry, one lattice spacing to either side in
        the spot, 0.01 in volatility and 0.005 in the rate. "likelihood_ratio" does the same but for the row of the
        spot, which is the derivative by duals of the likelihood-ratio delta (LR-PW) of the first eighth of the steps:
        smooth in the spot, and right where exercise is far from the spot, as it leaves out exercise in these steps.
        "pathwise" is what second-order duals carry: exact for the tree as a function, in which kinks have no second
        derivative, so gamma on a Cox-Ross-Rubinstein lattice is zero, and that of exercise is missing on any; right for
        European options on a Leisen-Reimer lattice, whose prices are smooth.

    Returns
    -------
    TreeGreeks

    Raises
    ------
    AadValueError, AadTypeError
        As for `price`, for an unknown `second_order`, for "likelihood_ratio" on a single step, and where a bump leads
        to a market that has no tree.

    Notes
    -----
    Derivatives of a tree are step functions of the spot at the scale of one lattice spacing; differences over whole
    spacings average them. Seven trees of first-order duals with three partials. At S = K = 100, r = 3%, volatility 20%,
    one year and 1,001 steps, gamma, vanna, volga and d2/dr2 of an American put are within 0.2%, 2%, 1% and 0.5% of the
    continuous option's.

    References
    ----------
    P. Glasserman, Monte Carlo Methods in Financial Engineering (2003), sections 7.3 and 7.3.3 (LR-PW gamma).

    Examples
    --------
    >>> from pricers.trees import greeks
    >>> found = greeks(spot=100.0, strike=100.0, expiry=1.0, rate=0.03, volatility=0.2, is_call=False, n_steps=501)
    >>> round(found.delta, 3), round(found.gamma, 4)
    (-0.426, 0.0214)
    """
    if second_order not in SECOND_ORDER:
        raise AadValueError(f"second_order = {second_order!r}: choose one of {', '.join(SECOND_ORDER)}")
    from aadlib.compiled_duals import derivatives

    tree, arguments = _tree(
        spot, strike, expiry, rate, dividend_yield, volatility, dividends, n_steps, is_call, exercise, lattice
    )
    if second_order == "likelihood_ratio" and n_steps < 2:
        raise AadValueError(f"n_steps = {n_steps!r}: second_order='likelihood_ratio' needs at least 2 steps")
    if second_order == "pathwise":
        (value, gradient, hessian), _ = derivatives(tree, order=2, active=ACTIVE)(*arguments)
    else:
        first_order = derivatives(tree, order=1, active=ACTIVE)
        (value, gradient), (_, spot_row) = first_order(*arguments)
        hessian = _differences(lambda *moved: first_order(*moved)[0][1], arguments)
        if second_order == "likelihood_ratio":
            hessian[0] = hessian[:, 0] = spot_row
    _checked(value, arguments)
    if not np.isfinite(hessian).all():
        raise AadValueError(
            f"spot = {spot!r}: the Hessian is not finite: a bumped market has no tree (dividends worth more than the "
            "spot, or all probability on one side); move the spot away from the dividends' worth or take fewer steps"
        )
    return TreeGreeks(value, gradient, hessian, LABELS, lattice, second_order, n_steps)


def _differences(gradient: Callable[..., Floats], arguments: tuple[Any, ...]) -> Floats:
    """Return the Hessian by central differences of the gradient.

    Mixed derivatives with the spot come from its own row, which averages over the lattice.
    """
    spot, expiry, volatility, n_steps = (arguments[k] for k in (0, 2, 5, 8))
    spacing = float(np.exp(2.0 * volatility * np.sqrt(expiry / n_steps)))
    of_volatility = min(VOLATILITY_STEP, 0.25 * volatility)
    ends = (
        (spot / spacing, spot * spacing),
        (arguments[3] - RATE_STEP, arguments[3] + RATE_STEP),
        (volatility - of_volatility, volatility + of_volatility),
    )
    hessian = np.zeros((3, 3))
    for row, (position, (low, high)) in enumerate(zip(ACTIVE, ends, strict=True)):
        below, above = (
            gradient(*arguments[:position], number, *arguments[position + 1 :]) for number in (low, high)
        )
        hessian[row] = (above - below) / (high - low)
    hessian[1:, 0] = hessian[0, 1:]
    return 0.5 * (hessian + hessian.T)


def _tree(
    spot: Any, strike: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any, dividends: Any,
    n_steps: Any, is_call: Any, exercise: Any, lattice: Any,
) -> tuple[Callable[..., Any], tuple[Any, ...]]:  # fmt: skip
    """Check the arguments and return the tree's kernel with them."""
    for name, number in (("spot", spot), ("strike", strike), ("expiry", expiry), ("volatility", volatility)):
        require_positive(name, number)
    require_finite("rate", rate)
    require_finite("dividend_yield", dividend_yield)
    if not isinstance(is_call, bool | np.bool_):
        raise AadTypeError(f"is_call = {is_call!r}: must be True for a call or False for a put")
    if exercise not in ("american", "european"):
        raise AadValueError(f"exercise = {exercise!r}: choose 'american' or 'european'")
    if lattice not in LATTICES:
        raise AadValueError(f"lattice = {lattice!r}: choose one of {', '.join(LATTICES)}")
    steps = whole_number("n_steps", n_steps, 1)
    if lattice == "leisen_reimer" and steps % 2 == 0:
        raise AadValueError(f"n_steps = {n_steps!r}: a Leisen-Reimer lattice has an odd number of steps")
    pairs = as_floats("dividends", dividends)
    if pairs.size and (pairs.ndim != 2 or pairs.shape[1] != 2):
        raise AadValueError(f"dividends has shape {pairs.shape}: must be pairs of (years from now, currency)")
    pairs = pairs.reshape(-1, 2)
    require_non_negative("dividends", pairs)
    pairs = pairs[(pairs[:, 0] > 0.0) & (pairs[:, 0] <= float(expiry))]
    dates, amounts = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    worth = float(np.sum(amounts * np.exp(-float(rate) * dates)))
    if worth >= float(spot):
        raise AadValueError(
            f"dividends are worth {worth:.6g} today: they must be worth less than the spot, {spot!r}"
        )
    from pricers.trees import roll_back_kernel

    tree = getattr(roll_back_kernel, f"{lattice}_tree_kernel")
    numbers = [float(number) for number in (spot, strike, expiry, rate, dividend_yield, volatility)]
    return tree, (*numbers, dates, amounts, steps, bool(is_call), exercise == "american")


def _checked(value: float, arguments: tuple[Any, ...]) -> float:
    """Return the price; raise where the steps were too long for probabilities between 0 and 1."""
    _, _, expiry, rate, dividend_yield, volatility, *_, n_steps, _, _ = arguments
    drift, deviation = (
        abs(rate - dividend_yield) * expiry / n_steps,
        volatility * float(np.sqrt(expiry / n_steps)),
    )
    if drift < deviation and not np.isfinite(value):
        raise AadValueError(
            f"the price is {value}: the lattice puts all probability on one side (spot far from the strike for this "
            "volatility) or overflows; use lattice='cox_ross_rubinstein', more steps, or another volatility"
        )
    if drift >= deviation:
        least = int(np.ceil(((rate - dividend_yield) / volatility) ** 2 * expiry)) + 1
        raise AadValueError(
            f"n_steps = {n_steps}: the drift of a step, {drift:.3g}, exceeds its deviation, {deviation:.3g}; take at "
            f"least {least} steps"
        )
    return value
