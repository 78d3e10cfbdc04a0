"""The program `risk`: from an option chain to first- and second-order Greeks."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aadlib.errors import AadValueError
from aadlib.validation import require_positive
from apps.program import Program as AppProgram
from apps.report.drawing import Drawing
from apps.report.files import require_replaceable, staged_folder, write_whole
from apps.report.progress import Stages, stages
from apps.report.tables import Table, print_table
from apps.report.workbooks import WRITERS, require_writer
from apps.risk.arguments import add_arguments
from apps.risk.loading import load, provenance, warn
from apps.risk.results import RiskResult, Valuation
from greeks2.methods import takes_composites

if TYPE_CHECKING:
    from aadlib import Program
    from apps.risk.book import Position
    from apps.risk.desk.moves import Scenario
    from apps.risk.engines.paths import Draws
    from apps.risk.model import BookModel
    from apps.risk.results import BookGreeks, Check
    from pricers.calibration import CalibrationResult, CalibrationSettings, Screen
    from pricers.chain import ArbitrageReport
    from pricers.chain.quotes import Quotes

Show = Callable[[Iterable[Table]], None]
"""What is done with tables as soon as they are known."""


def run(arguments: argparse.Namespace) -> None:
    """Run the whole way, print the tables and write the report."""
    _require_sense(arguments)
    if not arguments.no_report:
        require_replaceable(arguments.out)
        for kind in _kinds(arguments):
            require_writer(kind)
        import_module("matplotlib")  # where it is missing, nobody waits for the numbers to be told so
    written = ""
    with stages(11 if arguments.no_report else 13) as job:
        unprinted: list[OSError] = []

        def show(tables: Iterable[Table]) -> None:
            if unprinted:
                return
            with job.hidden():
                try:
                    for shown in tables:
                        print_table(shown)
                except BrokenPipeError:
                    raise
                except OSError as error:  # a full disk behind stdout takes no report from another one
                    unprinted.append(error)

        with nullcontext() if arguments.no_report else Drawing() as drawing:
            result = calculate(arguments, job, show, drawing)
            if drawing is not None:
                written = write_report(result, job, drawing, arguments.out, _kinds(arguments))
    if unprinted:
        raise unprinted[0]
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
    priced = value_book(arguments, job, how)
    valuation = priced.valuation
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
        checks = tuple(priced.checks())
    desk = None
    if not arguments.no_desk:
        with job.stage("smile dynamics, time, quotes"):
            from apps.risk.desk.greeks import desk_greeks
            from pricers.calibration import calibrate

            def refit(quotes: Quotes, changed: dict[str, Any]) -> CalibrationResult:
                return calibrate(quotes=quotes, settings=_settings(arguments), **{**how, **changed})

            desk = desk_greeks(valuation.calibration, valuation.book, refit)
    scenarios = None
    if desk is not None:
        with job.stage("ladders and stress"):
            from apps.risk.desk.scenarios import scenarios_of

            embedded = arguments.stress is None
            scenarios = scenarios_of(valuation, desk, priced.stress, embedded=embedded)
    result = RiskResult(
        **vars(valuation), svi=svi, holdout=held_out, checks=checks, desk=desk, scenarios=scenarios
    )
    show(tables.of_fit_and_checks(result))
    return result


@dataclass(frozen=True)
class PricedBook:
    """A valuation, and what it was found with: the model of the vanillas and their recording, if there are any."""

    valuation: Valuation
    model: BookModel
    program: Program | None
    of_vanillas: BookGreeks
    draws: Draws
    stress: list[Scenario]

    def checks(self) -> list[Check]:
        """Return what checks the Greeks."""
        from apps.risk.checks import check_greeks

        greeks = self.valuation.greeks
        checks = [] if self.program is None else check_greeks(self.model, self.program, self.of_vanillas)
        if greeks.units:
            from apps.risk.product_checks import check_products

            checks = [replace(check, quantity=f"vanillas: {check.quantity}") for check in checks]
            checks += check_products(self.model, self.valuation.book, greeks, self.draws)
        return checks


def value_book(arguments: argparse.Namespace, job: Stages, how: dict[str, Any]) -> PricedBook:
    """Return what the Greeks of the book are found from, and they, with the model and its recording."""
    with job.stage("reading and cleaning the chain"):
        from apps.risk.book import default_book
        from apps.risk.book_file import book_warnings, read_book
        from apps.risk.desk.stress import read_scenarios
        from apps.risk.engines.paths import Draws

        draws = Draws(arguments.paths, arguments.seed)
        source, loaded = load(arguments)
        # Before anything is fitted: whoever mistyped the book waits no longer than for this.
        book = read_book(arguments.book, loaded, arguments.multiplier) if arguments.book else []
        odd = book_warnings(book, loaded)
        for message in odd:
            warn(message)
        stress = read_scenarios(arguments.stress)
    with job.stage("loading the calibration"):
        from pricers.calibration import calibrate
    with job.stage("screening the quotes"):
        settings = _settings(arguments)
        screen, arbitrage = screened(settings, loaded)
        quotes = screen.apply(loaded)
        book = book or default_book(quotes, arguments.multiplier)
    with job.stage("calibrating the surface"):
        calibration = calibrate(quotes=quotes, settings=settings, **how)
    with job.stage("book and Greeks"):
        from apps.risk.buckets import bucket_expiries, volatility_buckets
        from apps.risk.model import BookModel

        buckets = volatility_buckets(bucket_expiries(quotes))
        vanillas = [position for position in book if position.is_vanilla]
        model = BookModel(quotes, calibration.surface, vanillas, buckets)
        program, of_vanillas = vanilla_greeks(model, arguments.method)
        greeks = with_products(model, book, of_vanillas, draws)
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
        book_warnings=odd,
        currency=arguments.currency,
    )
    return PricedBook(valuation, model, program, of_vanillas, draws, stress)


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


def _kinds(arguments: argparse.Namespace) -> list[str]:
    """Return the kinds of files beside CSV that are wanted."""
    return [kind for kind in WRITERS if getattr(arguments, kind)]


def _require_sense(arguments: argparse.Namespace) -> None:
    """Refuse options that are out of range or contradict each other."""
    if arguments.smiles < 1:
        raise AadValueError(f"--smiles = {arguments.smiles}: must be at least 1")
    require_positive("multiplier", arguments.multiplier)
    if arguments.no_desk and arguments.stress is not None:
        raise AadValueError("--stress: its second order needs theta; leave --no-desk out")
    if arguments.no_report and _kinds(arguments):
        raise AadValueError(f"--{_kinds(arguments)[0]}: nothing is written with --no-report; leave one out")


def write_report(
    result: RiskResult, job: Stages, drawing: Drawing, out: Path, kinds: Sequence[str] = ()
) -> str:
    """Write the page and the CSV files, and return the lines that say where."""
    with job.stage("CSV files"):
        from apps.risk.csv_tables import csv_files, tables_of

        contents: dict[str, str | bytes] = {**csv_files(result)}
        n_tables = len(contents)
        for kind in kinds:
            contents |= WRITERS[kind](tables_of(result))
    with job.stage("pictures and page"):
        from apps.risk.page import report_page

        contents = {"report.html": report_page(result, drawing.pictures()), **contents}
    with job.stage("writing"), staged_folder(out) as folder:
        for name, content in contents.items():
            write_whole(folder / name, content)
    lines = [f"report: {out / 'report.html'}", f"tables: {n_tables} CSV files in {out}"]
    return "\n".join([*lines, *(f"the same as {kind}" for kind in kinds)]) + "\n"


PROGRAM = AppProgram(
    name="risk",
    summary=(
        "Calibrate a local-volatility surface to an option chain and print a book's first- and second-order Greeks"
    ),
    details="Writes report.html, self-contained, and CSV files into a folder.",
    add_arguments=add_arguments,
    run=run,
)
