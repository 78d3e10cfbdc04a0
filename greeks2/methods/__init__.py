"""Second-order methods, a file or folder each, and the list of them."""

from __future__ import annotations

from aadlib.extend import Program
from greeks2.methods.bottleneck import BOTTLENECK
from greeks2.methods.bumping2 import BUMPING2
from greeks2.methods.edge_pushing.edge_pushing import EDGE_PUSHING
from greeks2.methods.forward_over_reverse.forward_over_reverse import FORWARD_OVER_REVERSE
from greeks2.methods.method import Method
from greeks2.methods.taylor.taylor import TAYLOR

METHODS: tuple[Method, ...] = (EDGE_PUSHING, TAYLOR, FORWARD_OVER_REVERSE, BOTTLENECK, BUMPING2)
"""Every method, in the order in which they are listed: the one place where a new one is entered."""


def takes_composites(name: str) -> bool:
    """Return whether the method of that name, or "auto", runs on programs with composite operations."""
    return all(method.takes_composites for method in METHODS if method.name == name)


def methods_for(program: Program) -> tuple[Method, ...]:
    """Return the methods that run on a program: all of them where it has no composite operations."""
    return tuple([method for method in METHODS if method.takes_composites or not program.composites])
