"""Whether there is a CUDA card to compute on, said clearly where there is none."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from aadlib.errors import AadValueError

INSTALL = "pip install 'aadlib[cuda]' on a machine with an NVIDIA card and driver"


def require_cuda() -> None:
    """Raise `AadValueError` unless numba finds a CUDA card (or its simulator is on)."""
    try:
        from numba import cuda
    except ImportError:
        raise AadValueError(
            f"device = 'cuda': numba.cuda is not installed; {INSTALL}, or use the CPU"
        ) from None
    if not cuda.is_available():
        raise AadValueError(f"device = 'cuda': no CUDA card and driver found; {INSTALL}, or use the CPU")


@contextmanager
def quiet_launches() -> Iterator[None]:
    """Silence numba's advice on small grids: a small job is small."""
    from numba.core.errors import NumbaPerformanceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaPerformanceWarning)
        yield
