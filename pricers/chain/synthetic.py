"""Make the synthetic option chain that ships with the package, from a published SVI surface.

The surface is that of SPX on 15 September 2005 as fitted by J. Gatheral: its five parameters per expiry are facts
of the literature, so the chain made from them is free of any vendor's licence. Everything around the surface is
invented here and only meant to look like an index chain: the roots and expiries between the fitted ones, a flat
rate and dividend yield, strikes, price ticks, spreads and open interest. Nothing is random: what should look
irregular comes from a golden-ratio sequence, so that the same file comes out byte for byte.

``python -m pricers.chain.synthetic CHAIN.csv`` writes the file, ``--next-day`` that of the next trading day, which is
invented as a whole: the index 1.5% lower, every volatility 1.2 points higher at its moneyness and expiry date, the rate
5 basis points higher.
"""

from __future__ import annotations

import argparse
import datetime
import os
from dataclasses import dataclass

import numpy as np

from aadlib.types import Floats
from pricers.analytic.black_scholes import price
from pricers.chain.settlement import years_to_expiry
from pricers.surfaces.svi import SVISlice, SVISurface
from pricers.whole_files import write_whole

QUOTE_DATE = datetime.date(2005, 9, 15)
DIVIDEND_YIELD = 0.02


@dataclass(frozen=True)
class Day:
    """A market of the synthetic chain: `volatility_shift` is added to the published volatilities, by expiry date."""

    quote_date: datetime.date
    spot: float
    rate: float
    volatility_shift: float


FIRST_DAY = Day(QUOTE_DATE, 1227.73, 0.04, 0.0)
NEXT_DAY = Day(datetime.date(2005, 9, 16), 1209.31, 0.0405, 0.012)

GATHERAL_SPX_2005_09_15 = (
    # expiry date, a, b, sigma, rho, m
    ("2005-09-16", -0.0001449630, 0.009296544, 0.01967133, -0.2941176, -0.005427323),
    ("2005-10-21", -0.0008321340, 0.024439766, 0.06986945, -0.2999753, 0.026483640),
    ("2005-11-18", -0.0008676750, 0.028290645, 0.08738356, -0.2892204, 0.059270300),
    ("2005-12-16", -0.0000591593, 0.033179082, 0.08128724, -0.3014043, 0.065254921),
    ("2006-03-17", 0.0011431940, 0.046279644, 0.10406830, -0.3530782, 0.094200077),
    ("2006-06-16", 0.0022640980, 0.056260415, 0.13053393, -0.4387409, 0.111123069),
    ("2006-12-15", 0.0040335530, 0.073370755, 0.17079476, -0.4968970, 0.149660916),
    ("2007-06-15", 0.0034526910, 0.091723054, 0.22368141, -0.4942213, 0.185412849),
)
"""Raw SVI parameters from J. Gatheral's fit, lecture 4 of his Volatility Workshop at Baruch College; the surface of
Gatheral (2006), The Volatility Surface, chapters 3 and 4."""

EXPIRIES = (
    # root, expiry date; SPX on third Fridays, SPXW on other Fridays and at the ends of months
    ("SPXW", "2005-09-23"),
    ("SPXW", "2005-09-30"),
    ("SPXW", "2005-10-07"),
    ("SPX", "2005-10-21"),
    ("SPXW", "2005-10-21"),
    ("SPXW", "2005-10-31"),
    ("SPX", "2005-11-18"),
    ("SPXW", "2005-11-30"),
    ("SPX", "2005-12-16"),
    ("SPXW", "2005-12-30"),
    ("SPX", "2006-03-17"),
    ("SPXW", "2006-03-31"),
    ("SPX", "2006-06-16"),
    ("SPX", "2006-09-15"),
    ("SPX", "2006-12-15"),
    ("SPX", "2007-06-15"),
)

HEADER = """\
# Synthetic option chain, no market data: made by pricers/chain/synthetic.py from the SVI parameters that J. Gatheral
# fitted to SPX on {quote_date}; rate {rate}, dividend yield {dividend_yield}, spreads and open interest are invented.
quote_date,spot,root,expiry,strike,cp,bid,ask,open_interest
"""


def published_surface() -> SVISurface:
    """Return Gatheral's surface with the expiries counted as everywhere here (ACT/365, settled at the open)."""
    dates = [datetime.date.fromisoformat(row[0]) for row in GATHERAL_SPX_2005_09_15]
    return SVISurface(
        expiries=np.array(
            [years_to_expiry(root="SPX", quote_date=QUOTE_DATE, expiry_date=date) for date in dates]
        ),
        slices=tuple(
            SVISlice(a=a, b=b, sigma=sigma, rho=rho, m=m)
            for _, a, b, sigma, rho, m in GATHERAL_SPX_2005_09_15
        ),
    )


