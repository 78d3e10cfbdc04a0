"""What tells one option from another: root, expiry, right and strike, from columns and from option symbols.

Where a symbol says what a column says too, the two are compared: a difference is an error, not a choice.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.chain.reading.dates import Moment
from pricers.chain.reading.rows import Rows
from pricers.chain.reading.symbols import OptionSymbol, symbol_reader
from pricers.chain.reading.table import Column
from pricers.chain.reading.underlyings import underlying_of
from pricers.chain.reading.words import parse_is_call, parse_is_call_flag
from pricers.chain.settlement import last_day
from pricers.types import Bools, Longs


@dataclass(eq=False)
class Contracts:
    """Root, expiry, right and strike of every row.

    Attributes
    ----------
    roots : tuple of str
    expiry_dates : tuple of datetime.date
    root_index, expiry_index : (n,) int
        Positions in `roots` and `expiry_dates`.
    is_call : (n,) bool
    strike : (n,) float
    """

    roots: tuple[str, ...]
    expiry_dates: tuple[datetime.date, ...]
    root_index: Longs
    expiry_index: Longs
    is_call: Bools
    strike: Floats

    def select(self, keep: Bools) -> Contracts:
        """Return the rows that are kept, without the roots and dates that no row has any more."""
        root = Column("", list(self.roots), self.root_index).select(keep)
        in_use = np.unique(self.expiry_index[keep], return_inverse=True)
        return Contracts(
            roots=tuple(root.texts),
            expiry_dates=tuple(self.expiry_dates[k] for k in in_use[0]),
            root_index=root.codes,
            expiry_index=in_use[1],
            is_call=self.is_call[keep],
            strike=self.strike[keep],
        )

    def numbered(self) -> Longs:
        """Return a number for each row that is the same for the same option, (n,)."""
        strikes = np.unique(self.strike, return_inverse=True)[1]
        key = (self.root_index * len(self.expiry_dates) + self.expiry_index) * (
            strikes.max(initial=0) + 1
        ) + strikes
        return np.asarray(2 * key + self.is_call)


def _distinct(values: Sequence[object], codes: Longs) -> tuple[list[object], Longs]:
    """Number equal values the same, in the order of their first appearance."""
    at: dict[object, int] = {}
    renumbered = np.array([at.setdefault(value, len(at)) for value in values], dtype=np.int64)
    return list(at), renumbered[codes]


def _disagree(rows: Rows, name: str, different: Bools, theirs: Sequence[object], what: str) -> None:
    """Raise at the first row where the option symbol and a column differ."""
    row = int(np.argmax(different))
    symbol, column = rows.columns["option_symbol"], rows.columns[name]
    raise AadValueError(
        f"{rows.place(row)}: the option symbol {symbol.texts[symbol.codes[row]]!r} says {what} "
        f"{theirs[symbol.codes[row]]}, column {rows.label(name)} says {column.text_at(row)!r}; correct the "
        f'file, or leave one of them unread with columns= (--columns "option_symbol=")'
    )


def read_symbols(rows: Rows) -> tuple[list[OptionSymbol], float] | None:
    """Return every distinct symbol's content and the unit of their strikes, None without such a column."""
    column = rows.columns.get("option_symbol")
    reader = symbol_reader(column.texts) if column is not None else None
    if reader is None:
        return None
    return rows.parse("option_symbol", reader), reader.strike_unit


def _roots(rows: Rows, symbols: list[OptionSymbol] | None) -> Column:
    """Return the roots: the option's own root, that of its symbol, or the underlying's name."""
    own = next(
        (rows.columns[n] for n in ("root",) if n in rows.columns and not rows.columns[n].is_blank()), None
    )
    if symbols is not None:
        codes = rows.columns["option_symbol"].codes
        texts, index = _distinct([symbol.root for symbol in symbols], codes)
        of_symbol = Column("option_symbol", [str(text) for text in texts], index)
        if own is None:
            return of_symbol
        named = np.array([underlying_of(text) for text in own.texts])[own.codes]
        meant = np.array([underlying_of(symbol.root) for symbol in symbols])[codes]
        if np.any(named != meant):
            _disagree(rows, "root", named != meant, [symbol.root for symbol in symbols], "root")
        return of_symbol
    if own is None:
        own = rows.columns.get("underlying")
    if own is None or own.is_blank():
        return Column("", [""], np.zeros(len(rows), dtype=np.int64))
    texts, index = _distinct([text.strip() for text in own.texts], own.codes)
    return Column(own.header, [str(text) for text in texts], index)


