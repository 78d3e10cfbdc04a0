"""The tables of the program `train`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.report.tables import Column, Table, table
from apps.train.problems import unit_of
from apps.train.training import PREDICTION, Trained

if TYPE_CHECKING:
    from pricers.surrogates import Errors, Verification

MOST_INPUTS = 12
"""Greeks listed one by one."""


def setting(trained: Trained) -> Table:
    """Return what was trained, and how long everything took."""
    wanted, history = trained.wanted, trained.network.history_
    samples = float(wanted.n_samples)
    per_state = trained.seconds[PREDICTION] / len(trained.verification.x)
    rows = [
        ("inputs", f"{len(wanted.problem.inputs)}: {_shortened(wanted.problem.inputs)}"),
        ("gradient labels", trained.labels.replace("_", " ")),
        ("samples, epochs", f"{wanted.n_samples:,d}, {len(history.column('loss'))}"),
        ("samples with gradients", f"{trained.seconds['samples with gradients']:.2f} s"),
        ("training", f"{trained.seconds['training']:.2f} s"),
        ("restarts after a collapse", str(len(history.restarts))),
        (
            "truth of the held-out states",
            f"{trained.seconds['truth of the held-out states']:.2f} s for {len(trained.verification.x):,d} states",
        ),
        ("price and all Greeks, each state", f"{1e6 * per_state:.2f} us"),
        (
            "held-out states outside the range trained on",
            f"{trained.n_outside / len(trained.verification.x):.1%}",
        ),
        ("constraints in the samples", f"{samples * (1 + len(wanted.problem.inputs)):,.0f}"),
    ]
    return table(
        f"Twin network: {wanted.offer.name}, {wanted.offer.about}", [Column("what"), Column("amount")], rows
    )


def errors(trained: Trained) -> Table:
    """Return errors of prices and Greeks at held-out states, of both trainings where there are two."""
    rows: list[tuple[str | float, ...]] = []
    for name, found in verifications(trained).items():
        for what, measured in (("price", found.price), ("all Greeks", found.greeks)):
            rows.append((name, what, *_numbers(measured)))
    greek = list(trained.verification.by_input.items())
    for what, measured in greek[:MOST_INPUTS]:
        rows.append(("differential", f"in {what}", *_numbers(measured)))
    left = len(greek) - MOST_INPUTS
    return table(
        f"Errors at {len(trained.verification.x):,d} held-out states",
        [
            Column("training"),
            Column("of"),
            Column("rmse", "currency (per unit of input)", ".3g"),
            Column("rmse", "% of the truth's", ".3g"),
            Column("median error", "%", ".3g"),
            Column("99th percentile", "%", ".3g"),
            Column("error of the truth", "currency (per unit of input)", ".2g"),
        ],
        rows,
        note=(
            "Relative errors: of every number against itself, or against 1% of the root mean square where it is "
            "smaller. The truth is a closed form where its error is 0, otherwise fresh simulation."
            + (f" {left} more inputs are not listed." if left > 0 else "")
        ),
    )


def verifications(trained: Trained) -> dict[str, Verification]:
    """Return the trainings by name, the differential one first."""
    found = {"differential": trained.verification}
    return found if trained.standard is None else found | {"values alone": trained.standard}


def curves(trained: Trained) -> Table:
    """Return the learning curves, and how many samples values alone take for the same error."""
    rows = []
    for name, curve in trained.curves.items():
        price, greeks = curve.band(), curve.band("greeks")
        for k, size in enumerate(curve.sizes.tolist()):
            rows.append((name, size, price[1, k], price[2, k], 100.0 * greeks[1, k], 100.0 * greeks[2, k]))
    note = f"Over {next(iter(trained.curves.values())).price.shape[1]} seeds, of samples and of weights."
    differential, alone = trained.curves["differential"], trained.curves["values alone"]
    least = differential.sizes[0]
    needed = alone.samples_for(float(differential.band()[1, 0]))
    more = (
        f"{needed / least:.1f} times"
        if needed < float("inf")
        else f"more than {alone.sizes[-1] / least:.0f} times"
    )
    return table(
        "Learning curves",
        [
            Column("training"),
            Column("samples"),
            Column("price rmse, median", "currency", ".3g"),
            Column("upper end", "currency", ".3g"),
            Column("Greeks rmse, median", "% of theirs", ".3g"),
            Column("upper end", "% of theirs", ".3g"),
        ],
        rows,
        note=f"{note} For the error of {least:,d} samples with gradients, values alone need {more} as many.",
    )


def csv_columns(trained: Trained) -> dict[str, list[str] | list[float]]:
    """Return every error of the differential training, by quantity."""
    found = [
        ("price", "currency", trained.verification.price),
        *((name, unit_of(name), measured) for name, measured in trained.verification.by_input.items()),
    ]
    names = ("rmse", "relative_rmse", "median", "p99", "stderr")
    return {
        "quantity": [name for name, _, _ in found],
        "unit": [unit for _, unit, _ in found],
        **{name: [float(getattr(measured, name)) for _, _, measured in found] for name in names},
    }


def _numbers(measured: Errors) -> tuple[float, ...]:
    shares = (100.0 * measured.relative_rmse, 100.0 * measured.median, 100.0 * measured.p99)
    return (measured.rmse, *shares, measured.stderr)


def _shortened(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:3])}, ..., {names[-1]}"
