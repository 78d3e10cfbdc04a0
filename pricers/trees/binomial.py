"""Options on trees, and their Greeks by dual numbers through the same source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    as_floats,
    one_float,
    require_choice,
    require_finite,
    require_non_negative,
    require_positive,
    whole_number,
)
from pricers.curves.rate_curve import Rate, discount_factor, is_curve, require_rate
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.term_volatility import TermVolatility
from pricers.trees.flat_tree import FlatTree
from pricers.trees.scheduled_tree import ScheduledTree
from pricers.trees.surface_tree import SurfaceTree
from pricers.trees.tree import LABELS, Tree
from pricers.trees.tree_greeks import TreeGreeks

LATTICES = ("leisen_reimer", "cox_ross_rubinstein")
"""Where the nodes of a binomial tree stand."""

SECOND_ORDER = ("differences", "likelihood_ratio", "pathwise")
"""How second derivatives are taken: see `greeks`."""

NO_DIVIDENDS: tuple[tuple[float, float], ...] = ()


def price(
    *,
    spot: float,
    strike: float,
    expiry: float,
    rate: Rate,
    dividend_yield: Rate = 0.0,
    volatility: Any,
    is_call: bool = True,
    exercise: str = "american",
    dividends: Sequence[tuple[float, float]] = NO_DIVIDENDS,
    n_steps: int = 1001,
    lattice: str | None = None,
) -> float:
    """Price an option on a tree: binomial, or trinomial over a volatility surface.

    Parameters
    ----------
    spot, strike : float, currency, > 0
    expiry : float, years, > 0
    rate, dividend_yield : float or RateCurve, per year, continuously compounded; negative ones are allowed
    volatility : float, per square root of a year, > 0; TermVolatility; or any other VolatilitySurface
        A volatility that changes with time alone has a binomial tree with steps of equal variance, a local volatility
        (a calibrated one, say) a trinomial one.
    is_call : bool
    exercise : "american" or "european"
    dividends : pairs of (years from now, currency) of cash dividends; their value is taken off the spot that diffuses
        (escrowed), those after expiry do not count. Over a surface give the curve of dividend yields instead.
    n_steps : int, >= 1, odd for "leisen_reimer"
    lattice : one of `LATTICES`, by default "leisen_reimer"; None over a surface

    Returns
    -------
    float, currency

    Raises
    ------
    AadValueError
        For a number that is not finite or out of range, an unknown name, an even number of steps on a Leisen-Reimer
        lattice, dividends worth more than the spot, or steps too long for the drift.
    AadTypeError
        When `is_call` is not a bool, or something that must be one number is none.

    Notes
    -----
    Under curves the tree carries the spot over its forward, so that rates move the nodes of a step alike and leave no
    drift in the probabilities; steps have equal variance. Over a surface the nodes stand still over the forward, at
    distances that follow the local volatility, with steps of equal variance between the times at which the surface
    jumps; their probabilities match mean and variance of every step: within 1e-4 of the strike of the backward march
    on the calibrated surface of an index. The surface stays where it is when spot or rates move.

    Cox-Ross-Rubinstein errors fall with 1/n_steps, in the even-odd zigzag of its kind; Leisen-Reimer's with its square
    for European options, and without zigzag for American ones. Exercise is looked for in every node: it may happen on
    one side, on both (negative rates) or nowhere.

    Examples
    --------
    >>> from pricers.trees import price
    >>> round(price(spot=100.0, strike=100.0, expiry=1.0, rate=0.03, volatility=0.2, is_call=False), 3)
    6.743
    """
    tree = _tree(
        spot, strike, expiry, rate, dividend_yield, volatility, dividends, n_steps, is_call, exercise, lattice
    )
    return tree.value(tree.point)


def greeks(
    *,
    spot: float,
    strike: float,
    expiry: float,
    rate: Rate,
    dividend_yield: Rate = 0.0,
    volatility: Any,
    is_call: bool = True,
    exercise: str = "american",
    dividends: Sequence[tuple[float, float]] = NO_DIVIDENDS,
    n_steps: int = 1001,
    lattice: str | None = None,
    second_order: str = "differences",
) -> TreeGreeks:
    """Return price, gradient and Hessian in spot, rate, dividend yield and volatility.

    Of a curve or a surface they are derivatives in a parallel shift, of a `TermVolatility` in that of the implied
    volatilities, of another surface in that of the local one.

    Parameters
    ----------
    spot ... lattice : as for `price`
    second_order : one of `SECOND_ORDER`
        "differences" takes central differences of the gradients that duals carry, one lattice spacing to either side in
        the spot, 0.01 in volatility and 0.005 in rate and dividend yield. "likelihood_ratio" does the same but for the
        row of the spot, which is the derivative by duals of the likelihood-ratio delta (LR-PW) of the first eighth of
        the steps: smooth in the spot, and right where exercise is far from the spot, as it leaves out exercise in these
        steps. "pathwise" is what second-order duals carry: exact for the tree as a function, in which kinks have no
        second derivative, so gamma on a Cox-Ross-Rubinstein lattice is zero, and that of exercise is missing on any;
        right for European options on a Leisen-Reimer lattice, whose prices are smooth. Under curves "differences" and
        "likelihood_ratio" are offered, over a surface "differences".

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
    spacings average them. Nine trees of first-order duals with four partials. At S = K = 100, r = 3%, volatility 20%,
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
    require_choice("second_order", second_order, SECOND_ORDER)
    tree = _tree(
        spot, strike, expiry, rate, dividend_yield, volatility, dividends, n_steps, is_call, exercise, lattice
    )
    if second_order == "likelihood_ratio" and n_steps < 2:
        raise AadValueError(f"n_steps = {n_steps!r}: second_order='likelihood_ratio' needs at least 2 steps")
    if second_order == "pathwise":
        value, gradient, hessian = tree.second_order(tree.point)
    else:
        value, gradient = tree.value_and_gradient(tree.point)
        spot_row = tree.spot_row(tree.point) if second_order == "likelihood_ratio" else None
        hessian = tree.differences()
        if spot_row is not None:
            hessian[0] = hessian[:, 0] = spot_row
    if not np.isfinite(hessian).all():
        raise AadValueError(
            f"second_order = {second_order!r}: the Hessian is not finite on this lattice; take more steps"
        )
    return TreeGreeks(value, gradient, hessian, LABELS, tree.lattice, second_order, tree.n_steps)


