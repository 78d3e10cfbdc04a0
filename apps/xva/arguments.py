"""The book of the programs `xva` and `scenarios`, and checks of their counts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aadlib.errors import AadValueError

if TYPE_CHECKING:
    from pricers.surrogates import NettingSet

LEAST = {"trades": 1, "assets": 1, "baskets": 0, "maturity": 1, "book_seed": 0}
MOST = {"trades": 1000, "assets": 50, "maturity": 30}


def add_book(parser: argparse.ArgumentParser) -> None:
    """Declare what the book is."""
    group = parser.add_argument_group("book of swaps, forwards and options, drawn at random")
    add_counts(
        group,
        trades=(40, "number of trades"),
        assets=(5, "number of assets"),
        baskets=(0, "of the trades, calls on all assets, which have no closed form"),
        maturity=(5, "years of the longest trade"),
        book_seed=(1, "seed of the book"),
    )


def add_counts(group: argparse._ArgumentGroup, **counts: tuple[int, str]) -> None:
    """Declare whole numbers: name -> default and what it is."""
    for name, (default, text) in counts.items():
        option = f"--{name.replace('_', '-')}"
        group.add_argument(option, type=int, default=default, metavar="N", help=f"{text} ({default:,d})")


def check_counts(
    arguments: argparse.Namespace, least: Mapping[str, int], most: Mapping[str, int] | None = None
) -> None:
    """Raise for a whole number that is out of its bounds."""
    for name, lowest in least.items():
        number, highest = getattr(arguments, name), (most or {}).get(name)
        if number < lowest or (highest is not None and number > highest):
            bounds = f"{lowest:,d} or more" if highest is None else f"from {lowest:,d} to {highest:,d}"
            raise AadValueError(f"--{name.replace('_', '-')} {number}: must be {bounds}")


def book(arguments: argparse.Namespace) -> NettingSet:
    """Return the book."""
    from pricers.surrogates import random_netting_set

    check_counts(arguments, LEAST, MOST | {"baskets": arguments.trades})
    return random_netting_set(
        n_assets=arguments.assets,
        n_trades=arguments.trades,
        n_baskets=arguments.baskets,
        maturity=arguments.maturity,
        seed=arguments.book_seed,
    )
