"""The option chain that ships with the package."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes


CHAIN = files("apps.data") / "synthetic_chain.csv"


def synthetic_quotes(**limits: Any) -> Quotes:
    """Return its quotes; `limits` as for `pricers.chain.load_quotes`."""
    from pricers.chain import load_quotes

    with as_file(CHAIN) as path:
        return load_quotes(path, **limits)


def next_day_quotes(**limits: Any) -> Quotes:
    """Return those of the invented next trading day, made where they are wanted."""
    from pricers.chain import load_quotes
    from pricers.chain.synthetic import NEXT_DAY, write_synthetic_chain

    with TemporaryDirectory() as folder:
        path = Path(folder) / "next_day.csv"
        write_synthetic_chain(path, NEXT_DAY)
        return load_quotes(path, **limits)
