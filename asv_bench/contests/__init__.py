"""The contests of `peers.py`: one file each, with a function `run(settings)` that races and prints."""

from __future__ import annotations

from dataclasses import dataclass

CONTESTS = (
    "monte_carlo",
    "recording",
    "pde",
    "march",
    "hessian",
    "black_scholes",
    "planner",
    "edge_pushing",
    "american",
    "network",
    "samples",
)
"""The contests in the order they are run; NAME is `run` of contests/NAME.py."""


@dataclass(frozen=True)
class Settings:
    """How often each contestant is timed, and the file that a contest with a picture draws into, if any."""

    rounds: int = 21
    plot: str | None = None
