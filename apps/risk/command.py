"""The program `risk`: from an option chain to first- and second-order Greeks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from aadlib.errors import AadValueError
from apps.program import Program as AppProgram
from apps.report.files import require_replaceable, staged_folder, write_whole
from apps.report.progress import Stages, stages
from apps.report.tables import print_table
from apps.risk.arguments import add_arguments
from apps.risk.loading import load, provenance, warn
from apps.risk.results import RiskResult
from greeks2.methods import takes_composites

if TYPE_CHECKING:
    from aadlib import Program
    from apps.risk.book import Position
    from apps.risk.buckets import Buckets
    from apps.risk.engines.paths import Draws
    from apps.risk.model import BookModel
    from apps.risk.results import BookGreeks, Check
    from pricers.calibration import CalibrationSettings, Screen
    from pricers.chain import ArbitrageReport
    from pricers.chain.quotes import Quotes
    from pricers.surfaces.calibrated_volatility import CalibratedVolatility


def run(arguments: argparse.Namespace) -> None:
    """Run the whole way, print the tables and write the report."""
    if arguments.smiles < 1:
        raise AadValueError(f"--smiles = {arguments.smiles}: must be at least 1")
    require_replaceable(arguments.out)
    import_module("matplotlib")  # where it is missing, nobody waits for the numbers to be told so
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
        from apps.risk.book import default_book
        from apps.risk.book_file import book_warnings, read_book
        from apps.risk.engines.paths import Draws

        draws = Draws(arguments.paths, arguments.seed)
        source, loaded = load(arguments)
        # Before anything is fitted: whoever mistyped the book waits no longer than for this.
        book = read_book(arguments.book, loaded) if arguments.book else []
        odd = book_warnings(book, loaded)
        for message in odd:
            warn(message)
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
    buckets, greeks, checks = valued(quotes, calibration.surface, book, arguments.method, draws, job)
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
        book_warnings=odd,
    )


def valued(
    quotes: Quotes,
    surface: CalibratedVolatility,
    book: Sequence[Position],
    method: str,
    draws: Draws,
    job: Stages,
) -> tuple[Buckets, BookGreeks, list[Check]]:
    """Return the volatility buckets, the Greeks of the whole book, and what checks them."""
    with job.stage("book and Greeks"):
        from apps.risk.buckets import bucket_expiries, volatility_buckets
        from apps.risk.model import BookModel

        buckets = volatility_buckets(bucket_expiries(quotes))
        vanillas = [position for position in book if position.is_vanilla]
        model = BookModel(quotes, surface, vanillas, buckets)
        program, of_vanillas = vanilla_greeks(model, method)
        greeks = with_products(model, book, of_vanillas, draws)
    with job.stage("independent checks"):
        from apps.risk.checks import check_greeks

        checks = [] if program is None else check_greeks(model, program, of_vanillas)
        if greeks.units:
            from apps.risk.product_checks import check_products

            checks = [replace(check, quantity=f"vanillas: {check.quantity}") for check in checks]
            checks += check_products(model, book, greeks, draws)
    return buckets, greeks, checks


def vanilla_greeks(model: BookModel, method: str) -> tuple[Program | None, BookGreeks]:
    """Return the recording of a book's vanillas and their Greeks: none and zeros where it has none."""
    from apps.risk.greeks import book_greeks, no_greeks

    if not model.book:
        return None, no_greeks(model)
    program = model.record(expand=not takes_composites(method))
    return program, book_greeks(model, program, method=method)


def with_products(
    model: BookModel, book: Sequence[Position], of_vanillas: BookGreeks, draws: Draws
) -> BookGreeks:
    """Return the Greeks of the whole book: the vanillas' own where it has nothing else."""
    if len(model.book) == len(book):
        return of_vanillas
    from apps.risk.engines.products import product_greeks, whole_book

    return whole_book(of_vanillas, book, product_greeks(model, book, draws))


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
    from apps.risk import product_tables, tables

    for make in (
        tables.dropped,
        *([tables.left_out] if not result.screen.kept.all() else []),
        *([tables.arbitrage] if result.arbitrage.found else []),
        tables.fit,
        tables.optimisation,
        tables.book,
        *([product_tables.product_table] if result.greeks.units else []),
        tables.named_greeks,
        tables.vega_buckets,
        tables.checks,
    ):
        print_table(make(result))


PROGRAM = AppProgram(
    name="risk",
    summary=(
        "Calibrate a local-volatility surface to an option chain and print a book's first- and second-order Greeks"
    ),
    details="Writes report.html, self-contained, and CSV files into a folder.",
    add_arguments=add_arguments,
    run=run,
)
