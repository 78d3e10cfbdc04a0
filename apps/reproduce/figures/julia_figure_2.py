"""The article's figure 2: gamma of the tree by finite differences against the step, beside duals and the truth."""

from __future__ import annotations

import numpy as np

from apps.report.plots import ACCENT, MUTED, SECOND, house_style, new_figure
from apps.report.tables import Column, table
from apps.reproduce.contracts.american_put import CONTRACT, TEXT, TRUTH, plain_tree
from apps.reproduce.reproduction import Reproduction

STEPS = np.logspace(-1.0, -9.0, 81)
"""Steps in the spot, relative to it."""


def reproduce() -> Reproduction:
    """Draw the differences, and list gamma by every way."""
    from aadlib.compiled_duals import derivatives

    tree, arguments = plain_tree()
    spot = CONTRACT["spot"]

    def price(at: float) -> float:
        return float(tree(at, *arguments[1:])[0])

    middle = price(spot)
    differences = np.array(
        [(price(spot * (1.0 + h)) - 2.0 * middle + price(spot * (1.0 - h))) / (spot * h) ** 2 for h in STEPS]
    )
    pathwise = float(derivatives(tree, order=2, active=(0,))(*arguments)[0][2][0, 0])
    ratio = float(derivatives(tree, order=1, active=(0,))(*arguments)[1][1][0])
    with house_style():
        figure = new_figure(7.2, 4.8)
        axes = figure.add_axes((0.12, 0.13, 0.84, 0.76))
        axes.plot(STEPS, differences, color=MUTED, marker=".", linewidth=0.8, label="finite differences")
        axes.axhline(TRUTH["gamma"], color="black", linewidth=0.8, linestyle=":", label="truth")
        axes.axhline(ratio, color=ACCENT, linewidth=1.2, label="likelihood ratio, then duals")
        axes.axhline(pathwise, color=SECOND, linewidth=1.2, label="second-order duals")
        axes.set_xscale("log")
        axes.invert_xaxis()
        axes.set_ylim(-0.05, 0.1)
        axes.set_xlabel("step, relative to the spot")
        axes.set_ylabel("gamma (per currency unit of spot squared)")
        axes.set_title("Gamma of a Cox-Ross-Rubinstein tree")
        axes.legend(loc="upper right")
    outside = int(np.count_nonzero(np.abs(differences / TRUTH["gamma"] - 1.0) > 0.05))
    rows = [
        ("truth (spectral method)", TRUTH["gamma"]),
        ("likelihood ratio, then duals", ratio),
        ("second-order duals", pathwise),
        *((f"finite differences, step {h:.0e}", float(np.interp(-np.log(h), -np.log(STEPS), differences)))
          for h in (1e-1, 1e-2, 1e-3, 1e-5, 1e-7, 1e-9)),
        (f"of {STEPS.size} steps, off by more than 5%", outside),
    ]  # fmt: skip
    return Reproduction(
        title=f"Figure 2 of the article on dual numbers: gamma against the step, American put, {TEXT}",
        figure=figure,
        checks=(table("Gamma", [Column("by"), Column("value", "1/currency^2", ".5g")], rows),),
        remark=(
            "Differences are right only where the step covers many nodes and is still small; below that they see one "
            "step of the staircase or none, and in the end round-off, outside the picture."
        ),
    )
