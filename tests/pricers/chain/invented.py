"""An invented market in any layout: its options as texts, and the check that what was read is that market."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pricers.analytic import black_scholes
from pricers.chain import Quotes

QUOTE_DATE = datetime.date(2024, 9, 3)
SPOT, RATE, DIVIDEND_YIELD = 4400.0, 0.045, 0.015
EXPIRIES = (datetime.date(2024, 10, 4), datetime.date(2024, 11, 29), datetime.date(2025, 3, 28))
STRIKES = np.arange(3600.0, 5201.0, 50.0)
HEADER = ["quote_date", "spot", "expiry", "strike", "cp", "bid", "ask", "open_interest"]

Option = dict[str, str]


def volatility(strike: Any, forward: float, expiry: float) -> Any:
    """Return the smile: 0.18 - 0.25 k / sqrt(t + 0.2) + 0.5 k^2."""
    k = np.log(strike / forward)
    return 0.18 - 0.25 * k / np.sqrt(expiry + 0.2) + 0.5 * k**2


def _options() -> list[Option]:
    rows = []
    for date in EXPIRIES:
        expiry = (date - QUOTE_DATE).days / 365.0
        forward = SPOT * np.exp((RATE - DIVIDEND_YIELD) * expiry)
        for strike in STRIKES:
            for cp in "CP":
                value = float(
                    black_scholes.price(
                        spot=SPOT,
                        strike=strike,
                        expiry=expiry,
                        rate=RATE,
                        dividend_yield=DIVIDEND_YIELD,
                        volatility=volatility(strike, forward, expiry),
                        is_call=cp == "C",
                    )
                )
                half = max(0.05, 0.01 * value)
                texts = (
                    str(QUOTE_DATE),
                    "4400.0",
                    str(date),
                    f"{strike:.0f}",
                    cp,
                    f"{max(value - half, 0.0):.2f}",
                    f"{value + half:.2f}",
                    "500",
                )
                rows.append(dict(zip(HEADER, texts, strict=True)))
    return rows


OPTIONS = _options()
PAIRS = list(zip(OPTIONS[::2], OPTIONS[1::2], strict=True))
"""Call and put of each expiry and strike."""


def table(
    rows: Sequence[Sequence[str]],
    header: Sequence[str],
    *,
    delimiter: str = ",",
    above: str = "",
    below: str = "",
) -> str:
    """Return the text of a file."""
    return above + "\n".join(delimiter.join(row) for row in [header, *rows]) + "\n" + below


def plain(
    *, delimiter: str = ",", above: str = "", below: str = "", **changes: str | Callable[[Option], str]
) -> str:
    """Return the plain layout with the texts of some columns changed, or with columns added."""
    rows = [
        list({**o, **{name: f(o) if callable(f) else f for name, f in changes.items()}}.values())
        for o in OPTIONS
    ]
    return table(rows, list({**OPTIONS[0], **changes}), delimiter=delimiter, above=above, below=below)


def occ_symbol(option: Option, root: str = "SPXW") -> str:
    """Return the clearing house's symbol of an option."""
    date = datetime.date.fromisoformat(option["expiry"])
    return f"{root}{date:%y%m%d}{option['cp']}{int(option['strike']) * 1000:08d}"


def date_as(form: str, name: str = "expiry") -> Callable[[Option], str]:
    """Return a function that writes one of an option's dates in another form."""
    return lambda option: datetime.date.fromisoformat(option[name]).strftime(form)


def with_comma(name: str, digits: int = 2) -> Callable[[Option], str]:
    """Return a function that writes a number with a decimal comma."""
    return lambda option: f"{float(option[name]):.{digits}f}".replace(".", ",")


def assert_right(quotes: Quotes) -> None:
    """Assert that forwards, discount factors and volatilities are those of the invented market."""
    assert quotes.quote_date == QUOTE_DATE
    assert abs(quotes.spot - SPOT) < 0.5
    assert len(quotes) > 20
    for k, piece in enumerate(quotes.slices):
        assert piece.expiry_date in EXPIRIES
        expiry = (piece.expiry_date - QUOTE_DATE).days / 365.0
        forward = SPOT * np.exp((RATE - DIVIDEND_YIELD) * expiry)
        assert abs(piece.forward / forward - 1.0) < 0.002
        assert abs(piece.discount / np.exp(-RATE * expiry) - 1.0) < 0.002
        of_slice = quotes.slice_index == k
        right = volatility(quotes.strike[of_slice], forward, expiry)
        assert np.max(np.abs(quotes.volatility[of_slice] - right)) < 0.02
