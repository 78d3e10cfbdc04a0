"""Figure 1: the computation graph of the log-normal density f(y; mu, sigma)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.program.graph import positions
from apps.report.plots import ACCENT, house_style, new_figure
from apps.report.tables import Column, table
from apps.reproduce.reproduction import Reproduction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINT = np.array([1.25, 0.1, 0.4])
"""Where the density is recorded: y, mu, sigma. The report leaves it open."""


def density(x: Any) -> Any:
    """Return the log-normal density for x = (y, mu, sigma)."""
    y, mu, sigma = x
    return ad.exp(-((ad.log(y) - mu) ** 2) / (2.0 * sigma**2)) / (y * sigma * math.sqrt(2.0 * math.pi))


def _number(axes: Axes, program: ad.Program) -> None:
    """Write v_-2, v_-1, v_0 beside the inputs and v_1, v_2, ... beside the operations."""
    for slot, (x, height) in positions(program).items():
        if slot < program.n_inputs:
            number = slot - program.n_inputs + 1
        elif slot >= program.first_node:
            number = slot - program.first_node + 1
        else:
            continue
        axes.annotate(
            f"$v_{{{number}}}$",
            (x, height),
            xytext=(19, -2),
            textcoords="offset points",
            color=ACCENT,
            ha="left",
            va="center",
        )


def reproduce() -> Reproduction:
    """Return the drawn tape, and value and gradient beside the closed form."""
    program = ad.record(density, POINT)
    with house_style():
        figure = new_figure(7.2, 7.6)
        axes = figure.add_axes((0.01, 0.01, 0.98, 0.92))
        program.draw(axes, input_names=["y", "μ", "σ"])
        _number(axes, program)
        axes.set_title("Log-normal density: the tape as a graph, numbered like a Wengert list")
    value, gradient = program.value_and_gradient(POINT)
    y, mu, sigma = POINT.tolist()
    z = (math.log(y) - mu) / sigma
    known = math.exp(-0.5 * z * z) / (y * sigma * math.sqrt(2.0 * math.pi))
    by_hand = [known, -known * (1.0 + z / sigma) / y, known * z / sigma, known * (z * z - 1.0) / sigma]
    names = ("f", "df / dy", "df / dmu", "df / dsigma")
    rows = [
        (name, hand, ours, ours - hand)
        for name, hand, ours in zip(names, by_hand, [value, *gradient], strict=True)
    ]
    columns = [
        Column("quantity"),
        Column("by hand", "", ".12g"),
        Column("from the tape", "", ".12g"),
        Column("difference", "", ".1e"),
    ]
    return Reproduction(
        title=f"Figure 1: computation graph of the log-normal density at y = {y:g}, mu = {mu:g}, sigma = {sigma:g}",
        figure=figure,
        checks=(table("Value and gradient", columns, rows),),
        remark=(
            f"{program.n_nodes} operations; constants are folded while recording, and an expression that occurs twice "
            "is recorded once."
        ),
    )
