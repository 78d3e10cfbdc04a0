"""Delta of a binomial tree against the spot, drawn: shared by two figures."""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats
from apps.report.plots import ACCENT, SECOND, house_style, new_figure
from apps.report.tables import Column, table
from apps.reproduce.contracts.american_put import TEXT, at_spots, plain_tree
from apps.reproduce.reproduction import Reproduction


def delta_figure(number: str, spots: Floats, *, remark: str) -> Reproduction:
    """Draw delta by duals and by the likelihood ratio at the given spots, and count the steps of the first."""
    from aadlib.compiled_duals import derivatives

    tree, arguments = plain_tree()
    found = at_spots(derivatives(tree, order=1, active=(0,)), arguments, spots)
    pathwise = np.array([float(price_part[1][0]) for price_part, _ in found])
    ratio = np.array([float(ratio_part[0]) for _, ratio_part in found])
    with house_style():
        figure = new_figure(7.2, 4.6)
        axes = figure.add_axes((0.12, 0.13, 0.84, 0.76))
        axes.step(spots, pathwise, where="mid", color=ACCENT, label="duals through the tree")
        axes.plot(spots, ratio, color=SECOND, linewidth=1.0, label="likelihood ratio")
        axes.set_xlabel("spot (currency)")
        axes.set_ylabel("delta (per currency unit of spot)")
        axes.set_title("Delta of an American put on a Cox-Ross-Rubinstein tree")
        axes.legend()
    jumps = np.abs(np.diff(pathwise))
    rows = [
        ("spots", spots.size),
        ("of them with the delta of the one before, to 1e-9", int(np.count_nonzero(jumps < 1e-9))),
        ("largest step of delta between two", float(jumps.max())),
        ("largest distance of the two deltas", float(np.abs(pathwise - ratio).max())),
    ]
    return Reproduction(
        title=f"Figure {number} of the article on dual numbers: delta against the spot, American put, {TEXT}",
        figure=figure,
        checks=(table("The curve in numbers", [Column("quantity"), Column("value", "", ".4g")], rows),),
        remark=remark,
    )
