"""The program `risk`: from an option chain to first- and second-order Greeks."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from aadlib.errors import AadValueError
from apps.program import Program
from apps.report.files import require_replaceable, staged_folder, write_whole
from apps.report.progress import Stages, stages
from apps.report.tables import print_table
from apps.risk.arguments import add_arguments
from apps.risk.loading import load, provenance
from apps.risk.results import RiskResult
from greeks2.methods import takes_composites

if TYPE_CHECKING:
    from pricers.calibration import CalibrationSettings, Screen
    from pricers.chain import ArbitrageReport
    from pricers.chain.quotes import Quotes


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
    how = {
        "weights": arguments.weights,
        "n_strikes": arguments.strikes,
        "n_expiries": arguments.expiries,
        "optimiser": arguments.optimiser,
        "settings": settings,
    }
    with job.stage("calibrating the surface"):
        calibration = calibrate(quotes=quotes, **how)
    with job.stage("fitting SVI"):
        svi = fit_svi_slices(quotes=quotes, weights=arguments.weights)
    with job.stage("holdout"):
        held_out = None
        if arguments.holdout:
            held_out = holdout(quotes=quotes, fraction=arguments.holdout, seed=arguments.seed, **how)
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
        provenance=provenance(arguments),
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