def _expiries(
    rows: Rows,
    symbols: list[OptionSymbol] | None,
    parse: Callable[[str], Moment],
    given: datetime.date | None,
) -> tuple[list[datetime.date], Longs]:
    """Return the distinct expiry dates and each row's position among them."""
    if "expiry" in rows.columns:
        moments, codes = rows.parse("expiry", parse), rows.columns["expiry"].codes
        dates = [moment.date for moment in moments]
        moved = next((k for k, moment in enumerate(moments) if moment.moved), None)
        if moved is not None:
            text = rows.columns["expiry"].texts[moved]
            rows.notes.append(f"expiry {text!r} is {moments[moved]} at the exchange (zone=)")
        if symbols is not None:
            by_column = np.array([last_day(date).toordinal() for date in dates])[codes]
            by_symbol = np.array([last_day(symbol.expiry_date).toordinal() for symbol in symbols])
            different = by_column != by_symbol[rows.columns["option_symbol"].codes]
            if different.any():
                _disagree(rows, "expiry", different, [symbol.expiry_date for symbol in symbols], "expiry")
    elif symbols is not None:
        dates, codes = [symbol.expiry_date for symbol in symbols], rows.columns["option_symbol"].codes
    else:
        assert given is not None
        dates, codes = [given], np.zeros(len(rows), dtype=np.int64)
    distinct, index = _distinct(dates, codes)
    return [date for date in distinct if isinstance(date, datetime.date)], index


def _rights(rows: Rows, symbols: list[OptionSymbol] | None) -> Bools:
    by_symbol = np.array([symbol.is_call for symbol in symbols], dtype=bool) if symbols is not None else None
    name = "cp" if "cp" in rows.columns else "is_call"
    if name not in rows.columns:
        assert by_symbol is not None
        return np.asarray(by_symbol[rows.columns["option_symbol"].codes])
    parse = parse_is_call if name == "cp" else parse_is_call_flag
    is_call: Bools = np.array(rows.parse(name, parse), dtype=bool)[rows.columns[name].codes]
    if symbols is not None and by_symbol is not None:
        different = is_call != by_symbol[rows.columns["option_symbol"].codes]
        if different.any():
            words = ["call" if symbol.is_call else "put" for symbol in symbols]
            _disagree(rows, name, different, words, "it is a")
    return is_call


def _strikes(rows: Rows, symbols: tuple[list[OptionSymbol], float] | None, decimal: str) -> Floats:
    """Return the strikes, in thousandths still where nothing here proves that they are."""
    if symbols is not None:
        by_symbol = np.array([symbol.strike for symbol in symbols[0]])[rows.columns["option_symbol"].codes]
        if "strike" not in rows.columns:
            return np.asarray(by_symbol)
    strike = rows.floats("strike", decimal)
    if symbols is None:
        return strike
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = strike / by_symbol
    if np.all(np.abs(ratio - 1.0) < 1e-6):
        return strike
    if np.all(np.abs(ratio / 1000.0 - 1.0) < 1e-6) and symbols[1] == 1e-3:
        rows.notes.append("strikes are in thousandths, as the option symbols prove: divided by 1000")
        return np.asarray(by_symbol)
    if np.all(np.abs(ratio * 1000.0 - 1.0) < 1e-6) and symbols[1] != 1e-3:
        return strike  # the symbols have it in thousandths
    off = ~(np.abs(ratio - 1.0) < 1e-6)
    _disagree(rows, "strike", off, [symbol.strike for symbol in symbols[0]], "strike")
    return strike


def read_contracts(
    rows: Rows, parse: Callable[[str], Moment], *, expiry: datetime.date | None, decimal: str
) -> Contracts:
    """Return root, expiry, right and strike of every row.

    Raises
    ------
    AadValueError
        At a field that cannot be read, and where an option symbol and a column say different things.
    """
    symbols = read_symbols(rows)
    contents = symbols[0] if symbols is not None else None
    roots = _roots(rows, contents)
    dates, expiry_index = _expiries(rows, contents, parse, expiry)
    return Contracts(
        roots=tuple(roots.texts),
        expiry_dates=tuple(dates),
        root_index=roots.codes,
        expiry_index=expiry_index,
        is_call=_rights(rows, contents),
        strike=_strikes(rows, symbols, decimal),
    )
