"""What the risk report is made from: the outcome of every stage, before any of it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aadlib.types import Floats
from apps.risk.book import Position
from apps.risk.buckets import Buckets

if TYPE_CHECKING:
    from apps.risk.desk.greeks import DeskGreeks
    from apps.risk.desk.moves import Scenarios
    from pricers.calibration import CalibrationResult, HoldoutResult, Screen
    from pricers.calibration.svi_fit import SVIFit
    from pricers.chain import ArbitrageReport
    from pricers.chain.quotes import Quotes

VOLATILITY_POINT = 0.01
BASIS_POINT = 1e-4
_NO_INDEX = {"BTC", "ETH"}
_AMERICAN_INDEX = {"OEX"}


@dataclass(frozen=True)
class StandardErrors:
    """Standard errors of a simulated price and its raw derivatives in all inputs, the bumps, and a bump of all buckets.

    Attributes
    ----------
    price : float
    gradient : (n + 1,) float
    hessian : (n + 1, n + 1) float
    """

    price: float
    gradient: Floats
    hessian: Floats


@dataclass(frozen=True)
class UnitGreeks:
    """Price and raw derivatives of one option that the forward march does not price.

    Attributes
    ----------
    price : float
    gradient : (n,) float
        In the inputs of the book, then the bumps.
    hessian : (n, n) float
    engine : str
    errors : StandardErrors or None where nothing is simulated
    """

    price: float
    gradient: Floats
    hessian: Floats
    engine: str
    errors: StandardErrors | None = None


@dataclass(frozen=True)
class BookGreeks:
    """Value and raw derivatives of the whole book; prices in index points.

    Attributes
    ----------
    inputs : tuple of str
        Spot, rate, then the surface parameters: what the derivatives are taken in.
    gradient : (n_inputs,) float
    hessian : (n_inputs, n_inputs) float
    vega : (n_buckets,) float
        Per point added to the local volatility in each bucket.
    vega_vega : (n_buckets, n_buckets) float
        Per volatility point squared.
    spot_vega, rate_vega : (n_buckets,) float
        Second derivatives in spot or rate and a volatility point of each bucket.
    unit_prices, unit_deltas, unit_gammas, unit_vegas : (n_positions,) float
        Of one option of each position: price, per index point, per index point squared (extrapolated difference of
        exact deltas), per point of local volatility in every bucket.
    unit_black_vegas : (n_positions,) float
        Per point of the option's own implied volatility, by the Black formula.
        NaN for what is no European option.
    method : str
        How the Hessian was made.
    units : tuple of UnitGreeks or None for each position
        Of those that the forward march does not price; empty where it prices all.
    errors : StandardErrors, optional
        Of the whole book, where something is simulated.
    """

    inputs: tuple[str, ...]
    value: float
    gradient: Floats
    hessian: Floats
    vega: Floats
    vega_vega: Floats
    spot_vega: Floats
    rate_vega: Floats
    unit_prices: Floats
    unit_deltas: Floats
    unit_gammas: Floats
    unit_vegas: Floats
    unit_black_vegas: Floats
    method: str
    units: tuple[UnitGreeks | None, ...] = ()
    errors: StandardErrors | None = None


@dataclass(frozen=True)
class Check:
    """One number of the report beside an independent one."""

    quantity: str
    unit: str
    ours: float
    independent: float
    how: str


@dataclass(frozen=True)
class Valuation:
    """What the book and its Greeks were found from, and they.

    Attributes
    ----------
    loaded : Quotes
        Those of the chain; `screen` and `arbitrage` are about them.
    quotes : Quotes
        Those that the screen kept; all else is about them.
    provenance : mapping
        What the report was made from, name to text.
    book_warnings : tuple of str
        What is odd about positions of the book.
    currency : str
        What a price is in; empty where nobody said it.
    """

    source: str
    loaded: Quotes
    screen: Screen
    arbitrage: ArbitrageReport
    quotes: Quotes
    calibration: CalibrationResult
    book: tuple[Position, ...]
    greeks: BookGreeks
    buckets: Buckets
    provenance: Mapping[str, str]
    book_warnings: tuple[str, ...]
    currency: str

    @property
    def price_unit(self) -> str:
        """What prices are in: the currency, or index points for an index."""
        from pricers.chain.exercise import EUROPEAN_ROOTS

        if self.currency:
            return self.currency
        roots = {item.root for item in self.quotes.slices}
        return "index points" if roots <= (EUROPEAN_ROOTS | _AMERICAN_INDEX) - _NO_INDEX else "price"


@dataclass(frozen=True)
class RiskResult(Valuation):
    """Everything the report shows: what the fit and the Greeks compare with beside them."""

    svi: SVIFit
    holdout: HoldoutResult | None
    checks: tuple[Check, ...]
    desk: DeskGreeks | None
    """None where the whole book is simulated or over, or `--no-desk` was asked for."""
    scenarios: Scenarios | None
    """None where there is no desk."""
