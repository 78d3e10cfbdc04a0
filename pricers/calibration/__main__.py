"""Tabulate fits of option chains: ``python -m pricers.calibration CHAIN.csv [CHAIN.csv ...]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from pricers.calibration import calibrate, holdout, screen_quotes
from pricers.calibration.svi_fit import fit_svi_slices
from pricers.chain import load_quotes
from pricers.chain.quotes import Quotes

POINT = 0.01
COLUMNS = (
    "weights",
    "rmse",
    "tight",
    "SVI",
    "ratio",
    "inside",
    "SVI inside",
    "marches",
    "fit ms",
    "grid error",
    "worst",
    "local vol",
    "holdout in",
    "out",
)


def row(quotes: Quotes, weights: str, n_strikes: int, n_expiries: int) -> tuple[str, ...]:
    """Return the figures of one chain in one weighting, errors in volatility points."""
    # The best of three: the machine may be busy, the figures are the same each time.
    fits = [
        calibrate(quotes=quotes, weights=weights, n_strikes=n_strikes, n_expiries=n_expiries)
        for _ in range(3)
    ]
    fit = min(fits, key=lambda result: result.seconds)
    svi = fit_svi_slices(quotes=quotes, weights=weights).quality
    held = holdout(quotes=quotes, weights=weights, n_strikes=n_strikes, n_expiries=n_expiries)
    return (
        weights,
        f"{fit.rmse / POINT:.4f}",
        f"{fit.quality.tight_rmse / POINT:.4f}",
        f"{svi.rmse / POINT:.4f}",
        f"{fit.rmse / svi.rmse:.3f}",
        f"{fit.share_inside:.2%}",
        f"{svi.share_inside:.2%}",
        f"{fit.n_marches}",
        f"{1e3 * fit.seconds:.0f}",
        f"{fit.grid_error / POINT:.4f}",
        f"{fit.worst_grid_error / POINT:.3f}",
        f"{fit.min_local_variance**0.5:.3f} to {fit.max_local_variance**0.5:.2f}",
        f"{held.in_sample.rmse / POINT:.4f}",
        f"{held.held_out.rmse / POINT:.4f}",
    )


def main() -> None:
    """Parse the command line and print one table per chain."""
    parser = argparse.ArgumentParser(
        prog="python -m pricers.calibration", description=__doc__.splitlines()[0]
    )
    parser.add_argument("chains", nargs="+", type=Path, metavar="CHAIN.csv")
    parser.add_argument("--strikes", type=int, default=16, metavar="N")
    parser.add_argument("--expiries", type=int, default=12, metavar="N")
    arguments = parser.parse_args()
    for path in arguments.chains:
        whole = load_quotes(path)
        quotes = screen_quotes(whole).apply(whole)
        print(
            f"\n{path}: {len(quotes)} of {len(whole)} quotes in {len(quotes.slices)} slices; "
            "errors in volatility points"
        )
        rows: list[tuple[str, ...]] = [COLUMNS]
        rows += [row(quotes, w, arguments.strikes, arguments.expiries) for w in ("equal", "inverse_spread")]
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        for cells in rows:
            print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)))


if __name__ == "__main__":
    main()
