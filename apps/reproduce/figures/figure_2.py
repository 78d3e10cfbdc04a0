"""Figure 2: edge pushing on f(x) = (x_-2 + e^x_-1)(3 x_-1 + x_0^2), step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.report.plots import ACCENT, GRID, INK, MUTED, house_style, new_figure
from apps.report.tables import Column, table
from apps.reproduce.reproduction import Reproduction
from greeks2 import Step, algo4_adjlist

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINT = np.array([0.5, 0.25, 2.0])
"""Where the example is taken: x_-2, x_-1, x_0. The report leaves it open; here every weight is different."""

# The report's numbering: independents -2, -1, 0, then v1 = x_-2 + e^x_-1, v2 = 3 x_-1 + x_0^2, v3 = v1 v2.
_POSITIONS = {-2: (0.0, 0.0), -1: (1.0, 0.0), 0: (2.0, 0.0), 1: (0.45, 1.15), 2: (1.55, 1.15), 3: (1.0, 2.1)}
_LABELS = {
    1: r"$v_1 = x_{-2} + e^{x_{-1}}$",
    2: r"$v_2 = 3x_{-1} + x_0^2$",
    3: r"$v_3 = v_1 v_2$",
}
_EDGES = [(-2, 1), (-1, 1), (-1, 2), (0, 2), (1, 3), (2, 3)]

Arc = tuple[int, int]


@dataclass(frozen=True)
class Stage:
    """The nonlinear arcs after a node was swept: arc (smaller, larger id) -> weight."""

    node: int | None
    title: str
    arcs: Mapping[Arc, float]


def example(x: Any) -> Any:
    """Return f(x) for x = (x_-2, x_-1, x_0)."""
    return (x[0] + ad.exp(x[1])) * (3.0 * x[1] + x[2] ** 2)


def published_arcs(x: Floats) -> list[tuple[int, Arc, str, float]]:
    """Return the arcs the report names, in its order: node swept, arc, the weight in its words, and its value."""
    grown = math.exp(x[1])
    v1, v2 = x[0] + grown, 3.0 * x[1] + x[2] ** 2
    return [
        (3, (1, 2), "1", 1.0),
        (2, (0, 1), "1 * 2 v_0", 2.0 * x[2]),
        (2, (-1, 1), "1 * 3", 3.0),
        (2, (0, 0), "2 v_1 (not in the text)", 2.0 * v1),
        (1, (-2, -1), "3", 3.0),
        (1, (-1, -1), "2 * 3 * e^v_-1, plus local v_2 e^v_-1", 6.0 * grown + v2 * grown),
        (1, (-2, 0), "2 v_0 (not in the text)", 2.0 * x[2]),
        (1, (-1, 0), "2 v_0 e^v_-1 (not in the text)", 2.0 * x[2] * grown),
    ]


def sweep(x: Floats) -> tuple[Floats, list[Stage]]:
    """Run the library's edge pushing; return the Hessian and the arcs after each of the report's three nodes.

    The report's nodes 1 and 2 are several elementary operations on the tape: a stage ends with the last of them.
    """
    program = ad.record(example, x)
    top = int(program.outputs[0])
    ends = (int(program.left[top - program.first_node]), int(program.right[top - program.first_node]))
    first, second = min(ends), max(ends)
    names = {0: -2, 1: -1, 2: 0, first: 1, second: 2}
    states: dict[int, Mapping[Arc, float]] = {}

    def note(step: Step) -> None:
        if step.kind == "finish":
            stage = 3 if step.node == top else (2 if step.node > first else 1)
            states[stage] = step.arcs

    hessian = algo4_adjlist(program, None, [x], on_step=note)
    titles = {3: "node 3: create", 2: "node 2: push, split, create", 1: "node 1: push, create"}
    stages = [Stage(None, "before the sweep", {})]
    for node, title in titles.items():
        renamed = {(names[i], names[j]): weight for (i, j), weight in states[node].items()}
        stages.append(Stage(node, title, {(min(a), max(a)): weight for a, weight in renamed.items()}))
    return hessian, stages


def reproduce() -> Reproduction:
    """Return the figure, its arcs beside the report's, and the Hessian beside the one by hand."""
    hessian, stages = sweep(POINT)
    arcs = {stage.node: stage.arcs for stage in stages}
    rows = []
    for node, arc, words, value in published_arcs(POINT):
        ours = arcs[node][arc]
        rows.append((node, f"{{{arc[0]}, {arc[1]}}}", words, value, ours, ours - value))
    columns = [
        Column("node swept"),
        Column("arc"),
        Column("weight by the report"),
        Column("its value", "", ".10g"),
        Column("ours", "", ".10g"),
        Column("difference", "", ".1e"),
    ]
    by_hand = closed_form(POINT)
    names = ("x_-2", "x_-1", "x_0")
    entries = [
        (f"d2f / d{names[i]} d{names[j]}", by_hand[i, j], hessian[i, j], hessian[i, j] - by_hand[i, j])
        for i in range(3)
        for j in range(i + 1)
    ]
    hessian_columns = [
        Column("entry"),
        Column("by hand", "", ".10g"),
        Column("edge pushing", "", ".10g"),
        Column("difference", "", ".1e"),
    ]
    where = ", ".join(f"{name} = {value:g}" for name, value in zip(names, POINT, strict=True))
    return Reproduction(
        title=f"Figure 2: edge pushing on f(x) = (x_-2 + e^x_-1)(3 x_-1 + x_0^2) at {where}",
        figure=draw_stages(stages),
        checks=(table("Nonlinear arcs", columns, rows), table("Hessian", hessian_columns, entries)),
        remark=(
            "The report's text follows the arc {1, 2} down to {-2, -1} and {-1, -1}; the sweep also makes {0, 0}, "
            "{-2, 0} and {-1, 0}, which the Hessian needs."
        ),
    )


