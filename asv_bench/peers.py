"""Print our figures beside those of the peers that are installed, measured in one process, warm, medians and ratios.

    python asv_bench/peers.py [CONTEST...] [--rounds N]

Install the peers with `pip install 'aadlib[bench]'`. Each round times every contestant once, in turn, so that a busy
machine slows all of them alike.
"""

from __future__ import annotations

import argparse
from importlib import import_module

from contests import CONTESTS, Settings


def main() -> None:
    """Run the contests asked for, or all."""
    parser = argparse.ArgumentParser(description="our figures beside those of the peers")
    parser.add_argument(
        "contests", nargs="*", metavar="contest", help=f"any of {', '.join(CONTESTS)}; default all"
    )
    parser.add_argument("--rounds", type=int, default=21, help="how often each contestant is timed")
    parser.add_argument(
        "--plot", metavar="FILE", help="draw how the Hessian's cost grows (contest march) into FILE"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.contests) - set(CONTESTS):
        parser.error(f"unknown contest {sorted(unknown)}: choose from {', '.join(CONTESTS)}")
    for name in chosen.contests or CONTESTS:
        import_module(f"contests.{name}").run(Settings(chosen.rounds, chosen.plot))


if __name__ == "__main__":
    main()
