"""The programs of `python -m apps`: their list and their arguments."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from aadlib.errors import AadError
from apps import risk
from apps.reproduce import command as reproduce


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every program."""
    parser = argparse.ArgumentParser(
        prog="python -m apps",
        description="From an option chain to second-order Greeks, and the published tables and figures again.",
        epilog="`python -m apps NAME --help` explains each one.",
    )
    programs = parser.add_subparsers(title="programs", metavar="NAME", dest="program")
    for name, module in (("risk", risk), ("reproduce", reproduce)):
        summary, details = module.HELP
        program = programs.add_parser(name, help=summary, description=f"{summary}. {details}")
        module.add_arguments(program)
        program.set_defaults(run=module.run)
    return parser


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one program and return the exit code: 0 done, 2 bad input, 141 where nobody reads the output any more."""
    parser = build_parser()
    chosen = parser.parse_args(arguments)
    if chosen.program is None:
        parser.print_help()
        print(f"\ntables to reproduce: {', '.join(reproduce.TABLES)}")
        print(f"figures to reproduce: {', '.join(reproduce.FIGURES)}")
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
