"""The program `reproduce`: compute published tables and figures again, and print ours beside them."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from pathlib import Path

from aadlib.errors import AadValueError
from apps.report.files import write_whole
from apps.report.progress import Stages, stages
from apps.report.tables import Table, print_table
from apps.reproduce.comparison import PublishedTable
from apps.reproduce.reproduction import Reproduction

HELP = (
    "Compute published tables and figures again, beside the published numbers",
    "Every number of ours is measured while the command runs. Pictures are written as PNG and SVG files.",
)

FIGURES = {
    "figure-1": "computation graph of the log-normal density",
    "figure-2": "edge pushing, step by step, on a small example",
    "figure-4": "market smiles and their B-spline fit",
    "figure-5": "calibrated local-volatility surface",
    "figure-6": "Hessian of a call in ten B-spline weights",
    "monte-carlo-scaling": "time of a basket's Hessian against the number of assets",
}

TABLES = {
    "table-2": ("table_2", "what compiling edge pushing is worth"),
    "table-3": ("table_3", "accuracy of second-order methods, Black-Scholes in five inputs"),
    "table-4": ("table_4", "their times"),
    "table-5": ("table_5", "gradient in 25 SVI parameters, accuracy and times"),
    "table-6": ("table_6", "Hessian in 25 SVI parameters, accuracy and times"),
    "section-4.3.1": ("section_4_3", "Hessian of the B-spline PDE, 9 weights"),
    "section-4.3.2": ("section_4_3", "Hessian of the B-spline PDE, 14 weights"),
    "section-4.3.3": ("section_4_3", "Hessian of the B-spline PDE, 19 weights"),
    "table-7": ("table_7", "sharpness of softplus, basket call by Monte Carlo"),
    "table-8": ("table_8", "its Hessian against differences of the same paths"),
    "table-9": ("table_9", "its times, 5 to 40 assets"),
    "table-10": ("table_10", "conditional expectation and vibrato, price and gamma"),
    "table-11": ("table_11", "likelihood ratio, Malliavin weights and kernel, price and gamma"),
    "table-14": ("table_14", "bumping, edge pushing and Taylor compared"),
}
"""Name -> module that holds the table, and what it is about."""

SIMULATED = ("table-7", "table-8", "table-9", "table-10", "table-11", "monte-carlo-scaling")
"""What takes --paths and --seed."""

FEWEST_PATHS = 50
"""With fewer, no path may end near the strike, and there is no gamma to compare."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    about = {name: what for name, (_, what) in TABLES.items()} | FIGURES
    listing = "; ".join(f"{name}: {what}" for name, what in about.items())
    parser.add_argument("name", choices=[*about, "all"], metavar="NAME", help=f"one of {listing}; or all")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder for the pictures (here)"
    )
    simulated = ", ".join(SIMULATED)
    parser.add_argument("--paths", type=int, metavar="N", help=f"paths of {simulated} (the report's)")
    parser.add_argument("--seed", type=int, metavar="K", help="seed of their normals")


def run(arguments: argparse.Namespace) -> None:
    """Reproduce what was asked for, print it beside the published numbers and write the pictures."""
    from apps.report.plots import as_png, as_svg

    names = [*TABLES, *FIGURES] if arguments.name == "all" else [arguments.name]
    options = _options(arguments, names)
    tables = {name: published_table(name) for name in names if name in TABLES}
    shown: list[tuple[Table, str]] = []
    made: dict[str, tuple[Reproduction, bytes, str]] = {}
    total = sum(len(tables[name].stages) if name in tables else 1 for name in names)
    with stages(total) as job:
        for name in names:
            if name in tables:
                compared = tables[name]
                ours = compared.rows(partial(_stage, job, name), **(options if name in SIMULATED else {}))
                shown.append((compared.beside(ours), compared.note))
            else:
                with job.stage(name):
                    result = reproduce(name, **(options if name in SIMULATED else {}))
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
    """Return what was asked of the simulations; raise where there are none, or nothing to simulate."""
    given = {"n_paths": ("--paths", arguments.paths, FEWEST_PATHS), "seed": ("--seed", arguments.seed, 0)}
    asked = {name: option for name, option in given.items() if option[1] is not None}
    for option, number, least in asked.values():
        if number < least:
            raise AadValueError(f"{option} {number}: must be {least} or more")
        if not set(names) & set(SIMULATED):
            raise AadValueError(f"{option} {number}: {names[0]} simulates nothing; {', '.join(SIMULATED)} do")
    return {name: number for name, (_, number, _) in asked.items()}


def _stage(job: Stages, name: str, what: str) -> AbstractContextManager[None]:
    return job.stage(f"{name}: {what}")


def published_table(name: str) -> PublishedTable:
    """Return one published table with what recomputes it; only its own module is loaded."""
    found = import_module(f"apps.reproduce.{TABLES[name][0]}").TABLES[name]
    assert isinstance(found, PublishedTable)
    return found


def reproduce(name: str, **options: int) -> Reproduction:
    """Return one reproduced figure; only its own module is loaded."""
    made = import_module(f"apps.reproduce.{name.replace('-', '_')}").reproduce(**options)
    assert isinstance(made, Reproduction)
    return made
