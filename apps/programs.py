"""The programs of `python -m apps`: their list and their arguments."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

from aadlib.errors import AadError
from apps.program import Program

PROGRAMS = ("risk", "reproduce")
"""The programs in the order of their list; NAME is the record `PROGRAM` at the end of apps/NAME/command.py."""


def program_records() -> list[Program]:
    """Return the record of each program."""
    return [import_module(f"apps.{name}.command").PROGRAM for name in PROGRAMS]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every program."""
    parser = argparse.ArgumentParser(
        prog="python -m apps",
        description="From an option chain to second-order Greeks, and the published tables and figures again.",
        epilog="`python -m apps NAME --help` explains each one.",
    )
    parsers = parser.add_subparsers(title="programs", metavar="NAME", dest="program")
    for program in program_records():
        described = f"{program.summary}. {program.details}"
        own = parsers.add_parser(program.name, help=program.summary, description=described)
        program.add_arguments(own)
        own.set_defaults(run=program.run)
    return parser


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one program and return the exit code: 0 done, 2 bad input, 141 where nobody reads the output any more."""
    parser = build_parser()
    chosen = parser.parse_args(arguments)
    if chosen.program is None:
        parser.print_help()
        print()
        for program in program_records():
            for heading, names in program.offers.items():
                print(f"{heading}: {', '.join(names)}")
        return 0
    signal.signal(signal.SIGTERM, _stop)
    try:
        chosen.run(chosen)
    except AadError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has left (`| head`); what they wanted is with them.
        sys.stderr.close()
        return 141
    return 0


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Leave through the finally blocks, which remove what is half-written."""
    raise SystemExit(128 + number)
