"""What recording costs: nanoseconds and bytes for one operation, beside plain floats and xad in the same process."""

from __future__ import annotations

from typing import Any

import aadlib as ad

from .bspline_pde import price, weights
from .sizes import median_seconds, sizes


def chain(x: Any, n_operations: int) -> Any:
    """Do `n_operations` binary operations, multiplications and additions in turn, in a Python loop."""
    y = x
    for _ in range(n_operations // 2):
        y = y * x
        y = y + x
    return y


def seconds_aadlib(n_operations: int) -> float:
    """Return the median time of recording the chain on a fresh tape."""

    def record() -> None:
        with ad.Tape() as tape:
            chain(tape.input(0.5), n_operations)

    return median_seconds(record)


def seconds_float(n_operations: int) -> float:
    """Return the median time of the chain on floats."""
    return median_seconds(lambda: chain(0.5, n_operations))


def seconds_xad(n_operations: int) -> float:
    """Return the median time of recording the chain with xad; raises ImportError where it is absent."""
    from xad import adj_1st

    def record() -> None:
        with adj_1st.Tape() as tape:
            x = adj_1st.Real(0.5)
            tape.registerInput(x)
            tape.newRecording()
            chain(x, n_operations)

    return median_seconds(record)


class RecordPerOperation:
    """One binary operation from a Python loop."""

    params = sizes(30_000, 300_000)
    param_names = ("n_operations",)
    timeout = 120

    def track_nanoseconds(self, n_operations: int) -> float:
        """Return the time of one recorded operation."""
        return 1e9 * seconds_aadlib(n_operations) / n_operations

    def track_nanoseconds_float(self, n_operations: int) -> float:
        """Return the time of one float operation in the same loop."""
        return 1e9 * seconds_float(n_operations) / n_operations

    def track_ratio_to_xad(self, n_operations: int) -> float:
        """Return our time over xad's; not available without xad."""
        try:
            return seconds_aadlib(n_operations) / seconds_xad(n_operations)
        except ImportError:
            return float("nan")


class RecordProgram:
    """Recording and freezing the B-spline PDE."""

    params = sizes(5, 100)
    param_names = ("n_steps",)
    timeout = 120

    def time_record(self, n_steps: int) -> None:
        """Record once and freeze."""
        ad.record(lambda x: price(x, n_steps=n_steps), weights(19))

    def track_nodes(self, n_steps: int) -> int:
        """Return the number of nodes."""
        return ad.record(lambda x: price(x, n_steps=n_steps), weights(19)).n_nodes

    def track_bytes_per_node(self, n_steps: int) -> int:
        """Return what the program and one gradient replay hold, per node."""
        program = ad.record(lambda x: price(x, n_steps=n_steps), weights(19))
        return program.memory_report()["bytes_per_node"]

    def peakmem_record(self, n_steps: int) -> None:
        """Record once and freeze."""
        ad.record(lambda x: price(x, n_steps=n_steps), weights(19))
