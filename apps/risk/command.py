"""The program `risk`: from an option chain to first- and second-order Greeks."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aadlib.errors import AadValueError
from apps.program import Program
from apps.report.drawing import Drawing
from apps.report.files import require_replaceable, staged_folder, write_whole
from apps.report.progress import Stages, stages
from apps.report.tables import Table, print_table
from apps.risk.arguments import add_arguments
from apps.risk.loading import load, provenance
from apps.risk.results import RiskResult, Valuation
from greeks2.methods import takes_composites

if TYPE_CHECKING:
    import aadlib as ad
    from apps.risk.model import BookModel
    from pricers.calibration import CalibrationSettings, Screen
    from pricers.chain import ArbitrageReport
    from pricers.chain.quotes import Quotes

Show = Callable[[Iterable[Table]], None]
"""What is done with tables as soon as they are known."""


def run(arguments: argparse.Namespace) -> None:
    """Run the whole way, print the tables and write the report."""
    if arguments.smiles < 1:
        raise AadValueError(f"--smiles = {arguments.smiles}: must be at least 1")
    if not arguments.no_report:
        require_replaceable(arguments.out)
    written = ""
    with stages(9 if arguments.no_report else 11) as job:

        def show(tables: Iterable[Table]) -> None:
            with job.hidden():
                for shown in tables:
                    print_table(shown)

        with nullcontext() if arguments.no_report else Drawing() as drawing:
            result = calculate(arguments, job, show, drawing)
            if drawing is not None:
                written = write_report(result, job, drawing, arguments.out)
    print_table(job.timings())
    print(written, end="")


def calculate(
    arguments: argparse.Namespace, job: Stages, show: Show = lambda _: None, drawing: Drawing | None = None
) -> RiskResult:
    """Return everything the report shows; show tables as soon as they are known, and have pictures drawn meanwhile."""
    how = {
        "weights": arguments.weights,
        "n_strikes": arguments.strikes,
        "n_expiries": arguments.expiries,
        "optimiser": arguments.optimiser,
    }
    valuation, model, program = value_book(arguments, job, how)
    from apps.risk import pictures, tables

    show(tables.of_valuation(valuation))
    job.mark("Greeks printed after")
    with job.stage("fitting SVI"):
        from pricers.calibration.svi_fit import fit_svi_slices

        if drawing is not None:
            drawing.draw(pictures.greek_pictures(valuation))
        svi = fit_svi_slices(quotes=valuation.quotes, weights=arguments.weights)
        if drawing is not None:
            drawing.draw(pictures.fit_pictures(valuation, svi, arguments.smiles))
    with job.stage("holdout"):
        from pricers.calibration import holdout

        held_out = None
        if arguments.holdout:
            split = {"fraction": arguments.holdout, "seed": arguments.seed}
            held_out = holdout(quotes=valuation.quotes, settings=_settings(arguments), **split, **how)
    with job.stage("independent checks"):
        from apps.risk.checks import check_greeks

        checks = tuple(check_greeks(model, program, valuation.greeks))
    result = RiskResult(**vars(valuation), svi=svi, holdout=held_out, checks=checks)
    show(tables.of_fit_and_checks(result))
    return result


def value_book(
    arguments: argparse.Namespace, job: Stages, how: dict[str, Any]
) -> tuple[Valuation, BookModel, ad.Program]:
    """Return what the Greeks of the book are found from, and they, with the model and its recording."""
    with job.stage("reading and cleaning the chain"):
        from apps.risk.book import default_book, read_book

        source, loaded = load(arguments)
        # Before anything is fitted: whoever mistyped the book waits no longer than for this.
        book = read_book(arguments.book, loaded) if arguments.book else []
    with job.stage("loading the calibration"):
        from pricers.calibration import calibrate
    with job.stage("screening the quotes"):
        settings = _settings(arguments)
        screen, arbitrage = screened(settings, loaded)
        quotes = screen.apply(loaded)
        book = book or default_book(quotes)
    with job.stage("calibrating the surface"):
        calibration = calibrate(quotes=quotes, settings=settings, **how)
    with job.stage("book and Greeks"):
        from apps.risk.buckets import bucket_expiries, volatility_buckets
        from apps.risk.greeks import book_greeks
        from apps.risk.model import BookModel

        buckets = volatility_buckets(bucket_expiries(quotes))
        model = BookModel(quotes, calibration.surface, book, buckets)
        program = model.record(expand=not takes_composites(arguments.method))
        greeks = book_greeks(model, program, method=arguments.method)
    valuation = Valuation(
        source=source,
        loaded=loaded,
        screen=screen,
        arbitrage=arbitrage,
        quotes=quotes,
        calibration=calibration,
        book=tuple(book),
        greeks=greeks,
        buckets=buckets,
        provenance=provenance(arguments),
    )
    return valuation, model, program


def _settings(arguments: argparse.Namespace) -> CalibrationSettings:
    from pricers.calibration import CalibrationSettings

    return CalibrationSettings(
        max_relative_spread=arguments.max_relative_spread, max_deviation=arguments.max_deviation
    )


def screened(settings: CalibrationSettings, quotes: Quotes) -> tuple[Screen, ArbitrageReport]:
    """Return what the settings of the fit and the prices say of the quotes."""
    from pricers.calibration import screen_quotes
    from pricers.chain import find_arbitrage

    return screen_quotes(quotes, **settings.limits), find_arbitrage(quotes)


def write_report(result: RiskResult, job: Stages, drawing: Drawing, out: Path) -> str:
    """Write the page and the CSV files, and return the lines that say where."""
    with job.stage("CSV files"):
        from apps.risk.csv_tables import csv_files

        contents = csv_files(result)
    with job.stage("pictures and page"):
        from apps.risk.page import report_page

        contents = {"report.html": report_page(result, drawing.pictures()), **contents}
    with job.stage("writing"), staged_folder(out) as folder:
        for name, content in contents.items():
            write_whole(folder / name, content)
    return f"report: {out / 'report.html'}\ntables: {len(contents) - 1} CSV files in {out}\n"


PROGRAM = Program(
    name="risk",
    summary=(
        "Calibrate a local-volatility surface to an option chain and print a book's first- and second-order Greeks"
    ),
    details="Writes report.html, self-contained, and CSV files into a folder.",
    add_arguments=add_arguments,
    run=run,
)
