"""From a replay to the singular point where it stands, if it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aadlib.program.replay import Replay
from aadlib.singular.point import SingularPoint, singular_point
from aadlib.types import Floats


def singular_replay(replay: Replay, seeds: Floats, order: int, *results: Floats) -> SingularPoint | None:
    """Return the point at which a replay stands, where sweeps met an infinity or a NaN and it matters, else None.

    `results` are the derivatives that they returned.
    """
    if not replay.met_infinity():
        return None
    finite = all(np.isfinite(result).all() for result in results)
    return singular_point(replay.program, replay.values, replay.states, seeds, order, finite)


def settled_adjoints(replay: Replay, seeds: Floats, arguments: Sequence[Any]) -> Floats:
    """Sweep adjoints back from seeds of the outputs and return those of the inputs (n_inputs,), 0 for passive ones."""
    program = replay.program
    adjoints = np.where(program.input_active, replay.sweep_adjoints(seeds)[: program.n_inputs], 0.0)
    if (singular := singular_replay(replay, seeds, 1, adjoints)) is not None:
        adjoints = singular.gradient()
        singular.warn(arguments)
    return adjoints


def settle_slopes(replay: Replay, direction: Floats, slopes: Floats, arguments: Sequence[Any]) -> None:
    """Put right the derivatives of the outputs along a direction (n_inputs,), where a sweep met an infinity."""
    if not replay.met_infinity():
        return
    for output, seeds in enumerate(np.eye(slopes.size)):
        if (singular := singular_replay(replay, seeds, 1, slopes[output])) is not None:
            slopes[output] = singular.along(direction)
            singular.warn(arguments)
