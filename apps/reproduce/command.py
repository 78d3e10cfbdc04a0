"""The program `reproduce`: compute published tables and figures again, and print ours beside them."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from aadlib.errors import AadValueError
from apps.program import Program
from apps.report.files import write_whole
from apps.report.progress import Stages, stages
from apps.report.tables import Table, print_table
from apps.reproduce.contents import (
    FIGURE_NAMES,
    FIGURES,
    LEARNED,
    SIMULATED,
    TABLE_NAMES,
    TABLES,
    published_table,
    reproduced_figure,
)
from apps.reproduce.reproduction import Reproduction

FEWEST_PATHS = 50
"""With fewer, no path may end near the strike, and there is no gamma to compare."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    names = [*TABLE_NAMES, *FIGURE_NAMES, "all"]
    listing = "; ".join(f"{entry.name}: {entry.about}" for entry in (*TABLES, *FIGURES))
    parser.add_argument("name", choices=names, metavar="NAME", help=f"one of {listing}; or all")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder for the pictures (here)"
    )
    simulated = ", ".join(SIMULATED)
    parser.add_argument("--paths", type=int, metavar="N", help=f"paths of {simulated} (the report's)")
    parser.add_argument("--seed", type=int, metavar="K", help=f"seed of theirs, and of {', '.join(LEARNED)}")
    parser.add_argument(
        "--quick", action="store_true", help="few samples and seeds for these: errors are larger"
    )


def run(arguments: argparse.Namespace) -> None:
    """Reproduce what was asked for, print it beside the published numbers and write the pictures."""
    from apps.report.plots import as_png, as_svg

    names = [*TABLE_NAMES, *FIGURE_NAMES] if arguments.name == "all" else [arguments.name]
    options = _options(arguments, names)
    tables = {name: published_table(name) for name in names if name in TABLE_NAMES}
    shown: list[tuple[Table, str]] = []
    made: dict[str, tuple[Reproduction, bytes, str]] = {}
    total = sum(len(tables[name].stages) if name in tables else 1 for name in names)
    with stages(total) as job:
        for name in names:
            if name in tables:
                compared = tables[name]
                ours = compared.rows(partial(_stage, job, name), **_taken(name, options))
                shown.append((compared.beside(ours), compared.note))
            else:
                with job.stage(name):
                    result = reproduced_figure(name, **_taken(name, options))
                    made[name] = (result, as_png(result.figure), as_svg(result.figure, name))
    for printed, note in shown:
        print_table(printed)
        print(f"{note}\n")
    for name, (result, png, svg) in made.items():
        print(result.title)
        for printed in result.checks:
            print_table(printed)
        print(result.remark)
        for ending, content in (("png", png), ("svg", svg)):
            write_whole(arguments.out / f"{name}.{ending}", content)
        print(f"picture: {arguments.out / name}.png, .svg\n")


def _options(arguments: argparse.Namespace, names: list[str]) -> dict[str, int]:
    """Return what was asked of simulations and trainings; raise where there are none, or nothing to simulate."""
    asked: dict[str, int] = {}
    for name, option, number, least, takers in (
        ("n_paths", "--paths", arguments.paths, FEWEST_PATHS, SIMULATED),
        ("seed", "--seed", arguments.seed, 0, (*SIMULATED, *LEARNED)),
        ("quick", "--quick", arguments.quick or None, 0, LEARNED),
    ):
        if number is None:
            continue
        shown = option if number is True else f"{option} {number}"
        if number < least:
            raise AadValueError(f"{shown}: must be {least} or more")
        if not set(names) & set(takers):
            raise AadValueError(f"{shown}: {names[0]} simulates nothing; {', '.join(takers)} do")
        asked[name] = number
    return asked


def _taken(name: str, options: dict[str, int]) -> dict[str, int]:
    """Return those options that a table or figure takes."""
    takes = {"n_paths": name in SIMULATED, "seed": name in (*SIMULATED, *LEARNED), "quick": name in LEARNED}
    return {option: number for option, number in options.items() if takes[option]}


def _stage(job: Stages, name: str, what: str) -> AbstractContextManager[None]:
    return job.stage(f"{name}: {what}")


PROGRAM = Program(
    name="reproduce",
    summary="Compute published tables and figures again, beside the published numbers",
    details="Every number of ours is measured while the command runs. Pictures are written as PNG and SVG files.",
    add_arguments=add_arguments,
    run=run,
    offers={"tables to reproduce": TABLE_NAMES, "figures to reproduce": FIGURE_NAMES},
)
