"""The option chain that ships with the package."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes


CHAIN = files("apps.data") / "synthetic_chain.csv"


def synthetic_quotes(**limits: Any) -> Quotes:
    """Return its quotes; `limits` as for `pricers.chain.load_quotes`."""
    from pricers.chain import load_quotes

    with as_file(CHAIN) as path:
        return load_quotes(path, **limits)
