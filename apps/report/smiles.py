"""Market smiles against fitted ones: one small picture per expiry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aadlib.types import Floats
from apps.report.plots import ACCENT, INK, MUTED, SECOND, as_inline_svg, house_style, new_figure
from apps.report.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_MONEYNESS = "strike / forward (%)"


@dataclass(frozen=True)
class Smile:
    """One expiry's quotes and fits, sorted by strike; volatilities per square root of a year.

    `moneyness` is strike over forward; `bid` and `ask` are NaN where a quote has no implied volatility; `rival` is
    the model to compare with, or None.
    """

    title: str
    note: str
    moneyness: Floats
    mid: Floats
    bid: Floats
    ask: Floats
    fitted: Floats
    rival: Floats | None = None
    rival_name: str = "SVI"


def smile_pictures(smiles: Sequence[Smile]) -> dict[str, str]:
    """Return smiles as SVGs by title, for a page that lays them side by side; the first has the legend.

    All are drawn on the same axes: laying those out takes longer than drawing on them.
    """
    pictures: dict[str, str] = {}
    figure: Figure | None = None
    for number, smile in enumerate(smiles):
        figure = draw_smile(smile, figure)
        pictures[smile.title] = as_inline_svg(figure, f"smile{number}")
    return pictures


def draw_smile(smile: Smile, figure: Figure | None = None) -> Figure:
    """Draw one smile as a small picture of its own, or in the place of the one that such a picture shows."""
    with house_style():
        if figure is None:
            figure = new_figure(3.6, 3.3)
            axes = figure.add_axes((0.17, 0.43, 0.815, 0.495))
            below = figure.add_axes((0.17, 0.135, 0.815, 0.255), sharex=axes)
            axes.tick_params(labelbottom=False)
            draw_smile_on(axes, smile)
        else:
            axes, below = figure.axes
            for artist in [axes.get_legend(), *axes.lines, *axes.texts, *below.lines]:
                if artist is not None:
                    artist.remove()
            draw_smile_on(axes, smile, legend=False)
        draw_errors_on(below, smile)
        for panel in (axes, below):
            panel.yaxis.set_label_coords(-0.155, 0.5)
    return figure


def draw_smiles(smiles: list[Smile], columns: int = 4) -> Figure:
    """Draw several smiles on one sheet (figure 4 of the report)."""
    rows = -(-len(smiles) // columns)
    with house_style():
        figure = new_figure(3.3 * columns, 2.6 * rows)
        for position, smile in enumerate(smiles):
            axes = figure.add_subplot(rows, columns, position + 1)
            draw_smile_on(axes, smile)
            axes.set_xlabel(_MONEYNESS)
        figure.tight_layout()
    return figure


def draw_smile_on(axes: Axes, smile: Smile, *, legend: bool = True) -> None:
    """Draw bid-ask bars, mids, the fit and its rival on given axes."""
    x = 100.0 * smile.moneyness
    low, high = _limits(smile)
    # A quote without a bid or ask volatility has a bar to the edge; bars are cut there, or they would set the scale.
    bottom = np.clip(100.0 * np.nan_to_num(smile.bid, nan=-1.0), low, high)
    top = np.clip(100.0 * np.nan_to_num(smile.ask, nan=99.0), low, high)
    _draw_bars(axes, x, bottom, top, label="bid to ask")
    axes.plot(x, 100.0 * smile.mid, ".", color=INK, markersize=2.2, label="mid")
    if smile.rival is not None:
        axes.plot(x, 100.0 * smile.rival, "--", color=SECOND, linewidth=1.0, label=smile.rival_name)
    axes.plot(x, 100.0 * smile.fitted, "-", color=ACCENT, linewidth=1.3, label="local volatility")
    margin = 0.03 * max(float(np.ptp(x)), 1.0)
    axes.set_xlim(x.min() - margin, x.max() + margin)
    axes.set_ylim(low, high)
    axes.set_title(printable(smile.title), parse_math=False)  # a root may have dollar signs
    axes.set_ylabel("implied volatility (%)", labelpad=2.0)
    axes.grid(True, axis="y")
    if legend:
        axes.legend(loc="upper right", handlelength=1.4, borderaxespad=0.1, labelspacing=0.2)
    axes.text(0.02, 0.04, smile.note, transform=axes.transAxes, fontsize=7.5, color=MUTED, va="bottom")


def draw_errors_on(axes: Axes, smile: Smile) -> None:
    """Draw the errors against the mid, in volatility points, over the bid-ask band of each quote."""
    x = 100.0 * smile.moneyness
    fitted = 100.0 * (smile.fitted - smile.mid)
    half = 0.5 * np.abs(smile.ask - smile.bid)
    typical = float(np.median(half[np.isfinite(half)])) if np.isfinite(half).any() else 0.0
    reach = 1.3 * max(float(np.percentile(np.abs(fitted), 96.0)), 200.0 * typical, 0.05)
    bottom = np.clip(100.0 * np.nan_to_num(smile.bid - smile.mid, nan=-99.0), -reach, reach)
    top = np.clip(100.0 * np.nan_to_num(smile.ask - smile.mid, nan=99.0), -reach, reach)
    _draw_bars(axes, x, bottom, top, label="")
    if smile.rival is not None:
        axes.plot(x, 100.0 * (smile.rival - smile.mid), "--", color=SECOND, linewidth=0.9)
    axes.plot(x, fitted, "-", color=ACCENT, linewidth=1.1)
    axes.axhline(0.0, color=INK, linewidth=0.5)
    axes.set_ylim(-reach, reach)
    axes.set_xlabel(_MONEYNESS, labelpad=1.5)
    axes.set_ylabel("error (points)")
    axes.grid(True, axis="y")


def _draw_bars(axes: Axes, x: Floats, bottom: Floats, top: Floats, label: str) -> None:
    """Draw vertical bars as one broken line: a tenth of the drawing time of a line each."""
    gap = np.full_like(x, np.nan)
    axes.plot(
        np.stack([x, x, gap], axis=1).ravel(),
        np.stack([bottom, top, gap], axis=1).ravel(),
        color=MUTED,
        alpha=0.45,
        linewidth=1.4,
        solid_capstyle="butt",
        label=label,
    )


def _limits(smile: Smile) -> tuple[float, float]:
    """Return volatility limits in per cent that hold every mid and fit, and most of the bars."""
    shown = np.concatenate([smile.mid, smile.fitted])
    low, high = 100.0 * float(shown.min()), 100.0 * float(shown.max())
    room = max(high - low, 2.0)
    return max(low - 0.12 * room, 0.0), high + 0.12 * room


def representative(expiries: Floats, wanted: int) -> list[int]:
    """Choose `wanted` of the sorted expiries, spread evenly in their logarithm, the first and the last included."""
    n = len(expiries)
    if n <= wanted:
        return list(range(n))
    logs = np.log(expiries)
    chosen: list[int] = []
    for target in np.linspace(logs[0], logs[-1], wanted):
        free = [k for k in range(n) if k not in chosen]
        chosen.append(min(free, key=lambda k: abs(logs[k] - target)))
    return sorted(chosen)
