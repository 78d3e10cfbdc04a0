"""Choose the widest build of the lane sweeps that this processor can run.

The body in `lanes_body.pxi` is compiled once per instruction set, so a wheel stays portable without giving up SIMD.
`AADLIB_SIMD` (baseline, avx2, avx512) overrides the choice, for tests and comparisons.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

from aadlib.errors import AadValueError
from aadlib.sweeps import scalar
from aadlib.sweeps.sizes import BLOCK as BLOCK
from aadlib.sweeps.sizes import LANES as LANES

LEVELS = ("baseline", "avx2", "avx512")


def _load() -> tuple[str, ModuleType]:
    best = scalar.simd_level()
    wanted = os.environ.get("AADLIB_SIMD")
    if wanted is not None:
        if wanted not in LEVELS:
            raise AadValueError(f"AADLIB_SIMD = {wanted!r}: choose one of {', '.join(LEVELS)}")
        if LEVELS.index(wanted) > best:
            raise AadValueError(
                f"AADLIB_SIMD = {wanted!r}: this processor has {LEVELS[best]} only; leave it unset"
            )
        best = LEVELS.index(wanted)
    return LEVELS[best], importlib.import_module(f"aadlib.generated.lanes_{LEVELS[best]}")


level, _module = _load()

tangent_sweep = _module.tangent_sweep
second_order_sweep = _module.second_order_sweep
curvature_sweep = _module.curvature_sweep
evaluate_chunk = _module.evaluate_chunk
gradient_chunk = _module.gradient_chunk
second_order_chunk = _module.second_order_chunk
PointReplay = _module.PointReplay
meet_curvature = importlib.import_module(f"aadlib.generated.curvature_{level}").meet_curvature
