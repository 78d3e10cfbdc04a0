"""From a replay to the singular point where it stands, if it does."""

from __future__ import annotations

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
