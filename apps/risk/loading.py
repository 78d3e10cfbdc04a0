"""From the program's arguments to the quotes of the chain."""

from __future__ import annotations

import argparse
import hashlib
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.data.synthetic import CHAIN, synthetic_quotes
from apps.report.text import printable
from apps.risk.arguments import MARKET, READING

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes

NOT_OPTIONS = ("chain", "explain", "out", "program", "run")
"""Arguments that change no number of the report."""


def load(arguments: argparse.Namespace) -> tuple[str, Quotes]:
    """Return the name of the program's chain and its quotes, see `load_chain`."""
    return load_chain(arguments, arguments.chain)


def load_chain(
    arguments: argparse.Namespace,
    chain: Path | None,
    embedded: Callable[..., Quotes] = synthetic_quotes,
) -> tuple[str, Quotes]:
    """Return the name of a chain and its quotes; print how it was read if asked to, and what is odd, to stderr.

    Parameters
    ----------
    chain : path, or None for an embedded one
    """
    from pricers.chain import MarketWarning, load_quotes, parse_columns, parse_limits

    options: dict[str, Any] = {name: getattr(arguments, name) for name in (*READING, *MARKET)}
    options |= {
        "columns": parse_columns(arguments.columns) if arguments.columns is not None else None,
        "limits": parse_limits(arguments.limits) if arguments.limits is not None else None,
        "min_open_interest": arguments.min_open_interest,
        "min_expiry": arguments.min_days / 365.0,
        "max_expiry": arguments.max_years,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarketWarning)  # `Quotes.warnings` has them
        if chain is not None:
            source, quotes = str(chain), load_quotes(chain, **options)
        else:
            source, quotes = "synthetic chain", embedded(**options)
    if arguments.explain and quotes.explanation is not None:
        print(printable("\n".join(quotes.explanation.lines()), keep="\n"))
        print(f"  exercise: {quotes.exercise_style}, {quotes.exercise_reason}\n")
    for message in quotes.warnings:
        warn(message)
    return source, quotes


def warn(message: str) -> None:
    """Print a warning."""
    print(f"warning: {printable(message)}", file=sys.stderr)


def provenance(arguments: argparse.Namespace) -> dict[str, str]:
    """Return what the report was made from: the input's hash, the version and every option."""
    from aadlib import __version__

    made_from = {"version": __version__}
    for name in ("chain", "book", "curve", "dividends", "forwards"):
        path = getattr(arguments, name)
        if path is not None:
            made_from[f"sha256 of {name} {path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif name == "chain":
            made_from[f"sha256 of the embedded {CHAIN.name}"] = hashlib.sha256(CHAIN.read_bytes()).hexdigest()
    options = {name: value for name, value in vars(arguments).items() if name not in NOT_OPTIONS}
    return made_from | {
        f"--{name.replace('_', '-')}": str(value) for name, value in options.items() if value is not None
    }
