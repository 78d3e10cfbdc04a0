"""The program `scenarios`: profit and loss of a book under stress, through a network and by full revaluation."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from apps.program import Program
from apps.report.files import require_replaceable, staged_folder, write_whole
from apps.report.progress import stages
from apps.report.tables import print_table
from apps.xva.arguments import add_book, add_counts, book, check_counts

LEAST = {"paths": 2, "samples": 256, "epochs": 1, "seed": 0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    add_book(parser)
    group = parser.add_argument_group("sizes and result")
    add_counts(
        group,
        samples=(65536, "training samples"),
        epochs=(50, "passes through them"),
        paths=(4096, "paths of the full revaluation of one scenario"),
        seed=(1, "seed"),
    )
    group.add_argument(
        "--out", type=Path, default=Path("scenarios"), metavar="DIR", help="folder for page, picture and CSV"
    )


def run(arguments: argparse.Namespace) -> None:
    """Value all scenarios, print the tables and write the folder."""
    check_counts(arguments, LEAST)
    chosen = book(arguments)
    require_replaceable(arguments.out)
    import_module("matplotlib")  # where it is missing, nobody waits for the numbers to be told so
    from apps.scenarios.valuation import Sizes, stress

    sizes = Sizes(arguments.samples, arguments.epochs, arguments.paths, arguments.seed)
    with stages(5) as job:
        found = stress(chosen, sizes, job)
        with job.stage("pictures and page"):
            from apps.scenarios import page, tables

            contents = page.contents(found)
            with staged_folder(arguments.out) as folder:
                for name, content in contents.items():
                    write_whole(folder / name, content)
    for shown in (tables.accuracy(found), tables.worst(found), tables.times(found)):
        print_table(shown)
    print(f"report: {arguments.out / 'report.html'}, with scenarios.png and scenarios.csv")


PROGRAM = Program(
    name="scenarios",
    summary="Profit and loss of a book over hundreds of stress scenarios, through a network and by full revaluation",
    details=(
        "A network learns the book's value around the scenarios from single simulated paths and their gradients: moves of "
        "all spots and of single ones, each with moves of the short rate. The book is valued on its first payment date, in "
        "half a year, with today's market."
    ),
    add_arguments=add_arguments,
    run=run,
)
