"""Recording one binary operation from a Python loop, against xad and a float."""

from __future__ import annotations

from benchmarks.recording import chain

import aadlib as ad
from contests import Settings
from contests.racing import Contestants, line, race


def run(settings: Settings) -> None:
    """Race the recording of one binary operation from a Python loop."""
    n_operations = 300_000

    def ours() -> None:
        with ad.Tape() as tape:
            chain(tape.input(0.5), n_operations)

    contestants: Contestants = {"aadlib": ours, "float": lambda: chain(0.5, n_operations)}
    try:
        from xad import adj_1st
    except ImportError:
        print("  xad is not installed")
    else:

        def xad() -> None:
            with adj_1st.Tape() as tape:
                x = adj_1st.Real(0.5)
                tape.registerInput(x)
                tape.newRecording()
                chain(x, n_operations)

        contestants["xad"] = xad
    medians = race(contestants, settings.rounds)
    print(f"Recording one binary operation, {n_operations:,} in a Python loop")
    for name, seconds in medians.items():
        peers = {peer: s for peer, s in medians.items() if peer != name and name == "aadlib"}
        line(name, seconds / n_operations, "ns", 1e9, {k: s / n_operations for k, s in peers.items()})
