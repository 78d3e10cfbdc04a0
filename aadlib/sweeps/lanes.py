"""Choose the widest build of the lane sweeps that this processor can run.

The body in `lanes_body.pxi` is compiled once per instruction set, so a wheel stays portable without giving up SIMD.
`AADLIB_SIMD` (baseline, avx2, avx512) overrides the choice, for tests and comparisons.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

from numpy._core._multiarray_umath import __cpu_features__ as cpu_features  # the public np.show_runtime prints these

from aadlib.errors import AadValueError

LANES = 8
"""Lanes in one block of every lane sweep."""

REQUIRED = {
    "avx512": ("AVX512F", "AVX512DQ", "AVX512VL", "AVX512BW", "AVX2", "FMA3"),
    "avx2": ("AVX2", "FMA3"),
    "baseline": (),
}


def _load() -> tuple[str, ModuleType]:
    wanted = os.environ.get("AADLIB_SIMD")
    if wanted is not None and wanted not in REQUIRED:
        raise AadValueError(f"AADLIB_SIMD = {wanted!r}: choose one of {', '.join(REQUIRED)}")
    for level, features in REQUIRED.items():
        if wanted in (None, level) and all(cpu_features.get(feature, False) for feature in features):
            try:
                return level, importlib.import_module(f"aadlib.generated.lanes_{level}")
            except ModuleNotFoundError:
                if wanted == level or level == "baseline":
                    raise
    raise AadValueError(f"AADLIB_SIMD = {wanted!r}: this processor lacks it; leave it unset")


level, _module = _load()

tangent_sweep = _module.tangent_sweep
second_order_sweep = _module.second_order_sweep
evaluate_chunk = _module.evaluate_chunk
gradient_chunk = _module.gradient_chunk
