"""The programs of `python -m apps`: their list and their arguments."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

from aadlib.errors import AadError
from apps.program import Program
from apps.report.text import printable

PROGRAMS = ("risk", "explain", "train", "xva", "scenarios", "reproduce")
"""The programs in the order of their list; NAME is the record `PROGRAM` at the end of apps/NAME/command.py."""


EXTRAS = ("matplotlib", "pandas", "rich")
"""What `pip install '.[apps]'` brings, imported where it is used."""


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
        if sys.stdout is not None:
            sys.stdout.flush()
    except AadError as error:
        return _failed(str(error))
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS:
            raise
        return _failed(f"`{chosen.program}` needs {missing}, which is not installed: pip install '.[apps]'")
    except BrokenPipeError:
        # Whoever read our output has left (`| head`); what they wanted is with them.
        _drop_output()
        return 141
    except OSError as error:
        _drop_output()
        where = f"{error.filename}: " if error.filename else "the output cannot be written: "
        return _failed(f"{where}{error.strerror}")
    return 0


def _failed(message: str) -> int:
    """Say in one line what is wrong and return the exit code."""
    print(f"error: {printable(message)}", file=sys.stderr)
    return 2


def _drop_output() -> None:
    """Send what is still to be flushed nowhere, so that the interpreter's end does not try, and fail, once more."""
    if sys.stdout is None:
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a stdout that is no file, as in tests, has nothing to flush
        pass


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Leave through the finally blocks, which remove what is half-written."""
    raise SystemExit(128 + number)
