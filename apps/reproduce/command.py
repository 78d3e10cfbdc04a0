"""The program `reproduce`: draw published figures again and print what checks them."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from apps.report.files import write_whole
from apps.report.progress import stages
from apps.report.tables import print_table
from apps.reproduce.reproduction import Reproduction

HELP = (
    "Draw published figures again, beside the numbers that check them",
    "The pictures are written as PNG and SVG files.",
)

FIGURES = {
    "figure-1": "computation graph of the log-normal density",
    "figure-2": "edge pushing, step by step, on a small example",
    "figure-4": "market smiles and their B-spline fit",
    "figure-5": "calibrated local-volatility surface",
    "figure-6": "Hessian of a call in ten B-spline weights",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the program's arguments."""
    listing = "; ".join(f"{name}: {what}" for name, what in FIGURES.items())
    parser.add_argument("name", choices=[*FIGURES, "all"], help=f"what to reproduce ({listing})")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder for the pictures (here)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Reproduce what was asked for, print the checks and write the pictures."""
    from apps.report.plots import as_png, as_svg

    names = list(FIGURES) if arguments.name == "all" else [arguments.name]
    made: dict[str, tuple[Reproduction, bytes, str]] = {}
    with stages(len(names)) as job:
        for name in names:
            with job.stage(name):
                result = reproduce(name)
                made[name] = (result, as_png(result.figure), as_svg(result.figure, name))
    for name, (result, png, svg) in made.items():
        print(result.title)
        for table in result.checks:
            print_table(table)
        print(result.remark)
        for ending, content in (("png", png), ("svg", svg)):
            write_whole(arguments.out / f"{name}.{ending}", content)
        print(f"picture: {arguments.out / name}.png, .svg\n")


def reproduce(name: str) -> Reproduction:
    """Return one reproduced figure; only its own module is loaded."""
    made = import_module(f"apps.reproduce.{name.replace('-', '_')}").reproduce()
    assert isinstance(made, Reproduction)
    return made
