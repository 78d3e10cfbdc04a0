"""The program `risk`: from an option chain to first- and second-order Greeks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from aadlib.errors import AadValueError
from apps.data.synthetic import synthetic_quotes
from apps.program import Program
from apps.report.files import require_replaceable, staged_folder, write_whole
from apps.report.progress import Stages, stages
from apps.report.tables import print_table
from apps.risk.results import RiskResult
from greeks2 import METHODS
from greeks2.methods import takes_composites

if TYPE_CHECKING:
    from pricers.calibration import CalibrationSettings, Screen
    from pricers.chain import ArbitrageReport
    from pricers.chain.quotes import Quotes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    add = parser.add_argument
    add(
        "chain",
        nargs="?",
        type=Path,
        metavar="CHAIN.csv",
        help="option chain (a synthetic one that ships with the package)",
    )
    add(
        "--book",
        type=Path,
        metavar="BOOK.csv",
        help="columns quantity, expiry, strike, cp (an embedded book)",
    )
    add(
        "--out",
        type=Path,
        default=Path("risk-report"),
        metavar="DIR",
        help="folder of the report (risk-report)",
    )
    _add_quote_arguments(parser)
    _add_fit_arguments(parser)
    add(
        "--method",
        choices=[*METHODS, "auto"],
        default="auto",
        help="of the Hessian (auto); edge_pushing and taylor record every operation of the march",
    )
    add("--smiles", type=int, default=12, metavar="N", help="expiries drawn in the report (12)")


def _add_quote_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--min-open-interest",
        type=float,
        default=100.0,
        metavar="N",
        help="least open interest of a quote (100)",
    )
    add(
        "--max-relative-spread",
        type=float,
        default=1.5,
        metavar="X",
        help="quotes with a spread above so many mids are left out (1.5; 2: none)",
    )
    add(
        "--max-deviation",
        type=float,
        default=6.0,
        metavar="X",
        help="quotes so many deviations off what the others say are stale and left out (6; 1e9: none)",
    )
    add("--min-days", type=float, default=7.0, metavar="D", help="shortest expiry in days (7)")
    add("--max-years", type=float, default=2.0, metavar="Y", help="longest expiry in years (2)")


def _add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--weights",
        choices=["equal", "inverse_spread"],
        default="equal",
        help="of the squared volatility errors",
    )
    add(
        "--optimiser",
        default="gauss_newton",
        metavar="NAME",
        help="gauss_newton, least_squares, or L-BFGS-B and kin",
    )
    add("--strikes", type=int, default=16, metavar="N", help="most spline weights along strike (16)")
    add("--expiries", type=int, default=12, metavar="N", help="most spline weights along time (12)")
    add(
        "--holdout",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="quotes held out for the second fit (0.2; 0: none)",
    )
    add("--seed", type=int, default=20240229, metavar="N", help="of the draw of the held-out quotes")


def run(arguments: argparse.Namespace) -> None:
    """Run the whole way, print the tables and write the report."""
    if arguments.smiles < 1:
        raise AadValueError(f"--smiles = {arguments.smiles}: must be at least 1")
    require_replaceable(arguments.out)
    with stages(10) as job:
        result = calculate(arguments, job)
        with job.stage("pictures and page"):
            from apps.risk.csv_tables import csv_files
            from apps.risk.page import report_page

            contents = {"report.html": report_page(result, arguments.smiles), **csv_files(result)}
        with job.stage("writing"), staged_folder(arguments.out) as folder:
            for name, content in contents.items():
                write_whole(folder / name, content)
    print_result(result)
    print_table(job.timings())
    print(
        f"report: {arguments.out / 'report.html'}\ntables: {len(contents) - 1} CSV files in {arguments.out}"
    )


def calculate(arguments: argparse.Namespace, job: Stages) -> RiskResult:
    """Return everything the report shows."""
    with job.stage("reading and cleaning the chain"):
        from apps.risk.book import default_book, read_book

        source, loaded = load(arguments)
        # Before anything is fitted: whoever mistyped the book waits no longer than for this.
        book = read_book(arguments.book, loaded) if arguments.book else []
    with job.stage("loading compiled code"):
        from pricers.calibration import calibrate, holdout
        from pricers.calibration.svi_fit import fit_svi_slices
    with job.stage("screening the quotes"):
        settings, screen, arbitrage = screened(arguments, loaded)
        quotes = screen.apply(loaded)
        book = book or default_book(quotes)
    size = {"n_strikes": arguments.strikes, "n_expiries": arguments.expiries, "settings": settings}
    with job.stage("calibrating the surface"):
        calibration = calibrate(
            quotes=quotes, weights=arguments.weights, optimiser=arguments.optimiser, **size
        )
    with job.stage("fitting SVI"):
        svi = fit_svi_slices(quotes=quotes, weights=arguments.weights)
    with job.stage("holdout"):
        held_out = None
        if arguments.holdout:
            held_out = holdout(
                quotes=quotes,
                weights=arguments.weights,
                optimiser=arguments.optimiser,
                fraction=arguments.holdout,
                seed=arguments.seed,
                **size,
            )
    with job.stage("book and Greeks"):
        from apps.risk.buckets import bucket_expiries, volatility_buckets
        from apps.risk.greeks import book_greeks
        from apps.risk.model import BookModel

        buckets = volatility_buckets(bucket_expiries(quotes))
        model = BookModel(quotes, calibration.surface, book, buckets)
        program = model.record(expand=not takes_composites(arguments.method))
        greeks = book_greeks(model, program, method=arguments.method)
    with job.stage("independent checks"):
        from apps.risk.checks import check_greeks

        checks = check_greeks(model, program, greeks)
    return RiskResult(
        source=source,
        loaded=loaded,
        screen=screen,
        arbitrage=arbitrage,
        quotes=quotes,
        calibration=calibration,
        svi=svi,
        holdout=held_out,
        book=tuple(book),
        greeks=greeks,
        buckets=buckets,
        checks=tuple(checks),
    )


def screened(
    arguments: argparse.Namespace, quotes: Quotes
) -> tuple[CalibrationSettings, Screen, ArbitrageReport]:
    """Return the settings of the fit, and what they and the prices say of the quotes."""
    from pricers.calibration import CalibrationSettings, screen_quotes
    from pricers.chain import find_arbitrage

    limits = {
        "max_relative_spread": arguments.max_relative_spread,
        "max_deviation": arguments.max_deviation,
    }
    return CalibrationSettings(**limits), screen_quotes(quotes, **limits), find_arbitrage(quotes)


def load(arguments: argparse.Namespace) -> tuple[str, Quotes]:
    """Return the name of the chain and its quotes."""
    from pricers.chain import load_quotes

    limits = {
        "min_open_interest": arguments.min_open_interest,
        "min_expiry": arguments.min_days / 365.0,
        "max_expiry": arguments.max_years,
    }
    if arguments.chain is not None:
        return str(arguments.chain), load_quotes(arguments.chain, **limits)
    return "synthetic chain", synthetic_quotes(**limits)


def print_result(result: RiskResult) -> None:
    """Print the tables of the report that fit a terminal."""
    from apps.risk import tables

    for make in (
        tables.dropped,
        *([tables.left_out] if not result.screen.kept.all() else []),
        *([tables.arbitrage] if result.arbitrage.found else []),
        tables.fit,
        tables.optimisation,
        tables.book,
        tables.named_greeks,
        tables.vega_buckets,
        tables.checks,
    ):
        print_table(make(result))


PROGRAM = Program(
    name="risk",
    summary=(
        "Calibrate a local-volatility surface to an option chain and print a book's first- and second-order Greeks"
    ),
    details="Writes report.html, self-contained, and CSV files into a folder.",
    add_arguments=add_arguments,
    run=run,
)
