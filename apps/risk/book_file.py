"""A book read from a CSV file: one position a row, and errors that name the place and what may stand there."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aadlib.errors import AadValueError
from apps.risk.book import Position
from apps.risk.products import COLUMNS as PRODUCT_COLUMNS
from apps.risk.products import PRODUCTS, VANILLA, Contract
from apps.risk.products.contract import OptionTerms
from apps.risk.products.fields import Fields, date_or_years

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes, Slice

COLUMNS = ("quantity", "expiry", "strike", "cp")
"""Columns of a book file."""
OPTIONAL_COLUMNS = ("product", "root", "label", "multiplier", *PRODUCT_COLUMNS)
"""Columns that may be added."""

LARGEST_SIZE = 1e12
"""Quantity times multiplier: beyond it doubles cannot add one option to the book's value."""


def read_book(path: Path, quotes: Quotes) -> list[Position]:
    """Read a book from a CSV file with the columns `COLUMNS`, and any of `OPTIONAL_COLUMNS`.

    An expiry is a date, or a number of years. On a date of the chain's slices, without a root, the one that settles
    last is meant; any other expiry has its forward and discount factor from the curves through those of the slices.
    The `multiplier` is what one point of price is worth (1 where it is empty). Cells that mean nothing to a row's
    `product` are empty.

    Raises
    ------
    AadValueError
        The file cannot be read, has no rows, lacks a column or has one that is not known, or a field is not what it
        should be, or means nothing to its product (with its line).
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(line for line in stream if not line.startswith("#"))
            _require_columns(path, list(reader.fieldnames or []))
            book = [_position(path, number, row, quotes) for number, row in enumerate(reader, start=1)]
    except OSError as error:
        raise AadValueError(f"{path}: cannot be read ({error.strerror}); name a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise AadValueError(f"{path}: not a CSV file in UTF-8 ({error})") from error
    if not book:
        raise AadValueError(f"{path}: a header and no positions; a book needs at least one")
    return book


def book_warnings(book: list[Position], quotes: Quotes) -> tuple[str, ...]:
    """Return what is odd about positions: expiries beyond the calibrated ones, barriers that are crossed."""
    last = max(quotes.slices, key=lambda term: term.expiry)
    warnings = []
    for number, position in enumerate(book, start=1):
        where = f"position {number}, {position.label}"
        if position.term.expiry > last.expiry * (1.0 + 1e-9):
            warnings.append(
                f"{where}: expires in {position.term.expiry:.2f} years, after the last calibrated slice, {last.label} "
                f"({last.expiry:.2f} years): from there on the local volatility of the last interval and the last "
                "forward rates go on"
            )
        odd = position.contract.warning(position.terms, quotes.spot)
        if odd:
            warnings.append(f"{where}: {odd}")
    return tuple(warnings)


def _require_columns(path: Path, names: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise AadValueError(
            f"{path}: missing columns {', '.join(missing)}: a book needs {', '.join(COLUMNS)}"
        )
    unknown = [repr(name) for name in names if name not in COLUMNS + OPTIONAL_COLUMNS]
    if unknown:
        raise AadValueError(
            f"{path}: unknown columns {', '.join(unknown)}: a book has {', '.join(COLUMNS)}, and "
            f"{', '.join(OPTIONAL_COLUMNS)} where wanted; remove or rename them"
        )
    double = sorted({repr(name) for name in names if names.count(name) > 1})
    if double:
        raise AadValueError(f"{path}: the columns {', '.join(double)} stand twice; remove one of each")


def _position(
    path: Path, number: int, row: dict[str | None, str | list[str] | None], quotes: Quotes
) -> Position:
    from pricers.chain.reading.words import parse_is_call

    where = f"{path}, position {number}"
    text = {name: value.strip() for name, value in row.items() if name is not None and isinstance(value, str)}
    if None in row:
        raise AadValueError(
            f"{where}: has more fields than the header; put quotes around a field with commas"
        )
    fields = Fields(where, text, quotes.quote_date)
    product = _product(fields)
    quantity = fields.number("quantity")
    if quantity == 0.0:
        raise AadValueError(f"{where}: quantity = {quantity}: must be finite and not zero")
    strike, is_call = fields.positive("strike"), fields.parsed("cp", parse_is_call)
    multiplier = fields.positive("multiplier") if "multiplier" in fields else 1.0
    if abs(quantity) * multiplier > LARGEST_SIZE:
        raise AadValueError(
            f"{where}: quantity times multiplier = {quantity * multiplier:g}: must be {LARGEST_SIZE:g} at most, or the "
            "other positions are lost in its rounding"
        )
    terms = OptionTerms(_term(fields, quotes), strike, is_call)
    contract = product.read(fields, terms)
    shown = terms.right if contract is VANILLA else f"{product.NAME} {terms.right}"
    label = text.get("label", "") or f"{shown} {strike:g}"
    return Position(label, quantity, terms.term, strike, is_call, multiplier, contract)


def _product(fields: Fields) -> type[Contract]:
    """Return the product of a row; raise for one that is not known, and for fields that mean nothing to it."""
    name = fields.text.get("product", "").lower() or VANILLA.NAME
    if name not in PRODUCTS:
        raise fields.error("product", f"must be one of {', '.join(PRODUCTS)}, or empty for {VANILLA.NAME}")
    product = PRODUCTS[name]
    foreign = [column for column in PRODUCT_COLUMNS if column in fields and column not in product.COLUMNS]
    if foreign:
        own = f"{', '.join(product.COLUMNS)} only" if product.COLUMNS else "none of these columns"
        raise AadValueError(
            f"{fields.where}: {', '.join(f'{c} = {fields.text[c]!r}' for c in foreign)} means nothing to {name} "
            f"options, which have {own}; leave it empty"
        )
    return product


def _term(fields: Fields, quotes: Quotes) -> Slice:
    """Return the slice of an expiry, or one on the curves through the slices."""
    from pricers.chain.settlement import DAYS_PER_YEAR, last_day, years_to_expiry

    when, root = fields.parsed("expiry", date_or_years), fields.text.get("root", "")
    if isinstance(when, float):
        if not when > 0.0:
            raise fields.error("expiry", "must be a date after the quotes or years above zero")
        if root:
            raise fields.error("root", "an expiry in years has no root; leave it empty, or give a date")
        return _between(quotes, "", quotes.quote_date + timedelta(days=round(DAYS_PER_YEAR * when)), when)
    fitting = [term for term in quotes.slices if term.expiry_date == when and root in ("", term.root)]
    if fitting:
        return fitting[-1]
    if root and root not in {term.root for term in quotes.slices}:
        labels = ", ".join(term.label for term in quotes.slices)
        raise AadValueError(
            f"{fields.where}: no slice {root} {when}; the calibrated ones are {labels}; leave root empty for any date"
        )
    if last_day(when) <= quotes.quote_date:
        raise fields.error(
            "expiry", f"expired, the quotes are of {quotes.quote_date}; take the position out of the book"
        )
    years = years_to_expiry(root=root, quote_date=quotes.quote_date, expiry_date=when)
    return _between(quotes, root, when, years)


def _between(quotes: Quotes, root: str, day: date, years: float) -> Slice:
    from pricers.calibration.frame import forward_curve
    from pricers.chain.quotes import Slice

    curve = forward_curve(quotes)
    return Slice(root, day, years, float(curve.forward(years)), float(curve.discount(years)))