def _irregular(n: int, offset: float) -> Floats:
    """Return n numbers in [0, 1) that fill it evenly without a pattern to the eye."""
    return np.asarray((offset + 0.6180339887498949 * np.arange(n)) % 1.0)


def _strikes(forward: float, deviation: float) -> Floats:
    """Return strikes every 5 points near the forward and sparser in the wings, (n,)."""
    low, high = forward * np.exp(-7.0 * deviation), forward * np.exp(4.0 * deviation)
    ladder = np.arange(5.0, 3.0 * forward, 5.0)
    distance = np.abs(np.log(ladder / forward)) / deviation
    wing = np.where(distance < 2.5, 5.0, np.where(distance < 4.0, 10.0, 25.0))
    long_dated = 25.0 if deviation > 0.2 else 10.0 if deviation > 0.08 else 5.0
    step = np.maximum(wing, long_dated)
    return np.asarray(ladder[(ladder >= low) & (ladder <= high) & (ladder % step == 0.0)])


def _tick(prices: Floats) -> Floats:
    return np.where(prices < 3.0, 0.05, 0.1)


def _slice_rows(surface: SVISurface, day: Day, root: str, expiry_date: str, offset: float) -> list[str]:
    """Return the rows of one root and expiry, put after call at each strike."""
    date = datetime.date.fromisoformat(expiry_date)
    published = years_to_expiry(root=root, quote_date=QUOTE_DATE, expiry_date=date)
    expiry = years_to_expiry(root=root, quote_date=day.quote_date, expiry_date=date)
    forward = day.spot * np.exp((day.rate - DIVIDEND_YIELD) * expiry)
    deviation = float(np.sqrt(surface.total_variance(0.0, expiry=published)))
    strike = np.repeat(_strikes(forward, deviation), 2)
    n = strike.size
    is_call = np.arange(n) % 2 == 0
    of_surface = np.sqrt(surface.total_variance(np.log(strike / forward), expiry=published) / published)
    value = np.asarray(
        price(
            spot=day.spot,
            strike=strike,
            expiry=expiry,
            rate=day.rate,
            dividend_yield=DIVIDEND_YIELD,
            volatility=of_surface + day.volatility_shift,
            is_call=is_call,
        )
    )
    # A spread of 2% of the price between a floor and a cap, wider by up to a half, and a mid off centre by up to
    # a quarter of it; rounding outwards to ticks keeps the model's price inside.
    wider, shift = _irregular(n, offset), _irregular(n, offset + 0.37) - 0.5
    width = np.clip(0.02 * value, 0.1, 2.0) * (1.0 + 0.5 * wider)
    tick = _tick(value)
    bid = np.maximum(np.floor((value - width * (0.5 + 0.5 * shift)) / tick + 1e-9), 0.0) * tick
    ask = np.ceil((value + width * (0.5 - 0.5 * shift)) / tick - 1e-9) * tick
    # Open interest is largest on round strikes slightly below the forward.
    distance = (np.log(strike / forward) / deviation + 0.8) / 2.5
    popularity = np.exp(-0.5 * distance**2) * np.where(strike % 25.0 == 0.0, 3.0, 1.0)
    held = np.floor(6000.0 * popularity * _irregular(n, offset + 0.71) ** 2)
    return [
        f"{day.quote_date},{day.spot},{root},{expiry_date},{strike[k]:.0f},{'C' if is_call[k] else 'P'},"
        f"{bid[k]:.2f},{ask[k]:.2f},{held[k]:.0f}"
        for k in range(n)
    ]


def synthetic_chain(day: Day = FIRST_DAY) -> str:
    """Return the text of the synthetic chain of one day, a CSV file that `read_chain` reads.

    Returns
    -------
    str
        Both calls and puts at every strike of every expiry, with put-call parity inside the spreads.

    References
    ----------
    Gatheral (2006), The Volatility Surface, Wiley, chapters 3 and 4.
    """
    surface = published_surface()
    rows: list[str] = []
    for position, (root, date) in enumerate(EXPIRIES):
        rows += _slice_rows(surface, day, root, date, offset=0.17 * position)
    header = HEADER.format(quote_date=QUOTE_DATE, rate=day.rate, dividend_yield=DIVIDEND_YIELD)
    return header + "\n".join(rows) + "\n"


def write_synthetic_chain(path: str | os.PathLike[str], day: Day = FIRST_DAY) -> None:
    """Write the synthetic chain of one day to `path`, whole or not at all."""
    text = synthetic_chain(day)
    write_whole(path, lambda stream: stream.write(text.encode("ascii")))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description="Write the synthetic option chain made from a published surface."
    )
    parser.add_argument("path", help="the CSV file to write")
    parser.add_argument("--next-day", action="store_true", help="of the next trading day, which is invented")
    chosen = parser.parse_args()
    write_synthetic_chain(chosen.path, NEXT_DAY if chosen.next_day else FIRST_DAY)


if __name__ == "__main__":
    main()
