"""Out-of-the-money quotes of a chain: what a surface is fitted to."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aadlib.errors import AadValueError
from aadlib.validation import require_finite, require_positive, require_shape
from pricers.chain.parity import ParityFit
from pricers.chain.reading.explanation import Explanation

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Slice:
    """One (root, expiry date) of a chain with its parity forward and discount factor.

    Attributes
    ----------
    root : str
        Option root, for example ``"SPXW"``.
    expiry_date : datetime.date
        Last day of the option.
    expiry : float, years, > 0
        ACT/365; options settled at the open are a fraction of a day shorter.
    forward, discount : float, > 0
        Put-call-parity forward, and discount factor to the expiry.
    """

    root: str
    expiry_date: datetime.date
    expiry: float
    forward: float
    discount: float

    def __post_init__(self) -> None:
        require_positive("expiry", self.expiry)
        require_positive("forward", self.forward)
        require_positive("discount", self.discount)

    @property
    def label(self) -> str:
        """Root and date in one word, for tables and legends."""
        return f"{self.root} {self.expiry_date.isoformat()}".strip()


@dataclass(frozen=True, eq=False)
class Quotes:
    """Quotes sorted by slice, then strike; every array is read-only and has one entry per quote.

    Attributes
    ----------
    slices : tuple of Slice
        Sorted by expiry.
    spot : float
        Listed spot of the underlying; pricing uses the slices' forwards instead.
    quote_date : datetime.date
    slice_index : (n,) int
        Position in `slices`.
    strike, log_moneyness : (n,) float
        Strike, and ln(strike / forward).
    is_call : (n,) bool
    mid, bid, ask, spread : (n,) float
        Prices, and ask less bid.
    volatility, bid_volatility, ask_volatility : (n,) float, per square root of a year
        Implied by mid, bid and ask; NaN for a bid below or an ask above the no-arbitrage bounds.
    vega : (n,) float
        Discounted Black vega at the mid volatility, price per unit of volatility.
    dropped : dict
        Reason -> number of rows of the chain that are not here.
    exercise_style : str
        "american", "european", or "" where nobody has looked; prices of American options are here without the premium
        of early exercise.
    exercise_reason : str
        How the style is known.
    warnings : tuple of str
        What is odd about the market.
    is_mid_only : bool
        The source has mid prices only; bid and ask have a spread that was assumed for the weights, and "inside bid and
        ask" means nothing.
    explanation : Explanation, optional
        How the source was read.
    parity : ParityFit, optional
        The fit behind the forwards and discount factors; it may have more expiries than `slices`.
    """

    slices: tuple[Slice, ...]
    spot: float
    quote_date: datetime.date
    slice_index: NDArray[np.int64]
    strike: FloatArray
    log_moneyness: FloatArray
    is_call: NDArray[np.bool_]
    mid: FloatArray
    bid: FloatArray
    ask: FloatArray
    volatility: FloatArray
    bid_volatility: FloatArray
    ask_volatility: FloatArray
    spread: FloatArray
    vega: FloatArray
    dropped: dict[str, int] = field(default_factory=dict)
    parity: ParityFit | None = None
    exercise_style: str = ""
    exercise_reason: str = ""
    warnings: tuple[str, ...] = ()
    is_mid_only: bool = False
    explanation: Explanation | None = None

    def __post_init__(self) -> None:
        n = np.size(self.strike)
        if n == 0:
            raise AadValueError("strike is empty: a set of quotes needs at least one quote")
        for item in fields(self):
            column = getattr(self, item.name)
            if isinstance(column, np.ndarray):
                require_shape(item.name, column, (n,))
                if item.name not in ("bid_volatility", "ask_volatility"):
                    require_finite(item.name, column)
                frozen = column.copy()
                frozen.flags.writeable = False
                object.__setattr__(self, item.name, frozen)
        if self.slice_index.min() < 0 or self.slice_index.max() >= len(self.slices):
            raise AadValueError(
                f"slice_index runs from {self.slice_index.min()} to {self.slice_index.max()}: "
                f"must lie in 0..{len(self.slices) - 1}, the positions of slices"
            )
        if np.any(np.diff([s.expiry for s in self.slices]) < 0.0):
            raise AadValueError("slices are out of order: sort them by expiry")

    def __len__(self) -> int:
        return int(self.strike.size)

    @property
    def expiry(self) -> FloatArray:
        """Expiry of each quote, years, (n,)."""
        return np.array([s.expiry for s in self.slices])[self.slice_index]

    @property
    def forward(self) -> FloatArray:
        """Forward of each quote, (n,)."""
        return np.array([s.forward for s in self.slices])[self.slice_index]

    @property
    def discount(self) -> FloatArray:
        """Discount factor of each quote, (n,)."""
        return np.array([s.discount for s in self.slices])[self.slice_index]

    def select(self, keep: ArrayLike) -> Quotes:
        """Return the quotes where `keep` is true, with the slices unchanged (a holdout, a filter)."""
        mask = np.asarray(keep, dtype=bool)
        require_shape("keep", mask, (len(self),))
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{k: v[mask] for k, v in columns.items() if isinstance(v, np.ndarray)})
