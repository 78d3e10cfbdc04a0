"""Every position that the forward march does not price, by the engine that suits, and the book with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aadlib.types import Floats
from apps.risk.book import Position
from apps.risk.engines.backward import backward_greeks
from apps.risk.engines.paths import Draws, path_greeks
from apps.risk.model import BookModel
from apps.risk.products import Contract
from apps.risk.results import VOLATILITY_POINT, BookGreeks, StandardErrors, UnitGreeks


def product_greeks(model: BookModel, book: Sequence[Position], draws: Draws) -> tuple[UnitGreeks | None, ...]:
    """Return price and Greeks of one option of each position, none for the vanillas.

    Simulated positions have seeds of their own, so that their errors are independent.
    """
    units: list[UnitGreeks | None] = []
    for number, position in enumerate(book):
        if position.is_vanilla:
            units.append(None)
        elif is_simulated(position.contract):
            own = replace(draws, seed=draws.seed + number)
            units.append(path_greeks(model, position.contract.path(position.terms), own))
        else:
            units.append(backward_greeks(model, position.contract, position.terms))
    return tuple(units)


def is_simulated(contract: Contract) -> bool:
    """Tell whether a contract offers paths."""
    return type(contract).path is not Contract.path


def whole_book(
    vanillas: BookGreeks, book: Sequence[Position], units: tuple[UnitGreeks | None, ...]
) -> BookGreeks:
    """Return the Greeks of vanillas and other products together; the vanillas' own where there are no others.

    Parameters
    ----------
    vanillas : of those positions that have no unit, in the book's order
    """
    others = [(position.size, unit) for position, unit in zip(book, units, strict=True) if unit is not None]
    if not others:
        return vanillas
    n = len(vanillas.inputs)
    inputs, bumps = slice(0, n), slice(n, None)
    value = sum(size * unit.price for size, unit in others)
    gradient = np.sum([size * unit.gradient for size, unit in others], axis=0)
    hessian = np.sum([size * unit.hessian for size, unit in others], axis=0)
    plain = np.array([unit is None for unit in units])

    def each(of_vanillas: Floats, of_others: Sequence[float]) -> Floats:
        merged = np.empty(plain.size)
        merged[plain], merged[~plain] = of_vanillas, of_others
        return merged

    return replace(
        vanillas,
        value=vanillas.value + value,
        gradient=vanillas.gradient + gradient[inputs],
        hessian=vanillas.hessian + hessian[inputs, inputs],
        vega=vanillas.vega + VOLATILITY_POINT * gradient[bumps],
        vega_vega=vanillas.vega_vega + VOLATILITY_POINT**2 * hessian[bumps, bumps],
        spot_vega=vanillas.spot_vega + VOLATILITY_POINT * hessian[0, bumps],
        rate_vega=vanillas.rate_vega + VOLATILITY_POINT * hessian[1, bumps],
        unit_prices=each(vanillas.unit_prices, [unit.price for _, unit in others]),
        unit_deltas=each(vanillas.unit_deltas, [unit.gradient[0] for _, unit in others]),
        unit_gammas=each(vanillas.unit_gammas, [unit.hessian[0, 0] for _, unit in others]),
        unit_vegas=each(
            vanillas.unit_vegas, [VOLATILITY_POINT * unit.gradient[bumps].sum() for _, unit in others]
        ),
        unit_black_vegas=each(vanillas.unit_black_vegas, [np.nan] * len(others)),
        units=units,
        errors=_errors(others),
    )


def _errors(others: Sequence[tuple[float, UnitGreeks]]) -> StandardErrors | None:
    """Return the standard errors of sums of independent estimates."""
    simulated = [(size, unit.errors) for size, unit in others if unit.errors is not None]
    if not simulated:
        return None

    def together(parts: Sequence[Floats]) -> Floats:
        return np.sqrt(np.sum(np.square(parts), axis=0))

    return StandardErrors(
        price=float(together([np.array(size * errors.price) for size, errors in simulated])),
        gradient=together([size * errors.gradient for size, errors in simulated]),
        hessian=together([size * errors.hessian for size, errors in simulated]),
    )
