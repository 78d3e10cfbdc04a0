"""report.html and the pictures of the program `train`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.report import html
from apps.report.plots import as_inline_svg, as_png
from apps.report.surrogate_pictures import Compared, draw_learning_curves, draw_predictions, draw_training
from apps.report.text import printable
from apps.train import tables
from apps.train.problems import unit_of
from apps.train.training import Trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTIONS = {
    "predictions": "Predicted against true price and first Greek at the held-out states, and the errors.",
    "learning": "Errors against the number of training samples: median of the seeds and their middle 80%.",
    "training": "The loss by epoch: its part of the values and its part of the Greeks.",
}


def figures(trained: Trained) -> dict[str, Figure]:
    """Return the pictures by name."""
    first = trained.wanted.problem.inputs[0]
    found = tables.verifications(trained)
    history = trained.network.history_
    title = f"{trained.wanted.offer.name}: price"
    drawn = {
        "predictions": draw_predictions(
            [
                Compared(
                    "price",
                    "currency",
                    trained.verification.truth.value,
                    {name: one.value for name, one in found.items()},
                ),
                Compared(
                    f"derivative in {first}",
                    unit_of(first),
                    trained.verification.truth.gradient[:, 0],
                    {name: one.gradient[:, 0] for name, one in found.items()},
                ),
            ],
            title,
        )
    }
    if trained.curves:
        drawn["learning"] = draw_learning_curves(
            {name: curve.sizes.tolist() for name, curve in trained.curves.items()},
            {name: curve.band() for name, curve in trained.curves.items()},
            {name: curve.band("greeks") for name, curve in trained.curves.items()},
            title,
        )
    losses = [history.column(name) for name in ("value_loss", "slope_loss", "rate")]
    drawn["training"] = draw_training(*losses, title="Training")
    return drawn


def contents(trained: Trained) -> dict[str, str | bytes]:
    """Return the files of the report by name, but for the model's."""
    from apps.report.files import csv_text

    drawn = figures(trained)
    files: dict[str, str | bytes] = {f"{name}.png": as_png(figure) for name, figure in drawn.items()}
    return files | {
        "report.html": report_page(trained, drawn),
        "errors.csv": csv_text(tables.csv_columns(trained)),
    }


def report_page(trained: Trained, drawn: dict[str, Figure]) -> str:
    """Return the page."""
    price, greeks = trained.verification.price, trained.verification.greeks
    cards = html.cards(
        {
            "rmse of prices, currency": f"{price.rmse:.3g}",
            "rmse of prices, of theirs": f"{price.relative_rmse:.2%}",
            "rmse of Greeks, of theirs": f"{greeks.relative_rmse:.2%}",
            "training": f"{trained.seconds['training']:.1f} s",
        }
    )
    parts = [cards, *(html.warning(message.rstrip(".")) for message in trained.messages)]
    parts += [html.data_table(tables.setting(trained)), html.data_table(tables.errors(trained))]
    for name, figure in drawn.items():
        parts.append(html.picture(as_inline_svg(figure, name), CAPTIONS[name], wide=name != "training"))
        if name == "learning":
            parts.append(html.data_table(tables.curves(trained)))
    subtitle = (
        f"{trained.wanted.offer.name}: {trained.wanted.offer.about}. "
        f"{trained.wanted.n_samples:,d} samples, {len(trained.wanted.problem.inputs)} inputs, "
        f"seed {trained.wanted.seed}."
    )
    return printable(html.page("Twin network", subtitle, parts), keep="\n")