def _tree(
    spot: Any, strike: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any, dividends: Any,
    n_steps: Any, is_call: Any, exercise: Any, lattice: Any,
) -> Tree:  # fmt: skip
    """Check the arguments and return the tree that they ask for."""
    contract: dict[str, Any] = {
        name: one_float(name, x) for name, x in (("spot", spot), ("strike", strike), ("expiry", expiry))
    }
    for name, number in contract.items():
        require_positive(name, number)
    if not isinstance(is_call, bool | np.bool_):
        raise AadTypeError(f"is_call = {is_call!r}: must be True for a call or False for a put")
    require_choice("exercise", exercise, ("american", "european"))
    if lattice is not None:
        require_choice("lattice", lattice, LATTICES)
    steps = whole_number("n_steps", n_steps, 1)
    rates: dict[str, Any] = {
        "rate": _rate("rate", rate),
        "dividend_yield": _rate("dividend_yield", dividend_yield),
    }
    if isinstance(volatility, FlatVolatility):
        volatility = volatility.volatility
    flags: dict[str, Any] = {"is_call": bool(is_call), "american": exercise == "american"}
    pairs = _paid_before(dividends, contract["expiry"])
    if hasattr(volatility, "along_paths") and not isinstance(volatility, TermVolatility):
        if lattice is not None or pairs.size:
            raise AadValueError(
                f"volatility is a surface, whose tree is trinomial: leave out lattice = {lattice!r}, and give "
                "dividends as the curve dividend_yield=PiecewiseRate(...)"
            )
        return SurfaceTree(n_steps=steps, surface=volatility, **contract, **rates, **flags)
    named = lattice or LATTICES[0]
    if named == "leisen_reimer" and steps % 2 == 0:
        raise AadValueError(f"n_steps = {n_steps!r}: a Leisen-Reimer lattice has an odd number of steps")
    worth = float(sum(amount * discount_factor(rates["rate"], date) for date, amount in pairs.tolist()))
    if worth >= contract["spot"]:
        raise AadValueError(
            f"dividends are worth {worth:.6g} today: they must be worth less than the spot, {spot!r}"
        )
    if not isinstance(volatility, TermVolatility):
        volatility = one_float("volatility", volatility)
        require_positive("volatility", volatility)
        if not any(is_curve(x) for x in rates.values()):
            dates, amounts = (np.ascontiguousarray(pairs[:, k]) for k in (0, 1))
            return FlatTree(
                named,
                (*contract.values(), *rates.values(), volatility, dates, amounts, steps, *flags.values()),
            )
        volatility = TermVolatility(np.array([contract["expiry"]]), [volatility])
    implied = np.array([one_float("volatilities", x) for x in volatility.numbers])
    return ScheduledTree(
        named,
        steps,
        **contract,
        **rates,
        expiries=volatility.expiries,
        volatilities=implied,
        pairs=pairs,
        **flags,
    )


def _rate(name: str, given: Any) -> Rate:
    if is_curve(given):
        require_rate(name, given)
        return given
    number = one_float(name, given)
    require_finite(name, number)
    return number


def _paid_before(dividends: Any, expiry: float) -> Floats:
    """Return the times and amounts of the dividends that are paid before expiry, (n, 2)."""
    pairs = as_floats("dividends", dividends)
    if pairs.size and (pairs.ndim != 2 or pairs.shape[1] != 2):
        raise AadValueError(f"dividends has shape {pairs.shape}: must be pairs of (years from now, currency)")
    pairs = pairs.reshape(-1, 2)
    require_non_negative("dividends", pairs)
    return pairs[(pairs[:, 0] > 0.0) & (pairs[:, 0] <= expiry)]
