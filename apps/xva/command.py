"""The program `xva`: CVA, DVA and FVA of a netting set, by nested simulation and by networks in its place."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from aadlib.errors import AadValueError
from apps.program import Program
from apps.report.files import require_replaceable, staged_folder, write_whole
from apps.report.progress import stages
from apps.report.tables import print_table
from apps.xva.arguments import add_book, add_counts, book, check_counts

LEAST = {"paths": 100, "nested": 10, "inner": 2, "samples": 256, "epochs": 1, "seed": 0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    add_book(parser)
    group = parser.add_argument_group("credit and funding, flat over time")
    for name, default, text in (
        ("counterparty", 0.02, "default intensity of the counterparty, per year"),
        ("own", 0.01, "our own default intensity, per year"),
        ("recovery", 0.4, "share of a claim that is paid after a default"),
        ("funding", 0.01, "funding spread, per year"),
    ):
        group.add_argument(
            f"--{name}", type=float, default=default, metavar="X", help=f"{text} ({default:g})"
        )
    group = parser.add_argument_group("sizes and result")
    add_counts(
        group,
        paths=(4096, "scenarios"),
        nested=(128, "of these, how many nested simulation values"),
        inner=(1024, "inner paths of each state"),
        samples=(32768, "training samples of each horizon's network"),
        epochs=(50, "passes through them"),
        seed=(1, "seed"),
    )
    group.add_argument(
        "--out", type=Path, default=Path("xva"), metavar="DIR", help="folder for page, picture and CSV"
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise for sizes and rates that make no sense."""
    check_counts(arguments, LEAST, {"nested": arguments.paths})
    for name in ("counterparty", "own", "funding"):
        number = getattr(arguments, name)
        if not 0.0 <= number < 10.0:
            raise AadValueError(f"--{name} {number:g}: must be at least 0 and below 10, 0.02 for 2% a year")
    if not 0.0 <= arguments.recovery <= 1.0:
        raise AadValueError(f"--recovery {arguments.recovery:g}: must be from 0 to 1")


def run(arguments: argparse.Namespace) -> None:
    """Value all scenarios, print the tables and write the folder."""
    check(arguments)
    netting_set = book(arguments)
    require_replaceable(arguments.out)
    import_module("matplotlib")  # where it is missing, nobody waits for the numbers to be told so
    from apps.xva.adjustments import Credit
    from apps.xva.valuation import Sizes, value

    credit = Credit(arguments.counterparty, arguments.own, arguments.recovery, arguments.funding)
    sizes = Sizes(
        arguments.paths,
        arguments.nested,
        arguments.inner,
        arguments.samples,
        arguments.epochs,
        arguments.seed,
    )
    with stages(2 + 2 * len(netting_set.horizons)) as job:
        found = value(netting_set, credit, sizes, job)
        with job.stage("pictures and page"):
            from apps.xva import page, tables

            contents = page.contents(found)
            with staged_folder(arguments.out) as folder:
                for name, content in contents.items():
                    write_whole(folder / name, content)
    for shown in (
        tables.adjustments(found),
        tables.exposures(found),
        tables.errors(found),
        tables.times(found),
    ):
        if shown is not None:
            print_table(shown)
    print(f"report: {arguments.out / 'report.html'}, with exposures.png and exposures.csv")


PROGRAM = Program(
    name="xva",
    summary="CVA, DVA and FVA of a netting set, by nested simulation and by networks that take its place",
    details=(
        "A network for every horizon learns the value of all trades given the market there from single simulated paths "
        "and their gradients; nested simulation values some of the same scenarios, closed forms all of them. Intensities "
        "and the funding spread are flat, and defaults independent of the market and of each other."
    ),
    add_arguments=add_arguments,
    run=run,
)
