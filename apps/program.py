"""The record of a program of `python -m apps`: its name, its help, its arguments and what runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """One program of the command line.

    Attributes
    ----------
    name : what follows `python -m apps`
    summary : its line in the list of programs
    details : what its own help adds to that
    add_arguments : declares its arguments
    run : does the work with the parsed arguments
    offers : heading -> names, listed below the programs where a program has several things to run
    """

    name: str
    summary: str
    details: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]
    offers: Mapping[str, Sequence[str]] = field(default_factory=dict)
