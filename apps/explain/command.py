"""The program `explain`: what made the profit and loss of a book between two chains."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aadlib.errors import AadValueError
from apps.program import Program
from apps.report.files import csv_text, write_whole
from apps.report.progress import Stages, stages
from apps.report.tables import print_table
from apps.risk.arguments import add_book, add_chain_options
from apps.risk.loading import load_chain

if TYPE_CHECKING:
    from apps.risk.book import Position
    from pricers.chain.quotes import Quotes
    from pricers.desk import Attribution


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    parser.add_argument(
        "chains",
        nargs="*",
        type=Path,
        metavar="CHAIN.csv",
        help="the first day's chain and the second's (the synthetic chain and its next, invented day)",
    )
    add_chain_options(parser)
    group = parser.add_argument_group(
        "book and result", "no Asian options, whose simulation errors would drown a day's profit and loss"
    )
    add_book(group)
    group.add_argument("--csv", type=Path, metavar="FILE", help="write every term of every position here")


def run(arguments: argparse.Namespace) -> None:
    """Calibrate both chains, attribute the book's profit and loss and print it."""
    if len(arguments.chains) not in (0, 2):
        raise AadValueError(
            f"chains: {len(arguments.chains)} given; name two files, the earlier day's first, or none"
        )
    with stages(4) as job:
        book, found, warnings = calculate(arguments, job)
    from apps.explain import tables

    for make in (tables.summary, tables.positions, tables.buckets):
        print_table(make(book, found))
    for message in warnings:
        print(message)
    print_table(job.timings())
    if arguments.csv is not None:
        write_whole(arguments.csv, csv_text(tables.csv_columns(book, found)))
        print(f"table: {arguments.csv}")


def calculate(arguments: argparse.Namespace, job: Stages) -> tuple[list[Position], Attribution, list[str]]:
    """Return the book, the attribution and what is odd about the fits."""
    from apps.risk.book import default_book
    from apps.risk.book_file import read_book

    with job.stage("reading both chains"):
        first, second = load_both(arguments)
        elapsed = years_between(first, second)
        book = read_book(arguments.book, first) if arguments.book else []
    with job.stage("calibrating both surfaces"):
        from pricers.calibration import CalibrationSettings, calibrate

        settings = CalibrationSettings(
            max_relative_spread=arguments.max_relative_spread, max_deviation=arguments.max_deviation
        )
        how: dict[str, Any] = {
            "weights": arguments.weights,
            "n_strikes": arguments.strikes,
            "n_expiries": arguments.expiries,
            "optimiser": arguments.optimiser,
            "settings": settings,
        }
        fit, later_fit = calibrate(first, **how), calibrate(second, **how)
    with job.stage("book and attribution"):
        from apps.explain.positions import position_prices
        from pricers.desk import explain

        book = book or default_book(fit.problem.quotes)
        found = explain(fit, later_fit, position_prices(book, fit, elapsed), elapsed=elapsed)
    warnings = [
        f"the {name} fit did not converge"
        for name, fit in zip(("first", "second"), (fit, later_fit), strict=True)
        if not fit.converged
    ]
    return list(book), found, warnings


def load_both(arguments: argparse.Namespace) -> tuple[Quotes, Quotes]:
    """Return the quotes of both days."""
    if arguments.chains:
        first, second = (load_chain(arguments, path) for path in arguments.chains)
        return first[1], second[1]
    from apps.data.synthetic import next_day_quotes, synthetic_quotes

    return load_chain(arguments, None, synthetic_quotes)[1], load_chain(arguments, None, next_day_quotes)[1]


def years_between(first: Quotes, second: Quotes) -> float:
    """Return the years between two chains: by an expiry that both have, to the minute, or by their dates.

    Raises
    ------
    AadValueError
        When the second is not the later one.
    """
    known = {(item.root, item.expiry_date): item.expiry for item in second.slices}
    both = [
        item.expiry - known[item.root, item.expiry_date]
        for item in first.slices
        if (item.root, item.expiry_date) in known
    ]
    years = max(both) if both else (second.quote_date - first.quote_date).days / 365.0
    if not years > 0.0:
        raise AadValueError(
            f"chains: the second, of {second.quote_date}, is not later than the first, of {first.quote_date}; "
            "name the earlier day's first"
        )
    return float(years)


PROGRAM = Program(
    name="explain",
    summary="Attribute a book's profit and loss between two option chains to time, spot, rates and volatilities",
    details="Greeks are exact ones of the first chain's calibrated surface, to second order; the rest is unexplained.",
    add_arguments=add_arguments,
    run=run,
)
