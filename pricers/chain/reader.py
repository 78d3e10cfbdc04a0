"""Read an option chain from a file or a frame, whatever the vendor calls its columns and writes in them."""

from __future__ import annotations

import csv
import datetime
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from pricers.chain.chain import Chain
from pricers.chain.reading.contracts import Contracts, read_contracts, read_symbols
from pricers.chain.reading.dates import SERIAL, exchange_zone, parse_moment, prove_orders
from pricers.chain.reading.explanation import Explanation
from pricers.chain.reading.names import NUMBER_FIELDS
from pricers.chain.reading.numbers import prove_decimals
from pricers.chain.reading.options import ReadingOptions
from pricers.chain.reading.rows import Rows
from pricers.chain.reading.snapshots import choose_snapshot
from pricers.chain.reading.spots import read_spot, spot_column
from pricers.chain.reading.table import Column
from pricers.chain.reading.to_rows import open_table, read_rows, with_notes
from pricers.chain.reading.underlyings import choose_underlying, is_coin
from pricers.chain.reading.units import price_unit, scale_strikes
from pricers.chain.reading.words import parse_style, style_of_right


def read_chain(
    path: str | os.PathLike[str] | Any,
    *,
    spot: float | None = None,
    quote_date: datetime.date | str | None = None,
    expiry: datetime.date | str | None = None,
    columns: Mapping[str, str | None] | None = None,
    at: datetime.date | str | None = None,
    underlying: str | None = None,
    decimal: str | None = None,
    dates: str | None = None,
    zone: str | None = None,
) -> Chain:
    """Read an option chain from a file of text, a frame or a dictionary of arrays.

    Parameters
    ----------
    path : path of a text file, pandas or polars DataFrame, dict of arrays, or yfinance's pair of calls and puts
        One option per row, or call and put in one row; in any encoding and with any usual delimiter; titles above
        and notes below are left out. Columns are known by the names of `COLUMN_ALIASES`, in any order, and by the
        option symbols they hold; others are ignored. A frame's numbers are taken as they are.
    spot, quote_date, expiry : float; date or text, optional
        What the source lacks, or has wrong.
    columns : mapping, optional
        Field -> column name, where names alone do not tell: ``{"spot": "Index Spot", "call_bid": "CB"}``. None
        leaves a field unread: ``{"option_symbol": None}``.
    at : text or date, optional
        Which snapshot to read of several: ``"2024-09-03"``, ``"15:45"`` or ``"2024-09-03 15:45"``.
    underlying : str, optional
        Which underlying to read of several.
    decimal : "." or ",", optional
        The decimal sign, where the numbers do not prove it.
    dates : "day-first", "month-first", "year-first" or "serial", optional
        The order in dates such as 03/09/2024, where no day above 12 proves it; "serial" for the day numbers of a
        spreadsheet, where no Fridays among them prove them.
    zone : str, optional
        The exchange's time zone, for times in UTC; New York's by default, UTC for cryptocurrencies.

    Returns
    -------
    Chain
        All rows that are options; missing prices and open interests are NaN. `Chain.explanation` says what every
        column was taken for, and all that was inferred, converted or left out.

    Raises
    ------
    AadTypeError
        If `path` is none of these.
    AadValueError
        If the file cannot be read; if a field is missing; at the first text that is no number or date and the first
        strike that is not positive (with its line); if anything could be read in two ways, with the argument that
        settles it.
    """
    options = ReadingOptions(
        spot=spot,
        quote_date=quote_date,
        expiry=expiry,
        columns={} if columns is None else columns,
        at=at,
        underlying=underlying,
        decimal=decimal,
        dates=dates,
        zone=zone,
    )
    try:
        rows, explanation = read_rows(open_table(path, options), options)
    except OSError as error:
        raise AadValueError(
            f"path = {str(path)!r}: cannot be read ({error.strerror or error}); check the name and your permissions"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AadValueError(
            f"{path}: not a file of text columns ({error}); export it as CSV in UTF-8"
        ) from None
    return _to_chain(rows, explanation, options)


def _to_chain(rows: Rows, explanation: Explanation, options: ReadingOptions) -> Chain:
    """Turn rows of texts into a chain: one underlying, one snapshot, one unit."""
    source = rows.table.source
    decimals = prove_decimals(
        {name: rows.columns[name] for name in NUMBER_FIELDS if name in rows.columns},
        decimal=options.decimal,
        source=source,
    )
    # Every date of the source may be the proof, those of other snapshots and underlyings too.
    dated = {name: column for name, column in rows.columns.items() if name in ("quote_date", "expiry")}
    orders = prove_orders(dated, order=options.dates, source=source)
    _note_proofs(rows, decimals, orders)
    _keep_underlying(rows, options)
    symbols = read_symbols(rows)
    names = (
        [symbol.root for symbol in symbols[0]] if symbols else rows.texts("root") or rows.texts("underlying")
    )
    zone = options.zone or ("UTC" if names and all(map(is_coin, names)) else None)
    parse = partial(parse_moment, orders=orders, zone=exchange_zone(zone) if zone else None)
    contracts = read_contracts(rows, parse, expiry=_date(options.expiry), decimal=decimals.get("strike", "."))
    date, keep = choose_snapshot(rows, parse, contracts.numbered(), options)
    if keep is not None:
        rows.keep(keep, f"another snapshot than {options.at}")
        contracts = contracts.select(keep)
    _require_strikes(rows, contracts)
    chosen_spot = read_spot(rows, spot_column(rows, decimals), contracts, date, options)
    bid, ask = (rows.floats(name, decimals[name]) for name in _price_names(rows))
    contracts.strike = scale_strikes(rows, contracts, 0.5 * (bid + ask), chosen_spot)
    unit = price_unit(rows, contracts, 0.5 * (bid + ask), chosen_spot)
    open_interest = np.full(len(rows), np.nan)
    if "open_interest" in rows.columns:
        open_interest = rows.floats("open_interest", decimals["open_interest"])
    if np.isnan(open_interest).all():
        rows.notes.append("no open interest: options are not filtered by it")
    style = _exercise_style(rows)
    return Chain(
        quote_date=date,
        spot=chosen_spot,
        roots=contracts.roots,
        expiry_dates=contracts.expiry_dates,
        root_index=contracts.root_index,
        expiry_index=contracts.expiry_index,
        strike=contracts.strike,
        is_call=contracts.is_call,
        bid=bid * unit,
        ask=ask * unit,
        open_interest=open_interest,
        dropped=rows.dropped,
        exercise_style=style,
        explanation=with_notes(explanation, rows),
    )


def _date(given: datetime.date | str | None) -> datetime.date | None:
    assert not isinstance(given, str)  # the options have parsed it
    return given


def _keep_underlying(rows: Rows, options: ReadingOptions) -> None:
    symbols = read_symbols(rows)
    roots = rows.columns.get("root")
    if symbols is not None:
        texts = [symbol.root for symbol in symbols[0]]
        roots = Column("option_symbol", texts, rows.columns["option_symbol"].codes)
    keep = choose_underlying(rows, roots, options)
    if keep is not None:
        rows.keep(keep, f"another underlying than {options.underlying}")


def _require_strikes(rows: Rows, contracts: Contracts) -> None:
    bad = np.flatnonzero(~(np.isfinite(contracts.strike) & (contracts.strike > 0.0)))
    if bad.size:
        value = contracts.strike[bad[0]]
        raise AadValueError(f"{rows.place(int(bad[0]))}: strike = {value}: must be finite and above zero")


def _price_names(rows: Rows) -> tuple[str, str]:
    """Return the columns of bid and ask; a mid price is both."""
    if "bid" in rows.columns and "ask" in rows.columns:
        return "bid", "ask"
    rows.notes.append(f"column {rows.label('mid')} is a mid price: bid and ask both")
    return "mid", "mid"


def _exercise_style(rows: Rows) -> str:
    """Return "american", "european" or "" where nothing says it; raises where the options are of both."""
    name, parse = "exercise_style", parse_style
    if name not in rows.columns:
        name, parse = "cp", style_of_right
    styles = set(rows.parse(name, parse)) - {""} if name in rows.columns else set()
    if len(styles) > 1:
        raise AadValueError(
            f"{rows.table.source}: column {rows.label(name)} has American and European options; split the file, or "
            'leave the column unread with columns= (--columns "exercise_style=")'
        )
    return styles.pop() if styles else ""


def _note_proofs(rows: Rows, decimals: Mapping[str, str], orders: Mapping[str, str]) -> None:
    """Say which of several readings of numbers and dates was taken."""
    with_comma = [name for name, decimal in decimals.items() if decimal == ","]
    if with_comma:
        rows.notes.append(f"decimal comma in {', '.join(with_comma)}")
    for separator, order in orders.items():
        of = "5-digit dates are day numbers of a spreadsheet" if separator == SERIAL else ""
        rows.notes.append(of or f"dates with {separator!r} are {order}")
