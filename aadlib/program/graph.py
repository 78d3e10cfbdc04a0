"""The computation graph of a program: Layoutviz text, and a drawing with matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.program.layout import Layout
from aadlib.rules.table import RULES

MAX_DRAWN = 400
"""Most slots a picture shows; beyond it nobody can read one."""


def labels(program: Layout, input_names: list[str] | None = None) -> dict[int, str]:
    """Return what stands in each slot's node: an input's name, a constant's value or an operation's symbol."""
    if input_names is not None and len(input_names) != program.n_inputs:
        raise AadValueError(
            f"input_names has {len(input_names)} entries: the program has {program.n_inputs} inputs"
        )
    names = input_names or [f"x{k}" for k in range(program.n_inputs)]
    texts = dict(enumerate(names))
    for k, constant in enumerate(program.constants.tolist()):
        texts[program.n_inputs + k] = f"{constant:.4g}"
    for k, code in enumerate(program.op.tolist()):
        if code < len(RULES):
            rule = RULES[code]
            texts[program.first_node + k] = rule.symbol or rule.name
    for composite in program.composites:
        for k in range(composite.begin, composite.end):
            texts[program.first_node + k] = f"{composite.operation.name}[{k - composite.begin}]"
    return texts


def edges(program: Layout) -> list[tuple[int, int]]:
    """Return (operand, node) for every argument of every operation."""
    pairs = []
    for k, (code, left, right) in enumerate(
        zip(program.op.tolist(), program.left.tolist(), program.right.tolist(), strict=True)
    ):
        if code >= len(RULES):
            continue
        operands = (left,) if RULES[code].arity == 1 else (left, right)
        pairs += [(operand, program.first_node + k) for operand in operands]
    for composite in program.composites:
        results = range(program.first_node + composite.begin, program.first_node + composite.end)
        pairs += [(operand, node) for node in results for operand in composite.operands.tolist()]
    return pairs


def to_dot(program: Layout, input_names: list[str] | None = None) -> str:
    """Return the graph in Graphviz's DOT language: inputs as boxes, constants plain, outputs double-edged."""
    outputs = set(program.outputs.tolist())
    lines = ["digraph program {", "  rankdir=BT;", '  node [shape=circle, fontname="Helvetica"];']
    for slot, label in labels(program, input_names).items():
        style = ""
        if slot < program.n_inputs:
            style = ", shape=box"
        elif slot < program.first_node:
            style = ", shape=plaintext"
        if slot in outputs:
            style += ", peripheries=2"
        quoted = label.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'  n{slot} [label="{quoted}"{style}];')
    lines += [f"  n{operand} -> n{node};" for operand, node in edges(program)]
    return "\n".join([*lines, "}", ""])


Position = tuple[float, float]


def positions(program: Layout) -> dict[int, Position]:
    """Return where every slot is drawn: as high as the longest way from an input, sideways near its neighbours."""
    return _layout(program)[0]


def _layout(program: Layout) -> tuple[dict[int, Position], dict[tuple[int, int], list[Position]]]:
    """Return the positions of the slots, and for every edge the bends that keep it clear of the layers it crosses.

    References
    ----------
    K. Sugiyama, S. Tagawa, M. Toda, Methods for visual understanding of hierarchical system structures, IEEE Trans.
    SMC 11 (1981): layers, dummy nodes where an edge crosses one, then repeated barycentre ordering.
    """
    level = dict.fromkeys(range(program.n_slots), 0)
    users: dict[int, list[int]] = {slot: [] for slot in range(program.n_slots)}
    for operand, node in edges(program):
        level[node] = max(level[node], level[operand] + 1)
        users[operand].append(node)
    for slot in range(program.n_inputs, program.first_node):
        level[slot] = max(0, min((level[user] for user in users[slot]), default=1) - 1)
    below: dict[int, list[int]] = {slot: [] for slot in level}
    above: dict[int, list[int]] = {slot: [] for slot in level}
    bends: dict[tuple[int, int], list[int]] = {}
    for operand, node in dict.fromkeys(edges(program)):
        last = operand
        bends[operand, node] = []
        for height in range(level[operand] + 1, level[node]):
            dummy = len(level)
            level[dummy], below[dummy], above[dummy] = height, [last], []
            above[last].append(dummy)
            bends[operand, node].append(dummy)
            last = dummy
        above[last].append(node)
        below[node].append(last)
    rows: dict[int, list[int]] = {}
    for slot, height in level.items():
        rows.setdefault(height, []).append(slot)
    across = {slot: float(k) for row in rows.values() for k, slot in enumerate(row)}
    for sweep in range(24):
        for height in sorted(rows, reverse=bool(sweep % 2)):
            row = rows[height]
            wanted = {}
            for slot in row:
                near = above[slot] if sweep % 2 else below[slot]
                wanted[slot] = float(np.mean([across[n] for n in near])) if near else across[slot]
            row.sort(key=wanted.__getitem__)
            for slot, position in zip(row, _one_apart([wanted[slot] for slot in row]), strict=True):
                across[slot] = position
    where = {slot: (across[slot], float(level[slot])) for slot in level}
    slots = {slot: where[slot] for slot in range(program.n_slots)}
    return slots, {edge: [where[dummy] for dummy in dummies] for edge, dummies in bends.items()}


def _one_apart(wanted: list[float]) -> list[float]:
    """Move ordered positions at least 1 apart, as little as possible, about their mean."""
    apart: list[float] = []
    for position in wanted:
        apart.append(max(position, apart[-1] + 1.0) if apart else position)
    drift = sum(apart) / len(apart) - sum(wanted) / len(wanted)
    return [position - drift for position in apart]


def draw(program: Layout, ax: Any = None, *, input_names: list[str] | None = None) -> Any:
    """Draw the graph, inputs at the bottom, and return the axes.

    Raises
    ------
    AadValueError
        When the program has more than 400 slots.
    """
    if program.n_slots > MAX_DRAWN:
        raise AadValueError(
            f"the program has {program.n_slots} slots, more than the {MAX_DRAWN} a picture can show: draw a smaller "
            "recording, or write to_dot() to a file"
        )
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(7, 6))
    where, bends = _layout(program)
    outputs = set(program.outputs.tolist())
    for (operand, node), corners in bends.items():
        way = [where[operand], *corners]
        if len(way) > 1:
            ax.plot(*zip(*way, strict=True), color="0.45", linewidth=1.0, solid_joinstyle="round", zorder=1)
        arrow = {"arrowstyle": "-|>", "color": "0.45", "shrinkA": 0, "shrinkB": 13, "linewidth": 1.0}
        ax.annotate("", xy=where[node], xytext=way[-1], arrowprops=arrow, zorder=1)
    for slot, label in labels(program, input_names).items():
        box = {"boxstyle": "circle,pad=0.35", "facecolor": "#eef3fb", "edgecolor": "#2b5c9e"}
        if slot < program.n_inputs:
            box = {"boxstyle": "round,pad=0.4", "facecolor": "#e5f4e3", "edgecolor": "#2f7d32"}
        elif slot < program.first_node:
            box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "0.8"}
        if slot in outputs:
            box |= {"facecolor": "#fdeccd", "edgecolor": "#b26a00"}
        ax.text(*where[slot], label, ha="center", va="center", bbox=box, fontsize=9, zorder=2)
    corners_too = [*where.values(), *(corner for way in bends.values() for corner in way)]
    xs, ys = zip(*corners_too, strict=True)
    ax.set_xlim(min(xs) - 0.8, max(xs) + 0.8)
    ax.set_ylim(min(ys) - 0.6, max(ys) + 0.6)
    ax.set_axis_off()
    return ax
