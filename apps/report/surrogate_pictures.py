"""Pictures of a surrogate: predicted against true, learning curves, and the losses of its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aadlib.types import Floats
from apps.report.plots import ACCENT, INK, MUTED, SECOND, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (ACCENT, SECOND)
"""Of what is compared: the differential training first."""

MOST_DOTS = 2000


@dataclass(frozen=True)
class Compared:
    """A quantity at held-out states: its name, unit, true numbers (n,), and predicted ones (n,) by who predicts."""

    name: str
    unit: str
    true: Floats
    predicted: Mapping[str, Floats]


def draw_predictions(quantities: Sequence[Compared], title: str) -> Figure:
    """Draw predicted against true numbers above, and their errors below, a column for each quantity."""
    n = len(quantities)
    with house_style():
        figure = new_figure(4.7 * n, 5.6)
        width = 1.0 / n
        for k, quantity in enumerate(quantities):
            left = k * width + 0.085
            above = figure.add_axes((left, 0.43, width - 0.105, 0.5))
            below = figure.add_axes((left, 0.095, width - 0.105, 0.25), sharex=above)
            _predictions(above, below, quantity)
            above.set_title(title if k == 0 else quantity.name.capitalize())
    return figure


def _predictions(above: Axes, below: Axes, quantity: Compared) -> None:
    true = quantity.true
    some = np.linspace(0, len(true) - 1, min(len(true), MOST_DOTS)).astype(int)
    ends = [float(true.min()), float(true.max())]
    # What was trained on values alone is drawn first, so that it does not hide the better one.
    for (name, predicted), colour in reversed(list(zip(quantity.predicted.items(), COLOURS, strict=False))):
        error = predicted - true
        label = f"{name}: rmse {np.sqrt(np.mean(error**2)):.3g}"
        looks = {"s": 5.0, "color": colour, "alpha": 0.45, "linewidths": 0.0, "rasterized": True}
        above.scatter(true[some], predicted[some], label=label, **looks)
        below.scatter(true[some], error[some], **looks)
    above.plot(ends, ends, color=INK, linewidth=0.8, zorder=3)
    below.axhline(0.0, color=INK, linewidth=0.8)
    above.set_ylabel(f"predicted ({quantity.unit})")
    below.set_ylabel("predicted less true")
    below.set_xlabel(f"true {quantity.name} ({quantity.unit})")
    above.tick_params(labelbottom=False)
    for axes in (above, below):
        axes.grid(True)
    handles, labels = above.get_legend_handles_labels()
    legend = above.legend(handles[::-1], labels[::-1], loc="upper left", markerscale=2.5)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1.0)


def draw_learning_curves(
    sizes: Mapping[str, Sequence[int]],
    price: Mapping[str, Floats],
    greeks: Mapping[str, Floats],
    title: str,
) -> Figure:
    """Draw errors against the number of samples, by who is trained.

    `price`, `greeks` are bands over seeds, (3, n_sizes): lower end, median, upper end; prices in currency, Greeks
    relative to the root mean square of the true ones.
    """
    with house_style():
        figure = new_figure(9.4, 3.7)
        panels = (
            (price, 1.0, "rmse of prices (currency, log scale)", title),
            (greeks, 100.0, "rmse of Greeks (% of theirs, log scale)", "Greeks"),
        )
        for k, (bands, scale, label, heading) in enumerate(panels):
            axes = figure.add_axes((0.075 + 0.5 * k, 0.14, 0.41, 0.75))
            for (name, band), colour in zip(bands.items(), COLOURS, strict=False):
                draw_curve(axes, sizes[name], scale * band, colour, name)
            label_sizes(axes, sorted({size for of in sizes.values() for size in of}))
            axes.set_ylabel(label)
            axes.set_title(heading)
    return figure


def draw_curve(axes: Axes, sizes: Sequence[int], band: Floats, colour: str, name: str) -> None:
    """Draw one learning curve: its median, and the band between its lower and upper end, `band` (3, n_sizes)."""
    low, middle, high = band
    axes.fill_between(sizes, low, high, color=colour, alpha=0.18, linewidth=0.0)
    axes.plot(sizes, middle, "o-", color=colour, markersize=4.0, label=name)


def label_sizes(axes: Axes, sizes: Sequence[int]) -> None:
    """Make both axes logarithmic once curves are drawn, with the numbers of samples below."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, labels=[f"{size:,d}" for size in sizes])
    axes.minorticks_off()
    _plain_ticks(axes)
    axes.set_xlabel("training samples (log scale)")
    axes.grid(True)
    axes.legend()


def _plain_ticks(axes: Axes) -> None:
    """Label a logarithmic vertical axis at 1, 2, 5 of each decade in plain decimals."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def draw_training(values: Floats, greeks: Floats, rates: Floats, title: str) -> Figure:
    """Draw the two parts of the loss by epoch (a constant network's whole loss is one), and Adam's rate."""
    epochs = np.arange(1, len(values) + 1)
    with house_style():
        figure = new_figure(4.7, 3.7)
        axes = figure.add_axes((0.13, 0.14, 0.74, 0.75))
        axes.semilogy(epochs, values, color=ACCENT, label="values")
        if (greeks > 0.0).any():
            axes.semilogy(epochs, greeks, color=SECOND, label="Greeks")
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss (share of a constant's, log scale)")
        axes.set_title(title)
        axes.grid(True)
        _plain_ticks(axes)
        axes.margins(y=0.25)
        axes.legend(loc="upper right")
        right = axes.twinx()
        right.plot(epochs, rates, color=MUTED, linestyle=":", linewidth=1.0)
        right.set_ylabel("learning rate (dotted)", color=MUTED)
        right.spines["right"].set_visible(False)
        right.set_ylim(0.0, None)
    return figure
