"""Whether numba can keep compiled kernels on disk: every kernel asks here, for `cache=`."""

from __future__ import annotations

import warnings

from numba import njit


def _probe() -> None:
    """Be what numba looks for a place for."""


def find_cache() -> bool:
    """Return whether there is a place for compiled kernels; where there is none say once what that costs.

    Numba refuses to make a kernel with `cache=True` where neither the installation nor the user's cache directory can
    be written to, as in a hardened container.
    """
    try:
        njit(cache=True)(_probe)
    except RuntimeError:
        warnings.warn(
            "compiled kernels cannot be kept, as neither the installation nor the home directory can be written to: "
            "every process compiles them afresh; set NUMBA_CACHE_DIR to a directory that can be written to",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


CACHE = find_cache()
"""What kernels pass as `cache=`."""
