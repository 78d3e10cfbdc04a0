"""How the pricers' numba kernels are compiled."""

from __future__ import annotations

from typing import Any

from aadlib.kernel_cache import CACHE as CACHE

# Fused multiply-adds are allowed, nothing is reordered: results do not depend on the number of lanes or threads.
OPTIONS: dict[str, Any] = {"cache": CACHE, "nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
