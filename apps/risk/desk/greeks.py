"""Desk Greeks of a book on its calibrated market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aadlib.types import Floats
from apps.risk.book import Position
from apps.risk.desk.book_price import BookPrice, book_price

if TYPE_CHECKING:
    from pricers.calibration import CalibrationResult, MarketGreeks
    from pricers.chain.quotes import Quotes
    from pricers.contracts import Market
    from pricers.desk import SmileGreeks, TimeGreeks


@dataclass(frozen=True)
class Variant:
    """Value, delta and gamma on a surface that was fitted otherwise: sticky local volatility, then sticky moneyness."""

    name: str
    value: float
    delta: tuple[float, float]
    gamma: tuple[float, float]


@dataclass(frozen=True)
class DeskGreeks:
    """What a desk asks of a book.

    Attributes
    ----------
    price : BookPrice
    spot : SmileGreeks
        Of the book, under three dynamics of the smile.
    unit_deltas, unit_gammas : (n_positions, 3) float
        Of one option of each position of `price`. Vanillas: Black's under sticky strike.
    time : TimeGreeks
        Of the book and of one option of each position, per calendar day.
    quotes : MarketGreeks
        Of the book, in the quotes behind the surface.
    variants : tuple of Variant
        What the numbers are on surfaces fitted otherwise.
    """

    price: BookPrice
    spot: SmileGreeks
    unit_deltas: Floats
    unit_gammas: Floats
    time: TimeGreeks
    quotes: MarketGreeks
    variants: tuple[Variant, ...]


def desk_greeks(
    fit: CalibrationResult,
    book: Sequence[Position],
    refit: Callable[[Quotes, dict[str, Any]], CalibrationResult],
) -> DeskGreeks | None:
    """Return what a desk asks of a book; nothing where all of it is simulated or over.

    Parameters
    ----------
    refit : callable, (quotes, options of `calibrate` that differ) -> CalibrationResult
    """
    from pricers.calibration import market_greeks
    from pricers.desk import smile_greeks, time_greeks

    price = book_price(book, fit)
    if not price.positions:
        return None
    deltas, gammas = unit_spot_greeks(fit, price)
    return DeskGreeks(
        price=price,
        spot=smile_greeks(fit, price.value_at),
        unit_deltas=deltas,
        unit_gammas=gammas,
        time=time_greeks(price, weights=price.sizes, per="calendar day"),
        quotes=market_greeks(fit, price.value_at),
        variants=_variants(fit, book, refit),
    )


def unit_spot_greeks(fit: CalibrationResult, price: BookPrice) -> tuple[Floats, Floats]:
    """Return delta and gamma of one option of each position under three dynamics, (n_positions, 3) each."""
    from pricers.desk import smile_greeks

    n_vanillas, vanillas = len(price.positions) - len(price.claims), price.vanillas

    def alone(k: int) -> Callable[[Market], Any]:
        if vanillas is not None and k < n_vanillas:
            return lambda market: vanillas.price_at(market)[k]
        return price.claims[k - n_vanillas].price_at

    found = [smile_greeks(fit, alone(k), revalued_move=None) for k in range(len(price.positions))]
    deltas, gammas = np.array([one.delta for one in found]), np.array([one.gamma for one in found])
    for k, (position, one) in enumerate(zip(price.positions, found, strict=True)):
        if position.is_vanilla:
            black = black_greeks(fit, position, one.value)
            if np.isfinite(black).all():
                deltas[k, 1], gammas[k, 1] = black
    return deltas, gammas


def black_greeks(market: Market, position: Position, price: float) -> tuple[float, float]:
    """Return Black's delta and gamma of a vanilla in the spot, at the volatility that its price implies, or NaN."""
    import aadlib as ad
    from pricers.analytic import implied_volatility

    expiry = position.term.expiry
    forward, discount = float(market.forward(expiry)), float(market.discount(expiry))
    terms = {"forward": forward, "strike": position.strike, "expiry": expiry, "discount": discount}
    implied = implied_volatility(price=price, is_call=position.is_call, on_error="nan", **terms)
    deviation = float(implied) * expiry**0.5
    d1 = np.log(forward / position.strike) / deviation + 0.5 * deviation
    share = discount * forward / market.spot
    call_delta = ad.norm_cdf(d1) - (0.0 if position.is_call else 1.0)
    return float(share * call_delta), float(share * ad.norm_pdf(d1) / (market.spot * deviation))


def _variants(
    fit: CalibrationResult,
    book: Sequence[Position],
    refit: Callable[[Quotes, dict[str, Any]], CalibrationResult],
) -> tuple[Variant, ...]:
    """Return the numbers on surfaces fitted to fewer expiries or quotes, or with more knots."""
    quotes = fit.problem.quotes
    expiry = np.array([item.expiry for item in quotes.slices])[quotes.slice_index]
    shapes = fit.surface.weights.shape
    half = np.arange(len(quotes)) % 2 == 0
    choices: list[tuple[str, Any, dict[str, Any]]] = [
        (f"quotes from {days} days on", expiry >= days / 365.0, {}) for days in (3, 7, 14, 30)
    ]
    choices += [
        ("every other quote", half, {}),
        (
            "twice as many knots",
            np.ones(len(quotes), dtype=bool),
            {"n_strikes": 2 * shapes[1], "n_expiries": 2 * shapes[0]},
        ),
    ]
    found = [_variant("the report's surface", fit, book_price(book, fit))]
    for name, chosen, options in choices:
        if options == {} and (chosen.all() or expiry[chosen].size < 20):
            continue
        other = refit(quotes.select(chosen), options)
        if options and other.surface.weights.shape == shapes:
            continue  # the quotes allow no more knots
        found.append(_variant(name, other, book_price(book, other)))
    return tuple(found)


def _variant(name: str, market: Market, price: BookPrice) -> Variant:
    import aadlib as ad
    from pricers.calibration.curvature import along_directions

    spot = float(market.spot)

    def of_logarithms(x: Any) -> Any:
        moved = {"spot": [spot * ad.exp(x[0])], "smile_move": x[1:]}
        return price.value_at(market.replaced(moved))

    along = np.array([[1.0, 1.0], [0.0, 1.0]])  # ln spot alone, and the smile with it
    value, first, products = along_directions(ad.record(of_logarithms, np.zeros(2)), np.zeros(2), along)
    slope, bend = first @ along, (along * products).sum(axis=0)
    delta, gamma = slope / spot, (bend - slope) / spot**2
    return Variant(name, value, (float(delta[0]), float(delta[1])), (float(gamma[0]), float(gamma[1])))