def closed_form(x: Floats) -> Floats:
    """Return the Hessian of the example by hand, (3, 3)."""
    grown = math.exp(x[1])
    v1, v2 = x[0] + grown, 3.0 * x[1] + x[2] ** 2
    return np.array(
        [
            [0.0, 3.0, 2.0 * x[2]],
            [3.0, grown * v2 + 6.0 * grown, 2.0 * x[2] * grown],
            [2.0 * x[2], 2.0 * x[2] * grown, 2.0 * v1],
        ]
    )


def draw_stages(stages: list[Stage]) -> Figure:
    """Draw the graph once per stage, with the nonlinear arcs that are alive after it."""
    with house_style():
        figure = new_figure(3.1 * len(stages), 3.6)
        for position, stage in enumerate(stages):
            axes = figure.add_axes((position / len(stages), 0.0, 1.0 / len(stages), 0.9))
            _draw_graph(axes, {s.node for s in stages[: position + 1] if s.node is not None}, stage.node)
            for arc, weight in stage.arcs.items():
                _draw_arc(axes, arc, weight)
            axes.set_title(stage.title, loc="center")
            axes.set_xlim(-0.6, 2.75)
            axes.set_ylim(-0.85, 2.45)
            axes.set_aspect("equal")
            axes.axis("off")
    return figure


def _draw_graph(axes: Axes, swept: set[int], current: int | None) -> None:
    for tail, head in _EDGES:
        axes.annotate(
            "",
            xy=_POSITIONS[head],
            xytext=_POSITIONS[tail],
            arrowprops={
                "arrowstyle": "-|>",
                "color": GRID if head in swept else MUTED,
                "shrinkA": 11,
                "shrinkB": 11,
            },
        )
    for node, position in _POSITIONS.items():
        faded = node in swept and node != current
        edge = ACCENT if node == current else (GRID if faded else INK)
        axes.plot(
            *position, "o", markersize=19, markerfacecolor="white", markeredgecolor=edge, markeredgewidth=1.3
        )
        axes.text(
            *position, str(node), ha="center", va="center", color=GRID if faded else "#1c2431", fontsize=9
        )
    for node, text in _LABELS.items():
        offset, side = {1: (-0.1, "right"), 2: (0.1, "left"), 3: (0.0, "center")}[node]
        x, y = _POSITIONS[node]
        shade = GRID if node in swept and node != current else INK
        axes.text(x + offset, y + 0.25, text, ha=side, fontsize=8.5, color=shade)


def _draw_arc(axes: Axes, arc: Arc, weight: float) -> None:
    """Draw a nonlinear arc: bowed between two nodes, a loop at one."""
    text = f"{weight:.4g}"
    if arc[0] == arc[1]:
        x, y = _POSITIONS[arc[0]]
        angle = np.linspace(0.0, 2.0 * np.pi, 60)
        axes.plot(
            x + 0.13 * np.cos(angle), y - 0.3 + 0.13 * np.sin(angle), color=ACCENT, linewidth=1.6, zorder=0.5
        )
        axes.text(
            x + 0.17, y - 0.36, text, color=ACCENT, fontsize=8, ha="left", va="center", fontweight="bold"
        )
        return
    start, end = np.array(_POSITIONS[arc[0]]), np.array(_POSITIONS[arc[1]])
    direction = end - start
    normal = np.array([direction[1], -direction[0]])
    bow = {(-2, 0): 0.34, (-2, -1): -0.22, (-1, 0): -0.22}.get(arc, 0.12)
    s = np.linspace(0.0, 1.0, 60)[:, None]
    curve = start + s * direction + 4.0 * s * (1.0 - s) * bow * normal
    axes.plot(*curve.T, color=ACCENT, linewidth=1.8, zorder=0.8)
    x, y = curve[30]
    axes.text(
        x,
        y,
        text,
        color=ACCENT,
        fontsize=8,
        ha="center",
        va="center",
        fontweight="bold",
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
    )
